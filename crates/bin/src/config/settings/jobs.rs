use super::super::kind::{DAY, HOUR, Kind, MINUTE, SECOND};
use super::{Section, setting};

pub(super) static SECTION: Section = Section {
    title: "background jobs",
    settings: &[
        setting(
            "CUSTOMER_JOB_LEASE",
            "jobs.lease",
            Kind::Duration {
                min: SECOND,
                max: MINUTE.saturating_mul(10),
            },
            "how long a job belongs to a replica that is not heard of any more; then another takes it over",
        )
        .or("15s"),
        setting(
            "CUSTOMER_WORK_PORT",
            "jobs.port",
            Kind::PORT,
            "port of /health of a process that only works (`customer-service work`), and of its /metrics where they have \
             no listener of their own; without one it has no such listener",
        ),
        setting(
            "CUSTOMER_IDEMPOTENCY_PURGE_INTERVAL",
            "jobs.idempotency_purge_interval",
            Kind::Duration {
                min: SECOND,
                max: DAY,
            },
            "how often the replies to Idempotency-Keys that have expired are deleted",
        )
        .or("1h"),
        setting(
            "CUSTOMER_AUDIT_RETENTION",
            "audit.retention",
            Kind::Duration {
                min: HOUR.saturating_mul(24 * 366),
                max: DAY.saturating_mul(36_525),
            },
            "how long entries of the audit trail are kept; they go by whole months, whose last entry is older",
        )
        .or("2557d"),
    ],
};
