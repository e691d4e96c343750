//! `PUT`, `PATCH` and `DELETE` of an address

use super::fields::{ALIASES, SentAs, details, stated};
use super::problem::{of_read, problem};
use super::{
    AddressBody, AddressData, AddressReply, UpdateAddressBody, address_ref, example, shown,
};
use crate::access::{Authorized, CanWrite};
use crate::api::{Api, Shared};
use crate::customer::{customer_ref, noted};
use crate::http::etag::{IfMatch, expected_version};
use crate::http::extract::{JsonBody, PathSegments, QueryFields};
use crate::http::fields::Fields;
use crate::http::problem::{Answer, Code};
use crate::support::reply::{self, ReplyExt};
use axum::extract::State;
use axum::response::Response;
use customer_app::address::{RemoveAddress, UpdateAddress};
use http::{HeaderMap, StatusCode};

macro_rules! update_route {
    ($(#[$doc:meta])* $name:ident, $method:ident, $operation:literal) => {
        $(#[$doc])*
        #[utoipa::path(
            $method,
            path = "/customers/{customerId}/addresses/{addressId}",
            operation_id = $operation,
            tag = "Addresses",
            security(("bearer" = ["customers:write"]), ("apiKey" = ["customers:write"])),
            params(
                ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
                ("addressId" = String, Path, description = "A UUID, `addr_<UUID>`, or a Magento id", pattern = "^((addr_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
                ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
            ),
            request_body(content = UpdateAddressBody, example = json!(example::update_body())),
            responses((status = 200, description = "The address as it is now", headers(("ETag" = String, description = "The edit token")), body = AddressReply<'_>, example = json!(example::address_reply()))),
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
    /// Change an address
    ///
    /// A merge, as PATCH is: absent members keep, null clears.
    replace, put, "updateAddress"
}

update_route! {
    /// Change an address by merge patch
    ///
    /// Absent members keep, null clears (RFC 7396).
    merge, patch, "patchAddress"
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
    let sent_as = SentAs::of(&fields);
    let named = [query.tenant(), fields.text("tenantId").optional()];
    let scope = by.scope(api, named, Code::CustomerNotFound).await?;
    fields.extend(query.into_faults());
    let customer = noted(&mut fields, customer_ref(path));
    let address = noted(&mut fields, address_ref(path));
    let header = noted(&mut fields, IfMatch::from_headers(headers)).flatten();
    let version = fields.integer("version", 1..=i64::MAX).optional();
    let expected = noted(&mut fields, expected_version(header, version)).flatten();
    let stated = stated(&mut fields);
    fields.ignore(&["createdAt", "updatedAt"]);
    let edit = details(&mut fields);
    let (customer, address, command) = fields.build(|| {
        let command = UpdateAddress {
            changes: edit,
            expected_versions: expected.and_then(IfMatch::into_versions),
            stated,
        };
        Some((customer?, address?, command))
    })?;
    let changed = api.addresses.update(&scope, customer, address, &command);
    let changed = changed.await.map_err(|error| problem(error, &sent_as))?;
    Ok(shown(StatusCode::OK, changed.customer, &changed.address).send())
}

/// Delete an address
///
/// Where it was the default, the newest other address of a fitting type becomes it.
#[utoipa::path(
    delete,
    path = "/customers/{customerId}/addresses/{addressId}",
    operation_id = "deleteAddress",
    tag = "Addresses",
    security(("bearer" = ["customers:write"]), ("apiKey" = ["customers:write"])),
    params(
        ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
        ("addressId" = String, Path, description = "A UUID, `addr_<UUID>`, or a Magento id", pattern = "^((addr_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    responses((status = 200, description = "The address as it ended", body = AddressReply<'_>, example = json!(example::deleted_reply()))),
)]
pub(super) async fn remove(
    State(api): State<Shared>,
    CanWrite(by): CanWrite,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
    headers: HeaderMap,
) -> Answer<Response> {
    let named = [query.tenant(), None];
    let scope = by.scope(&api, named, Code::CustomerNotFound).await?;
    let customer = noted(&mut query, customer_ref(&path));
    let address = noted(&mut query, address_ref(&path));
    let expected = noted(&mut query, IfMatch::from_headers(&headers)).flatten();
    let (customer, address) = query.build(|| customer.zip(address))?;
    let command = RemoveAddress {
        expected_versions: expected.and_then(IfMatch::into_versions),
    };
    let removed = api.addresses.remove(&scope, customer, address, &command);
    let removed = removed.await.map_err(of_read)?;
    // Without an ETag: there is nothing left to edit.
    let body = AddressReply::from(AddressData {
        address: AddressBody::new(removed.customer, &removed.address),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}
