//! Which customers a list shows, as SQL, and from where they are found.
//!
//! Walking the sort index and holding each row against the filter is right when many pass it, and
//! has no end when few do. So most conditions can also begin at themselves, by an index of their
//! own that is read no further than [`FEW`] rows. When the one that lets the fewest through has no
//! more than that, the list is cut from those rows alone. This is decided while the statement runs,
//! by what is there: statistics know little of rare words, and nothing of conditions that go
//! together.

use crate::pg::literal;
use customer_domain::TenantId;
use customer_domain::customer::{
    CustomerFilter, Identifier, SearchQuery, SortKey, Status, TimeSpan,
};

/// Rows that are fetched and sorted rather than looked for along the sort index.
const FEW: usize = 2_000;

const EVERY_SORT: &[SortKey] = &[
    SortKey::CreatedAt,
    SortKey::UpdatedAt,
    SortKey::RegistrationDate,
    SortKey::Email,
    SortKey::LastName,
];

/// Which customers a list shows.
pub(super) struct Shown {
    /// What each of them, `c`, passes.
    tests: String,
    /// Selects of ids; every customer that is shown is among those of each.
    starts: Vec<String>,
}

impl Shown {
    /// Those of the tenant that pass the filter, to be sorted by `sort`.
    pub(super) fn new(tenant: TenantId, filter: &CustomerFilter, sort: SortKey) -> Self {
        let tenant = literal::uuid(tenant.0);
        let conditions = conditions(&tenant, filter);
        // An erased customer is a deleted one, too; naming one column only admits the indexes that
        // know no other.
        let alive = match filter.status {
            None | Some(Status::Active) => "c.deleted_at IS NULL",
            Some(_) => "c.erased_at IS NULL",
        };
        let tests = conditions.iter().map(|condition| condition.test.clone());
        let tests = [format!("c.tenant_id = {tenant}"), alive.to_owned()]
            .into_iter()
            .chain(tests)
            .collect::<Vec<_>>()
            .join(" AND ");
        let is_walked = match conditions.as_slice() {
            [] => true,
            [only] => only.sorts.contains(&sort),
            _ => !filter.known_as.is_empty(),
        };
        let starts = conditions
            .into_iter()
            .filter_map(|condition| condition.start.filter(|_| !is_walked));
        Self {
            tests,
            starts: starts.collect(),
        }
    }

    /// A select that the planner is free to answer in any way.
    pub(super) fn plain(&self, columns: &str) -> String {
        format!("SELECT {columns} FROM customers c WHERE {}", self.tests)
    }

    /// A select of those beyond `after`, cut by `tail`.
    pub(super) fn cut(&self, columns: &str, after: &str, tail: &str) -> String {
        let plain = self.plain(columns);
        let ids = |start: &String| format!("ARRAY({start} LIMIT {})", FEW + 1);
        let fewest = match self.starts.as_slice() {
            [] => return format!("{plain}{after} {tail}"),
            [only] => format!("SELECT {} AS ids", ids(only)),
            several => {
                let all: Vec<_> = several
                    .iter()
                    .map(|start| format!("({})", ids(start)))
                    .collect();
                format!(
                    "SELECT s.ids FROM (VALUES {}) AS s (ids) ORDER BY cardinality(s.ids) LIMIT 1",
                    all.join(", ")
                )
            }
        };
        format!(
            "WITH start AS MATERIALIZED ({fewest}) \
             ({plain} AND cardinality((SELECT ids FROM start)) <= {FEW} \
             AND c.id = ANY ((SELECT ids FROM start)::uuid[]){after} {tail}) \
             UNION ALL ({plain} AND cardinality((SELECT ids FROM start)) > {FEW}{after} {tail})"
        )
    }
}

/// One part of a filter.
struct Condition {
    /// What `c` passes.
    test: String,
    /// Selects ids by an index, those of all who pass among them.
    start: Option<String>,
    /// The sorts in whose order an index has those who pass.
    sorts: &'static [SortKey],
}

impl Condition {
    /// The rows of a table below the customer tell. `order` is that of an index which has them.
    fn below(tenant: &str, table: &str, test: &str, order: &str) -> Self {
        let from = format!("{table} x WHERE x.tenant_id = {tenant} AND {test}");
        Self {
            test: format!("EXISTS (SELECT 1 FROM {from} AND x.customer_id = c.id)"),
            start: Some(format!("SELECT x.customer_id FROM {from} ORDER BY {order}")),
            sorts: &[],
        }
    }

    /// The customer's own row tells.
    fn own(test: impl Fn(&str) -> String, sorts: &'static [SortKey]) -> Self {
        Self {
            test: test("c"),
            start: None,
            sorts,
        }
    }

