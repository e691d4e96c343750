//! Reading customers by id, and looking them up by e-mail address, phone number and other keys.

use super::Harness;
use super::steps::{read, stored, stored_all};
use crate::builders::{at, context, customer, email, external, legacy, new_customer, phone_keys};
use customer_domain::customer::{
    AccountState, CustomerRecord, CustomerRef, Lookup, NewCustomer, Status,
};
use customer_domain::{CustomerId, StoreError};

async fn found(h: &impl Harness, reference: CustomerRef) -> Option<CustomerRecord> {
    h.customers()
        .find(&context(), reference)
        .await
        .expect("the store answers")
}

async fn found_many(h: &impl Harness, ids: &[CustomerId]) -> Vec<CustomerRecord> {
    let found: Result<_, StoreError> = h.customers().find_many(&context(), ids).await;
    let mut records: Vec<CustomerRecord> = found.expect("the store answers");
    records.sort_by_key(|record| record.customer.id);
    records
}

async fn looked_up(h: &impl Harness, lookup: Lookup) -> Option<CustomerRecord> {
    h.customers()
        .look_up(&context(), &lookup)
        .await
        .expect("the store answers")
}

async fn owner_of(h: &impl Harness, digits: &str) -> Option<CustomerId> {
    let record = looked_up(h, Lookup::Phone(phone_keys(digits))).await;
    record.map(|record| record.customer.id)
}

/// Returns customer `n`, registered `n` days ago, with the shared phone number spelled as
/// `written`.
fn sharing(n: u64, written: &str) -> NewCustomer {
    let days = i64::try_from(n).expect("a small number");
    customer()
        .number(n)
        .phone(written)
        .since(at(-days * 86_400))
        .build_new()
}

pub async fn a_customer_is_found_by_its_id(h: &impl Harness) {
    let expected = stored(h, customer().full().build_new()).await;
    assert_eq!(
        found(h, CustomerRef::Id(expected.customer.id)).await,
        Some(expected)
    );
}

pub async fn a_customer_is_found_by_its_legacy_id(h: &impl Harness) {
    let expected = stored(h, customer().number(1).legacy(7).build_new()).await;
    stored(
        h,
        customer()
            .number(2)
            .legacy(77)
            .external("magento", "7")
            .build_new(),
    )
    .await;
    assert_eq!(
        found(h, CustomerRef::Legacy(legacy(7))).await,
        Some(expected)
    );
}

pub async fn a_deleted_customer_is_found(h: &impl Harness) {
    let deleted = customer().legacy(7).status(Status::Deleted).build_new();
    let expected = stored(h, deleted).await;
    let id = CustomerRef::Id(expected.customer.id);
    for reference in [id, CustomerRef::Legacy(legacy(7))] {
        assert_eq!(found(h, reference).await.as_ref(), Some(&expected));
    }
}

pub async fn an_unknown_customer_is_none(h: &impl Harness) {
    stored(h, customer().number(1).build_new()).await;
    assert_eq!(read(h, customer().number(2).build().id).await, None);
    assert_eq!(found(h, CustomerRef::Legacy(legacy(1))).await, None);
}

pub async fn many_are_found_and_unknown_ones_left_out(h: &impl Harness) {
    let mut expected = Vec::new();
    for number in 1..=3 {
        expected.push(stored(h, customer().number(number).build_new()).await);
    }
    expected.push(stored(h, customer().number(4).full().build_new()).await);
    let deleted = customer().number(5).status(Status::Deleted).build_new();
    expected.push(stored(h, deleted).await);
    stored(h, customer().number(6).build_new()).await;
    let mut ids: Vec<_> = expected.iter().map(|record| record.customer.id).collect();
    ids.insert(2, customer().number(99).build().id);
    ids.reverse();
    expected.sort_by_key(|record| record.customer.id);
    assert_eq!(found_many(h, &ids).await, expected);
}

pub async fn many_of_none_are_none(h: &impl Harness) {
    stored(h, new_customer()).await;
    assert_eq!(found_many(h, &[]).await, []);
}

pub async fn an_id_named_twice_is_found_once(h: &impl Harness) {
    let expected = stored(h, new_customer()).await;
    let id = expected.customer.id;
    assert_eq!(found_many(h, &[id, id]).await, [expected]);
}

pub async fn a_customer_is_looked_up_by_its_email_in_any_spelling(h: &impl Harness) {
    let expected = stored(h, customer().email("Ada@Bücher.example").build_new()).await;
    for spelling in [
        "Ada@Bücher.example",
        "ADA@BÜCHER.EXAMPLE",
        "ada@xn--bcher-kva.example.",
    ] {
        let record = looked_up(h, Lookup::Email(email(spelling))).await;
        assert_eq!(record.as_ref(), Some(&expected), "{spelling}");
    }
}

