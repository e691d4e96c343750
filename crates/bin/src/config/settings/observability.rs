use super::super::kind::Kind;
use super::{Section, setting};

pub(super) static SECTION: Section = Section {
    title: "observability",
    settings: &[
        setting("CUSTOMER_LOG_LEVEL", "observability.log_level", Kind::LogFilter, "least severe level that is logged, as a whole and by module (info,sqlx=warn); libraries stay at info unless named")
            .or("info"),
        setting("CUSTOMER_LOG_FORMAT", "observability.log_format", Kind::OneOf(&["json", "text"]), "form of a log line")
            .or_by_environment(Some("text"), Some("json")),
        setting("CUSTOMER_METRICS_ENABLED", "observability.metrics_enabled", Kind::Bool, "serve /metrics").or("true"),
        setting(
            "CUSTOMER_METRICS_PORT",
            "observability.metrics_port",
            Kind::PORT,
            "port of a listener of its own for /metrics; without one /metrics is served beside the API",
        )
        .or_by_environment(None, Some("9464")),
        setting("CUSTOMER_TRACING_ENABLED", "observability.tracing_enabled", Kind::Bool, "export traces")
            .or("true")
            .not_built(),
    ],
};
