use secrecy::SecretString;

use super::setting;
use crate::config::kind::{FIXED_PORT, HTTP_URL, OneOf, SLUG, Secret};

section! {
    "events";

    /// Where events go; by default dapr when a sidecar's address is set, else memory.
    CUSTOMER_EVENTS_PUBLISHER: &'static str =
        setting("events.publisher", &OneOf(&["dapr", "memory", "off"], |word| word)), not_built;

    /// Name of Dapr's pub/sub component.
    CUSTOMER_EVENTS_PUBSUB: String = setting("events.pubsub", &SLUG).or("pubsub"), not_built;

    /// Address of the Dapr sidecar.
    CUSTOMER_DAPR_HTTP_ENDPOINT: String =
        setting("events.dapr.http_endpoint", &HTTP_URL).also(&["DAPR_HTTP_ENDPOINT"]), not_built;

    /// Port of the Dapr sidecar on this host, when it has no other address.
    CUSTOMER_DAPR_HTTP_PORT: u16 =
        setting("events.dapr.http_port", &FIXED_PORT).also(&["DAPR_HTTP_PORT"]), not_built;

    /// Token that the service shows to the sidecar.
    CUSTOMER_DAPR_API_TOKEN: SecretString =
        setting("events.dapr.api_token", &Secret).also(&["DAPR_API_TOKEN"]), not_built;

    /// Token that the sidecar shows to the service.
    CUSTOMER_APP_API_TOKEN: SecretString =
        setting("events.dapr.app_api_token", &Secret).also(&["APP_API_TOKEN"]), not_built;
}
