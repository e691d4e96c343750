//! Metrics of changes, counted when their unit of work ends (OBS-06, AUD-09).

use customer_domain::audit::AuditKind;
use customer_domain::{Change, StoreError};
use metrics::{counter, describe_counter};

const CUSTOMERS: &str = "customer_created_total";
const ADDRESSES: &str = "customer_addresses_total";
const AUDIT_EVENTS: &str = "audit_events_total";
const AUDIT_ERRORS: &str = "audit_logging_errors_total";

/// Registers the descriptions of the metrics. Call it after the exporter is installed.
pub fn describe() {
    describe_counter!(CUSTOMERS, "Customers that were created");
    describe_counter!(ADDRESSES, "Addresses that were added");
    describe_counter!(AUDIT_EVENTS, "Entries of the audit trail by type");
    describe_counter!(
        AUDIT_ERRORS,
        "Changes that were not committed and so left no entry in the audit trail, by reason and operation"
    );
}

/// Counts the audit entries of a unit of work whose commit returned `committed`.
pub(crate) fn count(changes: &[Change], committed: &Result<(), StoreError>) {
    let entries = changes.iter().filter_map(Change::audit);
    let kinds = entries.map(|entry| entry.kind);
    match committed {
        Ok(()) => kinds.for_each(count_committed),
        Err(error) => {
            if let Some(reason) = failure(error) {
                kinds.for_each(|kind| count_lost(kind, reason));
            }
        }
    }
}

fn count_committed(kind: AuditKind) {
    counter!(AUDIT_EVENTS, "event_type" => kind.event_type()).increment(1);
    if kind == AuditKind::ProfileCreate {
        counter!(CUSTOMERS).increment(1);
    }
    if kind == AuditKind::AddressCreate {
        counter!(ADDRESSES).increment(1);
    }
}

fn count_lost(kind: AuditKind, reason: &'static str) {
    let labels = [("type", reason), ("operation", kind.operation().as_str())];
    counter!(AUDIT_ERRORS, &labels).increment(1);
}

/// Returns why nothing could be written; `None` if a rule or another transaction prevented it.
fn failure(error: &StoreError) -> Option<&'static str> {
    match error {
        StoreError::Conflict(_) | StoreError::NotFound | StoreError::Contended => None,
        StoreError::TooSlow => Some("timeout"),
        StoreError::Unavailable(_) | StoreError::Corrupt { .. } => Some("database"),
    }
}
