//! Tenants over HTTP, for operators.

mod body;

pub use body::{
    CreateTenantBody, TenantBody, TenantData, TenantListData, TenantListReply, TenantReply,
    TenantSettingsBody, TenantSettingsInput, UpdateTenantBody,
};

use crate::prelude::*;
use crate::support::params::{IdempotencyKeyHeader, IfMatchHeader, TENANT_ID, TenantPath};
use crate::support::patch::PatchExt as _;
use crate::support::stated::member;
use customer_app::tenant::{CreateTenant, TenantError, TenantRule, UpdateTenant};
use customer_domain::address::MAX_BOOK;
use customer_domain::tenant::{MAX_TENANT_NAME, Tenant, TenantSettings, TenantSlug};
use customer_domain::{Patch, text};
use http_kit::fault;
use http_kit::fields::Violation;
use http_kit::normalise::AliasTable;
use std::sync::Arc;

static ALIASES: AliasTable = AliasTable {
    objects: &["/settings"],
    aliases: &[],
};

/// Returns the routes of tenants.
pub(crate) fn router() -> Routes {
    Routes::new()
        .needs(Needs::Operate, routes!(list, create))
        .needs(Needs::Operate, routes!(get, update))
}

/// List tenants
#[utoipa::path(
    get,
    path = "/tenants",
    operation_id = "listTenants",
    responses((status = 200, description = "All tenants", body = TenantListReply, example = json!({"success": true, "data": {"tenants": [example()]}}))),
)]
async fn list(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::TenantNotFound).await?;
    call.fields.finish()?;
    let directory = &call.api.tenants.directory;
    directory.refresh().await.map_err(failure::store)?;
    let tenants = directory.all();
    let tenants = tenants.iter().map(|tenant| TenantBody::from(&**tenant));
    let body = TenantListReply::from(TenantListData {
        tenants: tenants.collect(),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Create a tenant
#[utoipa::path(
    post,
    path = "/tenants",
    operation_id = "createTenant",
    params(IdempotencyKeyHeader),
    request_body(content = CreateTenantBody, example = json!({"id": "tenant-123", "name": "Northern shop", "settings": {"currency": "EUR", "country": "FI"}})),
    responses((status = 201, description = "The tenant was created", headers(("Location" = String, description = "The path of the tenant"), ("ETag" = String, description = "The edit token")), body = TenantReply, example = json!(example_reply()))),
)]
async fn create(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::TenantNotFound).await?;
    let claim = call.claim();
    let command = read_new(&mut call.fields, &call.api.tenants.defaults)?;
    let render = |tenant: &Tenant| {
        render(StatusCode::CREATED, tenant).location(format!("/api/v1/tenants/{}", tenant.slug))
    };
    let once = Idempotent::new(claim, &render);
    let outcome = call.api.tenants.create(&call.context, command, &once).await;
    let outcome = outcome.map_err(|error| problem(error, &call.fields))?;
    Ok(reply::once(outcome, render))
}

fn read_new(fields: &mut Fields, defaults: &TenantSettings) -> HttpResult<CreateTenant> {
    let slug = fields
        .text("id")
        .then(|id| rule(TenantSlug::parse(&id)))
        .required();
    let name = name(fields);
    let settings = settings(fields);
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
    params(TenantPath),
    responses((status = 200, description = "The tenant", headers(("ETag" = String, description = "The edit token")), body = TenantReply, example = json!(example_reply()))),
)]
async fn get(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::TenantNotFound).await?;
    call.fields.finish()?;
    let directory = &call.api.tenants.directory;
    directory.refresh().await.map_err(failure::store)?;
    Ok(render(StatusCode::OK, &*find(&call).await?).send())
}

/// Change a tenant
#[utoipa::path(
    put,
    path = "/tenants/{tenantId}",
    operation_id = "updateTenant",
    params(TenantPath, IfMatchHeader),
    request_body(content = UpdateTenantBody, example = json!({"name": "Southern shop"})),
    responses((status = 200, description = "The tenant as it is now", headers(("ETag" = String, description = "The edit token")), body = TenantReply, example = json!(example_reply()))),
)]
async fn update(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::TenantNotFound).await?;
    let tenant = find(&call).await?;
    let command = read_change(&mut call, tenant.slug.as_str())?;
    let tenants = &call.api.tenants;
    let tenant = tenants.update(&call.context, tenant.id, &command).await;
    let tenant = tenant.map_err(|error| problem(error, &call.fields))?;
    Ok(render(StatusCode::OK, &tenant).send())
}

fn read_change(call: &mut Request, slug: &str) -> HttpResult<UpdateTenant> {
    member(&mut call.fields, "id", |value| {
        (value.as_str()? == slug).then_some(())
    });
    call.fields.ignore(&["createdAt", "updatedAt"]);
    let expected_versions = call.expected_versions();
    let name = name(&mut call.fields);
    let settings = settings(&mut call.fields);
    call.build(|| {
        Some(UpdateTenant {
            name,
            currency: settings.currency,
            country: settings.country,
            max_addresses: settings.max_addresses,
            expected_versions,
        })
    })
}

fn name(fields: &mut Fields) -> Option<String> {
    let given = |name: String| {
        rule(text::line(&name, MAX_TENANT_NAME))?
            .ok_or_else(|| Violation::new(fault::REQUIRED, "a name may not be empty"))
    };
    fields.text("name").then(given).replace()
}

/// The settings in a request.
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
            .integer(
                "settings/maxAddresses",
                0..=i64::try_from(MAX_BOOK).unwrap_or(i64::MAX),
            )
            .then(|limit| Ok(u32::try_from(limit).unwrap_or(u32::MAX)))
            .patch(),
    }
}

async fn find(call: &Request) -> HttpResult<Arc<Tenant>> {
    let found = call.api.tenants.directory.by_slug(call.text(TENANT_ID));
    let found = found.await.map_err(failure::store)?;
    found.ok_or_else(|| Code::TenantNotFound.into())
}

fn render(status: StatusCode, tenant: &Tenant) -> StoredReply {
    let body = TenantReply::from(TenantData {
        tenant: tenant.into(),
    });
    reply::json(status, &body).version(tenant.version)
}

fn problem(error: TenantError, fields: &Fields) -> Problem {
    failure::of(error, Code::TenantNotFound, fields, |rule| match rule {
        TenantRule::SlugTaken => {
            Problem::new(Code::IdentifierAlreadyExists).detail("a tenant with this id exists")
        }
        TenantRule::CurrencyFixed => Problem::new(Code::StateConflict).detail(rule.to_string()),
    })
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
