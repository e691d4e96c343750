//! The use cases on the fake store, which fulfils the contracts of the ports.

mod access;
mod address;
mod api_key;
mod audit;
mod change;
mod create;
mod export;
mod group;
mod horizon;
// Marked as a test module for the lints that allow panics in tests.
#[cfg(test)]
mod job;
mod ledger;
mod note;
#[cfg(test)]
mod secrets;
mod support;
mod tag;
mod tenant;
