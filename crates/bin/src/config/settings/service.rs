use std::time::Duration;

use super::setting;
use crate::config::Environment;
use crate::config::kind::{HOUR, HTTP_URL, OneOf, SECOND, SLUG, TEXT, seconds};

section! {
    "service";

    /// Production refuses to start on what only development may do; .env cannot declare it.
    CUSTOMER_ENVIRONMENT: Environment =
        setting("app.environment", &OneOf(&Environment::ALL, Environment::as_str))
            .or("development").also(&["ENVIRONMENT"]);

    /// Name under which the service is registered and signs its events.
    CUSTOMER_SERVICE_NAME: String =
        setting("app.name", &SLUG).or("customer-service").also(&["SERVICE_NAME"]), not_built;

    /// Version under which the service is registered.
    CUSTOMER_APP_VERSION: String = setting("app.version", &TEXT), not_built;

    /// Consul agent at which the service is registered.
    CUSTOMER_CONSUL_URL: String = setting("consul.url", &HTTP_URL).also(&["CONSUL_URL"]), not_built;

    /// How often Consul asks for the health of the service.
    CUSTOMER_HEALTH_CHECK_INTERVAL: Duration =
        setting("consul.health_check_interval", &seconds(SECOND, HOUR))
            .or("10s").also(&["HEALTH_CHECK_INTERVAL"]), not_built;
}
