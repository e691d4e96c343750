use super::super::kind::{HOUR, Kind, SECOND};
use super::{Section, setting};

pub(super) static SECTION: Section = Section {
    title: "service",
    settings: &[
        setting(
            "CUSTOMER_ENVIRONMENT",
            "app.environment",
            Kind::OneOf(&["development", "production"]),
            "production refuses to start on what only development may do; .env cannot declare it",
        )
        .or("development")
        .also(&["ENVIRONMENT"]),
        setting(
            "CUSTOMER_SERVICE_NAME",
            "app.name",
            Kind::Slug,
            "name under which the service is registered and signs its events",
        )
        .or("customer-service")
        .also(&["SERVICE_NAME"])
        .not_built(),
        setting(
            "CUSTOMER_APP_VERSION",
            "app.version",
            Kind::Text,
            "version under which the service is registered",
        )
        .not_built(),
        setting(
            "CUSTOMER_CONSUL_URL",
            "consul.url",
            Kind::HttpUrl,
            "Consul agent at which the service is registered",
        )
        .also(&["CONSUL_URL"])
        .not_built(),
        setting(
            "CUSTOMER_HEALTH_CHECK_INTERVAL",
            "consul.health_check_interval",
            Kind::Seconds {
                min: SECOND,
                max: HOUR,
            },
            "how often Consul asks for the health of the service",
        )
        .or("10s")
        .also(&["HEALTH_CHECK_INTERVAL"])
        .not_built(),
    ],
};
