//! Inserts a new customer: its row with the key that seals its values, and its rows in other
//! tables, in one statement.

use super::columns::{self, NewRow, Row};
use super::rows::Rows;
use crate::pg::builder::{self, Branches, Builder};
use customer_domain::customer::NewCustomer;

/// Returns the statement. `$1` is the tenant, `$2` the customer.
pub(super) fn statement(new: &NewCustomer, rows: &Rows, sealing_key: Vec<u8>) -> Builder {
    let customer = &new.customer;
    let mut branches = Branches::new(&[customer.tenant.0, customer.id.0]);
    rows.write(&Rows::default(), &mut branches);
    if let Some(hash) = &new.password_hash {
        let insert = branches.branch(
            "INSERT INTO customer_credentials (tenant_id, customer_id, password_hash, password_changed_at)",
        );
        builder::values(insert, "$1, $2", [hash], |row, hash| {
            row.push_bind(hash.0.as_str())
                .push_bind(customer.created_at);
        });
    }
    let row = NewRow {
        row: Row { customer, rows },
        new,
        sealing_key,
    };
    let insert = branches.main("INSERT INTO customers (tenant_id, id");
    builder::new_row(insert, &row, columns::of_insert);
    branches.finish()
}
