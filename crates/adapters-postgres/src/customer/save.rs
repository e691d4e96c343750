//! Saves a changed customer: its row, and what changed of its rows in other tables.

use super::columns::{self, Row};
use super::rows::Rows;
use crate::pg::builder::{Branches, changed_row};
use customer_domain::customer::Customer;

/// Appends the rest of the statement that saves a customer whose other rows were `before` and shall
/// be `rows`. `$1` is the tenant, `$2` the customer; it counts 0 rows if there is no such customer.
///
/// All branches see the rows as they were before it, so none of them may touch a row twice.
pub(super) fn finish(branches: &mut Branches, customer: &Customer, before: &Rows, rows: &Rows) {
    rows.write(before, branches);
    let update = branches.main("UPDATE customers SET revision = revision + 1, ");
    changed_row(update, &Row { customer, rows }, columns::of_change);
    update.push(" WHERE tenant_id = $1 AND id = $2 AND erased_at IS NULL");
}
