//! The adapter on a real PostgreSQL, which `customer_testkit::pg` provides.

mod concurrency;
mod contract;
mod migrations;
mod plans;
mod pool;
mod proxy;
mod round_trips;
mod sql_rules;
mod support;
mod wall;
