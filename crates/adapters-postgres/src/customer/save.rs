//! Saves a changed customer: every part of the aggregate, in one statement.

use super::columns;
use super::parts::{add_search_terms, add_tags, set_identifiers};
use crate::pg::builder::{Branches, Builder, changed_row};
use customer_domain::customer::{Customer, search_terms};

/// Returns the statement that saves a customer. `$1` is the tenant, `$2` the customer; it counts 0
/// rows if there is no such customer.
///
/// All branches see the rows as they were before it, so of each list it deletes what was removed
/// and inserts what was added, never the same row twice.
pub(super) fn statement(customer: &Customer) -> Builder {
    let mut branches = Branches::new(&[customer.tenant.0, customer.id.0]);
    let profile = branches.branch("UPDATE customer_profiles SET ");
    changed_row(profile, customer, columns::profile);
    profile.push(" WHERE tenant_id = $1 AND customer_id = $2");
    let preferences = branches.branch("UPDATE customer_preferences SET ");
    changed_row(preferences, customer, columns::preferences);
    preferences.push(" WHERE tenant_id = $1 AND customer_id = $2");
    let tags = customer.tags.iter().map(|tag| tag.as_str().to_owned());
    keep_only(&mut branches, "customer_tags", "tag", tags.collect());
    add_tags(&mut branches, customer);
    let terms = search_terms(customer).into_iter();
    keep_only(
        &mut branches,
        "customer_search_terms",
        "term",
        terms.collect(),
    );
    add_search_terms(&mut branches, customer);
    let kinds = customer.identifiers().into_iter().map(|held| held.kind());
    keep_only(
        &mut branches,
        "customer_identifiers",
        "kind",
        kinds.collect(),
    );
    set_identifiers(&mut branches, customer);
    let core = branches.main("UPDATE customers SET ");
    changed_row(core, customer, columns::core);
    core.push(" WHERE tenant_id = $1 AND id = $2 AND erased_at IS NULL");
    branches.finish()
}

fn keep_only(
    branches: &mut Branches,
    table: &'static str,
    column: &'static str,
    kept: Vec<String>,
) {
    let delete = branches.branch("DELETE FROM ").push(table);
    delete.push(" WHERE tenant_id = $1 AND customer_id = $2 AND ");
    delete.push(column).push(" <> ALL(");
    delete.push_bind(kept).push("::text[])");
}