pub async fn a_customer_is_looked_up_by_its_phone(h: &impl Harness) {
    let expected = stored(h, customer().number(1).phone("+1 (555) 0123").build_new()).await;
    stored(h, customer().number(2).phone("+1 555 01234").build_new()).await;
    stored(h, customer().number(3).build_new()).await;
    for written in ["15550123", "555-0123", "+1 555 0123", "０１１　1 5550123"] {
        let record = looked_up(h, Lookup::Phone(phone_keys(written))).await;
        assert_eq!(record.as_ref(), Some(&expected), "{written}");
    }
    // Of another country, and with the digits of an American number; registered first.
    let other = customer().number(4).phone("+65 6234 5678").since(at(-1));
    let other = stored(h, other.build_new()).await.customer.id;
    assert_eq!(owner_of(h, "6562345678").await, Some(other));
    let own = customer().number(5).phone("(656) 234-5678").build_new();
    let own = stored(h, own).await.customer.id;
    assert_eq!(owner_of(h, "6562345678").await, Some(own));
    for other in ["555012", "1555012", "0123", "%", ""] {
        assert_eq!(owner_of(h, other).await, None, "{other:?}");
    }
}

pub async fn of_those_who_share_a_phone_the_longest_standing_is_found(h: &impl Harness) {
    let newest = sharing(1, "1555-0123");
    let oldest = sharing(3, "+1-555-0123");
    let middle = sharing(2, "+15550123");
    // Neither the order of insertion nor that of the ids is the order of registration.
    stored_all(h, &[middle.clone(), oldest.clone(), newest]).await;
    assert_eq!(owner_of(h, "15550123").await, Some(oldest.customer.id));

    // What counts for an imported customer is its registration, not the creation of its record.
    let imported = customer().number(4).phone("1 555 0123").since(at(0));
    let imported = imported.with(|customer| customer.registration_date = at(-9 * 86_400));
    let imported = stored(h, imported.build_new()).await;
    assert_eq!(owner_of(h, "15550123").await, Some(imported.customer.id));
}

pub async fn a_deleted_customer_is_not_looked_up_by_its_phone(h: &impl Harness) {
    let mut deleted = sharing(2, "+1-555-0123");
    deleted.customer.status = Status::Deleted;
    deleted.customer.deleted_at = Some(at(0));
    stored_all(h, &[deleted]).await;
    assert_eq!(owner_of(h, "15550123").await, None);
    let living = sharing(1, "+1-555-0123");
    stored_all(h, std::slice::from_ref(&living)).await;
    assert_eq!(owner_of(h, "15550123").await, Some(living.customer.id));
}

pub async fn a_customer_is_looked_up_by_its_legacy_id(h: &impl Harness) {
    let expected = stored(h, customer().legacy(4_294_967_295).build_new()).await;
    let record = looked_up(h, Lookup::Legacy(legacy(4_294_967_295))).await;
    assert_eq!(record, Some(expected));
}

pub async fn a_customer_is_looked_up_by_its_external_id(h: &impl Harness) {
    let one = customer()
        .number(1)
        .external("crm", "C-1")
        .external("erp", "9");
    let expected = stored(h, one.build_new()).await;
    stored(h, customer().number(2).external("crm", "9").build_new()).await;
    for known in [external("crm", "C-1"), external("erp", "9")] {
        let record = looked_up(h, Lookup::External(known.clone())).await;
        assert_eq!(record.as_ref(), Some(&expected), "{known:?}");
    }
    for unknown in [
        external("crm", "c-1"),
        external("erp", "C-1"),
        external("pos", "9"),
    ] {
        assert_eq!(looked_up(h, Lookup::External(unknown)).await, None);
    }
}

pub async fn only_an_account_is_looked_up_by_its_user(h: &impl Harness) {
    for (number, state) in (1..).zip(AccountState::ALL) {
        let new = customer()
            .number(number)
            .with(|customer| customer.account_state = state);
        let record = stored(h, new.build_new()).await;
        let expected = record.customer.user_id().map(|_| record.clone());
        assert_eq!(expected.is_some(), state == AccountState::Registered);
        let user = Lookup::UserId(record.customer.id);
        assert_eq!(looked_up(h, user).await, expected, "{state:?}");
    }
}

pub async fn what_is_unknown_is_looked_up_in_vain(h: &impl Harness) {
    stored(h, customer().number(1).full().build_new()).await;
    for lookup in [
        Lookup::Email(email("nobody@example.com")),
        Lookup::Phone(phone_keys("000000")),
        Lookup::Legacy(legacy(1)),
        Lookup::External(external("crm", "C-18")),
        Lookup::UserId(customer().number(2).build().id),
    ] {
        assert_eq!(looked_up(h, lookup.clone()).await, None, "{lookup:?}");
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_customer_read {
    ($each:path) => {
        $each! { customer_read {
            a_customer_is_found_by_its_id,
            a_customer_is_found_by_its_legacy_id,
            a_deleted_customer_is_found,
            an_unknown_customer_is_none,
            many_are_found_and_unknown_ones_left_out,
            many_of_none_are_none,
            an_id_named_twice_is_found_once,
            a_customer_is_looked_up_by_its_email_in_any_spelling,
            a_customer_is_looked_up_by_its_phone,
            of_those_who_share_a_phone_the_longest_standing_is_found,
            a_deleted_customer_is_not_looked_up_by_its_phone,
            a_customer_is_looked_up_by_its_legacy_id,
            a_customer_is_looked_up_by_its_external_id,
            only_an_account_is_looked_up_by_its_user,
            what_is_unknown_is_looked_up_in_vain,
        } }
    };
}
