//! The filter of a list as SQL, and the index from which its customers are found.
//!
//! Walking the sort index and testing each row is fast if many rows match, and slow without bound if
//! few do. So most conditions can also start from a separate index, of which at most
//! [`MAX_SORTED_ROWS`] rows are read. If the most selective condition has no more rows than that, the
//! page is cut from them alone. The statement decides this as it runs, from the rows: statistics know
//! little of rare words and nothing of correlated conditions.

use crate::customer::known_as;
use crate::pg::sql::{Sql, end_of, sql};
use customer_domain::TenantId;
use customer_domain::customer::{
    CustomerFilter, Identifier, SearchQuery, SortKey, Status, TimeSpan,
};
use customer_domain::profile::PhoneKeys;

/// The most rows that are fetched and sorted instead of walking the sort index.
const MAX_SORTED_ROWS: usize = 2_000;

const EVERY_SORT: &[SortKey] = &[
    SortKey::CreatedAt,
    SortKey::UpdatedAt,
    SortKey::RegistrationDate,
    SortKey::Email,
    SortKey::LastName,
];

/// The conditions of a list.
pub(super) struct Shown {
    /// The condition that each customer `c` meets.
    tests: Sql,
    /// Selects of ids; each includes every customer of the list.
    starts: Vec<Sql>,
}

impl Shown {
    /// Returns the conditions for the tenant's customers that match the filter, sorted by `sort`.
    pub(super) fn new(tenant: TenantId, filter: &CustomerFilter, sort: SortKey) -> Self {
        let conditions = conditions(tenant, filter);
        // An erased customer is also deleted. Naming one column only allows the indexes that have no
        // other one.
        let alive = Sql::text(match filter.status {
            None | Some(Status::Active) => "c.deleted_at IS NULL",
            Some(_) => "c.erased_at IS NULL",
        });
        let tests = conditions.iter().map(|condition| condition.test.clone());
        let tests = [sql!("c.tenant_id = {}", tenant), alive]
            .into_iter()
            .chain(tests);
        let tests = Sql::join(tests, " AND ");
        // A walk along the sort index reads no row outside of a span of its key.
        let others = conditions
            .into_iter()
            .filter(|condition| condition.span_of != Some(sort));
        let others: Vec<_> = others.collect();
        let is_walked = match others.as_slice() {
            [] => true,
            [only] => only.sorts.contains(&sort),
            _ => !filter.known_as.is_empty(),
        };
        let starts = others
            .into_iter()
            .filter_map(|condition| condition.start.filter(|_| !is_walked));
        Self {
            tests,
            starts: starts.collect(),
        }
    }

    /// Returns a select that the planner may answer in any way.
    pub(super) fn plain(&self, columns: &Sql) -> Sql {
        sql!("SELECT {} FROM customers c WHERE {}", *columns, self.tests)
    }

    /// Returns a select of the customers beyond `after`, cut by `tail`.
    pub(super) fn cut(&self, columns: &Sql, after: &Sql, tail: &Sql) -> Sql {
        let plain = self.plain(columns);
        let ids = |start: &Sql| sql!("ARRAY({} LIMIT {})", start, MAX_SORTED_ROWS + 1);
        let fewest = match self.starts.as_slice() {
            [] => return sql!("{}{} {}", plain, after, tail),
            [only] => sql!("SELECT {} AS ids", ids(only)),
            several => {
                let all = several.iter().map(|start| sql!("({})", ids(start)));
                sql!(
                    "SELECT s.ids FROM (VALUES {}) AS s (ids) ORDER BY cardinality(s.ids) LIMIT 1",
                    Sql::join(all, ", ")
                )
            }
        };
        let of_few = sql!(
            "{} AND cardinality((SELECT ids FROM start)) <= {} \
             AND c.id = ANY ((SELECT ids FROM start)::uuid[]){} {}",
            plain,
            MAX_SORTED_ROWS,
            after,
            tail
        );
        let of_many = sql!(
            "{} AND cardinality((SELECT ids FROM start)) > {}{} {}",
            plain,
            MAX_SORTED_ROWS,
            after,
            tail
        );
        sql!(
            "WITH start AS MATERIALIZED ({}) ({}) UNION ALL ({})",
            fewest,
            of_few,
            of_many
        )
    }
}

/// One part of a filter.
struct Condition {
    /// The condition on `c`.
    test: Sql,
    /// Selects ids by an index, including all that match.
    start: Option<Sql>,
    /// The sorts for which an index has the matching customers in order.
    sorts: &'static [SortKey],
    /// The sort of whose key this is a span.
    span_of: Option<SortKey>,
}

/// The name of the customer's own row in a statement.
type Row = &'static str;

impl Condition {
    /// Tests rows `x` of a table below the customer, in one of several ways. `order` is the order of
    /// an index that has the rows of each.
    fn below(tenant: TenantId, table: &'static str, ways: &[Sql], order: &'static str) -> Self {
        let [table, order] = [table, order].map(Sql::text);
        let from = |test| sql!("{} x WHERE x.tenant_id = {} AND ({})", table, tenant, test);
        let any = from(Sql::join(ways, " OR "));
        let starts = ways.iter().map(|way| {
            sql!(
                "(SELECT x.customer_id FROM {} ORDER BY {})",
                from(way.clone()),
                order
            )
        });
        Self {
            test: sql!("EXISTS (SELECT 1 FROM {} AND x.customer_id = c.id)", any),
            start: Some(Sql::join(starts, " UNION ALL ")),
            sorts: &[],
            span_of: None,
        }
    }

