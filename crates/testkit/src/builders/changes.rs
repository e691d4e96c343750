//! Changes, claims and replies: what a use case stores in addition to the state.

use super::address::address;
use super::clock::{at, seeded_id};
use chrono::TimeDelta;
use customer_domain::address::{AddressField, BookHolder};
use customer_domain::audit::{AuditEntry, AuditKind, FieldChange};
use customer_domain::customer::{CustomerField, CustomerRecord};
use customer_domain::idempotency::{IdempotencyClaim, StoredReply};
use customer_domain::outbox::{Event, EventKind};
use customer_domain::profile::ProfileField;
use customer_domain::{AuditEventId, Change, EventId};

/// Returns the n-th event, of this kind, about the customer.
pub fn event(n: u64, kind: EventKind, record: &CustomerRecord) -> Event {
    let id = EventId(seeded_id(0xe_0000 + n));
    let customer = &record.customer;
    match kind {
        EventKind::Created => Event::created(id, record),
        EventKind::ProfileUpdated => {
            let changed = [CustomerField::Profile(ProfileField::FirstName)];
            Event::profile_updated(id, customer, &changed)
        }
        EventKind::Deactivated | EventKind::Suspended | EventKind::Reactivated => {
            Event::status_changed(id, kind, customer, &[CustomerField::Status])
        }
        EventKind::AddressCreated | EventKind::AddressUpdated | EventKind::AddressDeleted => {
            let holder = BookHolder {
                customer: customer.id,
                status: customer.status,
                event_seq: customer.event_seq,
            };
            let changed = [AddressField::City];
            Event::address_changed(id, kind, holder, &address(n), [None, None], &changed)
        }
    }
}

/// Returns the n-th change: an event of this kind about the customer, with its audit entry.
pub fn change(n: u64, kind: EventKind, record: &CustomerRecord) -> Change {
    let event = event(n, kind, record);
    let kind = match kind {
        EventKind::Created => AuditKind::ProfileCreate,
        EventKind::ProfileUpdated => AuditKind::ProfileUpdate,
        EventKind::Deactivated => AuditKind::ProfileDelete,
        EventKind::Suspended => AuditKind::Suspend,
        EventKind::Reactivated => AuditKind::Reactivate,
        EventKind::AddressCreated => AuditKind::AddressCreate,
        EventKind::AddressUpdated => AuditKind::AddressUpdate,
        EventKind::AddressDeleted => AuditKind::AddressDelete,
    };
    let mut audit = audit_entry(n, kind).about(record.customer.id);
    audit.resource = record.customer.id.0;
    (event, audit).into()
}

/// Returns the n-th entry of the audit trail, about no customer.
pub fn audit_entry(n: u64, kind: AuditKind) -> AuditEntry {
    AuditEntry {
        id: AuditEventId(seeded_id(0xad_0000 + n)),
        kind,
        customer: None,
        resource: seeded_id(0x4e50_0000 + n),
        changes: ["profile.firstName", "tags"]
            .map(FieldChange::named)
            .to_vec(),
        reason: Some("because the customer asked".to_owned()),
        at: at(i64::try_from(n).expect("a small number")),
    }
}

/// Returns a claim of `key`, made at the start, whose reply expires after a day.
pub fn claim(key: &str) -> IdempotencyClaim {
    IdempotencyClaim {
        caller: "key-a".to_owned(),
        route: "POST /customers".to_owned(),
        key: key.to_owned(),
        body_digest: [7; 32],
        now: at(0),
        expires_at: at(0) + TimeDelta::days(1),
    }
}

/// Returns a reply whose body is not valid UTF-8, so that only exact bytes match.
pub fn reply() -> StoredReply {
    StoredReply {
        status: 201,
        location: Some("/api/v1/customers/1".to_owned()),
        etag: Some("\"1\"".to_owned()),
        body: b"{\"success\":true,\"name\":\"Jos\xc3\xa9\"}\x00\xff\r\n".to_vec(),
    }
}
