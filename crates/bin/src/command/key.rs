//! `customer-service key create|list|revoke`: manages API keys with access to the database alone.

use crate::config::Config;
use crate::database::Database;
use crate::failure::Failure;
use crate::secrets::{OtherSecrets, Secrets};
use crate::wire::{self, AdminServices};
use clap::{Subcommand, ValueEnum};
use customer_app::api_key::{ApiKeyError, CreateApiKey};
use customer_domain::api_key::{ApiKey, Permission, key_name};
use customer_domain::{ApiKeyId, Context};
use secrecy::ExposeSecret;
use std::io::{self, Write};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Creates a key and prints its secret, which is never shown again.
    Create {
        /// A name that tells operators what the key is for.
        #[arg(long)]
        name: String,
        /// What the key may do; each scope includes those listed before it.
        #[arg(long, value_enum, default_value = "read")]
        scope: ScopeName,
        /// Slug of the tenant that the key is for; the default tenant unless given.
        #[arg(long, conflicts_with = "all_tenants")]
        tenant: Option<String>,
        /// Lets the key act in every tenant.
        #[arg(long)]
        all_tenants: bool,
    },
    /// Lists the keys of a tenant.
    List {
        /// Slug of the tenant; the default tenant unless given.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Revokes a key.
    Revoke {
        /// Id of the key.
        id: uuid::Uuid,
        /// Slug of the tenant that the key belongs to; the default tenant unless given.
        #[arg(long)]
        tenant: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ScopeName {
    Read,
    Write,
    Admin,
}

impl From<ScopeName> for Permission {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Read => Self::Read,
            ScopeName::Write => Self::Write,
            ScopeName::Admin => Self::Admin,
        }
    }
}

impl Key {
    pub(super) async fn run(self, config: Config, stop: CancellationToken) -> Result<(), Failure> {
        super::on_database(&config, stop, async |database| {
            self.on(&config, database).await
        })
        .await
    }

    async fn on(self, config: &Config, database: &Database) -> Result<(), Failure> {
        // The first key may be created before the service has ever run.
        let is_create = matches!(self, Self::Create { .. });
        if is_create {
            database.migrate().await?;
        }
        let secrets = Secrets::open(config)?;
        let postgres = wire::connect(config, database, &secrets).await?;
        let done = async {
            secrets.agree(&postgres, OtherSecrets::Refuse).await?;
            let admin = wire::admin(config, &postgres);
            if is_create {
                wire::default_tenant(config, &admin, false).await?;
            }
            self.with(config, &admin).await
        };
        let done = done.await;
        postgres.close().await;
        done
    }

    async fn with(self, config: &Config, admin: &AdminServices) -> Result<(), Failure> {
        let mut out = io::stdout();
        match self {
            Self::Create {
                name,
                scope,
                tenant,
                all_tenants,
            } => {
                let within = within(config, admin, tenant).await?;
                let command = CreateApiKey {
                    name: key_name(&name)?,
                    permissions: vec![scope.into()],
                    all_tenants,
                    expires_at: None,
                };
                let (key, secret) = admin.api_keys.create(&within, command).await?;
                print(&mut out, &key)?;
                writeln!(out, "{}", secret.secret.expose_secret())?;
            }
            Self::List { tenant } => {
                let within = within(config, admin, tenant).await?;
                for key in admin.api_keys.list(&within).await? {
                    print(&mut out, &key)?;
                }
            }
            Self::Revoke { id, tenant } => {
                let within = within(config, admin, tenant).await?;
                let revoked = admin.api_keys.revoke(&within, ApiKeyId(id)).await;
                if revoked == Err(ApiKeyError::NotFound) {
                    return Err("no such key".into());
                }
                let key = revoked?;
                print(&mut out, &key)?;
            }
        }
        Ok(())
    }
}

async fn within(
    config: &Config,
    admin: &AdminServices,
    tenant: Option<String>,
) -> Result<Context, Failure> {
    let slug = tenant.unwrap_or_else(|| config.customers.default_tenant.clone());
    let found = admin.tenants.directory.by_slug(&slug).await?;
    let tenant = found.ok_or_else(|| format!("there is no tenant {slug:?}"))?;
    Ok(Context::system(tenant.id, tenant.slug.as_str(), "command"))
}

fn print(out: &mut impl Write, key: &ApiKey) -> io::Result<()> {
    let scopes: Vec<&str> = key.permissions.iter().map(|held| held.as_str()).collect();
    let reach = if key.all_tenants {
        "all tenants"
    } else {
        "one tenant"
    };
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", at.to_rfc3339()),
        (None, Some(at)) => format!("until {}", at.to_rfc3339()),
        (None, None) => "live".to_owned(),
    };
    let scopes = scopes.join(",");
    writeln!(
        out,
        "{}  {}…  {scopes}  {reach}  {state}  {}",
        key.id, key.prefix, key.name
    )
}
