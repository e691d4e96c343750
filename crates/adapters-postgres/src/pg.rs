//! What the slices share: connections, transactions, SQL text, errors.

pub(crate) mod autocommit;
pub(crate) mod builder;
pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod health;
pub(crate) mod message;
pub(crate) mod metrics;
pub(crate) mod migrate;
pub(crate) mod orm;
pub(crate) mod pool;
pub(crate) mod provision;
pub(crate) mod read;
pub(crate) mod row;
pub(crate) mod settings;
pub(crate) mod sql;
pub(crate) mod totals;
pub(crate) mod tx;
