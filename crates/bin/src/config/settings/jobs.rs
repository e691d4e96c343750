use std::time::Duration;

use super::setting;
use crate::config::kind::{DAY, HOUR, MINUTE, PORT, SECOND, duration};
use crate::config::{Effective, Faults};

section! {
    "background jobs";

    /// Duration of a job's lease. The replica that runs the job keeps renewing it; if that replica
    /// dies, another takes over after at most this time.
    CUSTOMER_JOB_LEASE: Duration =
        setting("jobs.lease", &duration(SECOND, MINUTE.saturating_mul(10))).or("15s");

    /// Port of /health for `customer-service work`, and of /metrics if CUSTOMER_METRICS_PORT is not
    /// set; 0 for any free port. If it is not set, there is no such listener.
    CUSTOMER_WORK_PORT: u16 = setting("jobs.port", &PORT);

    /// How often expired responses to requests with an Idempotency-Key are deleted.
    CUSTOMER_IDEMPOTENCY_PURGE_INTERVAL: Duration =
        setting("jobs.idempotency_purge_interval", &duration(SECOND, DAY)).or("1h");

    /// How often customers are looked through for keys that other rules made: those of an earlier
    /// release, or of another country of the tenant. They are found by the old keys until then.
    CUSTOMER_KEYS_REFRESH_INTERVAL: Duration =
        setting("jobs.keys_refresh_interval", &duration(SECOND, DAY)).or("1h");

    /// How long entries of the audit trail are kept. A month is deleted once its last entry is
    /// older.
    CUSTOMER_AUDIT_RETENTION: Duration =
        setting("audit.retention", &duration(HOUR.saturating_mul(24 * 366), DAY.saturating_mul(36_525)))
            .or("2557d");
}

#[derive(Debug)]
pub(crate) struct Jobs {
    pub(crate) lease: Duration,
    /// `None` if `customer-service work` does not serve `/health`.
    pub(crate) port: Option<u16>,
    pub(crate) idempotency_purge_interval: Duration,
    pub(crate) keys_refresh_interval: Duration,
    pub(crate) audit_retention: Duration,
}

impl Jobs {
    pub(in crate::config) fn read(from: &Effective) -> Result<Self, Faults> {
        Ok(Self {
            lease: from.get(&CUSTOMER_JOB_LEASE)?,
            port: from.find(&CUSTOMER_WORK_PORT),
            idempotency_purge_interval: from.get(&CUSTOMER_IDEMPOTENCY_PURGE_INTERVAL)?,
            keys_refresh_interval: from.get(&CUSTOMER_KEYS_REFRESH_INTERVAL)?,
            audit_retention: from.get(&CUSTOMER_AUDIT_RETENTION)?,
        })
    }
}
