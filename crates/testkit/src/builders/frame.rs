//! Tenants, and contexts inside them.

use super::clock::{at, seeded_id};
use customer_domain::address::Country;
use customer_domain::tenant::{Tenant, TenantSettings, TenantSlug};
use customer_domain::{Actor, ActorKind, Context, Origin, Permission, TenantId};

/// Returns `tenant-a`, the tenant of tests that name no other.
pub fn tenant() -> Tenant {
    numbered(0xa, "tenant-a", "Tenant A")
}

/// Returns `tenant-b`, which must never see anything of `tenant-a`.
pub fn other_tenant() -> Tenant {
    numbered(0xb, "tenant-b", "Tenant B")
}

/// Returns `tenant-c`, which no store contains at the beginning.
pub fn third_tenant() -> Tenant {
    numbered(0xc, "tenant-c", "Tenant C")
}

fn numbered(n: u64, slug: &str, name: &str) -> Tenant {
    Tenant {
        id: TenantId(seeded_id(0x7e00 + n)),
        slug: TenantSlug::parse(slug).expect("a slug"),
        name: name.to_owned(),
        settings: TenantSettings::default(),
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// Returns the context of a service that calls with an API key of [`tenant`].
pub fn context() -> Context {
    inside(&tenant(), ActorKind::ApiKey, "key-a")
}

/// Returns the context of a service that calls with an API key of [`other_tenant`].
pub fn other_context() -> Context {
    inside(&other_tenant(), ActorKind::ApiKey, "key-b")
}

/// Returns the context of the service itself at start-up, in [`tenant`].
pub fn operator_context() -> Context {
    inside(&tenant(), ActorKind::System, "start-up")
}

fn inside(tenant: &Tenant, kind: ActorKind, actor: &str) -> Context {
    Context {
        tenant: tenant.id,
        tenant_slug: tenant.slug.as_str().to_owned(),
        country: Country::from_store(&tenant.settings.country),
        actor: Actor {
            kind,
            id: actor.to_owned(),
        },
        permission: Some(Permission::Write),
        all_tenants: true,
        operation: "POST /tests".to_owned(),
        correlation_id: format!("correlation-{actor}"),
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        session_id: None,
        origin: Origin::default(),
    }
}