    /// Its own row tells, and an index by `time` that holds all for whom `also` is true as well.
    fn indexed(
        tenant: &str,
        test: impl Fn(&str) -> String,
        (also, time): (&str, &str),
        sorts: &'static [SortKey],
    ) -> Self {
        let start = format!(
            "SELECT x.id FROM customers x WHERE x.tenant_id = {tenant} AND {}{also} ORDER BY x.{time}, x.id",
            test("x")
        );
        Self {
            start: Some(start),
            ..Self::own(test, sorts)
        }
    }
}

fn conditions(tenant: &str, filter: &CustomerFilter) -> Vec<Condition> {
    let CustomerFilter {
        status: wanted,
        search,
        customer_type,
        group,
        tag,
        known_as,
        phone_digits,
        created,
        updated,
    } = filter;
    let is_of_deleted = *wanted == Some(Status::Deleted);
    let words = search.iter().flat_map(SearchQuery::words);
    let equal = |column: &str, value: &str| format!("x.{column} = {}", literal::text(value));
    let live = |test: &dyn Fn(&str) -> String, time, sorts| {
        if is_of_deleted {
            Condition::own(test, &[])
        } else {
            Condition::indexed(tenant, test, (" AND x.deleted_at IS NULL", time), sorts)
        }
    };
    let spans = [
        ("created_at", created, &[SortKey::CreatedAt]),
        ("updated_at", updated, &[SortKey::UpdatedAt]),
    ];
    let mut conditions = Vec::new();
    conditions.extend(wanted.map(|wanted| status(tenant, wanted)));
    conditions.extend(words.map(|word| {
        let order = "x.term, x.customer_id";
        Condition::below(tenant, "customer_search_terms", &begins_with(word), order)
    }));
    conditions.extend(customer_type.map(|kind| {
        let test = |row: &str| format!("{row}.customer_type = {}", kind.code());
        live(&test, "created_at", &[SortKey::CreatedAt])
    }));
    conditions.extend(group.iter().map(|group| {
        let test = |row: &str| format!("{row}.group_id = {}", literal::text(group.as_str()));
        Condition::indexed(tenant, test, ("", "created_at"), &[SortKey::CreatedAt])
    }));
    conditions.extend(tag.iter().map(|tag| {
        let test = equal("tag", tag.as_str());
        Condition::below(tenant, "customer_tags", &test, "x.customer_id")
    }));
    conditions.extend(known_as.iter().map(|identifier| {
        let test = |_: &str| known_by(tenant, identifier, is_of_deleted);
        Condition::own(test, EVERY_SORT)
    }));
    conditions.extend(phone_digits.iter().map(|digits| {
        let test = equal("phone_digits", digits);
        Condition::below(tenant, "customer_profiles", &test, "x.phone_digits")
    }));
    for (column, span, sorts) in spans {
        if *span != TimeSpan::default() {
            conditions.push(live(&|row| within(row, column, span), column, sorts));
        }
    }
    conditions
}

/// Each status but the usual one has an index for every sort; the usual one is found at once along
/// the index of the sort.
fn status(tenant: &str, wanted: Status) -> Condition {
    let test = |row: &str| format!("{row}.status = {}", wanted.code());
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

/// At most one customer is. A deleted one has given up its address and only remembers it.
fn known_by(tenant: &str, identifier: &Identifier, is_of_deleted: bool) -> String {
    let value = literal::text(&identifier.value());
    let kind = match identifier {
        Identifier::Email(_) if is_of_deleted => return format!("c.email_key = {value}"),
        Identifier::Email(_) => "k.kind = 'email'".to_owned(),
        Identifier::Legacy(_) => "k.kind = 'legacy'".to_owned(),
        // Spelt out, the second half admits the index.
        Identifier::External(_) => format!(
            "k.kind = {} AND k.kind LIKE 'external:_%'",
            literal::text(&identifier.kind())
        ),
    };
    format!(
        "c.id = ANY (ARRAY(SELECT k.customer_id FROM customer_identifiers k \
         WHERE k.tenant_id = {tenant} AND {kind} AND k.value = {value}))"
    )
}

/// Neither end belongs to the span.
fn within(row: &str, column: &str, span: &TimeSpan) -> String {
    let ends = [(span.after, '>'), (span.before, '<')];
    let tests = ends.into_iter().filter_map(|(end, beyond)| {
        end.map(|end| format!("{row}.{column} {beyond} {}", literal::time(end)))
    });
    tests.collect::<Vec<_>>().join(" AND ")
}

/// The terms that begin with a word are a range: from the word to what follows all of them.
fn begins_with(word: &str) -> String {
    let from = format!("x.term >= {}", literal::text(word));
    match literal::end_of(word) {
        Some(end) => format!("{from} AND x.term < {}", literal::text(&end)),
        None => from,
    }
}
