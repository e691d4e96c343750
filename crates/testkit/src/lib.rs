//! Shared tools for the tests of this workspace; never part of the service.
//!
//! - [`fake`]: a store in memory that fulfils every contract of the storage ports.
//! - [`contract`](mod@contract): one case for each promise of the storage ports, run on the fake and on
//!   every adapter: `customer_testkit::contract!(MyHarness);`.
//! - [`builders`]: values for tests, a clock that stands still and ids that count.
//! - [`pg`]: a PostgreSQL database for each test.
//! - [`chaos`]: a proxy that cuts, stalls and delays what passes through it.

pub mod builders;
pub mod chaos;
pub mod contract;
pub mod fake;
pub mod pg;
mod scale;
pub mod stored;

pub use builders::{FixedClock, PlainHasher, SeededIds};
pub use fake::{FakeStore, Times};
pub use scale::scale;
