//! Tests of the middleware and the server around a small router.

mod origin;
mod plumbing;
mod replies;
mod sample;
mod socket;
