//! Tenants: shops that share this service, strictly separated from each other.

use crate::audit::{Audited, Fields};
use crate::group::Group;
use crate::support::country::Country;
use crate::{InvalidValue, StoreError, TenantId, ValueFault, preference};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::fmt;

/// The maximum length of a tenant's name, in characters.
pub const MAX_TENANT_NAME: usize = 200;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The internal id.
    pub id: TenantId,
    /// The id in the API.
    pub slug: TenantSlug,
    /// The display name.
    pub name: String,
    /// The settings, which differ between tenants.
    pub settings: TenantSettings,
    /// The edit token.
    pub version: i64,
    /// When the tenant was created.
    pub created_at: DateTime<Utc>,
    /// When the tenant last changed.
    pub updated_at: DateTime<Utc>,
}

impl Audited for Tenant {
    type Field = &'static str;

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

/// A tenant's id in the API, such as `default` or `tenant-123`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantSlug(String);

impl TenantSlug {
    /// Parses a slug.
    ///
    /// # Errors
    /// Fails unless the slug has 1 to 64 lower-case letters, digits, `-` or `_`, and starts with a
    /// letter or digit.
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

    /// Restores a slug from the store, without checks: the rule for new slugs may be stricter. Not
    /// for input.
    pub fn from_store(slug: String) -> Self {
        Self(slug)
    }

    /// Returns the slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The settings of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantSettings {
    /// The currency of totals, tiers and rules; ISO 4217.
    pub currency: String,
    /// The default country of addresses, and of phone numbers without a country code. After a change,
    /// a job reads stored numbers as those of the new country, by default once an hour. ISO 3166-1 alpha-2.
    pub country: String,
    /// The most addresses of a customer, 0 for no limit other than that of a book; `None` for the
    /// operator's default.
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
    /// Parses a currency code, and returns it in upper case.
    ///
    /// # Errors
    /// Fails if it is not the code of a currency.
    pub fn parse_currency(text: &str) -> Result<String, InvalidValue> {
        preference::currency(text)
    }

    /// Parses a country code, and returns it in upper case.
    ///
    /// # Errors
    /// Fails if no country has this code.
    pub fn parse_country(text: &str) -> Result<String, InvalidValue> {
        Country::parse(text).map(|country| country.code().to_owned())
    }
}

/// Writes tenants, within a unit of work of an operator.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TenantRepo: Send {
    /// Stores a new tenant and its initial groups.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] with
    /// [`Conflict::TenantSlug`](crate::Conflict::TenantSlug) if the slug is already used.
    async fn insert(&mut self, tenant: &Tenant, groups: &[Group]) -> Result<(), StoreError>;

    /// Locks and reads a tenant.
    ///
    /// # Errors
    /// MUST return [`StoreError::NotFound`] if there is no tenant with this id.
    async fn find_for_update(&mut self, id: TenantId) -> Result<Tenant, StoreError>;

    /// Stores the name, settings, version and time of a tenant that this unit of work has locked.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant does not exist.
    async fn save(&mut self, tenant: &Tenant) -> Result<(), StoreError>;
}

/// Reads tenants. There are few: the application holds the whole list in memory.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TenantReads: Send + Sync {
    /// Returns all tenants, by slug.
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
