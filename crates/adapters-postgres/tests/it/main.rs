//! The adapter on a real PostgreSQL. `CUSTOMER_TEST_DATABASE_URL` names a server on which tests
//! may make databases; without it, one is started from the system's PostgreSQL 15.

mod concurrency;
mod contract;
mod migrations;
mod plans;
mod pool;
mod proxy;
mod round_trips;
mod server;
mod sql_rules;
mod support;
mod wall;
