//! Parameters that many operations share, for the OpenAPI document.

use http_kit::fault::{Fault, FaultCode};
use utoipa::IntoParams;

/// The name of the customer's id in path templates.
pub(crate) const CUSTOMER_ID: &str = "customerId";
/// The name of the note's id in path templates.
pub(crate) const NOTE_ID: &str = "noteId";
/// The name of the group's id in path templates.
pub(crate) const GROUP_ID: &str = "groupId";
/// The name of the tenant's id in path templates.
pub(crate) const TENANT_ID: &str = "tenantId";
/// The name of the address's id in path templates.
pub(crate) const ADDRESS_ID: &str = "addressId";
/// The path segment for the customer whose token the caller presents.
pub(crate) const ME: &str = "me";

/// Returns the fault of a segment of the path.
pub(crate) fn in_path(name: &str, code: impl Into<FaultCode>, detail: impl Into<String>) -> Fault {
    Fault::new(format!("{{{name}}}"), code, detail)
}

macro_rules! customer_id {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(IntoParams)]
        #[into_params(parameter_in = Path)]
        #[expect(dead_code, reason = "the document is made of it, and requests are read by `Call`")]
        pub(crate) struct $name {
            /// A UUID, `cust_<UUID>`, a Magento id, or `me` for the customer whose token is
            /// presented
            #[param(
                rename = "customerId",
                pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"
            )]
            customer_id: String,
            $($(#[$field_meta])* $field: String,)*
        }
    };
}

customer_id! {
    /// The customer in a path.
    CustomerPath {}
}

customer_id! {
    /// The address of a customer in a path.
    AddressPath {
        /// A UUID, `addr_<UUID>`, or a Magento id
        #[param(
            rename = "addressId",
            pattern = "^((addr_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"
        )]
        address_id,
    }
}

customer_id! {
    /// The note about a customer that a path names.
    NotePath {
        /// The note's id
        #[param(rename = "noteId", format = Uuid)]
        note_id,
    }
}

/// The customer group in a path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(
    dead_code,
    reason = "the document is made of it, and requests are read by `Call`"
)]
pub(crate) struct GroupPath {
    /// The group's id
    #[param(rename = "groupId")]
    group_id: String,
}

/// The tenant in a path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(
    dead_code,
    reason = "the document is made of it, and requests are read by `Call`"
)]
pub(crate) struct TenantPath {
    /// The tenant's id
    #[param(rename = "tenantId")]
    tenant_id: String,
}

macro_rules! page_params {
    ($(#[$meta:meta])* $name:ident { $(#[$size_meta:meta])* page_size $(,)? }) => {
        $(#[$meta])*
        #[derive(IntoParams)]
        #[into_params(parameter_in = Query)]
        #[expect(dead_code, reason = "the document is made of it, and requests are read by `Call`")]
        pub(crate) struct $name {
            $(#[$size_meta])*
            #[param(minimum = 1, maximum = 100)]
            page_size: Option<u32>,
            /// The `nextCursor` of the previous page, with the same filters.
            cursor: Option<String>,
        }
    };
}

page_params! {
    /// The page of a list that most callers want whole.
    LongPageParams {
        /// The number of items per page; 100 by default.
        page_size,
    }
}

page_params! {
    /// The page of a list.
    PageParams {
        /// The number of items per page; 20 by default.
        page_size,
    }
}

/// The header with the expected version of a change.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "the document is made of it, and requests are read by `Call`"
)]
pub(crate) struct IfMatchHeader {
    /// The `ETag` that was read
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}

/// The header that makes a request idempotent.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "the document is made of it, and requests are read by `Call`"
)]
pub(crate) struct IdempotencyKeyHeader {
    /// Makes it safe to repeat the request for 24 hours
    #[param(rename = "Idempotency-Key")]
    idempotency_key: Option<String>,
}
