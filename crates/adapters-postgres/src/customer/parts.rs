//! The rows below a customer that insert and save write alike.

use crate::pg::builder::{self, Branches, padded};
use customer_domain::customer::{Customer, search_terms};
use customer_domain::tag::Tag;
use customer_domain::text;

/// The number of characters of the folded family name by which lists are sorted.
const MAX_SORT_KEY: usize = 100;

/// Returns the folded family name; customers without one sort first.
pub(super) fn last_name_key(customer: &Customer) -> String {
    let name = customer.profile.last_name.as_deref().unwrap_or_default();
    text::fold(name).chars().take(MAX_SORT_KEY).collect()
}

/// Inserts the tags that are not stored yet. `$1` is the tenant, `$2` the customer.
pub(super) fn add_tags(branches: &mut Branches, customer: &Customer) {
    let tags = padded(customer.tags.iter().map(Tag::as_str));
    if tags.is_empty() {
        return;
    }
    let insert = branches.branch("INSERT INTO customer_tags (tenant_id, customer_id, tag)");
    builder::values(insert, "$1, $2", tags, |row, tag| {
        row.push_bind(tag);
    });
    insert.push(" ON CONFLICT DO NOTHING");
}

/// Inserts the search terms that are not stored yet, in the same way. A customer always has some.
pub(super) fn add_search_terms(branches: &mut Branches, customer: &Customer) {
    let insert =
        branches.branch("INSERT INTO customer_search_terms (tenant_id, customer_id, term)");
    builder::values(
        insert,
        "$1, $2",
        padded(search_terms(customer)),
        |row, term| {
            row.push_bind(term);
        },
    );
    insert.push(" ON CONFLICT DO NOTHING");
}

/// Sets each kind of identifier to its value. A value of another customer violates the unique index
/// of that kind: ON CONFLICT covers the primary key only.
pub(super) fn set_identifiers(branches: &mut Branches, customer: &Customer) {
    let identifiers = customer.identifiers();
    if identifiers.is_empty() {
        return;
    }
    let insert =
        branches.branch("INSERT INTO customer_identifiers (tenant_id, customer_id, kind, value)");
    builder::values(insert, "$1, $2", &identifiers, |row, identifier| {
        row.push_bind(identifier.kind())
            .push_bind(identifier.value());
    });
    insert.push(
        " ON CONFLICT (tenant_id, customer_id, kind) DO UPDATE SET value = excluded.value \
         WHERE customer_identifiers.tenant_id = $1 AND customer_identifiers.value <> excluded.value",
    );
}
