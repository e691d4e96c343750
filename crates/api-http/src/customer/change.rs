//! `PUT` and `PATCH` of a customer.

use super::create::{already_taken, unknown_group};
use super::fields::{details, email};
use super::preferences::ALIASES;
use super::words::STATUSES;
use super::{CustomerReply, example, render};
use crate::access::refused;
use crate::address::AddressBody;
use crate::code::Code;
use crate::support::call::{Call, Request};
use crate::support::failure;
use crate::support::merge::merge_routes;
use crate::support::params::{CustomerPath, IfMatchHeader};
use crate::support::reply;
use crate::support::stated::{member, reference};
use crate::support::wire::FreeObject;
use axum::response::Response;
use customer_app::Failed;
use customer_app::access::Needed;
use customer_app::customer::{
    ChangeCustomerError, ChangeCustomerRule, ReadOnlyFields, StatedAddresses, UpdateCustomer,
};
use customer_app::idempotency::Idempotent;
use customer_domain::address::MAX_EXPANDED;
use customer_domain::customer::{
    AccountState, CustomerChanges, CustomerField, CustomerRecord, CustomerRef, MAX_EXTERNAL_IDS,
    MAX_METADATA_BYTES,
};
use customer_domain::idempotency::{IdempotencyClaim, StoredReply};
use customer_domain::tag::MAX_TAGS;
use customer_domain::{Context, CustomerId, Permission};
use http::StatusCode;
use http_kit::fault::{self, Fault};
use http_kit::fields::Fields;
use http_kit::problem::{HttpResult, Problem};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// A merge into a customer: absent members are kept, null clears, lists are replaced. What was read
/// may be sent back as it is: read-only members are accepted if they equal the stored values. That
/// includes `addresses` as a whole, as `expand` shows them: addresses are changed by their own
/// routes, and a list that differs from the customer's address book is rejected.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateCustomerBody {
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
    /// The e-mail address. A new address counts as unverified.
    #[schema(max_length = 255, format = Email, nullable = false)]
    pub email: Option<String>,
    /// The personal details.
    pub profile: Option<super::ProfileInput>,
    /// The preferences. A null opt-in is withdrawn.
    pub preferences: Option<super::PreferencesInput>,
    /// The status. Changing it needs `customers:admin`, and is the same as suspending or
    /// reactivating. With a customer's own token it is rejected, whatever its value.
    #[schema(nullable = false)]
    pub status: Option<super::CustomerStatus>,
    /// A person or a company, or the name of a group; null for the operator's default.
    pub customer_type: Option<super::CustomerKindInput>,
    /// The group.
    #[schema(max_length = 50, pattern = "^[A-Za-z0-9_-]+$")]
    pub group_id: Option<String>,
    /// The tags.
    #[schema(max_items = 50)]
    pub tags: Option<Vec<String>>,
    /// The id in Magento.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    pub legacy_id: Option<i64>,
    /// The ids in other systems, merged by system; null removes an id.
    pub external_ids: Option<std::collections::BTreeMap<String, Option<String>>>,
    /// Free-form data that the shop stores with the customer, merged member by member.
    pub metadata: Option<FreeObject>,
    /// The version that was read; acts as `If-Match`.
    #[schema(minimum = 1)]
    pub version: Option<i64>,
}

