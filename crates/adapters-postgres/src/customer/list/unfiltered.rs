//! Lists of all customers of a tenant, prepared: their one good plan walks the index of the order,
//! and planning them costs more than reading a page.

use super::{beyond, columns, order_by, position, sort_column};
use crate::pg::sql::{Literal, Sql, sql};
use customer_domain::customer::{CustomerFilter, CustomerKey, CustomerSort, SortKey};
use customer_domain::{PageAt, PageRequest, SortOrder, StoreError, TenantId};

/// The most rows that a page reads: one more than it can have. As a constant in the statement it
/// makes the planner walk the index.
const MAX_ROWS: u32 = 1_001;

/// An order of the list, with the names of the statements that read it from its start and from a
/// position.
struct Prepared {
    sort: CustomerSort,
    start: &'static str,
    after: &'static str,
}

const fn prepared_by(
    key: SortKey,
    order: SortOrder,
    start: &'static str,
    after: &'static str,
) -> Prepared {
    let sort = CustomerSort { key, order };
    Prepared { sort, start, after }
}

/// All orders but that from the last changed on, which always has a filter: its horizon.
const ALL: [Prepared; 9] = {
    use SortKey::{CreatedAt, Email, LastName, RegistrationDate, UpdatedAt};
    use SortOrder::{Ascending as Up, Descending as Down};
    [
        prepared_by(
            CreatedAt,
            Up,
            "list_by_created_at",
            "list_by_created_at_after",
        ),
        prepared_by(
            CreatedAt,
            Down,
            "list_by_created_at_desc",
            "list_by_created_at_desc_after",
        ),
        prepared_by(
            UpdatedAt,
            Down,
            "list_by_updated_at_desc",
            "list_by_updated_at_desc_after",
        ),
        prepared_by(
            RegistrationDate,
            Up,
            "list_by_registration",
            "list_by_registration_after",
        ),
        prepared_by(
            RegistrationDate,
            Down,
            "list_by_registration_desc",
            "list_by_registration_desc_after",
        ),
        prepared_by(Email, Up, "list_by_email", "list_by_email_after"),
        prepared_by(
            Email,
            Down,
            "list_by_email_desc",
            "list_by_email_desc_after",
        ),
        prepared_by(LastName, Up, "list_by_last_name", "list_by_last_name_after"),
        prepared_by(
            LastName,
            Down,
            "list_by_last_name_desc",
            "list_by_last_name_desc_after",
        ),
    ]
};

/// Returns the statements that every connection prepares: a name, its parameters' types and its
/// text. `$1` is the tenant, `$2` the number of rows, and then comes the position.
pub(crate) fn prepared() -> impl Iterator<Item = (&'static str, &'static str, Sql)> {
    ALL.into_iter().flat_map(|list| {
        let sort = list.sort;
        let select = |after: &Sql| {
            sql!(
                "SELECT * FROM (SELECT {} FROM customers c \
                 WHERE c.tenant_id = $1 AND c.deleted_at IS NULL{} {} LIMIT {}) page LIMIT $2",
                columns(),
                *after,
                order_by(sort),
                MAX_ROWS
            )
        };
        let after = sql!(
            " AND (c.{}, c.id) {} ($3, $4)",
            Sql::text(sort_column(sort.key)),
            beyond(sort.order)
        );
        let types = match sort.key {
            SortKey::CreatedAt | SortKey::UpdatedAt | SortKey::RegistrationDate => {
                "uuid, bigint, timestamptz, uuid"
            }
            SortKey::Email | SortKey::LastName => "uuid, bigint, text, uuid",
        };
        [
            (list.start, "uuid, bigint", select(&Sql::default())),
            (list.after, types, select(&after)),
        ]
    })
}

/// Returns what runs the statement for a page with this many rows; `None` if the list has a filter
/// or the page is one that is counted off. Fails if the position belongs to another sort.
pub(super) fn page(
    tenant: TenantId,
    filter: &CustomerFilter,
    sort: CustomerSort,
    request: &PageRequest<CustomerKey>,
    rows: u64,
) -> Result<Option<Sql>, StoreError> {
    let list = ALL.into_iter().find(|list| list.sort == sort);
    let Some(list) = list.filter(|_| *filter == CustomerFilter::default()) else {
        return Ok(None);
    };
    Ok(match &request.at {
        PageAt::Start | PageAt::Number(1) => Some(Sql::execute(list.start, &[&tenant, &rows])),
        PageAt::After(key) => {
            let [at, id] = position(key, sort.key)?;
            let arguments: [&dyn Literal; 4] = [&tenant, &rows, &at, &id];
            Some(Sql::execute(list.after, &arguments))
        }
        PageAt::Number(_) => None,
    })
}
