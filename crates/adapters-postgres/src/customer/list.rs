//! Lists of customers: one page and its count.
//!
//! With a filter, a page is read by a statement that is planned for its values, not prepared: the
//! best plan depends on them. [`send`] documents how it is sent with the count.

mod filter;
mod send;
mod unfiltered;

pub(crate) use unfiltered::prepared;

use super::record;
use crate::pg::pool::PgPool;
use crate::pg::read;
use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, sql};
use crate::pg::totals::Totals;
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerRecord, CustomerSort, SortKey,
};
use customer_domain::{
    Conflict, CustomerId, Page, PageAt, PageRequest, ROWS_BY_NUMBER, SortOrder, StoreError,
    TenantId, Total,
};
use filter::Shown;
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::types::Json;

/// The statements that read a page.
struct Statements {
    tenant: TenantId,
    /// Counts the customers, up to [`ROWS_BY_NUMBER`] + 1.
    count: Option<Sql>,
    /// Returns the customers of the page and the first of the next one, in order.
    page: Sql,
}

/// The results of [`Statements`].
struct StatementResults {
    /// The number of customers; `None` if they were not counted.
    count: Option<u64>,
    page: Vec<PgRow>,
}

/// The lists of a tenant.
pub(super) struct Lists<'a> {
    pub(super) pool: &'a PgPool,
    pub(super) totals: &'a Totals,
    pub(super) tenant: TenantId,
}

impl Lists<'_> {
    /// Reads one page. One round trip; two when the list has more rows than are counted, and its
    /// total is not kept. When distributed, one for each statement.
    pub(super) async fn page(
        &self,
        filter: &CustomerFilter,
        sort: CustomerSort,
        request: &PageRequest<CustomerKey>,
    ) -> Result<Page<CustomerRecord, CustomerKey>, StoreError> {
        let tenant = self.tenant;
        let shown = Shown::new(tenant, filter, sort.key);
        let is_counted = matches!(request.at, PageAt::Number(_));
        let asked = is_counted.then(|| self.totals.ask(tenant, count(&shown, filter, sort)));
        let kept = asked.as_ref().and_then(|asked| self.totals.get(asked));
        let to_count = asked.as_ref().filter(|_| kept.is_none());
        let statements = Statements {
            tenant,
            count: to_count.map(|asked| asked.count().clone()),
            page: select(tenant, &shown, filter, sort, request)?,
        };
        let results = send::send(self.pool, statements).await?;
        let total = match (asked, results.count) {
            (Some(asked), Some(count)) => {
                let total = total(self.pool, tenant, &shown, count).await?;
                // A list that is read by time ends at another time with each request.
                if [filter.created, filter.updated].map(|span| span.before) == [None; 2] {
                    self.totals.keep(asked, total);
                }
                Some(total)
            }
            _ => kept,
        };
        let size = usize::try_from(request.size).unwrap_or(usize::MAX);
        let shown = results.page.iter().take(size);
        let last = shown.clone().last().filter(|_| results.page.len() > size);
        let next = last.map(|last| key(last, sort.key)).transpose()?;
        let items = shown.map(|row| record::decode(row, tenant));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        let total = match (&request.at, total) {
            (PageAt::Number(number), Some(total)) => {
                let before = u64::from(number.saturating_sub(1)) * u64::from(request.size);
                Some(agreed(total, before, items.len(), next.is_some()))
            }
            _ => None,
        };
        Ok(Page { items, next, total })
    }
}

/// Returns a total that agrees with its page, which may have been read later: `before` rows precede
/// the page, `rows` are on it, and `has_more` tells whether others follow.
fn agreed(total: Total, before: u64, rows: usize, has_more: bool) -> Total {
    let seen = before + u64::try_from(rows).unwrap_or(u64::MAX);
    match (rows, has_more) {
        (_, true) => Total {
            count: total.count.max(seen + 1),
            ..total
        },
        // No rows are shown there, whether there are some or not.
        (0, false) if before >= ROWS_BY_NUMBER => total,
        (0, false) => Total {
            count: total.count.min(before),
            is_estimate: total.is_estimate && total.count <= before,
        },
        (_, false) => Total {
            count: seen,
            is_estimate: false,
        },
    }
}

fn count(shown: &Shown, filter: &CustomerFilter, sort: CustomerSort) -> Sql {
    // In the order of an index it is the index alone that is counted.
    let order = if *filter == CustomerFilter::default() {
        order_by(sort)
    } else {
        Sql::default()
    };
    let tail = sql!("{} LIMIT {}", order, ROWS_BY_NUMBER + 1);
    shown.cut(&Sql::text("1"), &Sql::default(), &tail)
}

