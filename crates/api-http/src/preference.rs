//! Preferences over HTTP: the part of a customer that is called so, read and changed alone.

use crate::access::{CanRead, CanWrite};
use crate::api::Shared;
use crate::customer::{
    CustomerReference, FreeObject, MarketingInput, NotificationsInput, PreferencesBody,
    customer_ref, not_found, noted, problem, sent_as, stated_id, wishes,
};
use crate::http::etag::{IfMatch, expected_version};
use crate::http::extract::{JsonBody, PathSegments, QueryFields};
use crate::http::normalise::AliasTable;
use crate::http::problem::{Answer, Code};
use crate::support::envelope::reply;
use crate::support::reply::{self, ReplyExt};
use axum::extract::State;
use axum::response::Response;
use customer_app::customer::{Stated, UpdateCustomer};
use customer_app::idempotency::Once;
use customer_domain::customer::CustomerRecord;
use customer_domain::idempotency::StoredReply;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// As in a customer, and without the object around it: every wish has its place, its flat name
/// and the name of its column (D-35).
static ALIASES: AliasTable = AliasTable {
    objects: &[
        "/preferences",
        "/preferences/marketing",
        "/preferences/notifications",
    ],
    aliases: &[
        ("/customerId", "/id"),
        ("/language", "/preferences/language"),
        ("/currency", "/preferences/currency"),
        ("/timezone", "/preferences/timezone"),
        ("/marketing", "/preferences/marketing"),
        ("/notifications", "/preferences/notifications"),
        ("/dataSharing", "/preferences/dataSharing"),
        ("/analyticsTracking", "/preferences/analyticsTracking"),
        ("/cookieConsent", "/preferences/cookieConsent"),
        ("/custom", "/preferences/custom"),
        ("/customPreferences", "/preferences/custom"),
        ("/preferences/customPreferences", "/preferences/custom"),
        ("/emailOptIn", "/preferences/marketing/emailOptIn"),
        ("/marketingOptIn", "/preferences/marketing/emailOptIn"),
        ("/emailMarketing", "/preferences/marketing/emailOptIn"),
        (
            "/preferences/emailMarketing",
            "/preferences/marketing/emailOptIn",
        ),
        ("/smsOptIn", "/preferences/marketing/smsOptIn"),
        ("/smsMarketing", "/preferences/marketing/smsOptIn"),
        (
            "/preferences/smsMarketing",
            "/preferences/marketing/smsOptIn",
        ),
        ("/pushOptIn", "/preferences/marketing/pushOptIn"),
        ("/pushNotifications", "/preferences/marketing/pushOptIn"),
        (
            "/preferences/pushNotifications",
            "/preferences/marketing/pushOptIn",
        ),
        ("/orderUpdates", "/preferences/notifications/orderUpdates"),
        (
            "/preferences/orderUpdates",
            "/preferences/notifications/orderUpdates",
        ),
        ("/promotions", "/preferences/notifications/promotions"),
        (
            "/promotionalEmails",
            "/preferences/notifications/promotions",
        ),
        (
            "/preferences/promotionalEmails",
            "/preferences/notifications/promotions",
        ),
        ("/newsletters", "/preferences/notifications/newsletters"),
        ("/newsletter", "/preferences/notifications/newsletters"),
        (
            "/preferences/newsletter",
            "/preferences/notifications/newsletters",
        ),
    ],
};

/// A merge into the wishes of a customer: absent members keep, null clears.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdatePreferencesBody {
    /// Language tag (BCP 47), such as `pt-BR`.
    #[schema(max_length = 35, pattern = "^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$")]
    pub language: Option<String>,
    /// ISO 4217 code.
    #[schema(pattern = "^[A-Za-z]{3}$")]
    pub currency: Option<String>,
    /// IANA name of a time zone.
    #[schema(max_length = 64, pattern = "^[A-Za-z][A-Za-z0-9/_+-]*$")]
    pub timezone: Option<String>,
    /// What may be sent for marketing.
    pub marketing: Option<MarketingInput>,
    /// Which notifications are wanted.
    pub notifications: Option<NotificationsInput>,
    /// Whether data may be shared with partners.
    pub data_sharing: Option<bool>,
    /// Whether behaviour may be recorded.
    pub analytics_tracking: Option<bool>,
    /// Whether cookies beyond the necessary are agreed to.
    pub cookie_consent: Option<bool>,
    /// Wishes that only the shop knows; merged member by member.
    pub custom: Option<FreeObject>,
    /// The customer's version that was read; acts as `If-Match`.
    #[schema(minimum = 1)]
    pub version: Option<i64>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
    /// The customer; it must be the one that the path names.
    #[schema(nullable = false)]
    pub customer_id: Option<CustomerReference>,
}

