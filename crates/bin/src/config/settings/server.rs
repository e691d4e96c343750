use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::setting;
use crate::config::kind::{
    COUNT, DAY, FIXED_PORT, HOUR, HTTP_URL, HostMap, IpAddress, List, MINUTE, Network, ORIGIN,
    PORT, SECOND, duration, integer,
};
use crate::config::{Effective, Faults};

section! {
    "server";

    /// Address that all HTTP listeners bind to, that of /metrics included.
    CUSTOMER_HTTP_ADDR: IpAddr =
        setting("server.http.addr", &IpAddress).or("127.0.0.1").in_production("0.0.0.0");

    /// Port of the HTTP API; 0 for any free port.
    CUSTOMER_HTTP_PORT: u16 = setting("server.http.port", &PORT).or("8003").also(&["PORT", "SERVICE_PORT"]);

    /// Additional ports of the same API, for clients of older services (8007, 8089). None by
    /// default.
    CUSTOMER_HTTP_EXTRA_PORTS: Vec<u16> = setting("server.http.extra_ports", &List(FIXED_PORT));

    /// Proxies whose X-Forwarded-For and Forwarded headers are trusted. The audit trail records the
    /// client's address that they report, and otherwise the address of the connection. None by
    /// default.
    CUSTOMER_TRUSTED_PROXIES: Vec<IpNet> = setting("server.http.trusted_proxies", &List(Network));

    /// URL under which clients reach the API, printed at the start. By default the address of the
    /// main listener is printed.
    CUSTOMER_PUBLIC_BASE_URL: String = setting("server.http.public_base_url", &HTTP_URL);

    /// Maximum number of requests served at the same time, not counting those for health and
    /// metrics. Further requests are answered 503.
    CUSTOMER_MAX_CONCURRENT_REQUESTS: usize =
        setting("server.http.max_concurrent_requests", &COUNT).or("1000").also(&["MAX_CONCURRENT_REQUESTS"]);

    /// Maximum size of a request body in bytes. A larger body is answered 413.
    CUSTOMER_MAX_BODY_BYTES: usize =
        setting("server.http.max_body_bytes", &integer(1024, 67_108_864)).or("262144");

    /// Time limit for a client to send the request line and headers, and again to send the body. A
    /// slower client is answered 408. Must not be greater than CUSTOMER_REQUEST_TIMEOUT.
    CUSTOMER_READ_TIMEOUT: Duration = setting("server.http.read_timeout", &duration(SECOND, HOUR)).or("10s");

    /// Time limit for a request, until its response begins. A slower request is answered 503.
    CUSTOMER_REQUEST_TIMEOUT: Duration =
        setting("server.http.request_timeout", &duration(SECOND, HOUR)).or("30s");

    /// How long requests are still accepted after the signal to stop. Meanwhile /health/ready
    /// fails, so that load balancers send requests elsewhere. Requests in progress then have 20
    /// seconds to end.
    CUSTOMER_SHUTDOWN_DELAY: Duration =
        setting("server.http.shutdown_delay", &duration(Duration::ZERO, MINUTE)).or("0s").in_production("5s");

    /// Web origins whose scripts may call the API from a browser. None by default.
    CUSTOMER_CORS_ORIGINS: Vec<String> = setting("server.http.cors_origins", &List(ORIGIN));

    /// Tenants by host name, for requests to public routes.
    CUSTOMER_TENANT_HOSTS: BTreeMap<String, String> = setting("server.http.tenant_hosts", &HostMap), not_built;

    /// How long the response to a request with an Idempotency-Key is stored. Until then a repeated
    /// request gets the same response; after that it is executed again.
    CUSTOMER_IDEMPOTENCY_RETENTION: Duration =
        setting("server.http.idempotency_retention", &duration(MINUTE, DAY.saturating_mul(30))).or("1d");

    /// Address that the gRPC listener binds to.
    CUSTOMER_GRPC_ADDR: IpAddr =
        setting("server.grpc.addr", &IpAddress).or("127.0.0.1").in_production("0.0.0.0"), not_built;

    /// Port of the gRPC API.
    CUSTOMER_GRPC_PORT: u16 = setting("server.grpc.port", &PORT).or("9003"), not_built;
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: IpAddr,
    /// 0 for any free port.
    pub(crate) port: u16,
    pub(crate) extra_ports: Vec<u16>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Without a trailing slash.
    pub(crate) public_base_url: Option<String>,
    pub(crate) max_concurrent_requests: usize,
    pub(crate) max_body_bytes: usize,
    pub(crate) read_timeout: Duration,
    pub(crate) request_timeout: Duration,
    /// The time from the signal to stop until no more requests are accepted.
    pub(crate) shutdown_delay: Duration,
    /// In the form in which browsers send them.
    pub(crate) cors_origins: Vec<String>,
    pub(crate) idempotency_retention: Duration,
}

impl Server {
    pub(in crate::config) fn read(from: &Effective) -> Result<Self, Faults> {
        Ok(Self {
            address: from.get(&CUSTOMER_HTTP_ADDR)?,
            port: from.get(&CUSTOMER_HTTP_PORT)?,
            extra_ports: from.find(&CUSTOMER_HTTP_EXTRA_PORTS).unwrap_or_default(),
            trusted_proxies: from.find(&CUSTOMER_TRUSTED_PROXIES).unwrap_or_default(),
            public_base_url: from.find(&CUSTOMER_PUBLIC_BASE_URL),
            max_concurrent_requests: from.get(&CUSTOMER_MAX_CONCURRENT_REQUESTS)?,
            max_body_bytes: from.get(&CUSTOMER_MAX_BODY_BYTES)?,
            read_timeout: from.get(&CUSTOMER_READ_TIMEOUT)?,
            request_timeout: from.get(&CUSTOMER_REQUEST_TIMEOUT)?,
            shutdown_delay: from.get(&CUSTOMER_SHUTDOWN_DELAY)?,
            cors_origins: from.find(&CUSTOMER_CORS_ORIGINS).unwrap_or_default(),
            idempotency_retention: from.get(&CUSTOMER_IDEMPOTENCY_RETENTION)?,
        })
    }
}
