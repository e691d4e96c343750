//! API keys over HTTP, for administrators.

use crate::prelude::*;
use crate::support::envelope::reply;
use crate::support::items::Items;
use crate::support::vocabulary::words;
use crate::support::wire::Instant;
use chrono::{DateTime, Utc};
use customer_app::Failed;
use customer_app::api_key::{ApiKeyError, ApiKeyRule, CreateApiKey};
use customer_domain::api_key::{ApiKey, Permission, key_name};
use customer_domain::{ApiKeyId, Context};
use http_kit::fault::{self, Fault};
use http_kit::fields::Violation;
use http_kit::normalise::AliasTable;
use secrecy::ExposeSecret;
use std::fmt;
use uuid::Uuid;

/// An API key, without its secret.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyBody {
    /// The key's id.
    pub id: Uuid,
    /// The display name.
    #[schema(example = "storefront")]
    pub name: String,
    /// The first characters of the secret.
    #[schema(example = "csk_Ab3dE6gH")]
    pub prefix: String,
    /// What the key may do.
    #[schema(value_type = Vec<ApiKeyScope>)]
    pub scopes: Vec<&'static str>,
    /// The tenant that the key may act in; `null` for all tenants.
    #[schema(example = "default")]
    pub tenant_id: Option<String>,
    /// When the key was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When the key expires, if ever.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Instant>,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Instant>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Instant>,
}

words! {
    /// What a key may do; each scope includes those before it.
    ApiKeyScope: Permission::WORDS,
}

/// A new API key.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateApiKeyBody {
    /// The display name.
    #[schema(min_length = 1)]
    pub name: String,
    /// What the key may do.
    #[schema(min_items = 1, max_items = 3)]
    pub scopes: Vec<ApiKeyScope>,
    /// The tenant that the key is for; the caller's by default.
    pub tenant_id: Option<String>,
    /// Whether the key may act in every tenant; only a key for all tenants can create one.
    pub all_tenants: Option<bool>,
    /// When the key expires, if ever.
    pub expires_at: Option<DateTime<Utc>>,
}

reply! {
    /// An API key.
    ApiKeyReply {
        /// An API key.
        ApiKeyData {
            /// The key.
            api_key: ApiKeyBody,
        }
    }
}

reply! {
    /// A new API key, with its secret.
    NewApiKeyReply {
        /// A new API key, with its secret.
        NewApiKeyData {
            /// The key.
            api_key: ApiKeyBody,
            /// The secret, which is never shown again.
            #[schema(value_type = String)]
            secret: ShownSecret,
        }
    }
}

/// A secret in a reply: it is serialised, but never logged.
#[derive(serde::Serialize)]
#[serde(transparent)]
pub struct ShownSecret(String);

impl fmt::Debug for ShownSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShownSecret(***)")
    }
}

reply! {
    /// The API keys of a tenant.
    ApiKeyListReply {
        /// The API keys of a tenant.
        ApiKeyListData {
            /// The keys, newest first and revoked ones last.
            api_keys: Vec<ApiKeyBody>,
        }
    }
}

impl ApiKeyBody {
    fn new(key: &ApiKey, context: &Context) -> Self {
        let ApiKey {
            id,
            // Shown by its slug, which the key does not know.
            tenant: _,
            name,
            prefix,
            permissions,
            all_tenants,
            created_at,
            expires_at,
            last_used_at,
            revoked_at,
        } = key;
        Self {
            id: id.0,
            name: name.clone(),
            prefix: prefix.clone(),
            scopes: permissions.iter().map(|held| held.as_str()).collect(),
            tenant_id: (!all_tenants).then(|| context.tenant_slug.clone()),
            created_at: Instant(*created_at),
            expires_at: expires_at.map(Instant),
            last_used_at: last_used_at.map(Instant),
            revoked_at: revoked_at.map(Instant),
        }
    }
}

/// Returns the routes of API keys.
pub(crate) fn router() -> Routes {
    Routes::new()
        .needs(Needs::Admin, routes!(list, create))
        .needs(Needs::Admin, routes!(revoke))
}

