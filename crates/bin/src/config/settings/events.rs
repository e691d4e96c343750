use secrecy::SecretString;

use super::setting;
use crate::config::kind::{FIXED_PORT, HTTP_URL, OneOf, SLUG, Secret};

section! {
    "events";

    /// Where events are published. By default dapr if the address of a Dapr sidecar is set,
    /// otherwise memory.
    CUSTOMER_EVENTS_PUBLISHER: &'static str =
        setting("events.publisher", &OneOf(&["dapr", "memory", "off"], |word| word)), not_built;

    /// Name of the Dapr pub/sub component.
    CUSTOMER_EVENTS_PUBSUB: String = setting("events.pubsub", &SLUG).or("pubsub"), not_built;

    /// URL of the Dapr sidecar.
    CUSTOMER_DAPR_HTTP_ENDPOINT: String =
        setting("events.dapr.http_endpoint", &HTTP_URL).also(&["DAPR_HTTP_ENDPOINT"]), not_built;

    /// Port of the Dapr sidecar on this host, used if CUSTOMER_DAPR_HTTP_ENDPOINT is not set.
    CUSTOMER_DAPR_HTTP_PORT: u16 =
        setting("events.dapr.http_port", &FIXED_PORT).also(&["DAPR_HTTP_PORT"]), not_built;

    /// Token that the service sends to the Dapr sidecar.
    CUSTOMER_DAPR_API_TOKEN: SecretString =
        setting("events.dapr.api_token", &Secret).also(&["DAPR_API_TOKEN"]), not_built;

    /// Token that the Dapr sidecar sends to the service.
    CUSTOMER_APP_API_TOKEN: SecretString =
        setting("events.dapr.app_api_token", &Secret).also(&["APP_API_TOKEN"]), not_built;
}
