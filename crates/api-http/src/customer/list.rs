//! `GET /customers`.

mod cursor;
mod filter;

pub use filter::FilterParams;
pub(super) use filter::read as read_filter;

use super::expand::{Expand, ExpandParams, Related};
use super::{CustomerBody, example};
use crate::call::cursor::page_size;
use crate::prelude::*;
use crate::support::envelope::reply;
use crate::support::vocabulary::words;
use cursor::ListCursor;
use customer_app::customer::CustomerPage;
use customer_domain::address::Country;
use customer_domain::customer::{CustomerFilter, CustomerKey, CustomerSort, SortKey};
use customer_domain::{
    Context, PageAt, PageEnd, PageRequest, ROWS_BY_NUMBER, SortOrder, StoreError,
};
use http_kit::fault::{self, Fault};

const SORT_KEYS: &[(&str, SortKey)] = &[
    ("created_at", SortKey::CreatedAt),
    ("updated_at", SortKey::UpdatedAt),
    ("registration_date", SortKey::RegistrationDate),
    ("email", SortKey::Email),
    ("last_name", SortKey::LastName),
];
const SORT_ORDERS: &[(&str, SortOrder)] = &[
    ("asc", SortOrder::Ascending),
    ("desc", SortOrder::Descending),
];

/// The order and the page of a list.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// The sort key.
    #[param(inline)]
    pub sort_by: Option<CustomerSortKey>,
    /// The direction; `desc` by default.
    #[param(inline)]
    pub sort_order: Option<CustomerSortOrder>,
    /// The page number, from 1. Rows beyond 10,000 can only be reached with the cursor.
    #[param(minimum = 1)]
    pub page: Option<u32>,
    /// The number of customers per page.
    #[param(minimum = 1, maximum = 100)]
    pub page_size: Option<u32>,
    /// The `nextCursor` of the previous page, with the same filter and order; not along with
    /// `page`.
    pub cursor: Option<String>,
}

words! {
    /// The sort keys of a list of customers.
    CustomerSortKey: SORT_KEYS,
    /// The sort directions.
    CustomerSortOrder: SORT_ORDERS,
}

reply! {
    /// One page of customers.
    CustomerListReply {
        /// One page of customers.
        CustomerListData<'a> {
            /// The customers.
            customers: Vec<CustomerBody<'a>>,
            /// The total number of customers, about a second old at most; null with a cursor.
            total: Option<u64>,
            /// Whether `total` is an estimate: it is exact up to 10,000.
            total_is_estimate: bool,
            /// The page number; null with a cursor.
            page: Option<u32>,
            /// The number of customers per page.
            page_size: u32,
            /// The total number of pages; null with a cursor.
            total_pages: Option<u64>,
            /// The cursor of the next page; null on the last page.
            next_cursor: Option<String>,
        }
    }
}

/// List customers
///
/// By page number for users, by cursor for programs, which costs the same at any depth.
#[utoipa::path(
    get,
    path = "/customers",
    operation_id = "listCustomers",
    params(FilterParams, ListParams, ExpandParams),
    responses((status = 200, description = "One page", body = CustomerListReply<'_>, example = json!(example::list_reply()))),
)]
pub(super) async fn list(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::TenantNotFound).await?;
    let cursors = ListCursor::new(&call.api, &call.context);
    let wanted = read(&mut call.fields, call.context.country, &cursors)?;
    let customers = &call.api.customers;
    let rows = customers.list(&call.context, &wanted.filter, wanted.sort, &wanted.page);
    let rows = rows.await.map_err(problem)?;
    let related = wanted.expand.related(&call.api, &call.context, &rows.items);
    let related = related.await?;
    let data = data(&rows, &related, &wanted, &call.context, &cursors);
    Ok(reply::json(StatusCode::OK, &CustomerListReply::from(data)).send())
}

/// Returns the problem for a failed read of a list. `TooSlow` means that the filter is too broad.
pub(super) fn problem(error: StoreError) -> Problem {
    if error == StoreError::TooSlow {
        return Code::FilterTooBroad.into();
    }
    failure::store(error)
}

struct Wanted {
    filter: CustomerFilter,
    sort: CustomerSort,
    page: PageRequest<PageEnd<CustomerKey>>,
    expand: Expand,
}

fn read(query: &mut Fields, country: Option<Country>, cursors: &ListCursor) -> HttpResult<Wanted> {
    let filter = filter::read(query, country);
    let expand = Expand::read(query);
    let sort = CustomerSort {
        key: query
            .one_of("sort_by", SORT_KEYS)
            .optional()
            .unwrap_or(SortKey::CreatedAt),
        order: query
            .one_of("sort_order", SORT_ORDERS)
            .optional()
            .unwrap_or(SortOrder::Descending),
    };
    let size = page_size(query);
    let number = query.integer("page", 1..=i64::from(u32::MAX)).optional();
    let number = number.and_then(|number| u32::try_from(number).ok());
    let cursor = query.text("cursor").optional();
    if cursor.is_some() && number.is_some() {
        query.fault(Fault::new(
            "?page",
            fault::INVALID_VALUE,
            "page and cursor exclude each other",
        ));
    }
    if number.is_some_and(|page| u64::from(page - 1) * u64::from(size) >= ROWS_BY_NUMBER) {
        query.fault(Fault::new(
            "?page",
            fault::OUT_OF_RANGE,
            "pages beyond row 10,000 need the cursor",
        ));
    }
    let after = cursor.and_then(|text| {
        let end = cursors.open(&text, &filter, sort);
        if end.is_none() {
            query.fault(Fault::new(
                "?cursor",
                Code::InvalidCursor,
                "the nextCursor of a page is accepted, with the filters and order of that page",
            ));
        }
        end
    });
    let at = after.map_or(PageAt::Number(number.unwrap_or(1)), PageAt::After);
    let page = PageRequest { size, at };
    let wanted = Wanted {
        filter,
        sort,
        page,
        expand,
    };
    query.build(|| Some(wanted))
}

fn data<'a>(
    rows: &'a CustomerPage,
    related: &'a Related,
    wanted: &Wanted,
    context: &'a Context,
    cursors: &ListCursor,
) -> CustomerListData<'a> {
    let size = wanted.page.size;
    let customers = rows
        .items
        .iter()
        .map(|record| CustomerBody::new(record, context).with(related));
    CustomerListData {
        customers: customers.collect(),
        total: rows.total.map(|total| total.count),
        total_is_estimate: rows.total.is_some_and(|total| total.is_estimate),
        page: match wanted.page.at {
            PageAt::Number(number) => Some(number),
            PageAt::Start | PageAt::After(_) => None,
        },
        page_size: size,
        total_pages: rows
            .total
            .map(|total| total.count.div_ceil(u64::from(size))),
        next_cursor: rows
            .next
            .as_ref()
            .map(|end| cursors.seal(end, &wanted.filter, wanted.sort)),
    }
}
