use std::time::Duration;

use secrecy::SecretString;

use super::setting;
use crate::config::kind::{
    DAY, DatabaseUrl, HOUR, MILLISECOND, MINUTE, OneOf, SECOND, duration, integer,
};
use crate::config::{Effective, Faults};

section! {
    "database";

    /// URL of the PostgreSQL database (version 15 or later), with the login that owns and migrates
    /// the schema. Required in production; if it is not set, development starts an embedded
    /// PostgreSQL.
    CUSTOMER_DATABASE_URL: SecretString =
        setting("database.dsn", &DatabaseUrl).also(&["DATABASE_URL", "CUSTOMER_DATABASE_DSN"]);

    /// URL with a separate login for serving requests. The login must be a member of the role
    /// customer_app, in which connections act. By default CUSTOMER_DATABASE_URL, without which this
    /// must not be set.
    CUSTOMER_DATABASE_APP_URL: SecretString = setting("database.app_url", &DatabaseUrl);

    /// URL with a separate login for background jobs and operators. The login must be a member of
    /// the role customer_worker, in which connections act. By default CUSTOMER_DATABASE_URL,
    /// without which this must not be set.
    CUSTOMER_DATABASE_WORKER_URL: SecretString = setting("database.worker_url", &DatabaseUrl);

    /// Maximum number of database connections for serving requests. Background jobs and operators
    /// use up to 12 more.
    CUSTOMER_DATABASE_MAX_CONNECTIONS: u32 =
        setting("database.max_open_conns", &integer(1, 10_000)).or("25").also(&["DATABASE_MAX_CONNECTIONS"]);

    /// Number of connections that are opened at the start for requests, and again (up to 8) for
    /// jobs; 0 opens one. Further connections are opened when they are needed, and kept. Must not
    /// be greater than CUSTOMER_DATABASE_MAX_CONNECTIONS.
    CUSTOMER_DATABASE_IDLE_CONNECTIONS: u32 =
        setting("database.min_idle_conns", &integer(0, 10_000)).or("5").also(&["DATABASE_IDLE_CONNECTIONS"]);

    /// Maximum number of idle connections that are kept open.
    CUSTOMER_DATABASE_MAX_IDLE_CONNECTIONS: u32 =
        setting("database.max_idle_conns", &integer(0, 10_000)), not_built;

    /// Age from which a connection is closed instead of being used again. It is shortened by up to
    /// a tenth, so that connections do not all expire together.
    CUSTOMER_DATABASE_CONN_MAX_LIFETIME: Duration =
        setting("database.conn_max_lifetime", &duration(SECOND, DAY)).or("5m");

    /// How long a request waits for a free connection, or for a new one to open, before it is
    /// answered 503.
    CUSTOMER_DATABASE_ACQUIRE_TIMEOUT: Duration =
        setting("database.acquire_timeout", &duration(MILLISECOND, MINUTE)).or("2s");

    /// Time limit for one SQL statement. A request that exceeds it is answered 503. Lists have a
    /// fixed limit of 2 seconds.
    CUSTOMER_DATABASE_STATEMENT_TIMEOUT: Duration =
        setting("database.statement_timeout", &duration(MILLISECOND, HOUR)).or("10s");

    /// How the tables are distributed: none for a single server, citus for a Citus cluster. Citus
    /// is sent each statement in a separate message, which takes more round trips.
    CUSTOMER_DATABASE_DISTRIBUTED: Distributed =
        setting("database.distributed", &OneOf(&Distributed::ALL, Distributed::as_str)).or("none");
}

#[derive(Debug)]
pub(crate) struct Database {
    /// `None` only in development, where an embedded PostgreSQL is started.
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
