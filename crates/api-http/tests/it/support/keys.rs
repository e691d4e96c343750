//! The API keys that exist in every test.

use super::context_of;
use super::fakes::folded;
use customer_domain::api_key::{ApiKey, Permission};
use customer_domain::tenant::{Tenant, TenantSettings, TenantSlug};
use customer_domain::{ApiKeyId, TenantId, Transactions};
use customer_testkit::builders::{api_key, at, seeded_id};

/// A key, by its permission and tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// `customers:admin` in all tenants; belongs to `default`.
    Operator,
    /// `customers:admin` in `default`.
    Admin,
    /// `customers:write` in `default`.
    Write,
    /// `customers:read` in `default`.
    Read,
    /// `customers:admin` in `tenant-123`.
    OtherAdmin,
    /// `customers:write` in `tenant-123`.
    OtherWrite,
    /// `customers:read` in `tenant-123`.
    OtherRead,
    /// `customers:admin` in `default`, revoked.
    Revoked,
    /// `customers:admin` in `default`, expired.
    Expired,
}

impl Key {
    pub(crate) const ALL: [Self; 9] = [
        Self::Operator,
        Self::Admin,
        Self::Write,
        Self::Read,
        Self::OtherAdmin,
        Self::OtherWrite,
        Self::OtherRead,
        Self::Revoked,
        Self::Expired,
    ];

    fn number(self) -> u64 {
        let at = Self::ALL.iter().position(|key| *key == self);
        u64::try_from(at.expect("listed")).expect("few") + 1
    }

    pub(crate) fn id(self) -> ApiKeyId {
        ApiKeyId(seeded_id(0xa91_0000 + self.number()))
    }

    pub(crate) fn tenant(self) -> Tenant {
        match self {
            Self::OtherAdmin | Self::OtherWrite | Self::OtherRead => other_tenant(),
            Self::Operator
            | Self::Admin
            | Self::Write
            | Self::Read
            | Self::Revoked
            | Self::Expired => default_tenant(),
        }
    }

    pub(crate) fn secret(self) -> String {
        secret(self.number(), self.tenant().id)
    }

    fn permission(self) -> Permission {
        match self {
            Self::Read | Self::OtherRead => Permission::Read,
            Self::Write | Self::OtherWrite => Permission::Write,
            Self::Operator | Self::Admin | Self::OtherAdmin | Self::Revoked | Self::Expired => {
                Permission::Admin
            }
        }
    }

    fn stored(self) -> ApiKey {
        let key = api_key(self.number(), self.permission());
        ApiKey {
            id: self.id(),
            tenant: self.tenant().id,
            name: format!("{self:?}"),
            prefix: self.secret().chars().take(12).collect(),
            all_tenants: self == Self::Operator,
            created_at: at(-60),
            expires_at: (self == Self::Expired).then(|| at(0)),
            revoked_at: (self == Self::Revoked).then(|| at(-1)),
            ..key
        }
    }
}

pub(crate) fn default_tenant() -> Tenant {
    numbered(1, "default", "Default")
}

pub(crate) fn other_tenant() -> Tenant {
    numbered(2, "tenant-123", "Tenant 123")
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

/// Returns the secret with this number, which names its tenant as real ones do.
pub(super) fn secret(number: u64, tenant: TenantId) -> String {
    format!("csk_{number:08}{}", tenant.0.simple())
}

pub(super) fn digest(secret: &str) -> [u8; 32] {
    folded(0, secret.as_bytes())
}

/// Stores every key in its tenant.
pub(crate) async fn insert_keys(transactions: &dyn Transactions) {
    for key in Key::ALL {
        let context = context_of(&key.tenant());
        let mut work = transactions.begin(&context).await.expect("work");
        let (stored, digest) = (key.stored(), digest(&key.secret()));
        work.api_keys()
            .insert(&stored, &digest)
            .await
            .expect("a free id");
        work.commit().await.expect("a commit");
    }
}
