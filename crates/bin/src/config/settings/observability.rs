use super::setting;
use crate::config::kind::{Bool, LOG_FILTER, OneOf, PORT};
use crate::config::{Effective, Faults};

section! {
    "observability";

    /// Least severe level that is logged, as a whole and by module (info,sqlx=warn); libraries stay at info unless
    /// named.
    CUSTOMER_LOG_LEVEL: String = setting("observability.log_level", &LOG_FILTER).or("info");

    /// Form of a log line.
    CUSTOMER_LOG_FORMAT: LogFormat =
        setting("observability.log_format", &OneOf(&LogFormat::ALL, LogFormat::as_str))
            .or("text").in_production("json");

    /// Serve /metrics.
    CUSTOMER_METRICS_ENABLED: bool = setting("observability.metrics_enabled", &Bool).or("true");

    /// Port of a listener of its own for /metrics; without one /metrics is served beside the API.
    CUSTOMER_METRICS_PORT: u16 = setting("observability.metrics_port", &PORT).in_production("9464");

    /// Export traces.
    CUSTOMER_TRACING_ENABLED: bool = setting("observability.tracing_enabled", &Bool).or("true"), not_built;
}

#[derive(Debug)]
pub(crate) struct Observability {
    /// Directives such as `info,sqlx=warn`.
    pub(crate) log_level: String,
    pub(crate) log_format: LogFormat,
    pub(crate) metrics_enabled: bool,
    /// `None` serves the metrics on the ports of the API.
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
