//! The audit trail: who changed what, kept with the change.

mod change;
mod month;
mod query;
mod seal;

pub use change::{Audited, FieldChange};
pub use month::AuditMonths;
#[cfg(feature = "mocks")]
pub use month::MockAuditMonths;
#[cfg(feature = "mocks")]
pub use query::MockAuditRepo;
pub use query::{
    AuditCount, AuditEvent, AuditFilter, AuditKey, AuditRepo, AuditTally, MAX_TALLY, Operation,
    Severity,
};
pub use seal::{
    AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, Notary, Pending, PendingEntry, SealedRange,
};
#[cfg(feature = "mocks")]
pub use seal::{MockAuditLedger, MockNotary};

use crate::{AuditEventId, CustomerId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// One entry. It is written in the transaction of the change, with the scope's actor, tenant,
/// trace and correlation id beside it, and the place that the request came from. Values are sealed
/// at rest; a secret is named and has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditEventId,
    /// What happened.
    pub kind: AuditKind,
    /// The customer concerned, if one is.
    pub customer: Option<CustomerId>,
    /// The record concerned.
    pub resource: Uuid,
    /// The fields that changed, as the wire spells them, with what they were and are.
    pub changes: Vec<FieldChange>,
    /// Why, in the actor's words, if a reason was given.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Characters of a reason.
pub const MAX_REASON: usize = 500;

/// Characters of a type.
pub const MAX_EVENT_TYPE: usize = 100;

/// What can happen. Each has a type and an operation, which the trail is queried by (AUD-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditKind {
    /// A customer was created.
    ProfileCreate,
    /// A customer's record was changed.
    ProfileUpdate,
    /// A customer was deactivated.
    ProfileDelete,
    /// A customer was barred.
    Suspend,
    /// A customer was brought back.
    Reactivate,
    /// A customer was set aside.
    SetInactive,
    /// An address was added.
    AddressCreate,
    /// An address was changed.
    AddressUpdate,
    /// An address was deleted.
    AddressDelete,
    /// Another address became a default.
    AddressDefaultChanged,
    /// A group was made.
    GroupCreate,
    /// A group was changed.
    GroupUpdate,
    /// A group was deleted.
    GroupDelete,
    /// Customers were exported.
    CustomersExport,
    /// The audit trail was read.
    AuditRead,
    /// A tenant was made.
    TenantCreate,
    /// A tenant was changed.
    TenantUpdate,
    /// An API key was made.
    ApiKeyCreate,
    /// An API key was revoked.
    ApiKeyRevoke,
    /// A caller who is known was refused a route: its scope was not enough.
    AccessDenied,
}

impl AuditKind {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::ProfileCreate,
        Self::ProfileUpdate,
        Self::ProfileDelete,
        Self::Suspend,
        Self::Reactivate,
        Self::SetInactive,
        Self::AddressCreate,
        Self::AddressUpdate,
        Self::AddressDelete,
        Self::AddressDefaultChanged,
        Self::GroupCreate,
        Self::GroupUpdate,
        Self::GroupDelete,
        Self::CustomersExport,
        Self::AuditRead,
        Self::TenantCreate,
        Self::TenantUpdate,
        Self::ApiKeyCreate,
        Self::ApiKeyRevoke,
        Self::AccessDenied,
    ];

    /// Those whose type begins with this, as it is written.
    pub fn with_prefix(prefix: &str) -> Vec<Self> {
        let begins = |kind: &Self| kind.event_type().starts_with(prefix);
        Self::ALL.into_iter().filter(begins).collect()
    }

    /// The type, such as `customer.profile.update`.
    pub fn event_type(self) -> &'static str {
        match self {
            Self::ProfileCreate => "customer.profile.create",
            Self::ProfileUpdate => "customer.profile.update",
            Self::ProfileDelete => "customer.profile.delete",
            Self::Suspend => "customer.status.suspend",
            Self::Reactivate => "customer.status.reactivate",
            Self::SetInactive => "customer.status.set_inactive",
            Self::AddressCreate => "customer.address.create",
            Self::AddressUpdate => "customer.address.update",
            Self::AddressDelete => "customer.address.delete",
            Self::AddressDefaultChanged => "customer.address.default_changed",
            Self::GroupCreate => "customer.group.create",
            Self::GroupUpdate => "customer.group.update",
            Self::GroupDelete => "customer.group.delete",
            Self::CustomersExport => "customer.export",
            Self::AuditRead => "customer.audit.read",
            Self::TenantCreate => "tenant.create",
            Self::TenantUpdate => "tenant.update",
            Self::ApiKeyCreate => "api_key.create",
            Self::ApiKeyRevoke => "api_key.revoke",
            Self::AccessDenied => "access.denied",
        }
    }

    /// How grave it is. What was tried and refused stands out; all else is the service at work.
    pub fn severity(self) -> Severity {
        match self {
            Self::AccessDenied => Severity::Warn,
            Self::ProfileCreate
            | Self::ProfileUpdate
            | Self::ProfileDelete
            | Self::Suspend
            | Self::Reactivate
            | Self::SetInactive
            | Self::AddressCreate
            | Self::AddressUpdate
            | Self::AddressDelete
            | Self::AddressDefaultChanged
            | Self::GroupCreate
            | Self::GroupUpdate
            | Self::GroupDelete
            | Self::CustomersExport
            | Self::AuditRead
            | Self::TenantCreate
            | Self::TenantUpdate
            | Self::ApiKeyCreate
            | Self::ApiKeyRevoke => Severity::Info,
        }
    }

    /// What it did to the record.
    pub fn operation(self) -> Operation {
        match self {
            Self::ProfileCreate
            | Self::AddressCreate
            | Self::GroupCreate
            | Self::TenantCreate
            | Self::ApiKeyCreate => Operation::Create,
            Self::CustomersExport | Self::AuditRead | Self::AccessDenied => Operation::Read,
            Self::ProfileDelete | Self::AddressDelete | Self::GroupDelete | Self::ApiKeyRevoke => {
                Operation::Delete
            }
            Self::ProfileUpdate
            | Self::AddressUpdate
            | Self::AddressDefaultChanged
            | Self::GroupUpdate
            | Self::Suspend
            | Self::Reactivate
            | Self::SetInactive
            | Self::TenantUpdate => Operation::Update,
        }
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
