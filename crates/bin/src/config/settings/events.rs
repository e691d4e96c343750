use super::super::kind::Kind;
use super::{Section, setting};

pub(super) static SECTION: Section = Section {
    title: "events",
    settings: &[
        setting(
            "CUSTOMER_EVENTS_PUBLISHER",
            "events.publisher",
            Kind::OneOf(&["dapr", "memory", "off"]),
            "where events go; by default dapr when a sidecar's address is set, else memory",
        )
        .not_built(),
        setting(
            "CUSTOMER_EVENTS_PUBSUB",
            "events.pubsub",
            Kind::Slug,
            "name of Dapr's pub/sub component",
        )
        .or("pubsub")
        .not_built(),
        setting(
            "CUSTOMER_DAPR_HTTP_ENDPOINT",
            "events.dapr.http_endpoint",
            Kind::HttpUrl,
            "address of the Dapr sidecar",
        )
        .also(&["DAPR_HTTP_ENDPOINT"])
        .not_built(),
        setting(
            "CUSTOMER_DAPR_HTTP_PORT",
            "events.dapr.http_port",
            Kind::Integer {
                min: 1,
                max: 65_535,
            },
            "port of the Dapr sidecar on this host, when it has no other address",
        )
        .also(&["DAPR_HTTP_PORT"])
        .not_built(),
        setting(
            "CUSTOMER_DAPR_API_TOKEN",
            "events.dapr.api_token",
            Kind::Secret,
            "token that the service shows to the sidecar",
        )
        .also(&["DAPR_API_TOKEN"])
        .not_built(),
        setting(
            "CUSTOMER_APP_API_TOKEN",
            "events.dapr.app_api_token",
            Kind::Secret,
            "token that the sidecar shows to the service",
        )
        .also(&["APP_API_TOKEN"])
        .not_built(),
    ],
};
