//! Inserts a new customer: all its rows, and the key that seals its values, in one statement.

use super::columns;
use super::parts::{add_search_terms, add_tags, set_identifiers};
use crate::pg::builder::{self, Branches};
use customer_domain::customer::NewCustomer;

/// Returns the statement without its main part and without the key. `$1` is the tenant, `$2` the
/// customer. Foreign keys between the branches are checked when the statement ends.
pub(super) fn branches(new: &NewCustomer) -> Branches {
    let customer = &new.customer;
    let mut branches = Branches::new(&[customer.tenant.0, customer.id.0]);
    let core = branches.branch("INSERT INTO customers (tenant_id, id");
    builder::new_row(core, customer, columns::core);
    let profile = branches.branch("INSERT INTO customer_profiles (tenant_id, customer_id");
    builder::new_row(profile, customer, columns::profile);
    let preferences = branches.branch("INSERT INTO customer_preferences (tenant_id, customer_id");
    builder::new_row(preferences, customer, columns::preferences);
    set_identifiers(&mut branches, customer);
    add_search_terms(&mut branches, customer);
    add_tags(&mut branches, customer);
    if let Some(hash) = &new.password_hash {
        let insert = branches.branch(
            "INSERT INTO customer_credentials (tenant_id, customer_id, password_hash, password_changed_at)",
        );
        builder::values(insert, "$1, $2", [hash], |row, hash| {
            row.push_bind(hash.0.as_str())
                .push_bind(customer.created_at);
        });
    }
    statistics(&mut branches, new);
    branches
}

fn statistics(branches: &mut Branches, new: &NewCustomer) {
    let insert = branches.branch(
        "INSERT INTO customer_statistics (tenant_id, customer_id, currency, total_spent, order_count, \
         lifetime_value, updated_at)",
    );
    builder::values(insert, "$1, $2", [&new.summary], |row, summary| {
        row.push_bind(summary.currency.as_str())
            .push_bind(summary.total_spent)
            .push_bind(summary.order_count)
            .push_bind(summary.total_spent)
            .push_bind(new.customer.updated_at);
    });
}

/// Appends the main part of the statement.
pub(super) fn finish(branches: &mut Branches, new: &NewCustomer) {
    let insert = branches.main(
        "INSERT INTO customer_tiers (tenant_id, customer_id, tier, segment, loyalty_points, tier_achieved_at, \
         segment_achieved_at, updated_at)",
    );
    builder::values(insert, "$1, $2", [&new.summary], |row, summary| {
        row.push_bind(summary.tier.code())
            .push_bind(summary.segment.as_str())
            .push_bind(summary.loyalty_points)
            .push_bind(new.customer.created_at)
            .push_bind(new.customer.created_at)
            .push_bind(new.customer.updated_at);
    });
}
