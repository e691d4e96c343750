//! Lists of customers: one page and its count.
//!
//! A list is planned for its values, not prepared: the best plan depends on them. Its text holds
//! only constants and the literals of [`literal`].

use super::parts::last_name_key;
use super::record;
use crate::pg::pool::PgPool;
use crate::pg::row::Reader;
use crate::pg::{literal, scope};
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerRecord, CustomerSort, SortKey, Status,
};
use customer_domain::{
    Conflict, Page, PageAt, PageRequest, ROWS_BY_NUMBER, SortOrder, StoreError, TenantId, Total,
};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use std::borrow::Cow;

/// A filter without a good plan ends here.
const TIMEOUT: Cow<'static, str> = Cow::Borrowed("SET LOCAL statement_timeout = 2000");

/// Reads one page. One round trip; two when the list has more rows than are counted.
pub(super) async fn page(
    pool: &PgPool,
    tenant: TenantId,
    filter: &CustomerFilter,
    sort: CustomerSort,
    request: &PageRequest<CustomerKey>,
) -> Result<Page<CustomerRecord, CustomerKey>, StoreError> {
    let shown = shown(tenant, filter);
    let select = select(&shown, sort, request)?;
    let mut statements = vec![TIMEOUT, Cow::Owned(select)];
    let by_number = matches!(request.at, PageAt::Number(_));
    if by_number {
        statements.push(Cow::Owned(format!(
            "SELECT count(*) FROM (SELECT 1 FROM customers c WHERE {shown} LIMIT {}) AS bounded",
            ROWS_BY_NUMBER + 1
        )));
    }
    let mut rows = scope::read(pool, tenant, &statements).await?;
    let total = match rows.pop_if(|_| by_number) {
        Some(count) => Some(total(pool, tenant, &shown, &count).await?),
        None => None,
    };
    let size = usize::try_from(request.size).unwrap_or(usize::MAX);
    let has_next = rows.len() > size;
    rows.truncate(size);
    let items: Vec<_> = rows
        .iter()
        .map(|row| record::decode(row, tenant))
        .collect::<Result<_, _>>()?;
    let next = items
        .last()
        .filter(|_| has_next)
        .map(|last| key(last, sort.key));
    Ok(Page { items, next, total })
}

/// Which customers the list shows.
fn shown(tenant: TenantId, filter: &CustomerFilter) -> String {
    let tenant = literal::uuid(tenant.0);
    // `deleted_at IS NULL` follows from every status but one; spelt out, it admits the indexes
    // that hold only such rows.
    let status = match filter.status {
        None => "c.deleted_at IS NULL".to_owned(),
        Some(Status::Deleted) => format!("c.status = {}", Status::Deleted.code()),
        Some(status) => format!("c.status = {} AND c.deleted_at IS NULL", status.code()),
    };
    format!("c.tenant_id = {tenant} AND c.erased_at IS NULL AND {status}")
}

/// The records of the page and the first of the next. The page is cut from `customers` alone,
/// before anything is joined to it.
fn select(
    shown: &str,
    sort: CustomerSort,
    request: &PageRequest<CustomerKey>,
) -> Result<String, StoreError> {
    let column = match sort.key {
        SortKey::CreatedAt => "created_at",
        SortKey::UpdatedAt => "updated_at",
        SortKey::RegistrationDate => "registration_date",
        SortKey::Email => "email_key",
        SortKey::LastName => "last_name_key",
    };
    let (direction, beyond) = match sort.order {
        SortOrder::Ascending => ("ASC", ">"),
        SortOrder::Descending => ("DESC", "<"),
    };
    let order = format!("ORDER BY c.{column} {direction}, c.id {direction}");
    let one_more = u64::from(request.size) + 1;
    let (after, limit) = match &request.at {
        PageAt::Number(number) => {
            let offset = u64::from(number.saturating_sub(1)) * u64::from(request.size);
            // Deeper pages need the cursor; none is given that leads there by number.
            let limit = if offset < ROWS_BY_NUMBER { one_more } else { 0 };
            (String::new(), format!("LIMIT {limit} OFFSET {offset}"))
        }
        PageAt::After(key) => {
            let (value, id) = position(key, sort.key)?;
            let after = format!("AND (c.{column}, c.id) {beyond} ({value}, {id})");
            (after, format!("LIMIT {one_more}"))
        }
    };
    let source = format!("(SELECT c.* FROM customers c WHERE {shown} {after} {order} {limit})");
    Ok(format!("{} {order}", record::select(&source)))
}

/// A key as literals. One of another sort is none that this list gave out.
fn position(key: &CustomerKey, sort: SortKey) -> Result<(String, String), StoreError> {
    match (key, sort) {
        (
            CustomerKey::Time(at, id),
            SortKey::CreatedAt | SortKey::UpdatedAt | SortKey::RegistrationDate,
        ) => Ok((literal::time(*at), literal::uuid(id.0))),
        (CustomerKey::Text(text, id), SortKey::Email | SortKey::LastName) => {
            Ok((literal::text(text), literal::uuid(id.0)))
        }
        _ => Err(StoreError::Conflict(Conflict::Other(
            "the cursor of another sort".to_owned(),
        ))),
    }
}

fn key(record: &CustomerRecord, sort: SortKey) -> CustomerKey {
    let customer = &record.customer;
    match sort {
        SortKey::CreatedAt => CustomerKey::Time(customer.created_at, customer.id),
        SortKey::UpdatedAt => CustomerKey::Time(customer.updated_at, customer.id),
        SortKey::RegistrationDate => CustomerKey::Time(customer.registration_date, customer.id),
        SortKey::Email => CustomerKey::Text(customer.email.key().to_owned(), customer.id),
        SortKey::LastName => CustomerKey::Text(last_name_key(customer), customer.id),
    }
}

/// How many rows the list has: counted up to the bound, the planner's guess beyond it.
async fn total(
    pool: &PgPool,
    tenant: TenantId,
    shown: &str,
    count: &PgRow,
) -> Result<Total, StoreError> {
    let counted = Reader::new(count, "customers").parsed(|count: i64| u64::try_from(count).ok())?;
    if counted <= ROWS_BY_NUMBER {
        return Ok(Total {
            count: counted,
            is_estimate: false,
        });
    }
    let explain = format!("EXPLAIN (FORMAT JSON) SELECT 1 FROM customers c WHERE {shown}");
    let plan = scope::read(pool, tenant, &[Cow::Owned(explain)]).await?;
    let guess = plan.first().map(planned_rows).transpose()?;
    Ok(Total {
        count: guess.unwrap_or_default().max(counted),
        is_estimate: true,
    })
}

fn planned_rows(plan: &PgRow) -> Result<u64, StoreError> {
    Reader::new(plan, "customers")
        .parsed(|Json(plan): Json<Value>| plan.pointer("/0/Plan/Plan Rows").and_then(Value::as_u64))
}
