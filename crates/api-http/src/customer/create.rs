//! `POST /customers`.

use super::fields::{details, email};
use super::preferences::ALIASES;
use super::{CustomerReply, example, render};
use crate::prelude::*;
use crate::support::params::IdempotencyKeyHeader;
use crate::support::wire::FreeObject;
use chrono::NaiveDate;
use customer_app::customer::{CreateCustomer, CreateCustomerError, CreateCustomerRule};
use customer_domain::credential::{HashError, PasswordPolicy};
use customer_domain::customer::{CustomerField, CustomerRecord, Email, MAX_REGISTRATION_SOURCE};
use customer_domain::{CustomerId, Patch, text};
use http_kit::fault::{self, Fault};

/// A new customer. Without a password it is a guest.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateCustomerBody {
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
    /// The e-mail address.
    #[schema(format = Email)]
    pub email: String,
    /// 8 to 128 characters; not a common password, and without the e-mail address or a name in it.
    #[schema(min_length = 8)]
    pub password: Option<String>,
    /// The personal details.
    pub profile: Option<super::ProfileInput>,
    /// The preferences. An opt-in that is absent or null gets the operator's default, which is
    /// false unless configured.
    pub preferences: Option<super::PreferencesInput>,
    /// A person or a company, or the name of a group; absent or null for the operator's default.
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
    /// The ids in other systems, by system.
    pub external_ids: Option<std::collections::BTreeMap<String, String>>,
    /// Where the customer registered.
    pub registration_source: Option<String>,
    /// Free-form data that the shop stores with the customer.
    pub metadata: Option<FreeObject>,
}

/// Create a customer
///
/// With a password the customer has an account, without one it is a guest.
#[utoipa::path(
    post,
    path = "/customers",
    operation_id = "createCustomer",
    params(IdempotencyKeyHeader),
    request_body(content = CreateCustomerBody, example = json!(example::create_body())),
    responses((status = 201, description = "The customer was created", headers(("Location" = String, description = "Where the customer lies"), ("ETag" = String, description = "The edit token")), body = CustomerReply<'_>, example = json!(example::customer_reply()))),
)]
pub(super) async fn create(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::TenantNotFound).await?;
    let claim = call.claim();
    let today = call.api.clock.now().date_naive();
    let passwords = call.api.customers.settings.passwords;
    let command = read(&mut call.fields, passwords, today)?;
    let render = |record: &CustomerRecord| {
        let place = format!("/api/v1/customers/{}", record.customer.id);
        render(StatusCode::CREATED, record, &call.context).location(place)
    };
    let once = Idempotent::new(claim, &render);
    let customers = &call.api.customers;
    let outcome = customers.create(&call.context, command, &once).await;
    let outcome = outcome.map_err(|error| problem(error, &call.fields))?;
    Ok(reply::once(outcome, render))
}

fn read(
    fields: &mut Fields,
    passwords: PasswordPolicy,
    today: NaiveDate,
) -> HttpResult<CreateCustomer> {
    let email = fields
        .text(CustomerField::Email.path())
        .then(|text| email(&text))
        .required();
    let mut details = details(fields, today);
    drop_removals(&mut details.external_ids);
    let own_words: Vec<&str> = [
        email.as_ref().map(Email::key),
        details.profile.first_name.as_set().map(String::as_str),
        details.profile.last_name.as_set().map(String::as_str),
    ]
    .into_iter()
    .flatten()
    .collect();
    let password = fields
        .text("password")
        .then(|password| rule(passwords.accept(&password, &own_words)))
        .optional();
    let registration_source = fields
        .text(CustomerField::RegistrationSource.path())
        .then(|source| rule(text::line(&source, MAX_REGISTRATION_SOURCE)))
        .optional()
        .flatten();
    fields.build(|| {
        Some(CreateCustomer {
            email: email?,
            password,
            details,
            registration_source,
        })
    })
}

/// Drops null ids: a new customer has no ids that could be removed.
fn drop_removals(ids: &mut Patch<std::collections::BTreeMap<String, Option<String>>>) {
    if let Patch::Set(ids) = ids {
        ids.retain(|_, id| id.is_some());
    }
}

fn problem(error: CreateCustomerError, fields: &Fields) -> Problem {
    failure::of(error, Code::CustomerNotFound, fields, |rule| match rule {
        CreateCustomerRule::EmailTaken(holder) => already_taken(
            Code::EmailAlreadyExists,
            "a customer with this e-mail address exists",
            holder,
        ),
        CreateCustomerRule::LegacyIdTaken(holder) => already_taken(
            Code::IdentifierAlreadyExists,
            "a customer with this legacyId exists",
            holder,
        ),
        CreateCustomerRule::ExternalIdTaken(holder) => already_taken(
            Code::IdentifierAlreadyExists,
            "a customer with one of these externalIds exists",
            holder,
        ),
        CreateCustomerRule::UnknownGroup => unknown_group(fields),
        CreateCustomerRule::Hash(HashError::Busy) => Problem::new(Code::Unavailable)
            .detail("too many passwords are being hashed")
            .retry_after(1),
        CreateCustomerRule::Hash(HashError::Failed(reason)) => {
            tracing::error!(cause = reason, "a password could not be hashed");
            Code::Internal.into()
        }
    })
}

/// Returns the problem for a unique value that belongs to another customer, with that customer if
/// the caller may know it.
pub(super) fn already_taken(code: Code, detail: &str, holder: Option<CustomerId>) -> Problem {
    let problem = Problem::new(code).detail(detail);
    match holder {
        Some(id) => problem.member("customerId", id.to_string()),
        None => problem,
    }
}

/// Returns the problem for a group that the tenant does not have.
pub(super) fn unknown_group(fields: &Fields) -> Problem {
    Problem::from_faults(vec![Fault::new(
        fields.pointer(CustomerField::GroupId.path()),
        fault::INVALID_VALUE,
        "the tenant has no group with this id",
    )])
}