/// List API keys
#[utoipa::path(
    get,
    path = "/api-keys",
    operation_id = "listApiKeys",
    responses((status = 200, description = "The keys", body = ApiKeyListReply, example = json!({"success": true, "data": {"apiKeys": [example()]}}))),
)]
async fn list(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::TenantNotFound).await?;
    call.fields.finish()?;
    let keys = call.api.api_keys.list(&call.context).await;
    let keys = keys.map_err(failure::store)?;
    let keys = keys.iter().map(|key| ApiKeyBody::new(key, &call.context));
    let body = ApiKeyListReply::from(ApiKeyListData {
        api_keys: keys.collect(),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Create an API key
///
/// The secret is shown in this reply and never again. An `Idempotency-Key` is ignored, because
/// storing the reply would store the secret.
#[utoipa::path(
    post,
    path = "/api-keys",
    operation_id = "createApiKey",
    request_body(content = CreateApiKeyBody, example = json!({"name": "storefront", "scopes": ["customers:read", "customers:write"]})),
    responses((status = 201, description = "The key was created", headers(("Location" = String, description = "The path of the key")), body = NewApiKeyReply, example = json!(example_new()))),
)]
async fn create(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&AliasTable::FLAT, Code::TenantNotFound).await?;
    let all_tenants = call.fields.boolean("allTenants").optional();
    let all_tenants = all_tenants.unwrap_or(false);
    let allowed = call.api.api_keys.allow(&call.context, all_tenants).await;
    allowed.map_err(|error| problem(error, &call.fields))?;
    let command = read(&mut call, all_tenants)?;
    let made = call.api.api_keys.create(&call.context, command).await;
    let (key, secret) = made.map_err(|error| problem(error, &call.fields))?;
    let data = NewApiKeyData {
        api_key: ApiKeyBody::new(&key, &call.context),
        secret: ShownSecret(secret.secret.expose_secret().to_owned()),
    };
    let place = format!("/api/v1/api-keys/{}", key.id);
    let reply = reply::json(StatusCode::CREATED, &NewApiKeyReply::from(data));
    Ok(reply.location(place).send())
}

fn read(call: &mut Request, all_tenants: bool) -> HttpResult<CreateApiKey> {
    let now = call.api.clock.now();
    let lies_elsewhere = call.context.tenant != call.home();
    let fields = &mut call.fields;
    if all_tenants && lies_elsewhere {
        fields.fault(Fault::new(
            fields.pointer("allTenants"),
            fault::INVALID_VALUE,
            "a key for all tenants lies in the default tenant; leave tenantId out",
        ));
    }
    let name = fields
        .text("name")
        .then(|name| rule(key_name(&name)))
        .required();
    let permissions = fields
        .field("scopes", Items::new(1..=Permission::ALL.len(), permission))
        .required();
    let expires_at = fields
        .date_time("expiresAt")
        .then(|at| {
            let later = at > now;
            later
                .then_some(whole_microseconds(at))
                .ok_or_else(|| Violation::new(fault::INVALID_VALUE, "a time to come is accepted"))
        })
        .optional();
    fields.build(|| {
        Some(CreateApiKey {
            name: name?,
            permissions: permissions?,
            all_tenants,
            expires_at,
        })
    })
}

/// Truncates a time to the precision of the store.
fn whole_microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

fn permission(word: &str) -> Result<Permission, Violation> {
    Permission::from_word(word).ok_or_else(|| {
        Violation::new(
            fault::INVALID_VALUE,
            "customers:read, customers:write and customers:admin are accepted",
        )
    })
}

/// Revoke an API key
///
/// The key is rejected immediately; another replica may accept it for a few more seconds. Revoking
/// it again changes nothing.
#[utoipa::path(
    delete,
    path = "/api-keys/{keyId}",
    operation_id = "revokeApiKey",
    params(("keyId" = Uuid, Path, description = "The key's id")),
    responses((status = 200, description = "The revoked key", body = ApiKeyReply, example = json!({"success": true, "data": {"apiKey": example()}}))),
)]
async fn revoke(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::ApiKeyNotFound).await?;
    let id = call.path_uuid("keyId");
    let id = call.build(|| id)?;
    let revoked = call.api.api_keys.revoke(&call.context, ApiKeyId(id)).await;
    let key = revoked.map_err(|error| problem(error, &call.fields))?;
    let body = ApiKeyReply::from(ApiKeyData {
        api_key: ApiKeyBody::new(&key, &call.context),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

fn problem(error: ApiKeyError, fields: &Fields) -> Problem {
    if let Failed::Forbidden { refusal, .. } = error {
        return failure::refused(refusal).detail("only a key for all tenants can make another one");
    }
    failure::of(error, Code::ApiKeyNotFound, fields, |rule| match rule {
        ApiKeyRule::Itself | ApiKeyRule::LastAdminKey => {
            Problem::new(Code::StateConflict).detail(rule.to_string())
        }
    })
}

fn example() -> Value {
    json!({
        "id": "0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05", "name": "storefront",
        "prefix": "csk_Ab3dE6gH", "scopes": ["customers:read", "customers:write"],
        "tenantId": "default", "createdAt": "2026-01-15T10:00:00Z", "expiresAt": null,
        "lastUsedAt": null, "revokedAt": null,
    })
}

fn example_new() -> Value {
    json!({"success": true, "data": {"apiKey": example(), "secret": "csk_…"}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_written_and_not_logged() {
        let secret = ShownSecret("hunter2".to_owned());
        assert_eq!(json!(secret), "hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
    }
}
