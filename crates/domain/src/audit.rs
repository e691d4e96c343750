//! The audit trail: who changed what, stored together with the change.

mod change;
mod month;
mod query;
mod seal;

pub use change::{Audited, FieldChange, Fields};
pub use month::AuditMonths;
#[cfg(feature = "mocks")]
pub use month::MockAuditMonths;
#[cfg(feature = "mocks")]
pub use query::MockAuditRepo;
pub use query::{
    AuditCount, AuditEvent, AuditFilter, AuditKey, AuditRepo, AuditTally, MAX_ACTOR, MAX_TALLY,
    Operation, Severity,
};
pub use seal::{
    AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, Pending, PendingEntry, SealSigner,
    SealedRange,
};
#[cfg(feature = "mocks")]
pub use seal::{MockAuditLedger, MockSealSigner};

use crate::{AuditEventId, CustomerId, IdSource};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// An entry of the audit trail, written in the transaction of the change, together with the
/// context's actor, tenant, trace id, correlation id and origin. Values are stored sealed; a secret
/// is named without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The entry's id.
    pub id: AuditEventId,
    /// What happened.
    pub kind: AuditKind,
    /// The customer concerned, if any.
    pub customer: Option<CustomerId>,
    /// The record concerned.
    pub resource: Uuid,
    /// The fields that changed, named as in the API, with their old and new values.
    pub changes: Vec<FieldChange>,
    /// The reason that the actor gave, if any.
    pub reason: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
}

impl AuditEntry {
    /// Creates an entry with a new id that concerns no customer, without changes and without a
    /// reason.
    pub fn new(ids: &dyn IdSource, kind: AuditKind, resource: Uuid, at: DateTime<Utc>) -> Self {
        Self {
            id: AuditEventId(ids.new_id()),
            kind,
            customer: None,
            resource,
            changes: Vec::new(),
            reason: None,
            at,
        }
    }

    /// Sets the customer concerned.
    #[must_use]
    pub fn about(self, customer: CustomerId) -> Self {
        Self {
            customer: Some(customer),
            ..self
        }
    }

    /// Sets the fields that changed.
    #[must_use]
    pub fn with(self, changes: Vec<FieldChange>) -> Self {
        Self { changes, ..self }
    }

    /// Sets the reason that the actor gave.
    #[must_use]
    pub fn because(self, reason: Option<String>) -> Self {
        Self { reason, ..self }
    }
}

/// The maximum length of a reason, in characters.
pub const MAX_REASON: usize = 500;

/// The maximum length of an event type, in characters.
pub const MAX_EVENT_TYPE: usize = 100;

/// Declares [`AuditKind`] as a table. A line has the variant, its type, its operation on the
/// record, and its severity: `Warn` for what was attempted and refused, `Info` for everything else.
macro_rules! audit_kinds {
    ($($(#[$meta:meta])* $kind:ident $event_type:literal $operation:ident $severity:ident;)+) => {
        /// What can happen. The trail is filtered by type and by operation (AUD-04).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditKind { $($(#[$meta])* $kind),+ }

        impl AuditKind {
            /// Every kind, in the order of the table.
            pub const ALL: [Self; [$($event_type),+].len()] = [$(Self::$kind),+];

            /// Returns the type, such as `customer.profile.update`.
            pub const fn event_type(self) -> &'static str {
                match self { $(Self::$kind => $event_type),+ }
            }

            /// Returns the operation on the record.
            pub const fn operation(self) -> Operation {
                match self { $(Self::$kind => Operation::$operation),+ }
            }

            /// Returns the severity.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$kind => Severity::$severity),+ }
            }
        }
    };
}

audit_kinds! {
    /// A customer was created.
    ProfileCreate "customer.profile.create" Create Info;
    /// A customer's record was changed.
    ProfileUpdate "customer.profile.update" Update Info;
    /// A customer was deactivated.
    ProfileDelete "customer.profile.delete" Delete Info;
    /// A customer was suspended.
    Suspend "customer.status.suspend" Update Info;
    /// A customer was reactivated.
    Reactivate "customer.status.reactivate" Update Info;
    /// A customer was set inactive.
    SetInactive "customer.status.set_inactive" Update Info;
    /// An address was added.
    AddressCreate "customer.address.create" Create Info;
    /// An address was changed.
    AddressUpdate "customer.address.update" Update Info;
    /// An address was deleted.
    AddressDelete "customer.address.delete" Delete Info;
    /// Another address became a default.
    AddressDefaultChanged "customer.address.default_changed" Update Info;
    /// A note was written.
    NoteCreate "customer.note.create" Create Info;
    /// The notes about a customer were read.
    NoteRead "customer.note.read" Read Info;
    /// A note was changed.
    NoteUpdate "customer.note.update" Update Info;
    /// A note was deleted.
    NoteDelete "customer.note.delete" Delete Info;
    /// A group was created.
    GroupCreate "customer.group.create" Create Info;
    /// A group was changed.
    GroupUpdate "customer.group.update" Update Info;
    /// A group was deleted.
    GroupDelete "customer.group.delete" Delete Info;
    /// Customers were exported.
    CustomersExport "customer.export" Read Info;
    /// The audit trail was read.
    AuditRead "customer.audit.read" Read Info;
    /// A tenant was created.
    TenantCreate "tenant.create" Create Info;
    /// A tenant was changed.
    TenantUpdate "tenant.update" Update Info;
    /// An API key was created.
    ApiKeyCreate "api_key.create" Create Info;
    /// An API key was revoked.
    ApiKeyRevoke "api_key.revoke" Delete Info;
    /// A known caller was denied a route for lack of permission.
    AccessDenied "access.denied" Read Warn;
}

impl AuditKind {
    /// Returns the kinds whose type starts with `prefix`; case matters.
    pub fn with_prefix(prefix: &str) -> Vec<Self> {
        let begins = |kind: &Self| kind.event_type().starts_with(prefix);
        Self::ALL.into_iter().filter(begins).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_has_a_type_of_its_own() {
        let types: HashSet<_> = AuditKind::ALL
            .into_iter()
            .map(AuditKind::event_type)
            .collect();
        assert_eq!(types.len(), AuditKind::ALL.len());
        assert!(types.iter().all(|name| name.len() <= MAX_EVENT_TYPE));
    }

    #[test]
    fn kinds_are_found_by_the_beginning_of_their_type() {
        use AuditKind::{AccessDenied, ApiKeyRevoke, Reactivate, SetInactive, Suspend};
        for (prefix, kinds) in [
            ("customer.status", vec![Suspend, Reactivate, SetInactive]),
            ("customer.status.s", vec![Suspend, SetInactive]),
            ("api_key.revoke", vec![ApiKeyRevoke]),
            ("access", vec![AccessDenied]),
            ("api_key.revoked", vec![]),
            ("CUSTOMER.STATUS", vec![]),
            ("status", vec![]),
            ("customer%", vec![]),
            ("", AuditKind::ALL.to_vec()),
        ] {
            assert_eq!(AuditKind::with_prefix(prefix), kinds, "{prefix}");
        }
    }

    #[test]
    fn only_a_refusal_is_a_warning() {
        for kind in AuditKind::ALL {
            let is_refusal = kind == AuditKind::AccessDenied;
            let expected = if is_refusal { "WARN" } else { "INFO" };
            assert_eq!(kind.severity().as_str(), expected, "{kind:?}");
        }
    }
}