    /// Tests the customer's own row.
    fn own(test: impl Fn(Row) -> Sql, sorts: &'static [SortKey]) -> Self {
        Self {
            test: test("c"),
            start: None,
            sorts,
            span_of: None,
        }
    }

    /// Tests its own row, and can start from an index by `order` of the rows for which `also` holds.
    fn indexed(
        tenant: TenantId,
        test: impl Fn(Row) -> Sql,
        (also, order): (&'static str, &'static str),
        sorts: &'static [SortKey],
    ) -> Self {
        let start = sql!(
            "SELECT x.id FROM customers x WHERE x.tenant_id = {} AND {}{} ORDER BY x.{}, x.id",
            tenant,
            test("x"),
            Sql::text(also),
            Sql::text(order)
        );
        Self {
            start: Some(start),
            ..Self::own(test, sorts)
        }
    }
}

fn conditions(tenant: TenantId, filter: &CustomerFilter) -> Vec<Condition> {
    let CustomerFilter {
        status: wanted,
        search,
        customer_type,
        group,
        tag,
        known_as,
        phone,
        created,
        updated,
    } = filter;
    let is_of_deleted = *wanted == Some(Status::Deleted);
    let words = search.iter().flat_map(SearchQuery::words);
    let live = |test: &dyn Fn(Row) -> Sql, time, sorts| {
        if is_of_deleted {
            Condition::own(test, &[])
        } else {
            Condition::indexed(tenant, test, (" AND x.deleted_at IS NULL", time), sorts)
        }
    };
    let spans = [
        ("created_at", created, SortKey::CreatedAt),
        ("updated_at", updated, SortKey::UpdatedAt),
    ];
    let mut conditions = Vec::new();
    conditions.extend(wanted.map(|wanted| status(tenant, wanted)));
    conditions.extend(words.map(|word| {
        let ways: Vec<_> = word.prefixes().map(begins_with).collect();
        let order = "x.term, x.customer_id";
        Condition::below(tenant, "customer_search_terms", &ways, order)
    }));
    conditions.extend(customer_type.map(|kind| {
        let test = |row| sql!("{}.customer_type = {}", Sql::text(row), kind.code());
        live(&test, "created_at", &[SortKey::CreatedAt])
    }));
    conditions.extend(group.iter().map(|group| {
        let test = |row| sql!("{}.group_id = {}", Sql::text(row), group.as_str());
        Condition::indexed(tenant, test, ("", "created_at"), &[SortKey::CreatedAt])
    }));
    conditions.extend(tag.iter().map(|tag| {
        let test = sql!("x.tag = {}", tag.as_str());
        Condition::below(tenant, "customer_tags", &[test], "x.customer_id")
    }));
    conditions.extend(known_as.iter().map(|identifier| {
        let test = |_| known_by(tenant, identifier, is_of_deleted);
        Condition::own(test, EVERY_SORT)
    }));
    conditions.extend(phone.iter().map(|PhoneKeys { key, digits }| {
        let test = |row| sql!("{}.phone_key IN ({}, {})", Sql::text(row), key, digits);
        Condition::indexed(tenant, test, ("", "phone_key"), &[])
    }));
    for (column, span, key) in spans {
        if *span != TimeSpan::default() {
            conditions.push(Condition {
                span_of: Some(key),
                ..live(&|row| within(row, column, span), column, &[])
            });
        }
    }
    conditions
}

/// Each status but the most frequent one has an index for every sort; the most frequent one is found
/// quickly along the index of the sort.
fn status(tenant: TenantId, wanted: Status) -> Condition {
    let test = |row| sql!("{}.status = {}", Sql::text(row), wanted.code());
    if wanted == Status::Active {
        Condition::own(test, EVERY_SORT)
    } else {
        Condition::indexed(
            tenant,
            test,
            (" AND x.erased_at IS NULL", "created_at"),
            EVERY_SORT,
        )
    }
}

/// Matches at most one living customer, or the deleted ones that gave the identifier up.
fn known_by(tenant: TenantId, identifier: &Identifier, is_of_deleted: bool) -> Sql {
    let holders = known_as::select(
        &sql!("{}", tenant),
        &known_as::kind(identifier),
        &sql!("{}", identifier.value()),
        is_of_deleted,
    );
    sql!("c.id = ANY (ARRAY({}))", holders)
}

/// Includes the beginning of the span, not its end.
fn within(row: Row, column: &'static str, span: &TimeSpan) -> Sql {
    let ends = [(span.after, ">="), (span.before, "<")];
    let tests = ends.into_iter().filter_map(|(end, beyond)| {
        let [row, column, beyond] = [row, column, beyond].map(Sql::text);
        end.map(|end| sql!("{}.{} {} {}", row, column, beyond, end))
    });
    Sql::join(tests, " AND ")
}

/// The terms that begin with a word are a range: from the word to what follows all of them.
fn begins_with(word: &str) -> Sql {
    let end = end_of(word).map(|end| sql!(" AND x.term < {}", end));
    sql!("x.term >= {}{}", word, end.unwrap_or_default())
}
