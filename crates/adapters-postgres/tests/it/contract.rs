//! The contract of the storage ports.

customer_testkit::contract!(customer_testkit::pg::PgHarness);
