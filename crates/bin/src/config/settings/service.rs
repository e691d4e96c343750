use std::time::Duration;

use super::setting;
use crate::config::Environment;
use crate::config::kind::{HOUR, HTTP_URL, OneOf, SECOND, SLUG, TEXT, seconds};

section! {
    "service";

    /// Whether the service runs in development or in production. Production has some other
    /// defaults, does not read .env and rejects values that are only safe in development. It can
    /// be set in the environment or in configs/config.yaml, but not in .env.
    CUSTOMER_ENVIRONMENT: Environment =
        setting("app.environment", &OneOf(&Environment::ALL, Environment::as_str))
            .or("development").also(&["ENVIRONMENT"]);

    /// Name under which the service registers, and which its events give as their source.
    CUSTOMER_SERVICE_NAME: String =
        setting("app.name", &SLUG).or("customer-service").also(&["SERVICE_NAME"]), not_built;

    /// Version under which the service registers.
    CUSTOMER_APP_VERSION: String = setting("app.version", &TEXT), not_built;

    /// URL of the Consul agent at which the service registers.
    CUSTOMER_CONSUL_URL: String = setting("consul.url", &HTTP_URL).also(&["CONSUL_URL"]), not_built;

    /// How often Consul checks the health of the service.
    CUSTOMER_HEALTH_CHECK_INTERVAL: Duration =
        setting("consul.health_check_interval", &seconds(SECOND, HOUR))
            .or("10s").also(&["HEALTH_CHECK_INTERVAL"]), not_built;
}
