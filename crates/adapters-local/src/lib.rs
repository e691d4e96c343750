//! Implements the domain's ports that need nothing outside of this machine: the clock, ids and a
//! cache of API keys. Also keeps the root secret of a development machine.
#![deny(missing_docs)]

mod api_key;
mod clock;
pub mod root_secret;

pub use api_key::MokaApiKeyMemory;
pub use clock::{SystemClock, UuidV7Ids};
