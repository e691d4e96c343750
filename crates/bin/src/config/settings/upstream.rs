use super::setting;
use crate::config::kind::{ENDPOINT, HTTP_URL};

section! {
    "other services";

    /// URL of the order service.
    CUSTOMER_ORDER_SERVICE_URL: String =
        setting("external_services.order_service_url", &HTTP_URL).also(&["ORDER_SERVICE_URL"]), not_built;

    /// URL of the loyalty service.
    CUSTOMER_LOYALTY_SERVICE_URL: String =
        setting("external_services.loyalty_service_url", &HTTP_URL).also(&["LOYALTY_SERVICE_URL"]), not_built;

    /// Host and port of the auth service, for gRPC.
    CUSTOMER_AUTH_SERVICE_ADDR: String = setting("external_services.auth_service", &ENDPOINT), not_built;

    /// Host and port of the order service, for gRPC.
    CUSTOMER_ORDER_SERVICE_ADDR: String = setting("external_services.order_service", &ENDPOINT), not_built;

    /// Host and port of the loyalty service, for gRPC.
    CUSTOMER_LOYALTY_SERVICE_ADDR: String = setting("external_services.loyalty_service", &ENDPOINT), not_built;
}
