//! Drives the HTTP layer from outside.

mod customer_change;
mod customer_create;
mod customer_lifecycle;
mod customer_list;
mod customer_read;
mod observed;
mod openapi;
mod plumbing;
mod sample;
mod socket;
mod support;
