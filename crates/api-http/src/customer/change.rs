//! `PUT` and `PATCH` of a customer

use super::create::{taken, unknown_group};
use super::fields::{ALIASES, details, email, group_pointer};
use super::words::{STATUSES, account_state};
use super::{CustomerReply, FreeObject, customer_ref, example, noted, shown};
use crate::access::{Authorized, CanWrite};
use crate::address::{AddressBody, of_read};
use crate::api::{Api, Shared};
use crate::http::etag::{IfMatch, expected_version};
use crate::http::extract::{JsonBody, PathSegments, QueryFields};
use crate::http::fault::{self, Fault};
use crate::http::fields::Fields;
use crate::http::problem::{Answer, Code, Problem};
use crate::support::failure;
use crate::support::reply;
use crate::support::stated::{member, read_only, reference};
use axum::extract::State;
use axum::response::Response;
use customer_app::address::AddressError;
use customer_app::customer::{ChangeCustomerError, Stated, UpdateCustomer};
use customer_app::idempotency::Once;
use customer_domain::address::MAX_EXPANDED;
use customer_domain::api_key::Permission;
use customer_domain::customer::{
    CustomerRecord, CustomerRef, MAX_EXTERNAL_IDS, MAX_METADATA_BYTES,
};
use customer_domain::tag::MAX_TAGS;
use customer_domain::{CustomerId, Patch, Scope};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// A merge into a customer: absent members keep, null clears, lists replace. What was read may
/// be sent back as it is: members that cannot be written are accepted when they are what is
/// stored. That holds for `addresses` as a whole, as `expand` shows them: addresses have routes
/// of their own, and a list that differs in anything from the customer's address book is refused.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateCustomerBody {
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
    /// The e-mail address. A changed one is unproven.
    #[schema(max_length = 255, format = Email, nullable = false)]
    pub email: Option<String>,
    /// The person.
    pub profile: Option<super::ProfileInput>,
    /// The wishes. A null opt-in is withdrawn.
    pub preferences: Option<super::PreferencesInput>,
    /// The status; a changed one needs `customers:admin`, and is the same step as suspend or
    /// reactivate.
    #[schema(nullable = false)]
    pub status: Option<super::CustomerStatus>,
    /// A person or a company, or the name of a group; null, what the operator decided.
    pub customer_type: Option<super::CustomerKindInput>,
    /// The group.
    #[schema(max_length = 50, pattern = "^[A-Za-z0-9_-]+$")]
    pub group_id: Option<String>,
    /// Staff's words on it.
    #[schema(max_items = 50)]
    pub tags: Option<Vec<String>>,
    /// The id in Magento.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    pub legacy_id: Option<i64>,
    /// Ids in other systems, merged by system; null removes one.
    pub external_ids: Option<std::collections::BTreeMap<String, Option<String>>>,
    /// What else the shop keeps with it, merged member by member.
    pub metadata: Option<FreeObject>,
    /// The version that was read; acts as `If-Match`.
    #[schema(minimum = 1)]
    pub version: Option<i64>,
}

