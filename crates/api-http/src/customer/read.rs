//! `GET` of a customer, `POST /customers/batch-get` and `/customers/lookup`.

use super::expand::{Expand, ExpandParams};
use super::fields::email;
use super::{CustomerBody, CustomerReply, example, expanded, render};
use crate::prelude::*;
use crate::support::envelope::reply;
use crate::support::items::Items;
use crate::support::params::CustomerPath;
use customer_domain::address::Country;
use customer_domain::customer::{CustomerRef, ExternalId, LegacyId, Lookup};
use customer_domain::profile::Phone;
use customer_domain::{CustomerId, StoreError};
use http_kit::fault::{self, Fault};
use http_kit::fields::Violation;
use http_kit::normalise::AliasTable;
use std::slice::from_ref;
use uuid::Uuid;

/// The most customers that one request may read.
const MAX_BATCH: usize = 100;

/// Read a customer
///
/// Deleted customers are included, with the status `deleted`.
///
/// With `expand=addresses` the `ETag` is a weak one, which changes with the addresses too and is no
/// edit token: `version` in the body is.
#[utoipa::path(
    get,
    path = "/customers/{customerId}",
    operation_id = "getCustomer",
    params(CustomerPath, ExpandParams),
    responses((status = 200, description = "The customer", headers(("ETag" = String, description = "The edit token")), body = CustomerReply<'_>, example = json!(example::customer_reply()))),
)]
pub(super) async fn get(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::CustomerNotFound).await?;
    let customer = call.customer();
    let expand = Expand::read(&mut call.fields);
    let customer = call.build(|| customer)?;
    let record = call.api.customers.get(&call.context, customer).await;
    let record = record.map_err(not_found)?;
    let related = expand.related(&call.api, &call.context, from_ref(&record));
    Ok(expanded(StatusCode::OK, &record, &call.context, &related.await?).send())
}

/// The ids of the customers to read.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BatchGetBody {
    /// UUIDs, with or without `cust_`.
    #[schema(min_items = 1, max_items = 100)]
    pub ids: Vec<String>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
}

reply! {
    /// The customers that exist, and the ids of those that do not.
    BatchGetReply {
        /// The customers that exist, and the ids of those that do not.
        BatchGetData<'a> {
            /// In the order of the request, without duplicates.
            customers: Vec<CustomerBody<'a>>,
            /// In the order of the request, without duplicates.
            missing: Vec<Uuid>,
        }
    }
}

/// Read several customers
#[utoipa::path(
    post,
    path = "/customers/batch-get",
    operation_id = "batchGetCustomers",
    request_body(content = BatchGetBody, example = json!(example::batch_body())),
    responses((status = 200, description = "What was found", body = BatchGetReply<'_>, example = json!(example::batch_reply()))),
)]
pub(super) async fn batch_get(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&AliasTable::FLAT, Code::TenantNotFound).await?;
    let ids = call
        .fields
        .field("ids", Items::new(1..=MAX_BATCH, customer_id));
    let ids = ids.required();
    let ids = call.build(|| ids)?;
    let batch = call.api.customers.batch_get(&call.context, &ids).await;
    let batch = batch.map_err(failure::store)?;
    let customers = batch.found.iter();
    let customers = customers.map(|record| CustomerBody::new(record, &call.context));
    let data = BatchGetData {
        customers: customers.collect(),
        missing: batch.missing.iter().map(|id| id.0).collect(),
    };
    Ok(reply::json(StatusCode::OK, &BatchGetReply::from(data)).send())
}

/// Parses a customer's UUID, with or without its prefix.
pub(crate) fn customer_id(text: &str) -> Result<CustomerId, Violation> {
    match CustomerRef::parse(text) {
        Ok(CustomerRef::Id(id)) => Ok(id),
        Ok(CustomerRef::Legacy(_)) | Err(_) => Err(Violation::new(
            Code::InvalidCustomerId,
            "must be a UUID, or cust_ and a UUID",
        )),
    }
}

