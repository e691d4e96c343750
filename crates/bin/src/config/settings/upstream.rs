use super::super::kind::Kind;
use super::{Section, setting};

pub(super) static SECTION: Section = Section {
    title: "other services",
    settings: &[
        setting(
            "CUSTOMER_ORDER_SERVICE_URL",
            "external_services.order_service_url",
            Kind::HttpUrl,
            "order service over HTTP",
        )
        .also(&["ORDER_SERVICE_URL"])
        .not_built(),
        setting(
            "CUSTOMER_LOYALTY_SERVICE_URL",
            "external_services.loyalty_service_url",
            Kind::HttpUrl,
            "loyalty service over HTTP",
        )
        .also(&["LOYALTY_SERVICE_URL"])
        .not_built(),
        setting(
            "CUSTOMER_AUTH_SERVICE_ADDR",
            "external_services.auth_service",
            Kind::Endpoint,
            "auth service over gRPC",
        )
        .not_built(),
        setting(
            "CUSTOMER_ORDER_SERVICE_ADDR",
            "external_services.order_service",
            Kind::Endpoint,
            "order service over gRPC",
        )
        .not_built(),
        setting(
            "CUSTOMER_LOYALTY_SERVICE_ADDR",
            "external_services.loyalty_service",
            Kind::Endpoint,
            "loyalty service over gRPC",
        )
        .not_built(),
    ],
};
