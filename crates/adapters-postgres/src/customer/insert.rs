//! Inserts a new customer: its row with the key that seals its values, and its rows in other
//! tables.

use super::columns::{self, NewRow, Row};
use super::rows::Rows;
use crate::pg::builder::{self, Branches};
use customer_domain::customer::NewCustomer;

/// Appends the rest of the statement. `$1` is the tenant, `$2` the customer.
pub(super) fn finish(
    branches: &mut Branches,
    new: &NewCustomer,
    rows: &Rows,
    sealing_key: Vec<u8>,
) {
    let customer = &new.customer;
    rows.insert(branches);
    if let Some(hash) = &new.password_hash {
        let insert = branches.branch(
            "INSERT INTO customer_credentials (tenant_id, customer_id, password_hash, password_changed_at, last_login_at)",
        );
        builder::values(insert, "$1, $2", [hash], |row, hash| {
            row.push_bind(hash.0.as_str())
                .push_bind(customer.created_at)
                .push_bind(customer.last_login_at);
        });
    }
    let row = NewRow {
        row: Row { customer, rows },
        new,
        sealing_key,
    };
    let insert = branches.main("INSERT INTO customers (tenant_id, id");
    builder::new_row(insert, &row, columns::of_insert);
}
