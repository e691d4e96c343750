//! The use cases, on the fake store that keeps the contracts of the ports.

mod access;
mod api_key;
mod change;
mod create;
mod support;
mod tenant;