/// The identifier of a customer; exactly one member.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LookupBody {
    /// The e-mail address, in any spelling.
    pub email: Option<String>,
    /// The phone number, in any spelling. If several customers share it, the one that registered
    /// first is found.
    pub phone: Option<String>,
    /// The id in Magento.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    pub legacy_id: Option<i64>,
    /// The id in another system.
    pub external_id: Option<ExternalIdBody>,
    /// The user that signs in as the customer.
    pub user_id: Option<Uuid>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
}

/// The id of a customer in another system.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalIdBody {
    /// The system.
    pub system: String,
    /// The id in that system.
    pub id: String,
}

static LOOKUP: AliasTable = AliasTable {
    objects: &["/externalId"],
    aliases: &[],
};

/// Find a customer by an identifier
#[utoipa::path(
    post,
    path = "/customers/lookup",
    operation_id = "lookupCustomer",
    request_body(content = LookupBody, example = json!(example::lookup_body())),
    responses((status = 200, description = "The customer", headers(("ETag" = String, description = "The edit token")), body = CustomerReply<'_>, example = json!(example::customer_reply()))),
)]
pub(super) async fn look_up(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&LOOKUP, Code::CustomerNotFound).await?;
    let lookup = lookup(&mut call.fields, call.context.country)?;
    let record = call.api.customers.look_up(&call.context, &lookup).await;
    let record = record.map_err(not_found)?;
    Ok(render(StatusCode::OK, &record, &call.context).send())
}

fn lookup(fields: &mut Fields, country: Option<Country>) -> HttpResult<Lookup> {
    const ONE: &str = "exactly one of email, phone, legacyId, externalId and userId is needed";
    let given = [
        fields
            .text("email")
            .then(|text| email(&text))
            .optional()
            .map(Lookup::Email),
        fields
            .text("phone")
            .then(|text| rule(Phone::parse(&text)))
            .optional()
            .flatten()
            .map(|phone| Lookup::Phone(phone.keys(country))),
        fields
            .integer("legacyId", 1..=i64::from(u32::MAX))
            .then(|id| rule(LegacyId::new(id)))
            .optional()
            .map(Lookup::Legacy),
        external_id(fields).map(Lookup::External),
        fields
            .uuid("userId")
            .optional()
            .map(|id| Lookup::UserId(CustomerId(id))),
    ];
    let mut given = given.into_iter().flatten();
    let (first, second) = (given.next(), given.next());
    let faults = fields.take_faults();
    match (first, second) {
        (Some(lookup), None) if faults.is_empty() => Ok(lookup),
        _ if !faults.is_empty() => Err(Problem::from_faults(faults)),
        (None, _) => Err(Problem::from_faults(vec![Fault::new(
            "",
            fault::REQUIRED,
            ONE,
        )])),
        (Some(_), _) => Err(Problem::from_faults(vec![Fault::new(
            "",
            fault::INVALID_VALUE,
            ONE,
        )])),
    }
}

fn external_id(fields: &mut Fields) -> Option<ExternalId> {
    if let Some(whole) = fields.read_only("externalId") {
        // The members of an object are checked one by one; here it is null, empty, or not an
        // object.
        if !whole.is_null() {
            let detail = "must be an object with system and id";
            let pointer = fields.pointer("externalId");
            fields.fault(Fault::new(pointer, fault::INVALID_TYPE, detail));
        }
        return None;
    }
    if !fields.has("externalId") {
        return None;
    }
    let system = fields
        .text("externalId/system")
        .then(|system| rule(ExternalId::parse(&system, "-")))
        .required();
    let id = fields
        .text("externalId/id")
        .then(|id| rule(ExternalId::parse("-", &id)))
        .required();
    Some(ExternalId {
        system: system?.system,
        id: id?.id,
    })
}

/// Returns the problem for a failed read of a customer.
pub(crate) fn not_found(error: StoreError) -> Problem {
    if error == StoreError::NotFound {
        Code::CustomerNotFound.into()
    } else {
        failure::store(error)
    }
}
