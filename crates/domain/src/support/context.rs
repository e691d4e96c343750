//! Who does something, and inside which tenant.

use super::hidden::hidden;
use super::permission::Permission;
use super::vocabulary::vocabulary;
use crate::TenantId;
use std::net::IpAddr;

/// The frame of every read and write. No query can be written without one, so none can be
/// written without a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The tenant, as rows name it.
    pub tenant: TenantId,
    /// The tenant, as the outside names it; it is what replies and events carry.
    pub tenant_slug: String,
    /// Who acts.
    pub actor: Actor,
    /// The strongest permission that the actor holds; `None` for a customer.
    pub permission: Option<Permission>,
    /// Whether the actor may act in every tenant.
    pub all_tenants: bool,
    /// The operation that is called, such as `GET /api/v1/customers`, for the record.
    pub operation: String,
    /// The caller's correlation id, carried into events.
    pub correlation_id: String,
    /// The trace that this is part of, carried into the audit trail.
    pub trace_id: String,
    /// The session that the caller acts in, if it has one; carried into the audit trail.
    pub session_id: Option<String>,
    /// From where the request came; carried into the audit trail, sealed.
    pub origin: Origin,
}

impl Context {
    /// Returns the context of what the service does by itself in a tenant: `name` says which part
    /// of it, such as `start-up`.
    pub fn system(tenant: TenantId, slug: &str, name: &str) -> Self {
        Self {
            tenant,
            tenant_slug: slug.to_owned(),
            actor: Actor {
                kind: ActorKind::System,
                id: name.to_owned(),
            },
            permission: Some(Permission::Admin),
            all_tenants: true,
            operation: name.to_owned(),
            correlation_id: name.to_owned(),
            trace_id: String::new(),
            session_id: None,
            origin: Origin::default(),
        }
    }

    /// Returns whether the actor holds `wanted` or a stronger permission.
    pub fn may(&self, wanted: Permission) -> bool {
        self.permission >= Some(wanted)
    }
}

/// From where a request came. Nothing of it is known where nothing asked: at start-up, in jobs.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The address of the client, as the nearest proxy that is trusted tells it.
    pub ip: Option<IpAddr>,
    /// What the client says it is: at most [`MAX_USER_AGENT`] characters.
    pub user_agent: Option<String>,
}

hidden!(Origin);

/// Characters of a user agent that are kept.
pub const MAX_USER_AGENT: usize = 512;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What kind of actor it is.
    pub kind: ActorKind,
    /// Its id: the API key's, the customer's, or a name such as `start-up`.
    pub id: String,
}

vocabulary! {
    /// The kinds of actors.
    pub enum ActorKind {
        /// A customer with a token of their own.
        Customer = 1 "customer",
        /// A service or an operator with an API key.
        ApiKey = 2 "api_key",
        /// This service itself: start-up, jobs, commands.
        System = 3 "system",
    }
}
