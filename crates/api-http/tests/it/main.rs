//! Drives the HTTP layer from outside.

mod access;
mod api_key;
mod bad_input;
mod credential;
mod customer_change;
mod customer_create;
mod customer_lifecycle;
mod customer_list;
mod customer_read;
mod docs;
mod documents;
mod health;
mod idempotency;
mod observed;
mod openapi;
mod plumbing;
mod replies;
mod sample;
mod socket;
mod support;
mod tenant;
mod tenants_apart;
