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

/// Counts the audit entries of changes that were committed.
pub(crate) fn count_committed(changes: &[Change]) {
    for kind in kinds(changes) {
        counter!(AUDIT_EVENTS, "event_type" => kind.event_type()).increment(1);
        if kind == AuditKind::ProfileCreate {
            counter!(CUSTOMERS).increment(1);
        }
        if kind == AuditKind::AddressCreate {
            counter!(ADDRESSES).increment(1);
        }
    }
}

/// Counts the audit entries of changes that are not committed because of an error, unless it is a
/// rule or another transaction that was in the way.
pub(crate) fn count_lost(changes: &[Change], error: &StoreError) {
    let Some(reason) = failure(error) else {
        return;
    };
    for kind in kinds(changes) {
        let labels = [("type", reason), ("operation", kind.operation().as_str())];
        counter!(AUDIT_ERRORS, &labels).increment(1);
    }
}

fn kinds(changes: &[Change]) -> impl Iterator<Item = AuditKind> {
    let entries = changes.iter().filter_map(Change::audit);
    entries.map(|entry| entry.kind)
}

/// Returns why nothing could be written; `None` if a rule or another transaction prevented it.
fn failure(error: &StoreError) -> Option<&'static str> {
    match error {
        StoreError::Conflict(_) | StoreError::NotFound | StoreError::Contended => None,
        StoreError::TooSlow => Some("timeout"),
        StoreError::Unavailable(_) | StoreError::Corrupt { .. } => Some("database"),
        StoreError::Keys => Some("keys"),
    }
}