reply! {
    /// What a customer wishes.
    PreferencesReply {
        /// What a customer wishes.
        PreferencesData<'a> {
            /// The wishes.
            preferences: PreferencesBody<'a>,
        }
    }
}

/// The routes of this slice.
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(get, update))
}

/// Read the preferences of a customer
#[utoipa::path(
    get,
    path = "/customers/{customerId}/preferences",
    operation_id = "getPreferences",
    tag = "Preferences",
    security(("bearer" = ["customers:read"]), ("apiKey" = ["customers:read"])),
    params(("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$")),
    responses((status = 200, description = "The preferences", headers(("ETag" = String, description = "The customer's edit token")), body = PreferencesReply<'_>, example = json!(example()))),
)]
async fn get(
    State(api): State<Shared>,
    CanRead(by): CanRead,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    let named = [query.tenant(), None];
    let scope = by.scope(&api, named, Code::CustomerNotFound).await?;
    let customer = noted(&mut query, customer_ref(&path));
    let customer = query.build(|| customer)?;
    let record = api.customers.get(&scope, customer).await;
    Ok(shown(&record.map_err(not_found)?).send())
}

/// Change the preferences of a customer
///
/// A merge: absent members keep, null clears; an opt-in that is cleared is withdrawn.
#[utoipa::path(
    put,
    path = "/customers/{customerId}/preferences",
    operation_id = "updatePreferences",
    tag = "Preferences",
    security(("bearer" = ["customers:write"]), ("apiKey" = ["customers:write"])),
    params(
        ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    request_body(content = UpdatePreferencesBody, example = json!({"language": "pt-BR", "timezone": "America/Sao_Paulo", "marketing": {"emailOptIn": true}})),
    responses((status = 200, description = "The preferences as they are now", headers(("ETag" = String, description = "The customer's edit token")), body = PreferencesReply<'_>, example = json!(example()))),
)]
async fn update(
    State(api): State<Shared>,
    CanWrite(by): CanWrite,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    let mut fields = body.fields(&ALIASES);
    let named = [query.tenant(), fields.text("tenantId").optional()];
    let scope = by.scope(&api, named, Code::CustomerNotFound).await?;
    fields.extend(query.into_faults());
    let customer = noted(&mut fields, customer_ref(&path));
    let header = noted(&mut fields, IfMatch::from_headers(&headers)).flatten();
    let version = fields.integer("version", 1..=i64::MAX).optional();
    let expected = noted(&mut fields, expected_version(header, version)).flatten();
    let sent_as = sent_as(&fields);
    let stated = Stated {
        id: stated_id(&mut fields),
        ..Stated::default()
    };
    let changes = wishes(&mut fields);
    let (customer, command) = fields.build(|| {
        let command = UpdateCustomer {
            changes,
            expected_versions: expected.and_then(IfMatch::into_versions),
            stated,
            ..UpdateCustomer::default()
        };
        Some((customer?, command))
    })?;
    let once = Once::new(None, &shown);
    let outcome = api
        .customers
        .update(&scope, customer, &command, &once)
        .await;
    let outcome = outcome.map_err(|error| problem(error, &sent_as))?;
    Ok(reply::once(outcome, shown))
}

fn shown(record: &CustomerRecord) -> StoredReply {
    let customer = &record.customer;
    let body = PreferencesReply::from(PreferencesData {
        preferences: PreferencesBody::new(&customer.preferences),
    });
    reply::json(StatusCode::OK, &body).version(customer.version)
}

fn example() -> Value {
    json!({"success": true, "data": {"preferences": {
        "language": "pt-BR", "currency": "BRL", "timezone": "America/Sao_Paulo",
        "marketing": {"emailOptIn": true, "smsOptIn": false, "pushOptIn": false},
        "notifications": {"orderUpdates": true, "promotions": false, "newsletters": false},
        "dataSharing": false, "analyticsTracking": false, "cookieConsent": false,
        "custom": {},
    }}})
}
