use std::time::Duration;

use super::super::kind::{DAY, HOUR, Kind, MINUTE, SECOND};
use super::{Section, setting};

pub(super) static SECTION: Section = Section {
    title: "server",
    settings: &[
        setting(
            "CUSTOMER_HTTP_ADDR",
            "server.http.addr",
            Kind::Address,
            "address that the HTTP listeners bind",
        )
        .or_by_environment(Some("127.0.0.1"), Some("0.0.0.0")),
        setting(
            "CUSTOMER_HTTP_PORT",
            "server.http.port",
            Kind::PORT,
            "port of the HTTP API; 0 takes any free one",
        )
        .or("8003")
        .also(&["PORT", "SERVICE_PORT"]),
        setting(
            "CUSTOMER_HTTP_EXTRA_PORTS",
            "server.http.extra_ports",
            Kind::List(&Kind::Integer {
                min: 1,
                max: 65_535,
            }),
            "further ports that serve the same API, for clients of older services (8007, 8089)",
        ),
        setting(
            "CUSTOMER_TRUSTED_PROXIES",
            "server.http.trusted_proxies",
            Kind::List(&Kind::Network),
            "proxies that are believed when X-Forwarded-For or Forwarded says for whom they ask; the audit trail has it",
        ),
        setting(
            "CUSTOMER_PUBLIC_BASE_URL",
            "server.http.public_base_url",
            Kind::HttpUrl,
            "address under which clients reach the API, for links in mails and replies",
        ),
        setting(
            "CUSTOMER_MAX_CONCURRENT_REQUESTS",
            "server.http.max_concurrent_requests",
            Kind::COUNT,
            "requests served at once; further ones are answered 503",
        )
        .or("1000")
        .also(&["MAX_CONCURRENT_REQUESTS"]),
        setting(
            "CUSTOMER_MAX_BODY_BYTES",
            "server.http.max_body_bytes",
            Kind::Integer {
                min: 1024,
                max: 67_108_864,
            },
            "largest request body in bytes",
        )
        .or("262144"),
        setting(
            "CUSTOMER_READ_TIMEOUT",
            "server.http.read_timeout",
            Kind::Duration {
                min: SECOND,
                max: HOUR,
            },
            "how long a client may take to send the head of a request, and then its body (408)",
        )
        .or("10s"),
        setting(
            "CUSTOMER_REQUEST_TIMEOUT",
            "server.http.request_timeout",
            Kind::Duration {
                min: SECOND,
                max: HOUR,
            },
            "how long a request may take as a whole (503)",
        )
        .or("30s"),
        setting(
            "CUSTOMER_SHUTDOWN_DELAY",
            "server.http.shutdown_delay",
            Kind::Duration {
                min: Duration::ZERO,
                max: MINUTE,
            },
            "how long requests are still taken, unready, after the signal to stop, so that load balancers turn away first",
        )
        .or_by_environment(Some("0s"), Some("5s")),
        setting(
            "CUSTOMER_CORS_ORIGINS",
            "server.http.cors_origins",
            Kind::List(&Kind::Origin),
            "web origins that may call the API from a browser; none by default",
        ),
        setting(
            "CUSTOMER_TENANT_HOSTS",
            "server.http.tenant_hosts",
            Kind::HostMap,
            "tenant that a host name stands for on public routes",
        )
        .not_built(),
        setting(
            "CUSTOMER_IDEMPOTENCY_RETENTION",
            "server.http.idempotency_retention",
            Kind::Duration {
                min: MINUTE,
                max: DAY.saturating_mul(30),
            },
            "how long the reply to an Idempotency-Key is kept",
        )
        .or("1d"),
        setting(
            "CUSTOMER_GRPC_ADDR",
            "server.grpc.addr",
            Kind::Address,
            "address that the gRPC listener binds",
        )
        .or_by_environment(Some("127.0.0.1"), Some("0.0.0.0"))
        .not_built(),
        setting(
            "CUSTOMER_GRPC_PORT",
            "server.grpc.port",
            Kind::PORT,
            "port of the gRPC API",
        )
        .or("9003")
        .not_built(),
    ],
};
