//! The configuration as the rest of the program sees it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

use customer_domain::group::GroupId;
use ipnet::IpNet;
use secrecy::{SecretBox, SecretString};

use super::Environment;
use super::effective::Effective;
use super::kind::{KEY_LENGTH, decode_duration, decode_group, decode_key};
use super::settings::MOST_HASHING_THREADS;
use super::sources::ENVIRONMENT;

#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) environment: Environment,
    /// The folder in which the process was started.
    pub(crate) work_dir: PathBuf,
    pub(crate) server: Server,
    pub(crate) database: Database,
    pub(crate) security: Security,
    pub(crate) customers: Customers,
    pub(crate) jobs: Jobs,
    pub(crate) observability: Observability,
    pub(crate) embedded: Embedded,
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: IpAddr,
    /// 0 takes any free one.
    pub(crate) port: u16,
    pub(crate) extra_ports: Vec<u16>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Without a slash at its end.
    pub(crate) public_base_url: Option<String>,
    pub(crate) max_concurrent_requests: usize,
    pub(crate) max_body_bytes: usize,
    pub(crate) read_timeout: Duration,
    pub(crate) request_timeout: Duration,
    /// From the signal to stop to the close of the sockets.
    pub(crate) shutdown_delay: Duration,
    /// As browsers send them.
    pub(crate) cors_origins: Vec<String>,
    pub(crate) idempotency_retention: Duration,
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

#[derive(Debug)]
pub(crate) struct Security {
    /// `None` only in development: a key is made and kept in the state folder.
    pub(crate) secret_key: Option<SecretBox<[u8; KEY_LENGTH]>>,
    /// As `MasterKeys` reads them; `None` only in development: one is derived from the root secret.
    pub(crate) master_keys: Option<SecretString>,
    pub(crate) argon2: Argon2,
    pub(crate) hashing_threads: NonZeroUsize,
    pub(crate) hashing_queue_length: usize,
    pub(crate) password_min_length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Argon2 {
    pub(crate) memory_kib: u32,
    pub(crate) iterations: u32,
    pub(crate) parallelism: u32,
}

#[derive(Debug)]
pub(crate) struct Customers {
    pub(crate) default_tenant: String,
    pub(crate) default_type: String,
    pub(crate) default_tier: String,
    pub(crate) default_currency: String,
    pub(crate) default_country: String,
    /// Addresses that a customer may have; 0 for as many as a book can hold.
    pub(crate) max_addresses: usize,
    pub(crate) groups: BTreeMap<GroupId, String>,
    pub(crate) preference_defaults: PreferenceDefaults,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a consent of its own"
)]
pub(crate) struct PreferenceDefaults {
    pub(crate) email_marketing: bool,
    pub(crate) sms_marketing: bool,
    pub(crate) push_notifications: bool,
    pub(crate) newsletter: bool,
    pub(crate) order_updates: bool,
    pub(crate) promotional_emails: bool,
    pub(crate) data_sharing: bool,
    pub(crate) analytics_tracking: bool,
    pub(crate) cookie_consent: bool,
}

#[derive(Debug)]
pub(crate) struct Jobs {
    pub(crate) lease: Duration,
    /// `None` has no listener for the health of a process that only works.
    pub(crate) port: Option<u16>,
    pub(crate) idempotency_purge_interval: Duration,
    pub(crate) audit_retention: Duration,
}

#[derive(Debug)]
pub(crate) struct Observability {
    /// Directives such as `info,sqlx=warn`.
    pub(crate) log_level: String,
    pub(crate) log_format: LogFormat,
    pub(crate) metrics_enabled: bool,
    /// `None` serves the metrics beside the API.
    pub(crate) metrics_port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Json,
    Text,
}

#[derive(Debug)]
pub(crate) struct Embedded {
    /// `None` takes any free one.
    pub(crate) port: Option<u16>,
    pub(crate) bin_dir: Option<PathBuf>,
    pub(crate) archive: Option<PathBuf>,
    pub(crate) download_base: Option<String>,
}

impl FromStr for Distributed {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "none" => Ok(Self::None),
            "citus" => Ok(Self::Citus),
            _ => Err(()),
        }
    }
}

impl FromStr for LogFormat {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(()),
        }
    }
}

/// Canonical texts as values. `None` is a setting without a value or, which a test rules out, of another type.
impl Effective {
    fn get<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    fn duration(&self, name: &str) -> Option<Duration> {
        decode_duration(self.text(name)?)
    }

