//! The customer domain: types, rules and ports, without any technology.
//!
//! Everything here is pure. A rule is a function of values, time and identifiers come in
//! through [`Clock`] and [`IdSource`], and whatever needs a database, a clock, a random
//! source or a hash is a trait (a *port*) whose documentation is its contract.
//!
//! The entry points are the aggregate [`customer::Customer`], the write port
//! [`Transactions`] with its [`UnitOfWork`], and the read ports (`…Reads`) of each slice.
#![deny(missing_docs)]

pub mod access;
pub mod address;
pub mod api_key;
pub mod audit;
pub mod credential;
pub mod customer;
pub mod group;
pub mod idempotency;
pub mod job;
pub mod note;
pub mod outbox;
pub mod preference;
pub mod privacy;
pub mod profile;
pub mod statistics;
mod support;
pub mod tag;
pub mod tenant;
pub mod tier;
mod unit_of_work;

pub use support::clock::{Clock, IdSource};
pub use support::context::{Actor, ActorKind, Context, MAX_USER_AGENT, Origin};
pub use support::digest::{DigestPurpose, KeyedDigest};
pub use support::error::{Conflict, StoreError};
pub use support::fault::{InvalidValue, ValueFault};
pub use support::health::StoreHealth;
pub use support::id::{
    AddressId, ApiKeyId, AuditEventId, CustomerId, EventId, KeyId, NoteId, TenantId,
};
pub use support::money;
pub use support::page::{Page, PageAt, PageEnd, PageRequest, ROWS_BY_NUMBER, SortOrder, Total};
pub use support::patch::Patch;
pub use support::permission::Permission;
pub use support::text;
pub use unit_of_work::{Change, Claimed, Transactions, UnitOfWork};

#[cfg(feature = "mocks")]
pub mod mocks;
