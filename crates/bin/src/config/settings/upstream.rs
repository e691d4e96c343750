use super::setting;
use crate::config::kind::{ENDPOINT, HTTP_URL};

section! {
    "other services";

    /// Order service over HTTP.
    CUSTOMER_ORDER_SERVICE_URL: String =
        setting("external_services.order_service_url", &HTTP_URL).also(&["ORDER_SERVICE_URL"]), not_built;

    /// Loyalty service over HTTP.
    CUSTOMER_LOYALTY_SERVICE_URL: String =
        setting("external_services.loyalty_service_url", &HTTP_URL).also(&["LOYALTY_SERVICE_URL"]), not_built;

    /// Auth service over gRPC.
    CUSTOMER_AUTH_SERVICE_ADDR: String = setting("external_services.auth_service", &ENDPOINT), not_built;

    /// Order service over gRPC.
    CUSTOMER_ORDER_SERVICE_ADDR: String = setting("external_services.order_service", &ENDPOINT), not_built;

    /// Loyalty service over gRPC.
    CUSTOMER_LOYALTY_SERVICE_ADDR: String = setting("external_services.loyalty_service", &ENDPOINT), not_built;
}
