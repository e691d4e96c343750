//! Assembles the background jobs.

use crate::config::Config;
use crate::metrics::jobs::JobMetrics;
use crate::secrets::Secrets;
use customer_app::audit::{AuditSealer, LastSeen};
use customer_app::job::{
    AuditPartitions, Jobs, MonthSeals, PurgeReplies, RefreshKeys, ScheduledJob, SealAudit,
};
use customer_domain::Clock;
use customer_local::{SystemClock, UuidV7Ids};
use customer_postgres::Postgres;
use std::sync::Arc;

/// Returns every job of the service.
pub(crate) fn jobs(config: &Config, postgres: &Postgres, secrets: &Secrets) -> Jobs {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Jobs {
        leases: secrets.leases(postgres),
        ids: Arc::new(UuidV7Ids),
        observer: Arc::new(JobMetrics),
        lease: config.jobs.lease,
        jobs: vec![
            ScheduledJob::new(Arc::new(PurgeReplies {
                replies: postgres.idempotency_purge(),
                tenants: postgres.tenants(),
                clock: Arc::clone(&clock),
                every: config.jobs.idempotency_purge_interval,
            })),
            ScheduledJob::new(Arc::new(RefreshKeys {
                customers: postgres.job_customers(),
                transactions: postgres.job_transactions(),
                tenants: postgres.tenants(),
                every: config.jobs.keys_refresh_interval,
            })),
            ScheduledJob::new(Arc::new(AuditPartitions {
                months: postgres.audit_months(),
                seals: Some(MonthSeals {
                    ledger: postgres.audit_ledger(),
                    signer: Arc::clone(&secrets.signer),
                }),
                retention: config.jobs.audit_retention,
                clock: Arc::clone(&clock),
            })),
            ScheduledJob::new(Arc::new(SealAudit(AuditSealer {
                ledger: postgres.audit_ledger(),
                signer: Arc::clone(&secrets.signer),
                clock,
                seen: LastSeen::default(),
            }))),
        ],
    }
}
