use super::setting;
use crate::config::kind::{Bool, LOG_FILTER, OneOf, PORT};
use crate::config::{Effective, Faults};

section! {
    "observability";

    /// Least severe level that is logged, overall and by module. Libraries that are not named are
    /// logged at info at most; without an overall level, only the named modules are logged.
    CUSTOMER_LOG_LEVEL: String = setting("observability.log_level", &LOG_FILTER).or("info");

    /// Format of log lines: json for programs, text for people.
    CUSTOMER_LOG_FORMAT: LogFormat =
        setting("observability.log_format", &OneOf(&LogFormat::ALL, LogFormat::as_str))
            .or("text").in_production("json");

    /// Whether metrics are recorded and served at /metrics.
    CUSTOMER_METRICS_ENABLED: bool = setting("observability.metrics_enabled", &Bool).or("true");

    /// Port of a separate listener for /metrics; 0 for any free port. If it is not set, /metrics is
    /// served on the ports of the API.
    CUSTOMER_METRICS_PORT: u16 = setting("observability.metrics_port", &PORT).in_production("9464");

    /// Whether traces are exported.
    CUSTOMER_TRACING_ENABLED: bool = setting("observability.tracing_enabled", &Bool).or("true"), not_built;
}

#[derive(Debug)]
pub(crate) struct Observability {
    /// Directives such as `info,sqlx=warn`.
    pub(crate) log_level: String,
    pub(crate) log_format: LogFormat,
    pub(crate) metrics_enabled: bool,
    /// `None` if the metrics are served on the ports of the API.
    pub(crate) metrics_port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Json,
    Text,
}

impl LogFormat {
    const ALL: [Self; 2] = [Self::Json, Self::Text];

    fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
        }
    }
}

impl Observability {
    pub(in crate::config) fn read(from: &Effective) -> Result<Self, Faults> {
        Ok(Self {
            log_level: from.get(&CUSTOMER_LOG_LEVEL)?,
            log_format: from.get(&CUSTOMER_LOG_FORMAT)?,
            metrics_enabled: from.get(&CUSTOMER_METRICS_ENABLED)?,
            metrics_port: from.find(&CUSTOMER_METRICS_PORT),
        })
    }
}
