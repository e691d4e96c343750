use std::time::Duration;

use secrecy::SecretString;

use super::setting;
use crate::config::kind::{
    DAY, DatabaseUrl, HOUR, MILLISECOND, MINUTE, OneOf, SECOND, duration, integer,
};
use crate::config::{Effective, Faults};

section! {
    "database";

    /// PostgreSQL 15 or later, as the role that owns the schema; development starts its own when there is none.
    CUSTOMER_DATABASE_URL: SecretString =
        setting("database.dsn", &DatabaseUrl).also(&["DATABASE_URL", "CUSTOMER_DATABASE_DSN"]);

    /// Login of its own for serving requests; by default CUSTOMER_DATABASE_URL in the role customer_app.
    CUSTOMER_DATABASE_APP_URL: SecretString = setting("database.app_url", &DatabaseUrl);

    /// Login of its own for background jobs; by default CUSTOMER_DATABASE_URL in the role customer_worker.
    CUSTOMER_DATABASE_WORKER_URL: SecretString = setting("database.worker_url", &DatabaseUrl);

    /// Connections open at once.
    CUSTOMER_DATABASE_MAX_CONNECTIONS: u32 =
        setting("database.max_open_conns", &integer(1, 10_000)).or("25").also(&["DATABASE_MAX_CONNECTIONS"]);

    /// Connections opened at the start, for the first requests; later ones are opened when they are needed, and kept.
    CUSTOMER_DATABASE_IDLE_CONNECTIONS: u32 =
        setting("database.min_idle_conns", &integer(0, 10_000)).or("5").also(&["DATABASE_IDLE_CONNECTIONS"]);

    /// Upper bound of idle connections; the pool keeps what it has opened.
    CUSTOMER_DATABASE_MAX_IDLE_CONNECTIONS: u32 =
        setting("database.max_idle_conns", &integer(0, 10_000)), not_built;

    /// Age from which a connection is closed instead of being used again.
    CUSTOMER_DATABASE_CONN_MAX_LIFETIME: Duration =
        setting("database.conn_max_lifetime", &duration(SECOND, DAY)).or("5m");

    /// How long a request waits for a connection before it is answered 503.
    CUSTOMER_DATABASE_ACQUIRE_TIMEOUT: Duration =
        setting("database.acquire_timeout", &duration(MILLISECOND, MINUTE)).or("2s");

    /// How long one statement of a request may run.
    CUSTOMER_DATABASE_STATEMENT_TIMEOUT: Duration =
        setting("database.statement_timeout", &duration(MILLISECOND, HOUR)).or("10s");

    /// What spreads the tables over several servers.
    CUSTOMER_DATABASE_DISTRIBUTED: Distributed =
        setting("database.distributed", &OneOf(&Distributed::ALL, Distributed::as_str)).or("none");
}

#[derive(Debug)]
pub(crate) struct Database {
    /// `None` only in development: the embedded PostgreSQL is started.
    pub(crate) url: Option<SecretString>,
    pub(crate) app_url: Option<SecretString>,
    pub(crate) worker_url: Option<SecretString>,
    pub(crate) max_connections: u32,
    pub(crate) min_idle_connections: u32,
    pub(crate) conn_max_lifetime: Duration,
    pub(crate) acquire_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) distributed: Distributed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distributed {
    None,
    Citus,
}

impl Distributed {
    const ALL: [Self; 2] = [Self::None, Self::Citus];

    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Citus => "citus",
        }
    }
}

impl Database {
    pub(in crate::config) fn read(from: &Effective) -> Result<Self, Faults> {
        Ok(Self {
            url: from.find(&CUSTOMER_DATABASE_URL),
            app_url: from.find(&CUSTOMER_DATABASE_APP_URL),
            worker_url: from.find(&CUSTOMER_DATABASE_WORKER_URL),
            max_connections: from.get(&CUSTOMER_DATABASE_MAX_CONNECTIONS)?,
            min_idle_connections: from.get(&CUSTOMER_DATABASE_IDLE_CONNECTIONS)?,
            conn_max_lifetime: from.get(&CUSTOMER_DATABASE_CONN_MAX_LIFETIME)?,
            acquire_timeout: from.get(&CUSTOMER_DATABASE_ACQUIRE_TIMEOUT)?,
            statement_timeout: from.get(&CUSTOMER_DATABASE_STATEMENT_TIMEOUT)?,
            distributed: from.get(&CUSTOMER_DATABASE_DISTRIBUTED)?,
        })
    }
}
