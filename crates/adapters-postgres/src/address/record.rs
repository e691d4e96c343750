//! The columns of an address, and how a row is decoded.

use crate::customer::known_as;
use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, sql};
use customer_domain::address::{
    Address, AddressType, BookHolder, Country, MAX_BOOK, MAX_EXPANDED, PostalAddress,
};
use customer_domain::customer::{LegacyId, Status};
use customer_domain::profile::Phone;
use customer_domain::{AddressId, CustomerId, StoreError};
use sqlx::postgres::PgRow;
use sqlx::types::Json;

/// The columns of `customer_addresses AS a` that [`decode`] reads.
const COLUMNS: Sql = Sql::text(
    "a.id, a.type, a.default_shipping, a.default_billing, a.first_name, a.last_name, \
     a.company, a.address_line_1, a.address_line_2, a.city, a.state_province, a.postal_code, a.country_code, a.phone, a.label, \
     a.is_verified, a.metadata, a.legacy_id, a.version, a.created_at, a.updated_at",
);
/// The customer, in each row of its book.
const OWNER: Sql = Sql::text("c.id AS customer_id");

const TABLE: &str = "customer_addresses";

/// Returns the statements that every serving connection prepares: name, parameter types and text.
/// `$1` is the tenant. A book without addresses is one row whose address columns are null.
pub(crate) fn prepared() -> Vec<(&'static str, &'static str, Sql)> {
    let book = |id: Sql| {
        sql!(
            "SELECT {}, {} FROM customers c LEFT JOIN customer_addresses a \
             ON a.tenant_id = c.tenant_id AND a.customer_id = c.id AND a.deleted_at IS NULL \
             WHERE c.tenant_id = $1 AND c.erased_at IS NULL AND c.id = {} \
             ORDER BY a.created_at, a.id LIMIT {}",
            COLUMNS,
            OWNER,
            id,
            MAX_BOOK
        )
    };
    vec![
        ("address_book_by_id", "uuid, uuid", book(Sql::text("$2"))),
        (
            "address_book_by_legacy",
            "uuid, text",
            book(known_as::by_legacy(&Sql::text("$1"), &Sql::text("$2"))),
        ),
        (
            "address_books",
            "uuid, uuid[]",
            sql!(
                "SELECT {}, {} FROM customers c CROSS JOIN LATERAL (SELECT {} \
                 FROM customer_addresses a WHERE a.tenant_id = $1 AND a.customer_id = c.id \
                 AND a.deleted_at IS NULL ORDER BY a.created_at, a.id LIMIT {}) a \
                 WHERE c.tenant_id = $1 AND c.erased_at IS NULL AND c.id = ANY($2) \
                 ORDER BY a.created_at, a.id",
                COLUMNS,
                OWNER,
                COLUMNS,
                MAX_EXPANDED
            ),
        ),
    ]
}

/// Decodes the addresses in the rows of a book.
pub(super) fn addresses(rows: &[PgRow]) -> Result<Vec<Address>, StoreError> {
    let addresses = rows.iter().filter_map(|row| decode(row).transpose());
    addresses.collect()
}

/// Decodes [`COLUMNS`]; `None` if the row is of a customer without addresses.
pub(super) fn decode(row: &PgRow) -> Result<Option<Address>, StoreError> {
    let row = &RowReader::new(row, TABLE);
    let Some(id) = row.column("id")? else {
        return Ok(None);
    };
    Ok(Some(Address {
        id: AddressId(id),
        kind: row.parsed("type", AddressType::from_code)?,
        default_shipping: row.column("default_shipping")?,
        default_billing: row.column("default_billing")?,
        postal: postal(row)?,
        label: row.column("label")?,
        is_verified: row.column("is_verified")?,
        metadata: row.column::<Json<_>>("metadata")?.0,
        legacy_id: row
            .column::<Option<_>>("legacy_id")?
            .map(LegacyId::from_store),
        version: row.column("version")?,
        created_at: row.instant("created_at")?,
        updated_at: row.instant("updated_at")?,
    }))
}

fn postal(row: &RowReader<'_>) -> Result<PostalAddress, StoreError> {
    Ok(PostalAddress {
        first_name: row.column("first_name")?,
        last_name: row.column("last_name")?,
        company: row.column("company")?,
        street: row.column("address_line_1")?,
        street2: row.column("address_line_2")?,
        city: row.column("city")?,
        region: row.column("state_province")?,
        postal_code: row.column("postal_code")?,
        country: row.parsed("country_code", Country::from_store)?,
        phone: row.column::<Option<_>>("phone")?.map(Phone::from_store),
    })
}

/// Decodes [`OWNER`].
pub(super) fn owner(row: &PgRow) -> Result<CustomerId, StoreError> {
    RowReader::new(row, TABLE)
        .column("customer_id")
        .map(CustomerId)
}

/// Decodes the row of a lock.
pub(super) fn holder(lock: &PgRow) -> Result<BookHolder, StoreError> {
    let row = &RowReader::new(lock, "customers");
    let event_seq: i64 = row.column("event_seq")?;
    Ok(BookHolder {
        customer: CustomerId(row.column("locked_id")?),
        status: row.parsed("status", Status::from_code)?,
        event_seq: event_seq + 1,
    })
}
