//! Tests of the test kit.

mod chaos;
mod fake;
mod pg;