macro_rules! update_route {
    ($(#[$doc:meta])* $name:ident, $method:ident, $operation:literal) => {
        $(#[$doc])*
        #[utoipa::path(
            $method,
            path = "/customers/{customerId}",
            operation_id = $operation,
            tag = "Customers",
            security(("bearer" = ["customers:write"]), ("apiKey" = ["customers:write"])),
            params(
                ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
                ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
            ),
            request_body(content = UpdateCustomerBody, example = json!(example::update_body())),
            responses((status = 200, description = "The customer as it is now", headers(("ETag" = String, description = "The edit token")), body = CustomerReply<'_>, example = json!(example::customer_reply()))),
        )]
        pub(super) async fn $name(
            State(api): State<Shared>,
            CanWrite(by): CanWrite,
            path: PathSegments,
            QueryFields(query): QueryFields,
            headers: HeaderMap,
            body: JsonBody,
        ) -> Answer<Response> {
            update(&api, &by, &path, query, &headers, body).await
        }
    };
}

update_route! {
    /// Change a customer
    ///
    /// A merge, as PATCH is: absent members keep, null clears, lists replace.
    replace, put, "updateCustomer"
}

update_route! {
    /// Change a customer by merge patch
    ///
    /// Absent members keep, null clears, lists replace (RFC 7396).
    merge, patch, "patchCustomer"
}

async fn update(
    api: &Api,
    by: &Authorized,
    path: &PathSegments,
    mut query: Fields,
    headers: &HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    let mut fields = body.fields(&ALIASES);
    let named = [query.tenant(), fields.text("tenantId").optional()];
    let scope = by.scope(api, named, Code::CustomerNotFound).await?;
    fields.extend(query.into_faults());
    let customer = noted(&mut fields, customer_ref(path));
    let header = noted(&mut fields, IfMatch::from_headers(headers)).flatten();
    let version = fields.integer("version", 1..=i64::MAX).optional();
    let expected = noted(&mut fields, expected_version(header, version)).flatten();
    let today = api.clock.now().date_naive();
    let sent_as = sent_as(&fields);
    let stated = stated(&mut fields);
    expect_addresses(api, &scope, customer, &mut fields).await?;
    fields.ignore(&[
        "segment",
        "registrationDate",
        "lastLoginAt",
        "createdAt",
        "updatedAt",
        "deletedAt",
    ]);
    let email = fields.text("email").then(|text| email(&text)).replace();
    let status = fields.one_of("status", STATUSES).replace();
    let mut changes = details(&mut fields, today);
    changes.email = email.map_or(Patch::Keep, Patch::Set);
    let (customer, command) = fields.build(|| {
        let command = UpdateCustomer {
            changes,
            status,
            may_change_status: by.caller.may(Permission::Admin),
            expected_versions: expected.and_then(IfMatch::into_versions),
            stated,
        };
        Some((customer?, command))
    })?;
    let render = |record: &CustomerRecord| shown(StatusCode::OK, record, &scope);
    let once = Once::new(None, &render);
    let outcome = api.customers.update(&scope, customer, &command, &once);
    match outcome.await {
        Ok(outcome) => Ok(reply::once(outcome, render)),
        Err(ChangeCustomerError::StatusForbidden) => {
            let detail = "the scope customers:admin is needed to change the status";
            let needed = Permission::Admin.as_str();
            Err(by.denied(api, Some(&scope), needed, detail).await)
        }
        Err(error) => Err(problem(error, &sent_as)),
    }
}

/// Members that are judged beside what is stored, after everything was read.
const JUDGED_LATER: [&str; 9] = [
    "id",
    "userId",
    "accountState",
    "emailVerified",
    "phoneVerified",
    "registrationSource",
    "externalIds",
    "metadata",
    "preferences/custom",
];

/// The pointers under which the body gives them.
pub(crate) type SentAs = HashMap<&'static str, String>;

pub(crate) fn sent_as(fields: &Fields) -> SentAs {
    let given = |name| Some((name, fields.sent_as(name)?.to_owned()));
    let mut sent_as: SentAs = JUDGED_LATER.into_iter().filter_map(given).collect();
    sent_as.insert("groupId", group_pointer(fields));
    sent_as
}

/// Adds a fault when the body has addresses that are not what `expand` would show. Whether there is
/// such a customer is found out by its change.
async fn expect_addresses(
    api: &Api,
    scope: &Scope,
    customer: Option<CustomerRef>,
    fields: &mut Fields,
) -> Answer<()> {
    let Some((sent, customer)) = fields.read_only("addresses").zip(customer) else {
        return Ok(());
    };
    let book = match api.addresses.book(scope, customer).await {
        Ok(book) => book,
        Err(AddressError::CustomerNotFound) => return Ok(()),
        Err(error) => return Err(of_read(error)),
    };
    let shown = book.addresses().iter().take(MAX_EXPANDED);
    let shown = shown.map(|address| AddressBody::new(book.customer(), address));
    let shown = serde_json::to_value(shown.collect::<Vec<_>>());
    if shown.is_ok_and(|shown| shown != sent.value) {
        fields.fault(read_only(sent.pointer));
    }
    Ok(())
}

/// What the body says of members that cannot be written. A value that cannot be one of ours
/// differs from every stored one.
fn stated(fields: &mut Fields) -> Stated {
    Stated {
        id: stated_id(fields),
        user_id: member(fields, "userId", |value| {
            nullable(value, |text| Uuid::try_parse(text).ok().map(CustomerId))
        }),
        account_state: member(fields, "accountState", |value| {
            account_state(value.as_str()?)
        }),
        email_verified: member(fields, "emailVerified", Value::as_bool),
        phone_verified: member(fields, "phoneVerified", Value::as_bool),
        registration_source: member(fields, "registrationSource", |value| {
            nullable(value, |text| Some(text.to_owned()))
        }),
    }
}

/// The id that the body states, in any way in which a path may name a customer.
pub(crate) fn stated_id(fields: &mut Fields) -> Option<CustomerRef> {
    member(fields, "id", |value| reference(value, CustomerRef::parse))
}

/// `null`, or a text of ours.
#[expect(clippy::option_option, reason = "null is a value that can be stated")]
fn nullable<T>(value: &Value, parse: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if value.is_null() {
        return Some(None);
    }
    value.as_str().and_then(parse).map(Some)
}

fn overgrown(name: &str, pointer: String) -> Fault {
    let most = match name {
        "tags" => format!("{MAX_TAGS} tags"),
        "externalIds" => format!("{MAX_EXTERNAL_IDS} systems"),
        _ => format!("{MAX_METADATA_BYTES} bytes of JSON"),
    };
    let detail = format!("together with what is stored at most {most} are accepted");
    Fault::new(pointer, fault::TOO_LONG, detail)
}

/// Why a customer could not be changed, as a problem.
pub(crate) fn problem(error: ChangeCustomerError, sent_as: &SentAs) -> Problem {
    let pointer = |name: &str| {
        let name = name.replace('.', "/");
        let sent = sent_as.get(name.as_str()).cloned();
        sent.unwrap_or_else(|| format!("/{name}"))
    };
    match error {
        ChangeCustomerError::NotFound => Code::CustomerNotFound.into(),
        ChangeCustomerError::VersionConflict { current } => failure::version_conflict(current),
        ChangeCustomerError::Transition(error) => {
            Problem::new(Code::StateConflict).detail(error.to_string())
        }
        ChangeCustomerError::StatusUnreachable => Problem::from_faults(vec![Fault::new(
            "/status",
            fault::INVALID_VALUE,
            "active, inactive and suspended can be set; DELETE deactivates",
        )]),
        ChangeCustomerError::StatusForbidden => Code::PermissionDenied.into(),
        ChangeCustomerError::ReadOnly(names) => {
            let faults = names.into_iter().map(|name| read_only(pointer(name)));
            Problem::from_faults(faults.collect())
        }
        ChangeCustomerError::Overgrown(names) => {
            let faults = names.into_iter().map(|name| overgrown(name, pointer(name)));
            Problem::from_faults(faults.collect())
        }
        ChangeCustomerError::EmailTaken(holder) => taken(
            Code::EmailAlreadyExists,
            "another customer has this e-mail address",
            holder,
        ),
        ChangeCustomerError::LegacyIdTaken => taken(
            Code::IdentifierAlreadyExists,
            "another customer has this legacyId",
            None,
        ),
        ChangeCustomerError::ExternalIdTaken => taken(
            Code::IdentifierAlreadyExists,
            "another customer has one of these externalIds",
            None,
        ),
        ChangeCustomerError::UnknownGroup => unknown_group(pointer("groupId")),
        ChangeCustomerError::Claim(error) => failure::claim(error),
        ChangeCustomerError::Store(error) => failure::store(error),
    }
}
