use std::time::Duration;

use super::setting;
use crate::config::kind::{DAY, HOUR, MINUTE, PORT, SECOND, duration};
use crate::config::{Effective, Faults};

section! {
    "background jobs";

    /// How long a job belongs to a replica that is not heard of any more; then another takes it over.
    CUSTOMER_JOB_LEASE: Duration =
        setting("jobs.lease", &duration(SECOND, MINUTE.saturating_mul(10))).or("15s");

    /// Port of /health of a process that only works (`customer-service work`), and of its /metrics where they have no
    /// listener of their own; without one it has no such listener.
    CUSTOMER_WORK_PORT: u16 = setting("jobs.port", &PORT);

    /// How often the replies to Idempotency-Keys that have expired are deleted.
    CUSTOMER_IDEMPOTENCY_PURGE_INTERVAL: Duration =
        setting("jobs.idempotency_purge_interval", &duration(SECOND, DAY)).or("1h");

    /// How long entries of the audit trail are kept; they go by whole months, whose last entry is older.
    CUSTOMER_AUDIT_RETENTION: Duration =
        setting("audit.retention", &duration(HOUR.saturating_mul(24 * 366), DAY.saturating_mul(36_525)))
            .or("2557d");
}

#[derive(Debug)]
pub(crate) struct Jobs {
    pub(crate) lease: Duration,
    /// `None` if `customer-service work` opens no port for its health.
    pub(crate) port: Option<u16>,
    pub(crate) idempotency_purge_interval: Duration,
    pub(crate) audit_retention: Duration,
}

impl Jobs {
    pub(in crate::config) fn read(from: &Effective) -> Result<Self, Faults> {
        Ok(Self {
            lease: from.get(&CUSTOMER_JOB_LEASE)?,
            port: from.find(&CUSTOMER_WORK_PORT),
            idempotency_purge_interval: from.get(&CUSTOMER_IDEMPOTENCY_PURGE_INTERVAL)?,
            audit_retention: from.get(&CUSTOMER_AUDIT_RETENTION)?,
        })
    }
}
