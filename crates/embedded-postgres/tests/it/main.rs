//! Tests against the real server; each test has a separate cluster.
#![cfg(unix)]

mod client;
mod crash;
mod folders;
mod holder;
mod lifecycle;
