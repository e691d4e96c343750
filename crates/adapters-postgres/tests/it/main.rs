//! The adapter on a real PostgreSQL, which `customer_testkit::pg` provides.
#![expect(
    clippy::disallowed_methods,
    reason = "tests look at tables behind the adapter, in SQL that no service sends"
)]

mod address;
mod audit_month;
mod concurrency;
mod contract;
mod customer;
mod group;
mod horizon;
// Marked as test code for the lints that allow tests to panic.
#[cfg(test)]
mod job;
#[cfg(test)]
mod ledger;
mod migrations;
mod note;
mod personal_data;
mod plans;
mod pool;
mod proxy;
mod round_trips;
mod sealed;
mod sql_rules;
mod support;
mod tag;
mod totals;
mod wall;
