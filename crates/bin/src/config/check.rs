//! The rules between settings.

use std::collections::BTreeMap;

use super::settings::{database, jobs, observability, security, server};
use super::{Config, Faults};

/// Memory in KiB from which a hash of one pass is as strong as the default (OWASP).
const MIN_MEMORY_OF_ONE_PASS: u32 = 47_104;

impl Config {
    pub(super) fn check(&self, faults: &mut Faults) {
        self.check_ports(faults);
        self.check_database_urls(faults);
        let work_port = self.jobs.port.filter(|port| *port != 0);
        if let Some(port) = work_port.filter(|_| work_port == self.observability.metrics_port) {
            let (work, metrics) = (
                jobs::CUSTOMER_WORK_PORT.name,
                observability::CUSTOMER_METRICS_PORT.name,
            );
            faults.add(format!("{work} and {metrics} both take port {port}"));
        }
        if self.database.min_idle_connections > self.database.max_connections {
            let idle = database::CUSTOMER_DATABASE_IDLE_CONNECTIONS.name;
            let open = database::CUSTOMER_DATABASE_MAX_CONNECTIONS.name;
            faults.add(format!("{idle} must not be greater than {open}"));
        }
        let argon2 = self.security.argon2;
        if argon2.iterations == 1 && argon2.memory_kib < MIN_MEMORY_OF_ONE_PASS {
            let memory = security::CUSTOMER_ARGON2_MEMORY_KIB.name;
            let passes = security::CUSTOMER_ARGON2_ITERATIONS.name;
            faults.add(format!(
                "{memory} must be at least {MIN_MEMORY_OF_ONE_PASS} when {passes} is 1"
            ));
        }
        if self.server.read_timeout > self.server.request_timeout {
            let read = server::CUSTOMER_READ_TIMEOUT.name;
            let request = server::CUSTOMER_REQUEST_TIMEOUT.name;
            faults.add(format!("{read} must not be greater than {request}"));
        }
    }

    fn check_ports(&self, faults: &mut Faults) {
        let mut taken = BTreeMap::new();
        let main = (server::CUSTOMER_HTTP_PORT.name, self.server.port);
        let extra = self.server.extra_ports.iter();
        let extra = extra.map(|port| (server::CUSTOMER_HTTP_EXTRA_PORTS.name, *port));
        let metrics = self.observability.metrics_port;
        let metrics = metrics.map(|port| (observability::CUSTOMER_METRICS_PORT.name, port));
        for (name, port) in [main].into_iter().chain(extra).chain(metrics) {
            if port != 0
                && let Some(other) = taken.insert(port, name)
            {
                faults.add(format!("{other} and {name} both take port {port}"));
            }
        }
    }

    fn check_database_urls(&self, faults: &mut Faults) {
        let urls = &self.database;
        for (name, url) in [
            (database::CUSTOMER_DATABASE_APP_URL.name, &urls.app_url),
            (
                database::CUSTOMER_DATABASE_WORKER_URL.name,
                &urls.worker_url,
            ),
        ] {
            if urls.url.is_none() && url.is_some() {
                let owner = database::CUSTOMER_DATABASE_URL.name;
                faults.add(format!(
                    "{name} is set without {owner}, which migrates the schema"
                ));
            }
        }
    }
}
