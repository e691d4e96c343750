//! The settings of connections to the database.

use secrecy::{ExposeSecret, SecretString};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use std::time::Duration;

/// The number of statements that one connection keeps prepared. A write has one text per number of
/// rows, and each eviction costs a round trip.
const STATEMENT_CACHE: usize = 512;

/// The limit of a statement of a job on customers, which no request waits for.
const JOB_STATEMENT_TIMEOUT: Duration = Duration::from_mins(1);

/// The planner settings of connections that serve requests, in addition to those of all
/// connections. Requests join few rows by their keys, or merge rows in index order: a page of a
/// thousand would otherwise read whole tables to avoid a thousand look-ups, which cost a tenth of
/// that. And starting parallel workers for a request takes longer than they would save.
pub const SERVING_PLANNER: [(&str, &str); 2] = [
    ("enable_hashjoin", "off"),
    ("max_parallel_workers_per_gather", "0"),
];

/// The settings of one pool of connections.
#[derive(Debug, Clone)]
pub struct PgSettings {
    /// `postgres://…`; the role in it must be a member of `role`.
    pub url: SecretString,
    /// The database role that the connections take on.
    pub role: ServiceRole,
    /// The maximum number of connections.
    pub max_connections: usize,
    /// The number of connections that are opened at startup, for the first requests.
    pub min_idle: usize,
    /// The age from which a connection is closed instead of being used again.
    pub max_lifetime: Duration,
    /// How long a caller waits for a connection, including the handshake of a new one.
    pub acquire_timeout: Duration,
    /// How long one statement may run; lists have a shorter limit.
    pub statement_timeout: Duration,
    /// Whether the server is distributed (Citus): then each statement is a separate message.
    pub distributed: bool,
}

impl PgSettings {
    /// Creates the default settings of a role: 16 connections for requests, 4 for each kind of job.
    pub fn new(url: SecretString, role: ServiceRole) -> Self {
        Self {
            url,
            role,
            max_connections: match role {
                ServiceRole::App => 16,
                ServiceRole::AppJobs | ServiceRole::Worker => 4,
            },
            min_idle: 1,
            max_lifetime: Duration::from_mins(30),
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            distributed: false,
        }
    }

    /// Returns the settings of the jobs on customers, which connect as those that serve requests do.
    pub(crate) fn of_jobs(&self) -> Self {
        let jobs = Self::new(self.url.clone(), ServiceRole::AppJobs);
        Self {
            min_idle: 0,
            max_lifetime: self.max_lifetime,
            acquire_timeout: self.acquire_timeout,
            statement_timeout: JOB_STATEMENT_TIMEOUT.max(self.statement_timeout),
            distributed: self.distributed,
            ..jobs
        }
    }

    /// Returns the driver's options. The role and the limits are sent in the connection's first
    /// packet: no statement can run before they apply, and no default of the server, the database
    /// or the login overrides them.
    pub(crate) fn connect_options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        let options: PgConnectOptions = self.url.expose_secret().parse()?;
        let options = options
            .application_name(match self.role {
                ServiceRole::App => "customer-service",
                ServiceRole::AppJobs => "customer-service jobs",
                ServiceRole::Worker => "customer-service worker",
            })
            .statement_cache_capacity(STATEMENT_CACHE)
            .options([
                ("role", self.role.as_str()),
                ("jit", "off"),
                // Prepared statements read or write by key: planning them for their values costs
                // ten times their execution and gains nothing. Lists are not prepared.
                ("plan_cache_mode", "force_generic_plan"),
                ("timezone", "UTC"),
                // Hand-written literals and unqualified names mean what they say, and a statement
                // sees what was committed before it.
                ("standard_conforming_strings", "on"),
                ("search_path", "public"),
                ("default_transaction_isolation", "read committed"),
                // A statement that waits longer for a row fails, and may be tried again.
                ("lock_timeout", "2s"),
                // An abandoned transaction keeps no locks, and a statement whose client has left
                // does not run on.
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
            ServiceRole::AppJobs | ServiceRole::Worker => options,
        };
        Ok(if self.distributed {
            options.options([("citus.propagate_set_commands", "local")])
        } else {
            options
        })
    }
}

/// What a connection is for, and with it the database role that it takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceRole {
    /// Serves requests: one tenant at a time.
    App,
    /// Runs jobs on customers, with the same role: one tenant at a time.
    AppJobs,
    /// Runs jobs and operator routes: all tenants, on the tables that they need.
    Worker,
}

impl ServiceRole {
    /// Returns the name of the connections in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::AppJobs => "customer_app_jobs",
            Self::App | Self::Worker => self.as_str(),
        }
    }

    /// Returns the role's name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App | Self::AppJobs => "customer_app",
            Self::Worker => "customer_worker",
        }
    }
}
