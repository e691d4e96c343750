//! Every promise of the storage ports.

customer_testkit::contract!(crate::support::Store);
