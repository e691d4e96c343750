//! Tenants over HTTP, for operators.

mod body;

pub use body::{
    CreateTenantBody, TenantBody, TenantData, TenantListData, TenantListReply, TenantReply,
    TenantSettingsBody, TenantSettingsInput, UpdateTenantBody,
};

use crate::access::CanOperate;
use crate::api::Shared;
use crate::http::etag::{IfMatch, expected_version};
use crate::http::extract::{JsonBody, PathSegments, QueryFields};
use crate::http::fields::Fields;
use crate::http::normalise::AliasTable;
use crate::http::problem::{Answer, Code, Problem};
use crate::support::claim::{self, Operation};
use crate::support::failure::{self, rule};
use crate::support::reply::{self, ReplyExt};
use axum::extract::State;
use axum::response::Response;
use customer_app::idempotency::Once;
use customer_app::tenant::{CreateTenant, TenantError, UpdateTenant};
use customer_domain::idempotency::StoredReply;
use customer_domain::tenant::{MAX_TENANT_NAME, Tenant, TenantSettings, TenantSlug};
use customer_domain::{InvalidValue, Patch, ValueFault, text};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

static ALIASES: AliasTable = AliasTable {
    objects: &["/settings"],
    aliases: &[],
};

/// Addresses that a tenant may allow each customer: what a book can hold.
const MOST_ADDRESSES: i64 = 1_000;

/// The routes of this slice.
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update))
}

/// List tenants
#[utoipa::path(
    get,
    path = "/tenants",
    operation_id = "listTenants",
    tag = "Tenants",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    responses((status = 200, description = "All tenants", body = TenantListReply, example = json!({"success": true, "data": {"tenants": [example()]}}))),
)]
async fn list(
    State(api): State<Shared>,
    CanOperate(by): CanOperate,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    by.scope(&api, [query.tenant(), None], Code::TenantNotFound)
        .await?;
    query.finish()?;
    api.tenants
        .directory
        .refresh()
        .await
        .map_err(failure::store)?;
    let tenants = api.tenants.directory.all();
    let tenants = tenants
        .iter()
        .map(|tenant| TenantBody::from(&**tenant))
        .collect();
    let body = TenantListReply::from(TenantListData { tenants });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Make a tenant
#[utoipa::path(
    post,
    path = "/tenants",
    operation_id = "createTenant",
    tag = "Tenants",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to repeat for 24 hours", max_length = 255)),
    request_body(content = CreateTenantBody, example = json!({"id": "tenant-123", "name": "Northern shop", "settings": {"currency": "EUR", "country": "FI"}})),
    responses((status = 201, description = "The tenant was made", headers(("Location" = String, description = "Where the tenant lies"), ("ETag" = String, description = "The edit token")), body = TenantReply, example = json!(example_reply()))),
)]
async fn create(
    State(api): State<Shared>,
    CanOperate(by): CanOperate,
    QueryFields(mut query): QueryFields,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    let bytes = body.bytes.clone();
    let mut fields = body.fields(&ALIASES);
    let named = [query.tenant(), fields.text("tenantId").optional()];
    let scope = by.scope(&api, named, Code::TenantNotFound).await?;
    fields.extend(query.into_faults());
    let operation = Operation {
        route: "POST /tenants",
        target: "",
    };
    let claim = claim::claim(&api, &by, operation, &headers, &bytes).unwrap_or_else(|fault| {
        fields.fault(fault);
        None
    });
    let command = read_new(fields, &api.tenants.defaults)?;
    let render = |tenant: &Tenant| {
        shown(StatusCode::CREATED, tenant).location(format!("/api/v1/tenants/{}", tenant.slug))
    };
    let outcome = api
        .tenants
        .create(&scope, command, &Once::new(claim, &render))
        .await;
    Ok(reply::once(outcome.map_err(problem)?, render))
}

fn read_new(mut fields: Fields, defaults: &TenantSettings) -> Answer<CreateTenant> {
    let slug = fields
        .text("id")
        .then(|id| rule(TenantSlug::parse(&id)))
        .required();
    let name = name(&mut fields);
    let settings = settings(&mut fields);
    fields.build(|| {
        let slug = slug?;
        Some(CreateTenant {
            name: name.unwrap_or_else(|| slug.to_string()),
            slug,
            settings: TenantSettings {
                currency: settings
                    .currency
                    .unwrap_or_else(|| defaults.currency.clone()),
                country: settings.country.unwrap_or_else(|| defaults.country.clone()),
                max_addresses: settings.max_addresses.as_set().copied(),
            },
        })
    })
}

