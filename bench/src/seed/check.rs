//! Checks that the service finds what was seeded.

use super::people::{COMMON_FIRST_NAME, Person, RARE, RARE_AND_COMMON, RARE_LAST_NAME, person};
use crate::Failure;
use crate::case::{Caller, SEEDED};
use crate::load::Client;
use crate::template::customer_id;
use customer_domain::TenantId;
use serde_json::Value;

/// Reads some of the `count` customers as a client does, and compares them with what was seeded.
pub(crate) async fn check(
    client: &mut Client,
    caller: &Caller,
    tenant: TenantId,
    count: u64,
) -> Result<(), Failure> {
    for number in [0, 1, count / 2, count - 1] {
        let person = person(number, count, tenant)?;
        let id = customer_id(SEEDED + number);
        let path = format!("/customers/{id}?expand=addresses");
        let found = read(client, caller, &path).await?;
        compare(&found["customer"], &person, number)?;
        let digits = SEEDED + number;
        let found = read(client, caller, &format!("/customers?search={digits}")).await?;
        compare(&found["customers"][0], &person, number)?;
    }
    let newest = read(client, caller, "/customers?page_size=2").await?;
    for place in [1, 2] {
        let number = count - place;
        let shown = &newest["customers"][usize::try_from(place)? - 1];
        compare(shown, &person(number, count, tenant)?, number)?;
    }
    for (search, expected) in [
        (RARE_LAST_NAME.to_owned(), RARE),
        (
            format!("{COMMON_FIRST_NAME}+{RARE_LAST_NAME}"),
            RARE_AND_COMMON,
        ),
    ] {
        let found = read(client, caller, &format!("/customers?search={search}")).await?;
        if found["total"] != expected {
            let total = &found["total"];
            return Err(format!("{total} are found by {search}, not {expected}").into());
        }
    }
    Ok(())
}

/// Fails unless the service returns a customer as it was seeded.
fn compare(found: &Value, person: &Person, number: u64) -> Result<(), Failure> {
    let customer = &person.new.customer;
    let mut expected = vec![
        ("/id", Some(customer_id(SEEDED + number))),
        ("/email", Some(customer.email.as_typed().to_owned())),
        ("/profile/firstName", customer.profile.first_name.clone()),
        ("/profile/lastName", customer.profile.last_name.clone()),
        ("/groupId", customer.group.as_ref().map(ToString::to_string)),
        ("/status", Some(customer.status.as_str().to_owned())),
    ];
    if found.get("addresses").is_some_and(Value::is_array) {
        let street = |which: usize| Some(person.addresses[which].postal.street.clone());
        expected.push(("/addresses/0/street", street(0)));
        expected.push(("/addresses/1/street", street(1)));
    }
    for (pointer, value) in expected {
        let shown = found.pointer(pointer).and_then(Value::as_str);
        if shown != value.as_deref() {
            let id = customer_id(SEEDED + number);
            return Err(format!(
                "customer {id} was seeded with {value:?} at {pointer}, and shows {shown:?}"
            )
            .into());
        }
    }
    Ok(())
}

/// Reads the `data` of an answer.
async fn read(client: &mut Client, caller: &Caller, path: &str) -> Result<Value, Failure> {
    let key = &caller.key;
    let request = format!("GET /api/v1{path} HTTP/1.1\r\nHost: bench\r\nX-API-Key: {key}\r\n\r\n");
    let status = client.send(request.as_bytes()).await?;
    let answer: Value = serde_json::from_slice(client.body())?;
    match (status, answer.get("data")) {
        (200, Some(data)) => Ok(data.clone()),
        _ => Err(format!("{path} was answered {status}: {answer}").into()),
    }
}
