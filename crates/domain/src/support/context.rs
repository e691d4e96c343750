//! The context of every operation: who acts, and in which tenant.

use super::country::Country;
use super::hidden::hidden;
use super::permission::Permission;
use super::vocabulary::vocabulary;
use crate::TenantId;
use std::fmt;
use std::net::IpAddr;

/// The context of every read and write. Every query takes one, so that none can be written without
/// a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The tenant's internal id.
    pub tenant: TenantId,
    /// The tenant's slug, which replies and events carry.
    pub tenant_slug: String,
    /// The tenant's country, of which phone numbers without a country code are; `None` if it is not
    /// known, or no tenant's.
    pub country: Option<Country>,
    /// Who acts.
    pub actor: Actor,
    /// The strongest permission of the actor; `None` for a customer.
    pub permission: Option<Permission>,
    /// Whether the actor may act in every tenant.
    pub all_tenants: bool,
    /// The operation called, such as `GET /api/v1/customers`, for the audit trail.
    pub operation: String,
    /// The caller's correlation id, carried into events.
    pub correlation_id: String,
    /// The id of the trace, carried into the audit trail.
    pub trace_id: String,
    /// The session of the caller, if any; carried into the audit trail.
    pub session_id: Option<String>,
    /// Where the request came from; carried into the audit trail, sealed.
    pub origin: Origin,
}

impl Context {
    /// Returns the context for the service's own work in a tenant. `name` identifies the part of
    /// the service, such as `start-up`.
    pub fn system(tenant: TenantId, slug: &str, name: &str) -> Self {
        Self {
            tenant,
            tenant_slug: slug.to_owned(),
            country: None,
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

/// Where a request came from; empty for work that no request caused, at start-up and in jobs.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The IP address of the client, as reported by the nearest trusted proxy.
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent`: at most [`MAX_USER_AGENT`] characters.
    pub user_agent: Option<String>,
}

hidden!(Origin);

/// The number of characters of a user agent that are stored.
pub const MAX_USER_AGENT: usize = 512;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The kind of actor.
    pub kind: ActorKind,
    /// The actor's id: that of the API key or the customer, or a name such as `start-up`.
    pub id: String,
}

/// Writes kind and id, such as `customer:0190…`: ids are unique within a kind alone.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.id)
    }
}

vocabulary! {
    /// The kinds of actors.
    pub enum ActorKind {
        /// A customer with an access token.
        Customer = 1 "customer",
        /// A service or an operator with an API key.
        ApiKey = 2 "api_key",
        /// This service itself: start-up, jobs, commands.
        System = 3 "system",
    }
}
