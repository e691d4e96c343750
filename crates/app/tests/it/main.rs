//! The use cases, on the fake store that keeps the contracts of the ports.

mod access;
mod address;
mod api_key;
mod change;
mod create;
mod export;
mod group;
mod support;
mod tag;
mod tenant;
