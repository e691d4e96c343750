//! The pairs of filter and order that must have a plan.

use customer_domain::customer::{
    CustomerFilter, CustomerType, Identifier, SearchQuery, SortKey, Status, TimeSpan,
};
use customer_testkit::builders::{at, context, email, external, group, legacy, phone_keys, tag};

/// The most rows that a page touches when it walks the index of its order, or finds a handful of
/// rows: its own and those that the filter skips.
const FEW: u32 = 500;

/// The rows that it touches in addition for a condition that is tested for more than 2,000 matches,
/// or from whose 2,000 matches the page is cut: those, and what is skipped or merged with them.
const START: u32 = 8_000;

const EVERY_SORT: [(SortKey, &str); 5] = [
    (SortKey::CreatedAt, "created_at"),
    (SortKey::UpdatedAt, "updated_at"),
    (SortKey::RegistrationDate, "registration_date"),
    (SortKey::Email, "email_key"),
    (SortKey::LastName, "last_name_key"),
];

/// A filter that must have a plan, with the orders in which it must.
pub(super) struct Case {
    pub(super) filter: CustomerFilter,
    /// The filter as an SQL condition on `c`.
    pub(super) condition: String,
    pub(super) sorts: Vec<(SortKey, &'static str)>,
    /// The beginning of the name of the index that finds its rows; `{}` is the column of the order.
    pub(super) index: &'static str,
    /// The most rows that a page may touch.
    pub(super) most: u32,
}

fn case(filter: CustomerFilter, condition: &str, index: &'static str) -> Case {
    Case {
        filter,
        condition: condition.to_owned(),
        sorts: EVERY_SORT.to_vec(),
        index,
        most: FEW,
    }
}

impl Case {
    fn only_by(mut self, keys: &[SortKey]) -> Self {
        self.sorts.retain(|(key, _)| keys.contains(key));
        self
    }