merge_routes! {
    /// Change a customer
    ///
    /// Merges like PATCH: absent members are kept, null clears, lists are replaced.
    put "updateCustomer";
    /// Change a customer by merge patch
    ///
    /// Absent members are kept, null clears, lists are replaced (RFC 7396).
    patch "patchCustomer";
    path = "/customers/{customerId}",
    tag = "Customers",
    params(CustomerPath, IfMatchHeader),
    request_body(content = UpdateCustomerBody, example = json!(example::update_body())),
    responses((status = 200, description = "The customer as it is now", headers(("ETag" = String, description = "The edit token")), body = CustomerReply<'_>, example = json!(example::customer_reply()))),
}

async fn update(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::CustomerNotFound).await?;
    let customer = call.customer();
    let expected_versions = call.expected_versions();
    let today = call.api.clock.now().date_naive();
    let fields = &mut call.fields;
    let stated = stated(fields);
    fields.ignore(&[
        "segment",
        "registrationDate",
        "lastLoginAt",
        "createdAt",
        "updatedAt",
        "deletedAt",
    ]);
    let email = fields
        .text(CustomerField::Email.path())
        .then(|text| email(&text))
        .replace();
    let status = fields
        .one_of(CustomerField::Status.path(), &STATUSES)
        .replace();
    let command = UpdateCustomer {
        changes: CustomerChanges {
            email,
            ..details(fields, today)
        },
        status,
        expected_versions,
        stated,
    };
    apply(call, customer, command, None, |record, context| {
        render(StatusCode::OK, record, context)
    })
    .await
}

/// Changes a customer after all of the request has been read, and returns the reply that `render`
/// creates from the customer.
pub(crate) async fn apply(
    mut call: Request,
    customer: Option<CustomerRef>,
    command: UpdateCustomer,
    claim: Option<IdempotencyClaim>,
    render: impl Fn(&CustomerRecord, &Context) -> StoredReply + Send + Sync,
) -> HttpResult<Response> {
    let customer = call.build(|| customer)?;
    let render = |record: &CustomerRecord| render(record, &call.context);
    let once = Idempotent::new(claim, &render);
    let customers = &call.api.customers;
    let outcome = customers.update(&call.context, customer, &command, &once);
    let outcome = outcome
        .await
        .map_err(|error| problem(error, &call.fields))?;
    Ok(reply::once(outcome, render))
}

/// Reads the read-only members of the body. A value that cannot be parsed differs from every stored
/// one.
fn stated(fields: &mut Fields) -> ReadOnlyFields {
    ReadOnlyFields {
        id: stated_id(fields),
        user_id: member(fields, "userId", |value| {
            nullable(value, |text| Uuid::try_parse(text).ok().map(CustomerId))
        }),
        account_state: member(fields, "accountState", |value| {
            AccountState::from_word(value.as_str()?)
        }),
        email_verified: member(fields, "emailVerified", Value::as_bool),
        phone_verified: member(fields, "phoneVerified", Value::as_bool),
        registration_source: member(fields, "registrationSource", |value| {
            nullable(value, |text| Some(text.to_owned()))
        }),
        addresses: stated_addresses(fields),
    }
}

/// Reads the id in the body, in any of the forms in which a path may name a customer.
pub(crate) fn stated_id(fields: &mut Fields) -> Option<CustomerRef> {
    member(fields, "id", |value| reference(value, CustomerRef::parse))
}

/// Reads the addresses in the body: they equal a book if `expand` would show it in the same way.
fn stated_addresses(fields: &mut Fields) -> Option<StatedAddresses> {
    let sent = fields.read_only("addresses")?;
    Some(StatedAddresses(Arc::new(move |book| {
        let shown = book.addresses().iter().take(MAX_EXPANDED);
        let shown = shown.map(|address| AddressBody::new(book.customer(), address));
        serde_json::to_value(shown.collect::<Vec<_>>()).is_ok_and(|shown| shown == sent)
    })))
}

/// Parses `null` or a text; `None` for anything else.
#[expect(clippy::option_option, reason = "null is a value that can be stated")]
fn nullable<T>(value: &Value, parse: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if value.is_null() {
        return Some(None);
    }
    value.as_str().and_then(parse).map(Some)
}

fn too_large(fields: &Fields, field: CustomerField) -> Fault {
    let most = match field {
        CustomerField::Tags => format!("{MAX_TAGS} tags"),
        CustomerField::ExternalIds => format!("{MAX_EXTERNAL_IDS} systems"),
        CustomerField::Metadata
        | CustomerField::Preference(_)
        | CustomerField::Profile(_)
        | CustomerField::Email
        | CustomerField::CustomerType
        | CustomerField::GroupId
        | CustomerField::LegacyId
        | CustomerField::Status
        | CustomerField::RegistrationSource => format!("{MAX_METADATA_BYTES} bytes of JSON"),
    };
    let detail = format!("together with what is stored at most {most} are accepted");
    Fault::new(fields.pointer(field.path()), fault::TOO_LONG, detail)
}

/// Returns the problem for a failed change of a customer. Its faults point to the members of the
/// request.
pub(crate) fn problem(error: ChangeCustomerError, fields: &Fields) -> Problem {
    if let Failed::Forbidden {
        refusal,
        ref fields,
    } = error
        && fields.is_empty()
        && refusal.needed() == Needed::Permission(Permission::Admin)
    {
        let detail = "the scope customers:admin is needed to change the status";
        return refused(refusal).detail(detail);
    }
    failure::of(error, Code::CustomerNotFound, fields, |rule| match rule {
        ChangeCustomerRule::Transition(error) => {
            Problem::new(Code::StateConflict).detail(error.to_string())
        }
        ChangeCustomerRule::StatusUnreachable => Problem::from_faults(vec![Fault::new(
            fields.pointer(CustomerField::Status.path()),
            fault::INVALID_VALUE,
            "active, inactive and suspended can be set; DELETE deactivates",
        )]),
        ChangeCustomerRule::TooLarge(grown) => {
            let faults = grown.into_iter().map(|field| too_large(fields, field));
            Problem::from_faults(faults.collect())
        }
        ChangeCustomerRule::EmailTaken(holder) => already_taken(
            Code::EmailAlreadyExists,
            "another customer has this e-mail address",
            holder,
        ),
        ChangeCustomerRule::LegacyIdTaken => already_taken(
            Code::IdentifierAlreadyExists,
            "another customer has this legacyId",
            None,
        ),
        ChangeCustomerRule::ExternalIdTaken => already_taken(
            Code::IdentifierAlreadyExists,
            "another customer has one of these externalIds",
            None,
        ),
        ChangeCustomerRule::UnknownGroup => unknown_group(fields),
    })
}
