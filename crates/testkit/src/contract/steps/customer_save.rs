//! Steps that change a customer, and look at the result.

use super::super::Harness;
use super::{edit, read, stored};
use crate::builders::{at, context, customer};
use customer_domain::customer::{Customer, Lookup, Status};
use customer_domain::{CustomerId, StoreError};

/// Looks a customer of tenant A up, and returns its id.
pub(in super::super) async fn looked_up(h: &impl Harness, lookup: &Lookup) -> Option<CustomerId> {
    let found = h
        .customers()
        .look_up(&context(), lookup)
        .await
        .expect("the store answers");
    found.map(|record| record.customer.id)
}

/// Deletes a customer as a use case does.
pub(in super::super) fn delete(customer: &mut Customer) {
    customer.status = Status::Deleted;
    customer.deleted_at = Some(at(60));
    customer.updated_at = at(60);
}

/// Reactivates a deleted customer as a use case does.
pub(in super::super) fn reactivate(customer: &mut Customer) {
    customer.status = Status::Active;
    customer.deleted_at = None;
    customer.updated_at = at(120);
}

/// Returns the error of a change to customer 1, and asserts that it left the customer as it was.
pub(in super::super) async fn refusal(
    h: &impl Harness,
    change: impl FnOnce(&mut Customer) + Send,
) -> StoreError {
    let before = stored(h, customer().number(1).legacy(1).build_new()).await;
    let outcome = edit(h, before.customer.id, change).await;
    assert_eq!(read(h, before.customer.id).await, Some(before));
    outcome.expect_err("the change is refused")
}
