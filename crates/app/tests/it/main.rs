//! The use cases, on the fake store that keeps the contracts of the ports.

mod access;
mod address;
mod api_key;
mod audit;
mod change;
mod create;
mod export;
mod group;
// Marked as what it is, for the lints that let tests panic.
#[cfg(test)]
mod job;
mod ledger;
mod support;
mod tag;
mod tenant;
