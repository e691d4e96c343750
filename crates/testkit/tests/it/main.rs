//! The kit tested on itself.

mod chaos;
mod fake;
mod pg;