    fn secret(&self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    fn list<T: FromStr>(&self, name: &str) -> Vec<T> {
        let items = self.text(name).into_iter().flat_map(|text| text.split(','));
        items.filter_map(|item| item.parse().ok()).collect()
    }
}

pub(super) fn build(from: &Effective, work_dir: PathBuf) -> Option<Config> {
    Some(Config {
        environment: from.get(ENVIRONMENT)?,
        work_dir,
        server: server(from)?,
        database: database(from)?,
        security: security(from)?,
        customers: customers(from)?,
        jobs: Jobs {
            lease: from.duration("CUSTOMER_JOB_LEASE")?,
            port: from.get("CUSTOMER_WORK_PORT"),
            idempotency_purge_interval: from.duration("CUSTOMER_IDEMPOTENCY_PURGE_INTERVAL")?,
            audit_retention: from.duration("CUSTOMER_AUDIT_RETENTION")?,
        },
        observability: Observability {
            log_level: from.get("CUSTOMER_LOG_LEVEL")?,
            log_format: from.get("CUSTOMER_LOG_FORMAT")?,
            metrics_enabled: from.get("CUSTOMER_METRICS_ENABLED")?,
            metrics_port: from.get("CUSTOMER_METRICS_PORT"),
        },
        embedded: Embedded {
            port: from.get("CUSTOMER_POSTGRES_PORT"),
            bin_dir: from.get("CUSTOMER_POSTGRES_BIN_DIR"),
            archive: from.get("CUSTOMER_POSTGRES_ARCHIVE"),
            download_base: from.get("CUSTOMER_POSTGRES_DOWNLOAD_BASE"),
        },
    })
}

fn server(from: &Effective) -> Option<Server> {
    Some(Server {
        address: from.get("CUSTOMER_HTTP_ADDR")?,
        port: from.get("CUSTOMER_HTTP_PORT")?,
        extra_ports: from.list("CUSTOMER_HTTP_EXTRA_PORTS"),
        trusted_proxies: from.list("CUSTOMER_TRUSTED_PROXIES"),
        public_base_url: from.get("CUSTOMER_PUBLIC_BASE_URL"),
        max_concurrent_requests: from.get("CUSTOMER_MAX_CONCURRENT_REQUESTS")?,
        max_body_bytes: from.get("CUSTOMER_MAX_BODY_BYTES")?,
        read_timeout: from.duration("CUSTOMER_READ_TIMEOUT")?,
        request_timeout: from.duration("CUSTOMER_REQUEST_TIMEOUT")?,
        shutdown_delay: from.duration("CUSTOMER_SHUTDOWN_DELAY")?,
        cors_origins: from.list("CUSTOMER_CORS_ORIGINS"),
        idempotency_retention: from.duration("CUSTOMER_IDEMPOTENCY_RETENTION")?,
    })
}

fn database(from: &Effective) -> Option<Database> {
    Some(Database {
        url: from.secret("CUSTOMER_DATABASE_URL"),
        app_url: from.secret("CUSTOMER_DATABASE_APP_URL"),
        worker_url: from.secret("CUSTOMER_DATABASE_WORKER_URL"),
        max_connections: from.get("CUSTOMER_DATABASE_MAX_CONNECTIONS")?,
        min_idle_connections: from.get("CUSTOMER_DATABASE_IDLE_CONNECTIONS")?,
        conn_max_lifetime: from.duration("CUSTOMER_DATABASE_CONN_MAX_LIFETIME")?,
        acquire_timeout: from.duration("CUSTOMER_DATABASE_ACQUIRE_TIMEOUT")?,
        statement_timeout: from.duration("CUSTOMER_DATABASE_STATEMENT_TIMEOUT")?,
        distributed: from.get("CUSTOMER_DATABASE_DISTRIBUTED")?,
    })
}

fn security(from: &Effective) -> Option<Security> {
    let key = from.text("CUSTOMER_SECRET_KEY").and_then(decode_key);
    let cores = || {
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let most = usize::try_from(MOST_HASHING_THREADS).ok();
        most.and_then(NonZeroUsize::new)
            .map_or(cores, |most| cores.min(most))
    };
    Some(Security {
        secret_key: key.map(|key| SecretBox::new(Box::new(key))),
        master_keys: from.secret("CUSTOMER_MASTER_KEYS"),
        argon2: Argon2 {
            memory_kib: from.get("CUSTOMER_ARGON2_MEMORY_KIB")?,
            iterations: from.get("CUSTOMER_ARGON2_ITERATIONS")?,
            parallelism: from.get("CUSTOMER_ARGON2_PARALLELISM")?,
        },
        hashing_threads: from.get("CUSTOMER_HASHING_THREADS").unwrap_or_else(cores),
        hashing_queue_length: from.get("CUSTOMER_HASHING_QUEUE_LENGTH")?,
        password_min_length: from.get("CUSTOMER_PASSWORD_MIN_LENGTH")?,
    })
}

fn customers(from: &Effective) -> Option<Customers> {
    Some(Customers {
        default_tenant: from.get("CUSTOMER_DEFAULT_TENANT")?,
        default_type: from.get("CUSTOMER_DEFAULT_CUSTOMER_TYPE")?,
        default_tier: from.get("CUSTOMER_DEFAULT_TIER")?,
        default_currency: from.get("CUSTOMER_DEFAULT_CURRENCY")?,
        default_country: from.get("CUSTOMER_DEFAULT_COUNTRY")?,
        max_addresses: from.get("CUSTOMER_MAX_ADDRESSES_PER_CUSTOMER")?,
        groups: from
            .text("CUSTOMER_GROUPS")?
            .split(',')
            .map(decode_group)
            .collect::<Option<_>>()?,
        preference_defaults: PreferenceDefaults {
            email_marketing: from.get("CUSTOMER_DEFAULT_EMAIL_MARKETING")?,
            sms_marketing: from.get("CUSTOMER_DEFAULT_SMS_MARKETING")?,
            push_notifications: from.get("CUSTOMER_DEFAULT_PUSH_NOTIFICATIONS")?,
            newsletter: from.get("CUSTOMER_DEFAULT_NEWSLETTER")?,
            order_updates: from.get("CUSTOMER_DEFAULT_ORDER_UPDATES")?,
            promotional_emails: from.get("CUSTOMER_DEFAULT_PROMOTIONAL_EMAILS")?,
            data_sharing: from.get("CUSTOMER_DEFAULT_DATA_SHARING")?,
            analytics_tracking: from.get("CUSTOMER_DEFAULT_ANALYTICS_TRACKING")?,
            cookie_consent: from.get("CUSTOMER_DEFAULT_COOKIE_CONSENT")?,
        },
    })
}
