//! The representations of tenants in requests and replies.

use crate::support::envelope::reply;
use crate::support::wire::Instant;
use customer_domain::tenant::{Tenant, TenantSettings};

/// A tenant.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantBody {
    /// The tenant's id: a slug.
    #[schema(example = "tenant-123")]
    pub id: String,
    /// The display name.
    #[schema(example = "Northern shop")]
    pub name: String,
    /// The settings, which differ between tenants.
    pub settings: TenantSettingsBody,
    /// The edit token; in quotes, it is the `ETag`.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the tenant was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When the tenant last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

/// The settings of a tenant.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantSettingsBody {
    /// The currency of totals, tiers and rules.
    #[schema(example = "USD")]
    pub currency: String,
    /// The default country of addresses, and of phone numbers without a country code. After a change,
    /// a job reads stored numbers as those of the new country, by default once an hour.
    #[schema(example = "US")]
    pub country: String,
    /// The most addresses of a customer, 0 for as many as a book can hold (1,000); `null` for the
    /// operator's default.
    #[schema(example = 10, maximum = 1_000)]
    pub max_addresses: Option<u32>,
}

/// The settings of a tenant, in a request.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TenantSettingsInput {
    /// ISO 4217 code; for a new tenant, the configured default (`USD` unless configured).
    #[schema(pattern = "^[A-Za-z]{3}$", nullable = false)]
    pub currency: Option<String>,
    /// ISO 3166-1 alpha-2 code; for a new tenant, the configured default (`US` unless configured).
    #[schema(pattern = "^[A-Za-z]{2}$", nullable = false)]
    pub country: Option<String>,
    /// The most addresses of a customer, 0 for as many as a book can hold (1,000); `null` for the
    /// operator's default.
    #[schema(minimum = 0, maximum = 1_000)]
    pub max_addresses: Option<u32>,
}

/// A new tenant.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTenantBody {
    /// The tenant of the call; must be one that the caller may act in.
    pub tenant_id: Option<String>,
    /// The tenant's id: lower-case letters, digits, `-` and `_`.
    #[schema(max_length = 64, pattern = "^[a-z0-9][a-z0-9_-]*$")]
    pub id: String,
    /// The display name; the id by default.
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// The settings.
    #[schema(nullable = false)]
    pub settings: Option<TenantSettingsInput>,
}

/// A merge into a tenant: absent members stay as they are.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateTenantBody {
    /// The tenant of the call; must be one that the caller may act in.
    pub tenant_id: Option<String>,
    /// The display name.
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// The settings.
    #[schema(nullable = false)]
    pub settings: Option<TenantSettingsInput>,
    /// The version that was read; has the same effect as `If-Match`.
    #[schema(minimum = 1)]
    pub version: Option<i64>,
}

reply! {
    /// A tenant.
    TenantReply {
        /// A tenant.
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
            /// The tenants, in the order of their ids.
            tenants: Vec<TenantBody>,
        }
    }
}

impl From<&Tenant> for TenantBody {
    fn from(tenant: &Tenant) -> Self {
        let Tenant {
            id: _,
            slug,
            name,
            settings,
            version,
            created_at,
            updated_at,
        } = tenant;
        let TenantSettings {
            currency,
            country,
            max_addresses,
        } = settings;
        Self {
            id: slug.to_string(),
            name: name.clone(),
            settings: TenantSettingsBody {
                currency: currency.clone(),
                country: country.clone(),
                max_addresses: *max_addresses,
            },
            version: *version,
            created_at: Instant(*created_at),
            updated_at: Instant(*updated_at),
        }
    }
}
