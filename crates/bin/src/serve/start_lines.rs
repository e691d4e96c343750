//! What the service prints when it has started.

use super::listeners::Addresses;
use crate::config::Config;
use crate::wire::Operator;
use customer_domain::job::JobName;
use secrecy::ExposeSecret;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

const NEW_KEY: &str = "`customer-service key create --name operator --scope admin --all-tenants`";

pub(super) struct StartLines<'a> {
    pub(super) config: &'a Config,
    /// Describes the database.
    pub(super) database: &'a str,
    /// Where the service keeps files; `None` if it keeps none.
    pub(super) state: Option<&'a str>,
    pub(super) addresses: Addresses,
    pub(super) operator: &'a Operator,
}

impl StartLines<'_> {
    /// Writes the lines to standard output. A failure does not keep the service from running; it is
    /// logged, with whether the operator key was lost.
    pub(super) fn show(&self) {
        if let Err(error) = at_once(|out| self.write(out)) {
            let lost = matches!(self.operator, Operator::Made(_));
            tracing::warn!(
                %error,
                operator_key_lost = lost,
                "the start lines could not be shown; `customer-service key create` creates a key"
            );
        }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let version = env!("CARGO_PKG_VERSION");
        writeln!(
            out,
            "customer service {version} ({})",
            self.config.environment
        )?;
        writeln!(out, "  database       {}", self.database)?;
        if let Some(state) = self.state {
            writeln!(out, "  state          {state}")?;
        }
        let mut listening = self.addresses.api.iter().copied().map(reachable);
        let bound = listening.next().unwrap_or_default();
        let base = self.config.server.public_base_url.as_ref();
        let base = base.unwrap_or(&bound);
        writeln!(out, "  API            {base}/api/v1")?;
        for also in listening {
            writeln!(out, "                 {also}/api/v1")?;
        }
        writeln!(out, "  documentation  {base}/docs/")?;
        if let Some(metrics) = self.addresses.metrics {
            writeln!(out, "  metrics        {}/metrics", reachable(metrics))?;
        }
        // The embedded database belongs to this process alone while it runs.
        let first = match self.config.database.url {
            None => " (stop the service first)",
            Some(_) => "",
        };
        match self.operator {
            Operator::Made(made) => {
                let key = made.secret.expose_secret();
                writeln!(out, "  operator key   {key}")?;
                writeln!(out, "                 (shown this once: keep it)")?;
            }
            Operator::Missing => {
                writeln!(
                    out,
                    "  operator key   none; create one with {NEW_KEY}{first}"
                )?;
            }
            Operator::Unused => writeln!(
                out,
                "  operator key   never used so far; if it is lost, create another with {NEW_KEY}{first}"
            )?,
            Operator::Known => {}
        }
        Ok(())
    }
}

/// What `customer-service work` prints when it has started.
pub(super) struct WorkLines<'a> {
    pub(super) config: &'a Config,
    /// Describes the database.
    pub(super) database: &'a str,
    pub(super) addresses: Addresses,
    pub(super) jobs: Vec<JobName>,
}

impl WorkLines<'_> {
    /// Writes the lines to standard output; a failure is logged.
    pub(super) fn show(&self) {
        if let Err(error) = at_once(|out| self.write(out)) {
            tracing::warn!(%error, "the start lines could not be shown");
        }
    }

    fn write(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let version = env!("CARGO_PKG_VERSION");
        let environment = self.config.environment;
        writeln!(out, "customer service {version} ({environment}), jobs only")?;
        writeln!(out, "  database       {}", self.database)?;
        for bound in &self.addresses.api {
            writeln!(out, "  health         {}/health", reachable(*bound))?;
        }
        if let Some(metrics) = self.addresses.metrics {
            writeln!(out, "  metrics        {}/metrics", reachable(metrics))?;
        }
        let jobs: Vec<_> = self.jobs.iter().map(|job| job.0).collect();
        writeln!(out, "  jobs           {}", jobs.join(", "))
    }
}

/// Writes to standard output in one piece, so that no log line comes in between.
fn at_once(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
    let mut text = Vec::new();
    write(&mut text)?;
    let mut out = io::stdout().lock();
    out.write_all(&text)?;
    out.flush()
}

/// Returns the URL by which a browser on this machine reaches the listener.
fn reachable(bound: SocketAddr) -> String {
    let mut address = bound;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_all_interfaces_is_shown_as_this_machine() {
        for (bound, shown) in [
            ("0.0.0.0:8003", "http://127.0.0.1:8003"),
            ("[::]:8003", "http://[::1]:8003"),
            ("10.0.0.7:80", "http://10.0.0.7:80"),
        ] {
            assert_eq!(reachable(bound.parse().unwrap()), shown);
        }
    }
}
