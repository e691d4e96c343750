//! Who does something, and inside which tenant.

use crate::TenantId;

/// The frame of every read and write. No query can be written without one, so none can be
/// written without a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The tenant, as rows name it.
    pub tenant: TenantId,
    /// The tenant, as the outside names it; it is what replies and events carry.
    pub tenant_slug: String,
    /// Who acts.
    pub actor: Actor,
    /// The caller's correlation id, carried into events.
    pub correlation_id: String,
    /// The trace that this is part of, carried into the audit trail.
    pub trace_id: String,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What kind of actor it is.
    pub kind: ActorKind,
    /// Its id: the API key's, the customer's, or a name such as `start-up`.
    pub id: String,
}

/// The kinds of actors. The numbers are what the store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// A customer with a token of their own.
    Customer = 1,
    /// A service or an operator with an API key.
    ApiKey = 2,
    /// This service itself: start-up, jobs, commands.
    System = 3,
}

impl ActorKind {
    /// The number that the store keeps.
    pub fn code(self) -> i16 {
        match self {
            Self::Customer => 1,
            Self::ApiKey => 2,
            Self::System => 3,
        }
    }
}