/// Read a tenant
#[utoipa::path(
    get,
    path = "/tenants/{tenantId}",
    operation_id = "getTenant",
    tag = "Tenants",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    params(("tenantId" = String, Path, description = "The tenant's id")),
    responses((status = 200, description = "The tenant", headers(("ETag" = String, description = "The edit token")), body = TenantReply, example = json!(example_reply()))),
)]
async fn get(
    State(api): State<Shared>,
    CanOperate(by): CanOperate,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    by.scope(&api, [query.tenant(), None], Code::TenantNotFound)
        .await?;
    query.finish()?;
    api.tenants
        .directory
        .refresh()
        .await
        .map_err(failure::store)?;
    let tenant = find(&api, &path).await?;
    Ok(shown(StatusCode::OK, &tenant).send())
}

/// Change a tenant
#[utoipa::path(
    put,
    path = "/tenants/{tenantId}",
    operation_id = "updateTenant",
    tag = "Tenants",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    params(
        ("tenantId" = String, Path, description = "The tenant's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    request_body(content = UpdateTenantBody, example = json!({"name": "Southern shop"})),
    responses((status = 200, description = "The tenant as it is now", headers(("ETag" = String, description = "The edit token")), body = TenantReply, example = json!(example_reply()))),
)]
async fn update(
    State(api): State<Shared>,
    CanOperate(by): CanOperate,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    let mut fields = body.fields(&ALIASES);
    let named = [query.tenant(), fields.text("tenantId").optional()];
    let scope = by.scope(&api, named, Code::TenantNotFound).await?;
    let tenant = find(&api, &path).await?;
    fields.extend(query.into_faults());
    let command = read_change(fields, &headers, tenant.slug.as_str())?;
    let tenant = api
        .tenants
        .update(&scope, tenant.id, &command)
        .await
        .map_err(problem)?;
    Ok(shown(StatusCode::OK, &tenant).send())
}

fn read_change(mut fields: Fields, headers: &HeaderMap, slug: &str) -> Answer<UpdateTenant> {
    let same = fields
        .read_only("id")
        .and_then(|sent| sent.unless_equal(&json!(slug)));
    fields.extend(same);
    fields.ignore(&["createdAt", "updatedAt"]);
    let version = fields.integer("version", 1..=i64::MAX).optional();
    let expected = IfMatch::from_headers(headers)
        .and_then(|header| expected_version(header, version))
        .unwrap_or_else(|fault| {
            fields.fault(fault);
            None
        });
    let name = name(&mut fields);
    let settings = settings(&mut fields);
    fields.build(|| {
        Some(UpdateTenant {
            name,
            currency: settings.currency,
            country: settings.country,
            max_addresses: settings.max_addresses,
            expected_versions: expected.and_then(IfMatch::into_versions),
        })
    })
}

fn name(fields: &mut Fields) -> Option<String> {
    let given = |name: String| {
        rule(text::line(&name, MAX_TENANT_NAME))?.ok_or_else(|| {
            InvalidValue::new(ValueFault::Required, "a name may not be empty").into()
        })
    };
    fields.text("name").then(given).replace()
}

/// The settings that a request gives.
struct GivenSettings {
    currency: Option<String>,
    country: Option<String>,
    max_addresses: Patch<u32>,
}

fn settings(fields: &mut Fields) -> GivenSettings {
    GivenSettings {
        currency: fields
            .text("settings/currency")
            .then(|code| rule(TenantSettings::parse_currency(&code)))
            .replace(),
        country: fields
            .text("settings/country")
            .then(|code| rule(TenantSettings::parse_country(&code)))
            .replace(),
        max_addresses: fields
            .integer("settings/maxAddresses", 0..=MOST_ADDRESSES)
            .then(|limit| Ok(u32::try_from(limit).unwrap_or(u32::MAX)))
            .patch(),
    }
}

async fn find(api: &Shared, path: &PathSegments) -> Answer<Arc<Tenant>> {
    let found = api.tenants.directory.by_slug(path.text("tenantId")).await;
    let found = found.map_err(failure::store)?;
    found.ok_or_else(|| Code::TenantNotFound.into())
}

fn shown(status: StatusCode, tenant: &Tenant) -> StoredReply {
    let body = TenantReply::from(TenantData {
        tenant: tenant.into(),
    });
    reply::json(status, &body).version(tenant.version)
}

fn problem(error: TenantError) -> Problem {
    match error {
        TenantError::NotFound => Code::TenantNotFound.into(),
        TenantError::SlugTaken => {
            Problem::new(Code::IdentifierAlreadyExists).detail("a tenant with this id exists")
        }
        TenantError::VersionConflict { current } => failure::version_conflict(current),
        TenantError::Claim(error) => failure::claim(error),
        TenantError::Store(error) => failure::store(error),
    }
}

fn example() -> Value {
    json!({
        "id": "tenant-123", "name": "Northern shop",
        "settings": {"currency": "EUR", "country": "FI", "maxAddresses": null},
        "version": 1,
        "createdAt": "2026-01-15T10:00:00Z", "updatedAt": "2026-01-15T10:00:00Z",
    })
}

fn example_reply() -> Value {
    json!({"success": true, "data": {"tenant": example()}})
}
