//! Drives the HTTP layer from outside.

mod observed;
mod openapi;
mod plumbing;
mod sample;
mod socket;
mod support;
