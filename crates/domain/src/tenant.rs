//! Tenants: the shops that share this service and never see each other.

use crate::audit::{Audited, Fields};
use crate::group::Group;
use crate::support::country::Country;
use crate::{InvalidValue, StoreError, TenantId, ValueFault, preference};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::fmt;

/// Characters of a tenant's name.
pub const MAX_TENANT_NAME: usize = 200;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// As rows name it.
    pub id: TenantId,
    /// As the outside names it.
    pub slug: TenantSlug,
    /// For people.
    pub name: String,
    /// What differs from tenant to tenant.
    pub settings: TenantSettings,
    /// The edit token.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Audited for Tenant {
    fn fields(&self) -> Fields {
        let Self {
            id: _,
            slug,
            name,
            settings,
            version: _,
            created_at: _,
            updated_at: _,
        } = self;
        let TenantSettings {
            currency,
            country,
            max_addresses,
        } = settings;
        vec![
            ("id", json!(slug.as_str())),
            ("name", json!(name)),
            ("settings.currency", json!(currency)),
            ("settings.country", json!(country)),
            ("settings.maxAddresses", json!(max_addresses)),
        ]
    }
}

/// A tenant's outer id, such as `default` or `tenant-123`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantSlug(String);

impl TenantSlug {
    /// Reads a slug.
    ///
    /// # Errors
    /// When it is not 1 to 64 lower-case letters, digits, `-` or `_`, beginning with a letter
    /// or digit.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let fits = (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
        fits.then(|| Self(text.to_owned())).ok_or_else(|| {
            InvalidValue::new(
                ValueFault::Invalid,
                "a tenant's id is 1 to 64 lower-case letters, digits, '-' or '_', and begins with a letter or digit",
            )
        })
    }

    /// Rebuilds a slug from the store. Checks nothing: a stricter rule is for new slugs. Not for input.
    pub fn from_store(slug: String) -> Self {
        Self(slug)
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What differs from tenant to tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantSettings {
    /// The currency that totals, tiers and rules are counted in; ISO 4217.
    pub currency: String,
    /// The country of an address that names none; ISO 3166-1 alpha-2.
    pub country: String,
    /// Addresses that a customer may have, 0 for no limit of its own; none: as the operator
    /// decided for all.
    pub max_addresses: Option<u32>,
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self {
            currency: "USD".to_owned(),
            country: "US".to_owned(),
            max_addresses: None,
        }
    }
}

impl TenantSettings {
    /// A currency's code, in upper case.
    ///
    /// # Errors
    /// When it is not the code of money.
    pub fn parse_currency(text: &str) -> Result<String, InvalidValue> {
        preference::currency(text)
    }

    /// A country's code, in upper case.
    ///
    /// # Errors
    /// When no country has it.
    pub fn parse_country(text: &str) -> Result<String, InvalidValue> {
        Country::parse(text).map(|country| country.code().to_owned())
    }
}

/// Writes tenants, inside a unit of work of an operator.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TenantRepo: Send {
    /// Stores a new tenant and the groups that it begins with.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] with
    /// [`Conflict::TenantSlug`](crate::Conflict::TenantSlug) when the slug is taken.
    async fn insert(&mut self, tenant: &Tenant, groups: &[Group]) -> Result<(), StoreError>;

    /// Locks and reads a tenant.
    ///
    /// # Errors
    /// MUST return [`StoreError::NotFound`] when there is none with this id.
    async fn find_for_update(&mut self, id: TenantId) -> Result<Tenant, StoreError>;

    /// Stores name, settings, version and time of a tenant that this unit of work holds locked.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is gone.
    async fn save(&mut self, tenant: &Tenant) -> Result<(), StoreError>;
}

/// Reads tenants. There are few: the whole list is held in memory by the application.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TenantReads: Send + Sync {
    /// All tenants, by slug.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn all(&self) -> Result<Vec<Tenant>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use uuid::Uuid;

    #[test]
    fn what_is_audited_of_a_tenant_is_spelt_as_the_wire_does() {
        let tenant = Tenant {
            id: TenantId(Uuid::nil()),
            slug: TenantSlug::parse("north").unwrap(),
            name: "North".to_owned(),
            settings: TenantSettings {
                max_addresses: Some(3),
                ..TenantSettings::default()
            },
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        };
        for (name, value) in [
            ("id", json!("north")),
            ("name", json!("North")),
            ("settings.currency", json!("USD")),
            ("settings.country", json!("US")),
            ("settings.maxAddresses", json!(3)),
            ("version", Value::Null),
        ] {
            assert_eq!(tenant.field(name), value, "{name}");
        }
    }
}
