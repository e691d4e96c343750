//! Preferences over HTTP: reading and changing this part of a customer separately.

use crate::customer::{
    MarketingInput, NotificationsInput, PREFERENCE_ALIASES, PreferencesBody, apply, not_found,
    preferences, preferences_body, stated_id,
};
use crate::prelude::*;
use crate::support::envelope::reply;
use crate::support::params::{CustomerPath, IfMatchHeader};
use crate::support::wire::{CustomerReference, FreeObject};
use customer_app::access::Needs::SelfOr;
use customer_app::customer::UpdateCustomer;
use customer_domain::Permission::{Read, Write};
use customer_domain::customer::{CustomerChanges, CustomerRecord};
use customer_domain::preference::{OptIn, Preferences};

preferences_body! {
    /// A merge into the preferences of a customer: absent members are kept, null clears.
    UpdatePreferencesBody {
        /// The customer's version that was read; acts as `If-Match`.
        #[schema(minimum = 1)]
        pub version: Option<i64>,
        /// The tenant; it must be one that the caller may act in.
        pub tenant_id: Option<String>,
        /// The customer; it must be the one that the path names.
        #[schema(nullable = false)]
        pub customer_id: Option<CustomerReference>,
    }
}

reply! {
    /// The preferences of a customer.
    PreferencesReply {
        /// The preferences of a customer.
        PreferencesData<'a> {
            /// The preferences.
            preferences: PreferencesBody<'a>,
        }
    }
}

/// Returns the routes of preferences.
pub(crate) fn router() -> Routes {
    Routes::new()
        .needs(SelfOr(Read), routes!(get))
        .needs(SelfOr(Write), routes!(update))
}

/// Read the preferences of a customer
#[utoipa::path(
    get,
    path = "/customers/{customerId}/preferences",
    operation_id = "getPreferences",
    params(CustomerPath),
    responses((status = 200, description = "The preferences", headers(("ETag" = String, description = "The customer's edit token")), body = PreferencesReply<'_>, example = json!(example()))),
)]
async fn get(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::CustomerNotFound).await?;
    let customer = call.customer();
    let customer = call.build(|| customer)?;
    let record = call.api.customers.get(&call.context, customer).await;
    Ok(render(&record.map_err(not_found)?).send())
}

/// Change the preferences of a customer
///
/// Merges the changes: absent members are kept, null clears; clearing an opt-in withdraws it.
#[utoipa::path(
    put,
    path = "/customers/{customerId}/preferences",
    operation_id = "updatePreferences",
    params(CustomerPath, IfMatchHeader),
    request_body(content = UpdatePreferencesBody, example = json!({"language": "pt-BR", "timezone": "America/Sao_Paulo", "marketing": {"emailOptIn": true}})),
    responses((status = 200, description = "The preferences as they are now", headers(("ETag" = String, description = "The customer's edit token")), body = PreferencesReply<'_>, example = json!(example()))),
)]
async fn update(call: Call) -> HttpResult<Response> {
    let mut call = call
        .body(&PREFERENCE_ALIASES, Code::CustomerNotFound)
        .await?;
    let customer = call.customer();
    let expected_versions = call.expected_versions();
    let command = UpdateCustomer {
        stated: stated_id(&mut call.fields),
        changes: CustomerChanges {
            preferences: preferences(&mut call.fields),
            ..CustomerChanges::default()
        },
        expected_versions,
        ..UpdateCustomer::default()
    };
    apply(call, customer, command, None, |record, _| render(record)).await
}

fn render(record: &CustomerRecord) -> StoredReply {
    let customer = &record.customer;
    let body = PreferencesReply::from(PreferencesData {
        preferences: PreferencesBody::new(&customer.preferences),
    });
    reply::json(StatusCode::OK, &body).version(customer.version)
}

fn example() -> Value {
    let preferences = Preferences {
        language: Some("pt-BR".to_owned()),
        currency: Some("BRL".to_owned()),
        timezone: Some("America/Sao_Paulo".to_owned()),
        opt_ins: [OptIn::EmailMarketing, OptIn::OrderUpdates].into(),
        ..Preferences::default()
    };
    json!({"success": true, "data": {"preferences": PreferencesBody::new(&preferences)}})
}
