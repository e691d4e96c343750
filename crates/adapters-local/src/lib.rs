//! The domain's ports as one process has them by itself: the clock, identifiers, memory of API
//! keys; and the root secret of a development machine.
#![deny(missing_docs)]

mod api_key;
mod clock;
pub mod root_secret;

pub use api_key::MokaApiKeyMemory;
pub use clock::{SystemClock, UuidV7Ids};
