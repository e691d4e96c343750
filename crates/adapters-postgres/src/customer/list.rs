//! Lists of customers: one page and its count.
//!
//! The ids of a page are cut by a statement that is planned for its values, not prepared: the best
//! plan depends on them. Its text holds only constants and the literals of [`literal`]. Their
//! records are then read by a prepared one, of which planning would cost twice the execution; both
//! travel in one message, and a setting hands the ids from the one to the other.

mod filter;

use super::parts::last_name_key;
use super::record;
use crate::pg::pool::PgPool;
use crate::pg::row::{Reader, corrupt};
use crate::pg::{literal, scope};
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerRecord, CustomerSort, SortKey,
};
use customer_domain::{
    Conflict, Page, PageAt, PageRequest, ROWS_BY_NUMBER, SortOrder, StoreError, TenantId, Total,
};
use filter::Shown;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use std::borrow::Cow;
use std::collections::HashMap;
use uuid::Uuid;

/// The setting that holds the ids of a page, for the length of a message.
const PAGE: &str = "app.page";

/// Opens a message that shows one moment, and ends after two seconds when its filter has no good
/// plan. A customer that changed between its statements would lead the cursor astray.
const BOUNDS: [Cow<'static, str>; 2] = [
    Cow::Borrowed("SET LOCAL transaction_isolation = 'repeatable read'"),
    Cow::Borrowed("SET LOCAL statement_timeout = 2000"),
];

/// The server counts the time of each statement of a message by itself: a statement that ends with
/// this leaves the next one what the two seconds have left.
const LEAVE_THE_REST: &str = "set_config('statement_timeout', greatest(1, 2000 - (1000 * \
     date_part('epoch', clock_timestamp() - transaction_timestamp()))::int)::text, true)";

/// Reads one page. One round trip; two when the list has more rows than are counted.
pub(super) async fn page(
    pool: &PgPool,
    tenant: TenantId,
    filter: &CustomerFilter,
    sort: CustomerSort,
    request: &PageRequest<CustomerKey>,
) -> Result<Page<CustomerRecord, CustomerKey>, StoreError> {
    let shown = Shown::new(tenant, filter, sort.key);
    let is_counted = matches!(request.at, PageAt::Number(_));
    let mut statements = BOUNDS.to_vec();
    statements.push(Cow::Owned(ids(&shown, sort, request)?));
    if is_counted {
        // In the order of an index it is the index alone that is counted.
        let order = if *filter == CustomerFilter::default() {
            order(sort)
        } else {
            String::new()
        };
        let bounded = shown.cut("1", "", &format!("{order} LIMIT {}", ROWS_BY_NUMBER + 1));
        statements.push(Cow::Owned(format!(
            "SELECT count(*), {LEAVE_THE_REST} FROM ({bounded}) AS bounded"
        )));
    }
    statements.push(Cow::Owned(format!(
        "EXECUTE customer_by_ids({}, (current_setting('{PAGE}')::uuid[])[1:{}])",
        literal::uuid(tenant.0),
        request.size
    )));
    let rows = scope::read(pool, tenant, &statements).await?;
    let mut rows = rows.iter();
    let ids: Vec<Uuid> = Reader::new(head(&mut rows)?, "customers").column()?;
    let total = if is_counted {
        Some(total(pool, tenant, &shown, head(&mut rows)?).await?)
    } else {
        None
    };
    let mut found = HashMap::with_capacity(ids.len());
    for row in rows {
        let record = record::decode(row, tenant)?;
        found.insert(record.customer.id.0, record);
    }
    let size = usize::try_from(request.size).unwrap_or(usize::MAX);
    let has_next = ids.len() > size;
    let items: Vec<_> = ids
        .iter()
        .take(size)
        .filter_map(|id| found.remove(id))
        .collect();
    let next = items
        .last()
        .filter(|_| has_next)
        .map(|last| key(last, sort.key));
    Ok(Page { items, next, total })
}

/// The one row of a statement that always has one.
fn head<'r>(rows: &mut std::slice::Iter<'r, PgRow>) -> Result<&'r PgRow, StoreError> {
    rows.next().ok_or_else(|| corrupt("customers", "page"))
}

/// Yields the ids of the page and of the first customer of the next, and sets them for the
/// statement that follows.
fn ids(
    shown: &Shown,
    sort: CustomerSort,
    request: &PageRequest<CustomerKey>,
) -> Result<String, StoreError> {
    let one_more = u64::from(request.size) + 1;
    let (after, limit) = match &request.at {
        PageAt::Number(number) => {
            let offset = u64::from(number.saturating_sub(1)) * u64::from(request.size);
            // Deeper pages need the cursor; none is given that leads there by number.
            let limit = if offset < ROWS_BY_NUMBER { one_more } else { 0 };
            (String::new(), format!("LIMIT {limit} OFFSET {offset}"))
        }
        PageAt::Start => (String::new(), format!("LIMIT {one_more}")),
        PageAt::After(key) => {
            let (value, id) = position(key, sort.key)?;
            let column = column(sort.key);
            let beyond = match sort.order {
                SortOrder::Ascending => ">",
                SortOrder::Descending => "<",
            };
            let after = format!(" AND (c.{column}, c.id) {beyond} ({value}, {id})");
            (after, format!("LIMIT {one_more}"))
        }
    };
    let cut = shown.cut("c.id", &after, &format!("{} {limit}", order(sort)));
    Ok(format!(
        "SELECT set_config('{PAGE}', ARRAY({cut})::text, true)::uuid[], {LEAVE_THE_REST}"
    ))
}

fn order(sort: CustomerSort) -> String {
    let direction = match sort.order {
        SortOrder::Ascending => "ASC",
        SortOrder::Descending => "DESC",
    };
    let column = column(sort.key);
    format!("ORDER BY c.{column} {direction}, c.id {direction}")
}

fn column(key: SortKey) -> &'static str {
    match key {
        SortKey::CreatedAt => "created_at",
        SortKey::UpdatedAt => "updated_at",
        SortKey::RegistrationDate => "registration_date",
        SortKey::Email => "email_key",
        SortKey::LastName => "last_name_key",
    }
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
    shown: &Shown,
    count: &PgRow,
) -> Result<Total, StoreError> {
    let counted = Reader::new(count, "customers").parsed(|count: i64| u64::try_from(count).ok())?;
    if counted <= ROWS_BY_NUMBER {
        return Ok(Total {
            count: counted,
            is_estimate: false,
        });
    }
    let explain = format!("EXPLAIN (FORMAT JSON) {}", shown.plain("1"));
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
