//! The contract of the storage ports: one case for each error and each promise that their
//! documentation names.
//!
//! An adapter is tested by one line of its test binary:
//!
//! ```text
//! use customer_testkit::pg::PgHarness;
//!
//! customer_testkit::contract!(PgHarness);
//! ```
//!
//! Every case opens one unit of work at a time, so that it can run on the fake too, which allows
//! no more. What only shows when two run at once (locks, races, deadlocks) is tested by the
//! adapter itself.

pub mod address;
pub mod address_equal;
pub mod address_fields;
pub mod address_save;
pub mod address_text;
pub mod api_key;
pub mod audit;
pub mod audit_filter;
pub mod customer_fields;
pub mod customer_filter;
pub mod customer_insert;
pub mod customer_keys;
pub mod customer_lifecycle;
pub mod customer_list;
pub mod customer_phone;
pub mod customer_read;
pub mod customer_save;
pub mod customer_search;
pub mod customer_text;
pub mod group;
mod harness;
pub mod health;
pub mod idempotency;
pub mod idempotency_purge;
pub mod isolation;
pub mod job;
pub mod note;
mod steps;
pub mod tag;
pub mod tenant;
#[cfg(test)]
mod tests;
pub mod unit_of_work;

pub use harness::{FakeHarness, Harness};

use std::time::Duration;

/// Runs one case, and fails if it takes longer than a minute: the likely reason is that it has two
/// units of work open at once, of which the fake allows only one.
pub async fn in_time(case: impl Future<Output = ()>) {
    let outcome = tokio::time::timeout(Duration::from_mins(1), case).await;
    assert!(outcome.is_ok(), "the case hangs");
}

/// Expands every case of the [contract](mod@crate::contract) into a separate test, run on a fresh
/// store of the given [`Harness`].
#[macro_export]
macro_rules! contract {
    ($harness:ty) => {
        type HarnessUnderContract = $harness;

        $crate::contract_slices!($crate::contract_tests);
    };
}

/// Calls the macro `$each` with the cases of each slice, as the file of the slice lists them.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_slices {
    ($each:path) => {
        $crate::contract_unit_of_work!($each);
        $crate::contract_idempotency!($each);
        $crate::contract_idempotency_purge!($each);
        $crate::contract_customer_insert!($each);
        $crate::contract_customer_save!($each);
        $crate::contract_customer_keys!($each);
        $crate::contract_customer_lifecycle!($each);
        $crate::contract_customer_fields!($each);
        $crate::contract_customer_read!($each);
        $crate::contract_customer_list!($each);
        $crate::contract_customer_phone!($each);
        $crate::contract_customer_search!($each);
        $crate::contract_customer_filter!($each);
        $crate::contract_customer_text!($each);
        $crate::contract_address!($each);
        $crate::contract_address_equal!($each);
        $crate::contract_address_fields!($each);
        $crate::contract_address_save!($each);
        $crate::contract_address_text!($each);
        $crate::contract_tenant!($each);
        $crate::contract_api_key!($each);
        $crate::contract_audit!($each);
        $crate::contract_audit_filter!($each);
        $crate::contract_group!($each);
        $crate::contract_tag!($each);
        $crate::contract_note!($each);
        $crate::contract_job!($each);
        $crate::contract_isolation!($each);
        $crate::contract_health!($each);
    };
}

/// Expands each case of one slice into a test.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    ($slice:ident { $($case:ident,)+ }) => {
        mod $slice {
            $(
                #[tokio::test]
                async fn $case() {
                    use $crate::contract::Harness as _;

                    let store = super::HarnessUnderContract::fresh().await;
                    $crate::contract::in_time($crate::contract::$slice::$case(&store)).await;
                }
            )+
        }
    };
}
