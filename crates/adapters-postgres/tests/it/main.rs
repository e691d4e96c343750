//! The adapter on a real PostgreSQL, which `customer_testkit::pg` provides.

mod address;
mod concurrency;
mod contract;
mod group;
mod migrations;
mod plans;
mod pool;
mod proxy;
mod round_trips;
mod sql_rules;
mod support;
mod tag;
mod wall;
