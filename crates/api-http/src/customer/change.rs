//! `PUT` and `PATCH` of a customer.

use super::create::{already_taken, unknown_group};
use super::fields::{details, email};
use super::preferences::ALIASES;
use super::words::STATUSES;
use super::{CustomerReply, example, render};
use crate::address::AddressBody;
use crate::prelude::*;
use crate::support::merge::merge_routes;
use crate::support::params::{CustomerPath, IfMatchHeader};
use crate::support::stated::{ReadOnly, nullable, reference, uuid};
use crate::support::wire::FreeObject;
use customer_app::access::Needed;
use customer_app::customer::{ChangeCustomerError, ChangeCustomerRule, UpdateCustomer};
use customer_app::{Failed, Stated};
use customer_domain::address::{AddressBook, MAX_EXPANDED};
use customer_domain::customer::{
    AccountState, Customer, CustomerChanges, CustomerField, CustomerRecord, CustomerRef,
    Identifier, MAX_EXTERNAL_IDS, MAX_METADATA_BYTES,
};
use customer_domain::idempotency::IdempotencyClaim;
use customer_domain::tag::MAX_TAGS;
use customer_domain::{Context, CustomerId, Permission};
use http_kit::fault::{self, Fault};

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
    #[schema(format = Email, nullable = false)]
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
    #[schema(pattern = "^[A-Za-z0-9_-]+$")]
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
    let stated_addresses = stated_addresses(fields);
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
        stated_addresses,
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

/// Reads the read-only members of the body.
fn stated(fields: &mut Fields) -> Stated<Customer> {
    let state = |state: &Value| AccountState::from_word(state.as_str()?);
    let source = nullable(|source| source.as_str().map(str::to_owned));
    id(ReadOnly::of(fields))
        .parsed("userId", nullable(uuid), |customer, id| {
            customer.user_id() == id.map(CustomerId)
        })
        .parsed("accountState", state, |customer, state| {
            customer.account_state == *state
        })
        .parsed("emailVerified", Value::as_bool, |customer, is_verified| {
            customer.email_verified == *is_verified
        })
        .parsed("phoneVerified", Value::as_bool, |customer, is_verified| {
            customer.phone_verified == *is_verified
        })
        .parsed("registrationSource", source, |customer, source| {
            customer.registration_source == *source
        })
        .read()
}

/// Reads the id in the body, in any of the forms in which a path may name a customer.
pub(crate) fn stated_id(fields: &mut Fields) -> Stated<Customer> {
    id(ReadOnly::of(fields)).read()
}

fn id(members: ReadOnly<'_, Customer>) -> ReadOnly<'_, Customer> {
    let parse = |value: &Value| reference(value, CustomerRef::parse);
    members.parsed("id", parse, |customer, id| id.names(customer))
}

/// Reads the addresses in the body: they equal a book if `expand` would show it in the same way.
fn stated_addresses(fields: &mut Fields) -> Stated<AddressBook> {
    let shown = |book: &AddressBook| {
        let shown = book.addresses().iter().take(MAX_EXPANDED);
        let shown = shown.map(|address| AddressBody::new(book.customer(), address));
        json!(shown.collect::<Vec<_>>())
    };
    ReadOnly::of(fields).shown("addresses", shown).read()
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
        return failure::refused(refusal).detail(detail);
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
        ChangeCustomerRule::FormerIdentifiersTaken(taken) => former_taken(&taken),
        ChangeCustomerRule::UnknownGroup => unknown_group(fields),
    })
}

/// Returns the problem for what a deleted customer had and others have now.
fn former_taken(taken: &[(Identifier, CustomerId)]) -> Problem {
    let is_email = |taken: &Identifier| matches!(taken, Identifier::Email(_));
    let code = if taken.iter().any(|(identifier, _)| is_email(identifier)) {
        Code::EmailAlreadyExists
    } else {
        Code::IdentifierAlreadyExists
    };
    let names = taken.iter().map(|(identifier, _)| match identifier {
        Identifier::Email(_) => CustomerField::Email.as_str().to_owned(),
        Identifier::Legacy(_) => CustomerField::LegacyId.as_str().to_owned(),
        Identifier::External(id) => {
            format!("{}.{}", CustomerField::ExternalIds.as_str(), id.system)
        }
    });
    let names = names.collect::<Vec<_>>().join(", ");
    let holder = taken.first().map(|(_, holder)| *holder);
    already_taken(
        code,
        &format!("others have what this customer had: {names}"),
        holder,
    )
}
