//! Drives the HTTP layer from outside.

mod observed;
mod plumbing;
mod sample;
mod socket;
