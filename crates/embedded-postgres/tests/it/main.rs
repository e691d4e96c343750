//! The crate against the real server: each test has a cluster of its own.
#![cfg(unix)]

mod client;
mod crash;
mod folders;
mod holder;
mod lifecycle;