    /// Allows for this many conditions that are tested for many matches, or cut from.
    fn starts(self, count: u32) -> Self {
        Self {
            most: FEW + count * START,
            ..self
        }
    }
}

fn of_status(status: Status) -> CustomerFilter {
    CustomerFilter {
        status: Some(status),
        ..CustomerFilter::default()
    }
}

fn search(text: &str) -> CustomerFilter {
    CustomerFilter {
        search: SearchQuery::parse(text, context().country).ok(),
        ..CustomerFilter::default()
    }
}

fn tagged(text: &str) -> CustomerFilter {
    CustomerFilter {
        tag: Some(tag(text)),
        ..CustomerFilter::default()
    }
}

fn in_group(id: &str) -> CustomerFilter {
    CustomerFilter {
        group: Some(group(id)),
        ..CustomerFilter::default()
    }
}

fn of_type(kind: CustomerType) -> CustomerFilter {
    CustomerFilter {
        customer_type: Some(kind),
        ..CustomerFilter::default()
    }
}

fn known_as(identifier: Identifier) -> CustomerFilter {
    CustomerFilter {
        known_as: vec![identifier],
        ..CustomerFilter::default()
    }
}

/// The pairs of filter and order that must have a plan.
pub(super) fn cases() -> Vec<Case> {
    let mut cases = by_status();
    cases.extend(by_search());
    cases.extend(by_column());
    cases.extend(by_time());
    cases.extend(by_identifier());
    cases
}

fn by_status() -> Vec<Case> {
    let mut cases = vec![
        case(CustomerFilter::default(), "true", "customers_{}_idx"),
        case(
            of_status(Status::Active),
            "c.status = 2",
            "customers_{}_idx",
        ),
    ];
    for (status, condition) in [
        (Status::Pending, "c.status = 1"),
        (Status::Inactive, "c.status = 3"),
        (Status::Suspended, "c.status = 4"),
        (Status::Deleted, "c.status = 5"),
    ] {
        let by_age = case(of_status(status), condition, "customers_status_idx");
        cases.push(by_age.only_by(&[SortKey::CreatedAt]));
        let mut others = case(of_status(status), condition, "customers_status_{}_idx");
        others.sorts.retain(|(key, _)| *key != SortKey::CreatedAt);
        cases.push(others);
    }
    cases
}

fn by_search() -> Vec<Case> {
    let terms = "customer_search_terms_pkey";
    // Each word as one of several beginnings of a term.
    let begins = |words: &[&str]| {
        let words = words.iter().map(|word| {
            let ways = word
                .split('|')
                .map(|way| format!("starts_with(w.term, '{way}')"));
            let ways = ways.collect::<Vec<_>>().join(" OR ");
            format!(
                "EXISTS (SELECT 1 FROM customer_search_terms w WHERE w.tenant_id = c.tenant_id \
                 AND w.customer_id = c.id AND ({ways}))"
            )
        });
        words.collect::<Vec<_>>().join(" AND ")
    };
    vec![
        case(search("u77777"), &begins(&["u77777"]), terms),
        case(search("u777"), &begins(&["u777"]), terms).starts(1),
        case(search("nobody"), &begins(&["nobody"]), terms),
        case(
            search("last777 example"),
            &begins(&["last777", "example"]),
            terms,
        )
        .starts(1),
        case(
            search("example first1"),
            &begins(&["example", "first1"]),
            "customer_search_terms_of_customer_idx",
        )
        .only_by(&[SortKey::CreatedAt])
        .starts(2),
        case(search("exam"), &begins(&["exam"]), "customers_{}_idx")
            .only_by(&[SortKey::CreatedAt, SortKey::Email])
            .starts(1),
        // A whole number, the last digits of ten, and those beside a name.
        case(search("555-0777"), &begins(&["5550777|<7770555"]), terms),
        case(search("0777"), &begins(&["0777|<7770"]), terms),
        case(
            search("0777 example"),
            &begins(&["0777|<7770", "example"]),
            terms,
        )
        .starts(1),
    ]
}

fn by_column() -> Vec<Case> {
    let has = |tag: &str| {
        format!(
            "EXISTS (SELECT 1 FROM customer_tags g WHERE g.tenant_id = c.tenant_id \
             AND g.customer_id = c.id AND g.tag = '{tag}')"
        )
    };
    let since = |seconds: i64| TimeSpan {
        after: Some(at(seconds)),
        before: Some(at(seconds + 600)),
    };
    let between = |column: &str| {
        format!(
            "c.{column} >= '{}' AND c.{column} < '{}'",
            at(5_000),
            at(5_600)
        )
    };
    let created = CustomerFilter {
        created: since(5_000),
        ..CustomerFilter::default()
    };
    let updated = CustomerFilter {
        updated: since(5_000),
        ..CustomerFilter::default()
    };
    let retail = CustomerFilter {
        group: Some(group("retail")),
        search: search("example").search,
        ..created.clone()
    };
    let of_retail = format!("c.group_id = 'retail' AND {}", between("created_at"));
    let business = of_type(CustomerType::Business);
    let individual = of_type(CustomerType::Individual);
    vec![
        case(tagged("rare"), &has("rare"), "customer_tags_tag_idx"),
        case(tagged("common"), &has("common"), "customers_{}_idx")
            .only_by(&[SortKey::CreatedAt, SortKey::Email])
            .starts(1),
        case(tagged("no such"), &has("no such"), "customer_tags_tag_idx"),
        case(
            in_group("vip"),
            "c.group_id = 'vip'",
            "customers_group_created_idx",
        ),
        // Along the index of the group or that of the order.
        case(in_group("retail"), "c.group_id = 'retail'", "customers_").starts(1),
        case(
            business.clone(),
            "c.customer_type = 2",
            "customers_type_idx",
        ),
        case(individual, "c.customer_type = 1", "customers_").only_by(&[SortKey::CreatedAt]),
        case(
            created.clone(),
            &between("created_at"),
            "customers_created_at_idx",
        )
        .starts(1),
        case(updated, &between("updated_at"), "customers_updated_at_idx").starts(1),
        // Conditions that hold together, or never do.
        case(
            CustomerFilter {
                tag: Some(tag("common")),
                status: Some(Status::Suspended),
                ..business.clone()
            },
            &format!("c.customer_type = 2 AND c.status = 4 AND {}", has("common")),
            "customers_type_idx",
        )
        .starts(3),
        // Along the index of the group in the order of the span, or from the span.
        case(retail.clone(), &of_retail, "customers_group_created_idx")
            .only_by(&[SortKey::CreatedAt])
            .starts(2),
        case(retail, &of_retail, "customers_created_at_idx")
            .only_by(&[
                SortKey::UpdatedAt,
                SortKey::RegistrationDate,
                SortKey::Email,
                SortKey::LastName,
            ])
            .starts(4),
    ]
}

/// Lists that are read by time, and so end at their horizon, with other conditions.
fn by_time() -> Vec<Case> {
    let horizon = at(1_000_000);
    let until = TimeSpan {
        after: None,
        before: Some(horizon),
    };
    let created = |filter| CustomerFilter {
        created: until,
        ..filter
    };
    let updated = |filter| CustomerFilter {
        updated: until,
        ..filter
    };
    let [created_before, updated_before] =
        ["created_at", "updated_at"].map(|column| format!("c.{column} < '{horizon}'"));
    let has = |tag: &str| format!("'{tag}' = ANY (c.tags)");
    let both = |one: &str, other: &str| format!("{one} AND {other}");
    vec![
        case(
            created(CustomerFilter::default()),
            &created_before,
            "customers_created_at_idx",
        )
        .only_by(&[SortKey::CreatedAt]),
        case(
            updated(CustomerFilter::default()),
            &updated_before,
            "customers_updated_at_idx",
        )
        .only_by(&[SortKey::UpdatedAt]),
        case(
            updated(of_status(Status::Suspended)),
            &both("c.status = 4", &updated_before),
            "customers_status_updated_at_idx",
        )
        .only_by(&[SortKey::UpdatedAt]),
        case(
            created(of_type(CustomerType::Business)),
            &both("c.customer_type = 2", &created_before),
            "customers_type_idx",
        )
        .only_by(&[SortKey::CreatedAt]),
        case(
            updated(of_type(CustomerType::Business)),
            &both("c.customer_type = 2", &updated_before),
            "customers_type_idx",
        )
        .only_by(&[SortKey::UpdatedAt]),
        case(
            updated(tagged("rare")),
            &both(&has("rare"), &updated_before),
            "customer_tags_tag_idx",
        )
        .only_by(&[SortKey::UpdatedAt]),
        case(
            updated(tagged("common")),
            &both(&has("common"), &updated_before),
            "customers_updated_at_idx",
        )
        .only_by(&[SortKey::UpdatedAt])
        .starts(1),
        case(
            updated(search("u777")),
            &both("c.email_key LIKE 'u777%'", &updated_before),
            "customer_search_terms_pkey",
        )
        .only_by(&[SortKey::UpdatedAt])
        .starts(1),
    ]
}

fn by_identifier() -> Vec<Case> {
    let mail = Identifier::Email(email("U777@example.com"));
    let gone = CustomerFilter {
        status: Some(Status::Deleted),
        ..known_as(Identifier::Email(email("u800@example.com")))
    };
    let phone = CustomerFilter {
        phone: Some(phone_keys("5550777")),
        ..CustomerFilter::default()
    };
    let seventh = "c.email_key = 'u777@example.com'";
    vec![
        case(known_as(mail), seventh, "customer_identifiers_email_key"),
        case(
            gone,
            "c.email_key = 'u800@example.com' AND c.status = 5",
            "customer_identifiers_given_up_idx",
        ),
        case(
            known_as(Identifier::Legacy(legacy(777))),
            seventh,
            "customer_identifiers_legacy_key",
        ),
        case(
            known_as(Identifier::External(external("crm", "C-777"))),
            seventh,
            "customer_identifiers_external_key",
        ),
        case(phone, seventh, "customers_phone_idx"),
    ]
}
