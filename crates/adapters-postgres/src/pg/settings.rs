//! How the database is reached.

use secrecy::{ExposeSecret, SecretString};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use std::time::Duration;

/// Statements that one connection keeps prepared. A write has one text per number of rows, and
/// each eviction costs a round trip.
const STATEMENT_CACHE: usize = 512;

/// How statements are planned where requests are served, beside what all connections have. What
/// serves joins few rows by their keys, or merges what it reads in their order: a page of a thousand
/// would otherwise read whole tables to spare itself a thousand look-ups, which cost a tenth of that.
/// And a request has one core: to begin more takes longer than what they would save.
pub const SERVING_PLANNER: [(&str, &str); 2] = [
    ("enable_hashjoin", "off"),
    ("max_parallel_workers_per_gather", "0"),
];

/// How one pool of connections is had.
#[derive(Debug, Clone)]
pub struct PgSettings {
    /// `postgres://…`; its role must be a member of the role below.
    pub url: SecretString,
    /// As whom the connections serve.
    pub role: ServiceRole,
    /// Connections at most.
    pub max_connections: usize,
    /// Connections opened at once, so that the first requests find some.
    pub min_idle: usize,
    /// Age from which a connection is closed instead of being used again.
    pub max_lifetime: Duration,
    /// How long a caller waits for a connection, a new one's handshake included.
    pub acquire_timeout: Duration,
    /// How long one statement may run; lists have a shorter bound of their own.
    pub statement_timeout: Duration,
    /// Whether the server is distributed (Citus): then nothing may travel together in one message.
    pub distributed: bool,
}

impl PgSettings {
    /// The usual settings for a role: 16 connections for requests, 4 for jobs.
    pub fn new(url: SecretString, role: ServiceRole) -> Self {
        Self {
            url,
            role,
            max_connections: match role {
                ServiceRole::App => 16,
                ServiceRole::Worker => 4,
            },
            min_idle: 1,
            max_lifetime: Duration::from_mins(30),
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            distributed: false,
        }
    }

    /// The role and the limits travel with the connection's first packet: no statement can ever
    /// run before them, and no default of the server, the database or the login outweighs them.
    pub(crate) fn connect_options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        let options: PgConnectOptions = self.url.expose_secret().parse()?;
        let options = options
            .application_name(match self.role {
                ServiceRole::App => "customer-service",
                ServiceRole::Worker => "customer-service worker",
            })
            .statement_cache_capacity(STATEMENT_CACHE)
            .options([
                ("role", self.role.as_str()),
                ("jit", "off"),
                // What is prepared reads or writes by key: planning it for its values costs ten
                // times its execution and changes nothing. Lists are not prepared.
                ("plan_cache_mode", "force_generic_plan"),
                ("timezone", "UTC"),
                // Hand-written literals and unqualified names mean what they say, and a statement
                // sees what was committed before it.
                ("standard_conforming_strings", "on"),
                ("search_path", "public"),
                ("default_transaction_isolation", "read committed"),
                // Who waits longer for a row is told so, and may try again.
                ("lock_timeout", "2s"),
                // A transaction that its client forgot keeps no locks, a statement that its client
                // left does not run on.
                ("idle_in_transaction_session_timeout", "15s"),
                ("client_connection_check_interval", "1s"),
            ])
            .options([(
                "statement_timeout",
                self.statement_timeout.as_millis().to_string(),
            )])
            .disable_statement_logging();
        let options = match self.role {
            ServiceRole::App => options.options(SERVING_PLANNER),
            ServiceRole::Worker => options,
        };
        Ok(if self.distributed {
            options.options([("citus.propagate_set_commands", "local")])
        } else {
            options
        })
    }
}

/// The database role that a connection takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceRole {
    /// Serves requests: one tenant at a time.
    App,
    /// Runs jobs and operator routes: all tenants, on the tables that they need.
    Worker,
}

impl ServiceRole {
    /// The role's name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "customer_app",
            Self::Worker => "customer_worker",
        }
    }
}
