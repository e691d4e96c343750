//! Lists of customers: one page and its count.
//!
//! The ids of a page are found by a statement that is planned for its values, not prepared: the best
//! plan depends on them. The records are then read by a prepared statement, since planning it would
//! cost twice its execution. [`send`] documents how both are sent.

mod filter;
mod send;

use super::parts::last_name_key;
use super::record;
use crate::pg::pool::PgPool;
use crate::pg::read;
use crate::pg::row::RowReader;
use crate::pg::sql::{Literal, Sql, sql};
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
use std::collections::HashMap;
use uuid::Uuid;

/// The statements that read a page, in order.
struct Statements {
    /// Returns the ids of the page and of the first customer of the next one, in order.
    ids: Sql,
    /// Counts the customers, up to [`ROWS_BY_NUMBER`] + 1.
    count: Option<Sql>,
    tenant: TenantId,
    /// Customers of a page.
    size: u32,
}

impl Statements {
    /// Reads the records of the page among the ids that the array `ids` holds.
    fn records(&self, ids: &dyn Literal) -> Sql {
        let ids = sql!("({})[1:{}]", ids, self.size);
        Sql::execute("customer_by_ids", &[&self.tenant, &ids])
    }
}

/// The results of [`Statements`].
struct StatementResults {
    ids: Vec<Uuid>,
    /// The number of customers; `None` if they were not counted.
    count: Option<u64>,
    records: Vec<PgRow>,
}

/// Reads one page. One round trip; two when the list has more rows than are counted. When
/// distributed, one for each statement.
pub(super) async fn page(
    pool: &PgPool,
    tenant: TenantId,
    filter: &CustomerFilter,
    sort: CustomerSort,
    request: &PageRequest<CustomerKey>,
) -> Result<Page<CustomerRecord, CustomerKey>, StoreError> {
    let shown = Shown::new(tenant, filter, sort.key);
    let is_counted = matches!(request.at, PageAt::Number(_));
    let results = send::send(
        pool,
        &Statements {
            ids: ids(&shown, sort, request)?,
            count: is_counted.then(|| count(&shown, filter, sort)),
            tenant,
            size: request.size,
        },
    )
    .await?;
    let total = match results.count {
        Some(counted) => Some(total(pool, tenant, &shown, counted).await?),
        None => None,
    };
    let mut found = HashMap::with_capacity(results.records.len());
    for row in &results.records {
        let record = record::decode(row, tenant)?;
        found.insert(record.customer.id.0, record);
    }
    let size = usize::try_from(request.size).unwrap_or(usize::MAX);
    let has_next = results.ids.len() > size;
    let page = results.ids.iter().take(size);
    let items: Vec<_> = page.filter_map(|id| found.remove(id)).collect();
    let next = items
        .last()
        .filter(|_| has_next)
        .map(|last| key(last, sort.key));
    Ok(Page { items, next, total })
}

fn count(shown: &Shown, filter: &CustomerFilter, sort: CustomerSort) -> Sql {
    // In the order of an index it is the index alone that is counted.
    let order = if *filter == CustomerFilter::default() {
        order(sort)
    } else {
        Sql::default()
    };
    let tail = sql!("{} LIMIT {}", order, ROWS_BY_NUMBER + 1);
    shown.cut("1", &Sql::default(), &tail)
}

fn ids(
    shown: &Shown,
    sort: CustomerSort,
    request: &PageRequest<CustomerKey>,
) -> Result<Sql, StoreError> {
    let one_more = u64::from(request.size) + 1;
    let (after, limit) = match &request.at {
        PageAt::Number(number) => {
            let offset = u64::from(number.saturating_sub(1)) * u64::from(request.size);
            // Deeper pages can only be reached by cursor.
            let limit = if offset < ROWS_BY_NUMBER { one_more } else { 0 };
            (Sql::default(), sql!("LIMIT {} OFFSET {}", limit, offset))
        }
        PageAt::Start => (Sql::default(), sql!("LIMIT {}", one_more)),
        PageAt::After(key) => {
            let beyond = Sql::text(match sort.order {
                SortOrder::Ascending => ">",
                SortOrder::Descending => "<",
            });
            let (column, position) = (column(sort.key), position(key, sort.key)?);
            let after = sql!(" AND (c.{}, c.id) {} {}", column, beyond, position);
            (after, sql!("LIMIT {}", one_more))
        }
    };
    Ok(shown.cut("c.id", &after, &sql!("{} {}", order(sort), limit)))
}

fn order(sort: CustomerSort) -> Sql {
    let direction = Sql::text(match sort.order {
        SortOrder::Ascending => "ASC",
        SortOrder::Descending => "DESC",
    });
    let column = column(sort.key);
    sql!("ORDER BY c.{} {}, c.id {}", column, direction, direction)
}

fn column(key: SortKey) -> Sql {
    Sql::text(match key {
        SortKey::CreatedAt => "created_at",
        SortKey::UpdatedAt => "updated_at",
        SortKey::RegistrationDate => "registration_date",
        SortKey::Email => "email_key",
        SortKey::LastName => "last_name_key",
    })
}

/// Returns a key as a row of literals. Fails if it belongs to another sort.
fn position(key: &CustomerKey, sort: SortKey) -> Result<Sql, StoreError> {
    match (key, sort) {
        (
            CustomerKey::Time(at, id),
            SortKey::CreatedAt | SortKey::UpdatedAt | SortKey::RegistrationDate,
        ) => Ok(sql!("({}, {})", at, id)),
        (CustomerKey::Text(text, id), SortKey::Email | SortKey::LastName) => {
            Ok(sql!("({}, {})", text, id))
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

/// Returns the number of rows: exact up to the bound, otherwise the planner's estimate.
async fn total(
    pool: &PgPool,
    tenant: TenantId,
    shown: &Shown,
    counted: u64,
) -> Result<Total, StoreError> {
    if counted <= ROWS_BY_NUMBER {
        return Ok(Total {
            count: counted,
            is_estimate: false,
        });
    }
    let explain = sql!("EXPLAIN (FORMAT JSON) {}", shown.plain("1"));
    let plan = read::rows(pool, tenant, &[explain]).await?;
    let guess = plan.first().map(planned_rows).transpose()?;
    Ok(Total {
        count: guess.unwrap_or_default().max(counted),
        is_estimate: true,
    })
}

fn planned_rows(plan: &PgRow) -> Result<u64, StoreError> {
    RowReader::new(plan, "customers").parsed(0, |Json(plan): Json<Value>| {
        plan.pointer("/0/Plan/Plan Rows").and_then(Value::as_u64)
    })
}
