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

    /// Address that the HTTP listeners bind.
    CUSTOMER_HTTP_ADDR: IpAddr =
        setting("server.http.addr", &IpAddress).or("127.0.0.1").in_production("0.0.0.0");

    /// Port of the HTTP API; 0 takes any free one.
    CUSTOMER_HTTP_PORT: u16 = setting("server.http.port", &PORT).or("8003").also(&["PORT", "SERVICE_PORT"]);

    /// Further ports that serve the same API, for clients of older services (8007, 8089).
    CUSTOMER_HTTP_EXTRA_PORTS: Vec<u16> = setting("server.http.extra_ports", &List(FIXED_PORT));

    /// Proxies that are believed when X-Forwarded-For or Forwarded says for whom they ask; the audit trail has it.
    CUSTOMER_TRUSTED_PROXIES: Vec<IpNet> = setting("server.http.trusted_proxies", &List(Network));

    /// Address under which clients reach the API, for links in mails and replies.
    CUSTOMER_PUBLIC_BASE_URL: String = setting("server.http.public_base_url", &HTTP_URL);

    /// Requests served at once; further ones are answered 503.
    CUSTOMER_MAX_CONCURRENT_REQUESTS: usize =
        setting("server.http.max_concurrent_requests", &COUNT).or("1000").also(&["MAX_CONCURRENT_REQUESTS"]);

    /// Largest request body in bytes.
    CUSTOMER_MAX_BODY_BYTES: usize =
        setting("server.http.max_body_bytes", &integer(1024, 67_108_864)).or("262144");

    /// How long a client may take to send the head of a request, and then its body (408).
    CUSTOMER_READ_TIMEOUT: Duration = setting("server.http.read_timeout", &duration(SECOND, HOUR)).or("10s");

    /// How long a request may take as a whole (503).
    CUSTOMER_REQUEST_TIMEOUT: Duration =
        setting("server.http.request_timeout", &duration(SECOND, HOUR)).or("30s");

    /// How long requests are still taken, unready, after the signal to stop, so that load balancers turn away first.
    CUSTOMER_SHUTDOWN_DELAY: Duration =
        setting("server.http.shutdown_delay", &duration(Duration::ZERO, MINUTE)).or("0s").in_production("5s");

    /// Web origins that may call the API from a browser; none by default.
    CUSTOMER_CORS_ORIGINS: Vec<String> = setting("server.http.cors_origins", &List(ORIGIN));

    /// Tenant that a host name stands for on public routes.
    CUSTOMER_TENANT_HOSTS: BTreeMap<String, String> = setting("server.http.tenant_hosts", &HostMap), not_built;

    /// How long the reply to an Idempotency-Key is kept.
    CUSTOMER_IDEMPOTENCY_RETENTION: Duration =
        setting("server.http.idempotency_retention", &duration(MINUTE, DAY.saturating_mul(30))).or("1d");

    /// Address that the gRPC listener binds.
    CUSTOMER_GRPC_ADDR: IpAddr =
        setting("server.grpc.addr", &IpAddress).or("127.0.0.1").in_production("0.0.0.0"), not_built;

    /// Port of the gRPC API.
    CUSTOMER_GRPC_PORT: u16 = setting("server.grpc.port", &PORT).or("9003"), not_built;
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: IpAddr,
    /// 0 lets the system choose a free port.
    pub(crate) port: u16,
    pub(crate) extra_ports: Vec<u16>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Without a trailing slash.
    pub(crate) public_base_url: Option<String>,
    pub(crate) max_concurrent_requests: usize,
    pub(crate) max_body_bytes: usize,
    pub(crate) read_timeout: Duration,
    pub(crate) request_timeout: Duration,
    /// From the signal to stop until the sockets are closed.
    pub(crate) shutdown_delay: Duration,
    /// In the form that browsers send.
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
