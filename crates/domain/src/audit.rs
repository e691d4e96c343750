//! The audit trail: who changed what, kept with the change.

use crate::{AuditEventId, CustomerId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// One entry. It is written in the transaction of the change, with the scope's actor, tenant,
/// trace and correlation id beside it. It holds the names of changed fields, not their values.
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
    /// The fields that changed, as the wire spells them.
    pub changed_fields: Vec<String>,
    /// Why, in the actor's words, if a reason was given.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Characters of a reason.
pub const MAX_REASON: usize = 500;

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
    /// A tenant was made.
    TenantCreate,
    /// A tenant was changed.
    TenantUpdate,
    /// An API key was made.
    ApiKeyCreate,
    /// An API key was revoked.
    ApiKeyRevoke,
}

impl AuditKind {
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
            Self::TenantCreate => "tenant.create",
            Self::TenantUpdate => "tenant.update",
            Self::ApiKeyCreate => "api_key.create",
            Self::ApiKeyRevoke => "api_key.revoke",
        }
    }

    /// The operation: `CREATE`, `READ`, `UPDATE` or `DELETE`.
    pub fn operation(self) -> &'static str {
        match self {
            Self::ProfileCreate
            | Self::AddressCreate
            | Self::GroupCreate
            | Self::TenantCreate
            | Self::ApiKeyCreate => "CREATE",
            Self::CustomersExport => "READ",
            Self::ProfileDelete | Self::AddressDelete | Self::GroupDelete | Self::ApiKeyRevoke => {
                "DELETE"
            }
            Self::ProfileUpdate
            | Self::AddressUpdate
            | Self::AddressDefaultChanged
            | Self::GroupUpdate
            | Self::Suspend
            | Self::Reactivate
            | Self::SetInactive
            | Self::TenantUpdate => "UPDATE",
        }
    }
}