/// Returns the statement of a page, with one more row.
fn select(
    tenant: TenantId,
    shown: &Shown,
    filter: &CustomerFilter,
    sort: CustomerSort,
    request: &PageRequest<CustomerKey>,
) -> Result<Sql, StoreError> {
    let one_more = u64::from(request.size) + 1;
    if let Some(prepared) = unfiltered::page(tenant, filter, sort, request, one_more)? {
        return Ok(prepared);
    }
    let (after, limit) = match &request.at {
        PageAt::Number(number) => {
            let offset = u64::from(number.saturating_sub(1)) * u64::from(request.size);
            // Deeper pages can only be reached by cursor.
            let limit = if offset < ROWS_BY_NUMBER { one_more } else { 0 };
            (Sql::default(), sql!("LIMIT {} OFFSET {}", limit, offset))
        }
        PageAt::Start => (Sql::default(), sql!("LIMIT {}", one_more)),
        PageAt::After(key) => {
            let [at, id] = position(key, sort.key)?;
            let column = Sql::text(sort_column(sort.key));
            let after = sql!(
                " AND (c.{}, c.id) {} ({}, {})",
                column,
                beyond(sort.order),
                at,
                id
            );
            (after, sql!("LIMIT {}", one_more))
        }
    };
    let tail = sql!("{} {}", order_by(sort), limit);
    Ok(shown.cut(&columns(), &after, &tail))
}

/// Returns the columns of a row: the record, and what it may be sorted by.
fn columns() -> Sql {
    sql!("{}, c.last_name_key", record::columns())
}

fn order_by(sort: CustomerSort) -> Sql {
    let direction = Sql::text(match sort.order {
        SortOrder::Ascending => "ASC",
        SortOrder::Descending => "DESC",
    });
    let column = Sql::text(sort_column(sort.key));
    sql!("ORDER BY c.{} {}, c.id {}", column, direction, direction)
}

fn sort_column(key: SortKey) -> &'static str {
    match key {
        SortKey::CreatedAt => "created_at",
        SortKey::UpdatedAt => "updated_at",
        SortKey::RegistrationDate => "registration_date",
        SortKey::Email => "email_key",
        SortKey::LastName => "last_name_key",
    }
}

/// Returns the operator that finds the rows after a position.
fn beyond(order: SortOrder) -> Sql {
    Sql::text(match order {
        SortOrder::Ascending => ">",
        SortOrder::Descending => "<",
    })
}

/// Returns a position as two literals. Fails if it belongs to another sort.
fn position(key: &CustomerKey, sort: SortKey) -> Result<[Sql; 2], StoreError> {
    match (key, sort) {
        (
            CustomerKey::Time(at, id),
            SortKey::CreatedAt | SortKey::UpdatedAt | SortKey::RegistrationDate,
        ) => Ok([sql!("{}", at), sql!("{}", id)]),
        (CustomerKey::Text(text, id), SortKey::Email | SortKey::LastName) => {
            Ok([sql!("{}", text), sql!("{}", id)])
        }
        _ => Err(StoreError::Conflict(Conflict::Other(
            "the cursor of another sort".to_owned(),
        ))),
    }
}

/// Reads the position of a row in the list. It is the stored one: the rules that made it may have
/// changed since.
fn key(row: &PgRow, sort: SortKey) -> Result<CustomerKey, StoreError> {
    let row = RowReader::new(row, "customers");
    let id = CustomerId(row.column("customer_id")?);
    let column = sort_column(sort);
    Ok(match sort {
        SortKey::CreatedAt | SortKey::UpdatedAt | SortKey::RegistrationDate => {
            CustomerKey::Time(row.column(column)?, id)
        }
        SortKey::Email | SortKey::LastName => CustomerKey::Text(row.column(column)?, id),
    })
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
    let explain = sql!("EXPLAIN (FORMAT JSON) {}", shown.plain(&Sql::text("1")));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_agrees_with_its_page() {
        let exact = |count| Total {
            count,
            is_estimate: false,
        };
        let estimate = Total {
            count: 30_000,
            is_estimate: true,
        };
        for (total, before, rows, has_more, expected) in [
            (exact(50), 20, 20, true, exact(50)),
            (exact(40), 20, 20, true, exact(41)),
            (exact(50), 40, 3, false, exact(43)),
            (exact(3), 0, 0, false, exact(0)),
            (exact(41), 40, 0, false, exact(40)),
            (exact(50), 60, 0, false, exact(50)),
            (estimate, 20, 20, true, estimate),
            (estimate, 0, 7, false, exact(7)),
            (estimate, 10_000, 0, false, estimate),
        ] {
            let shown = agreed(total, before, rows, has_more);
            assert_eq!(shown, expected, "{total:?} {before} {rows}");
        }
    }
}
