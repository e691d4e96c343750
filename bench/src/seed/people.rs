//! The seeded customers.

use super::rows::terms_of;
use crate::Failure;
use crate::case::SEEDED;
use crate::template::{customer_id, email, id};
use customer_domain::address::{Address, AddressType, Country, PostalAddress};
use customer_domain::customer::{Email, NewCustomer, Status};
use customer_domain::{AddressId, CustomerId, TenantId};
use customer_testkit::builders::{at, random_customer};
use serde_json::Map;
use uuid::Uuid;

/// A last name that no other customers have.
pub(crate) const RARE_LAST_NAME: &str = "Zwyssig";
/// Customers with the rare name, however many customers there are.
pub(crate) const RARE: u64 = 50;
/// A first name that one in 24 of the other customers has too.
pub(crate) const COMMON_FIRST_NAME: &str = "Emma";
/// Customers with both names.
pub(crate) const RARE_AND_COMMON: u64 = 10;

/// When the first customer registered: five years before the test kit's beginning of time.
const FIRST: i64 = -5 * 365 * 86_400;
/// Seconds between one customer and the next.
const PACE: i64 = 20;

/// A seeded customer.
pub(crate) struct Person {
    pub(crate) new: NewCustomer,
    pub(crate) addresses: [Address; 2],
}

/// Returns customer `number` of `count`, as any shop might have it, with the ids and the e-mail
/// address that the benchmark expects. Customers registered one after the other, in the order of
/// their ids.
pub(crate) fn person(number: u64, count: u64, tenant: TenantId) -> Result<Person, Failure> {
    let n = SEEDED + number;
    let mut new = random_customer(number);
    let customer = &mut new.customer;
    customer.tenant = tenant;
    customer.id = CustomerId(Uuid::parse_str(&customer_id(n))?);
    customer.email = Email::parse(&email(n)).map_err(|_| "no e-mail address")?;
    let came = at(FIRST + PACE * i64::try_from(number)?);
    let shift = came - customer.created_at;
    customer.created_at = came;
    customer.updated_at += shift;
    customer.registration_date += shift;
    customer.last_login_at = customer.last_login_at.map(|login| login + shift);
    // A deleted customer has lost its e-mail address, and could not be found by it.
    if customer.is_deleted() {
        customer.status = Status::Active;
        customer.deleted_at = None;
    }
    if let Some(rank) = rank(number, count) {
        let first = if rank < RARE_AND_COMMON {
            COMMON_FIRST_NAME
        } else {
            "Ueli"
        };
        customer.profile.first_name = Some(first.to_owned());
        customer.profile.last_name = Some(RARE_LAST_NAME.to_owned());
    }
    let addresses = [address(number, 0, &new)?, address(number, 1, &new)?];
    Ok(Person { new, addresses })
}

/// Returns the number of a customer who, like the one before, has no id in another system. A change
/// writes the whole customer, and what was recorded of one must fit any other. Both need the same
/// statement, so that it is already prepared when the second is recorded.
pub(crate) fn without_other_ids() -> u64 {
    let shape = |number| {
        let customer = random_customer(number).customer;
        let has_none = customer.legacy_id.is_none() && customer.external_ids.is_empty();
        has_none.then(|| (customer.tags.len(), terms_of(&customer).len()))
    };
    let is_alike = |number: &u64| shape(*number).is_some_and(|own| shape(number - 1) == Some(own));
    (17..10_000).find(is_alike).unwrap_or(17)
}

/// Returns the index of a customer among those with the rare name; `None` if it has another name.
fn rank(number: u64, count: u64) -> Option<u64> {
    let distance = count / RARE;
    let rank = number / distance;
    (number.is_multiple_of(distance) && rank < RARE).then_some(rank)
}

/// Street, city, region, postal code and country, as people write them.
const PLACES: [(&str, &str, Option<&str>, &str, &str); 6] = [
    ("Market Street", "San Francisco", Some("CA"), "94105", "US"),
    ("Müllerstraße", "Berlin", None, "13353", "DE"),
    ("Rua Augusta", "São Paulo", Some("SP"), "01305-000", "BR"),
    ("千代田", "東京", Some("東京都"), "100-0001", "JP"),
    ("Sheikh Zayed Road", "Dubai", Some("Dubai"), "00000", "AE"),
    ("вулиця Хрещатик", "Київ", None, "01001", "UA"),
];

/// Returns an address of a customer: the first is the default for everything, the second for
/// nothing.
fn address(number: u64, which: u8, new: &NewCustomer) -> Result<Address, Failure> {
    let customer = &new.customer;
    let place = usize::try_from(number + u64::from(which))? % PLACES.len();
    let (street, city, region, postal_code, country) = PLACES[place];
    let is_first = which == 0;
    Ok(Address {
        id: AddressId(Uuid::parse_str(&id(0xa0 + which, SEEDED + number))?),
        kind: if is_first {
            AddressType::Both
        } else {
            AddressType::Shipping
        },
        default_shipping: is_first,
        default_billing: is_first,
        postal: PostalAddress {
            first_name: customer.profile.first_name.clone(),
            last_name: customer.profile.last_name.clone(),
            company: number
                .is_multiple_of(7)
                .then(|| "Analytical Engines & Söhne".to_owned()),
            street: format!("{} {street}", number % 900 + 1),
            street2: None,
            city: Some(city.to_owned()),
            region: region.map(str::to_owned),
            postal_code: Some(postal_code.to_owned()),
            country: Country::parse(country).map_err(|_| "no country")?,
            phone: customer.profile.phone.clone(),
        },
        label: is_first.then(|| "Home".to_owned()),
        is_verified: false,
        metadata: Map::new(),
        legacy_id: None,
        version: 1,
        created_at: customer.created_at,
        updated_at: customer.created_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rare_name_is_had_by_the_same_number_in_any_size() {
        for count in [100, 1_000, 12_345] {
            let ranks: Vec<_> = (0..count)
                .filter_map(|number| rank(number, count))
                .collect();
            assert_eq!(ranks, (0..RARE).collect::<Vec<_>>(), "{count}");
        }
    }

    #[test]
    fn customers_come_in_the_order_of_their_ids() {
        let tenant = TenantId(Uuid::nil());
        let people = (0..50).map(|number| person(number, 50, tenant).unwrap().new.customer);
        let people: Vec<_> = people.collect();
        for pair in people.windows(2) {
            assert!(pair[0].created_at < pair[1].created_at && pair[0].id < pair[1].id);
            assert!(pair[0].created_at <= pair[0].updated_at);
        }
    }
}
