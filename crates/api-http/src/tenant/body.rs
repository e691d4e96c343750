//! Tenants as the wire shows and takes them.

use crate::support::envelope::reply;
use crate::support::wire::Instant;
use customer_domain::tenant::Tenant;

/// A tenant.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantBody {
    /// Its id: a slug.
    #[schema(example = "tenant-123")]
    pub id: String,
    /// For people.
    #[schema(example = "Northern shop")]
    pub name: String,
    /// What differs from tenant to tenant.
    pub settings: TenantSettingsBody,
    /// The edit token: quoted, it is the `ETag`.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

/// What differs from tenant to tenant.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantSettingsBody {
    /// The currency that totals, tiers and rules are counted in.
    #[schema(example = "USD")]
    pub currency: String,
    /// The country of an address that names none.
    #[schema(example = "US")]
    pub country: String,
    /// Addresses that a customer may have, 0 for as many as a book can hold (1,000); null: as the
    /// operator decided for all tenants.
    #[schema(example = 10, maximum = 1_000)]
    pub max_addresses: Option<u32>,
}

/// The settings of a tenant, in a request.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantSettingsInput {
    /// ISO 4217 code; of a new tenant the service's, `USD` unless configured.
    #[schema(pattern = "^[A-Za-z]{3}$", nullable = false)]
    pub currency: Option<String>,
    /// ISO 3166-1 alpha-2 code; of a new tenant the service's, `US` unless configured.
    #[schema(pattern = "^[A-Za-z]{2}$", nullable = false)]
    pub country: Option<String>,
    /// Addresses that a customer may have, 0 for as many as a book can hold (1,000); null: as the
    /// operator decided for all tenants.
    #[schema(minimum = 0, maximum = 1_000)]
    pub max_addresses: Option<u32>,
}

/// A new tenant.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTenantBody {
    /// The tenant that the caller acts in; it must be one that it may act in.
    pub tenant_id: Option<String>,
    /// Its id: lower-case letters, digits, `-` and `_`.
    #[schema(max_length = 64, pattern = "^[a-z0-9][a-z0-9_-]*$")]
    pub id: String,
    /// For people; the id unless given.
    #[schema(max_length = 200, nullable = false)]
    pub name: Option<String>,
    /// What differs.
    #[schema(nullable = false)]
    pub settings: Option<TenantSettingsInput>,
}

/// A merge into a tenant: absent members keep.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateTenantBody {
    /// The tenant that the caller acts in; it must be one that it may act in.
    pub tenant_id: Option<String>,
    /// For people.
    #[schema(max_length = 200, nullable = false)]
    pub name: Option<String>,
    /// What differs.
    #[schema(nullable = false)]
    pub settings: Option<TenantSettingsInput>,
    /// The version that was read; acts as `If-Match`.
    #[schema(minimum = 1)]
    pub version: Option<i64>,
}

reply! {
    /// One tenant.
    TenantReply {
        /// One tenant.
        TenantData {
            /// The tenant.
            tenant: TenantBody,
        }
    }
}

reply! {
    /// All tenants.
    TenantListReply {
        /// All tenants.
        TenantListData {
            /// By id.
            tenants: Vec<TenantBody>,
        }
    }
}

impl From<&Tenant> for TenantBody {
    fn from(tenant: &Tenant) -> Self {
        Self {
            id: tenant.slug.to_string(),
            name: tenant.name.clone(),
            settings: TenantSettingsBody {
                currency: tenant.settings.currency.clone(),
                country: tenant.settings.country.clone(),
                max_addresses: tenant.settings.max_addresses,
            },
            version: tenant.version,
            created_at: Instant(tenant.created_at),
            updated_at: Instant(tenant.updated_at),
        }
    }
}
