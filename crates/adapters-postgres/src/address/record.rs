//! An address as one row: what is selected, and how it is read back.

use crate::pg::row::Reader;
use customer_domain::address::{
    Address, AddressType, BookHolder, Country, MAX_BOOK, MAX_EXPANDED, PostalAddress,
};
use customer_domain::customer::{LegacyId, Status};
use customer_domain::profile::Phone;
use customer_domain::{AddressId, CustomerId, StoreError};
use sqlx::postgres::PgRow;
use sqlx::types::Json;

/// The columns, in the order in which [`decode`] reads them from `customer_addresses AS a`.
const COLUMNS: &str = "a.id, a.type, a.default_shipping, a.default_billing, a.first_name, a.last_name, \
     a.company, a.address_line_1, a.address_line_2, a.city, a.state_province, a.postal_code, a.country_code, a.phone, a.label, \
     a.is_verified, a.metadata, a.legacy_id, a.version, a.created_at, a.updated_at";
/// What [`holder`] reads, after those.
const HOLDER: &str = "c.id AS customer_id, c.status, c.event_seq";

const TABLE: &str = "customer_addresses";

/// The statements that every connection prepares: a name, its parameters' types and its text.
/// `$1` is the tenant. A customer without addresses yields one row of nothing but itself.
pub(crate) fn prepared() -> Vec<(&'static str, &'static str, String)> {
    let book = |condition: &str| {
        format!(
            "SELECT {COLUMNS}, {HOLDER} FROM customers c LEFT JOIN customer_addresses a \
             ON a.tenant_id = c.tenant_id AND a.customer_id = c.id AND a.deleted_at IS NULL \
             WHERE c.tenant_id = $1 AND c.erased_at IS NULL AND c.id = {condition} \
             ORDER BY a.created_at, a.id LIMIT {MAX_BOOK}"
        )
    };
    vec![
        ("address_book_by_id", "uuid, uuid", book("$2")),
        (
            "address_book_by_legacy",
            "uuid, text",
            book(
                "(SELECT k.customer_id FROM customer_identifiers k \
                  WHERE k.tenant_id = $1 AND k.kind = 'legacy' AND k.value = $2)",
            ),
        ),
        (
            "address_books",
            "uuid, uuid[]",
            format!(
                "SELECT {COLUMNS}, {HOLDER} FROM customers c CROSS JOIN LATERAL (SELECT {COLUMNS} \
                 FROM customer_addresses a WHERE a.tenant_id = $1 AND a.customer_id = c.id \
                 AND a.deleted_at IS NULL ORDER BY a.created_at, a.id LIMIT {MAX_EXPANDED}) a \
                 WHERE c.tenant_id = $1 AND c.erased_at IS NULL AND c.id = ANY($2) \
                 ORDER BY a.created_at, a.id"
            ),
        ),
    ]
}

/// The addresses of a book's rows.
pub(super) fn addresses(rows: &[PgRow]) -> Result<Vec<Address>, StoreError> {
    let addresses = rows.iter().filter_map(|row| decode(row).transpose());
    addresses.collect()
}

/// Reads [`COLUMNS`]; `None` in the row of a customer without addresses.
pub(super) fn decode(row: &PgRow) -> Result<Option<Address>, StoreError> {
    let row = &mut Reader::new(row, TABLE);
    let Some(id) = row.column()? else {
        return Ok(None);
    };
    Ok(Some(Address {
        id: AddressId(id),
        kind: row.parsed(AddressType::from_code)?,
        default_shipping: row.column()?,
        default_billing: row.column()?,
        postal: postal(row)?,
        label: row.column()?,
        is_verified: row.column()?,
        metadata: row.column::<Json<_>>()?.0,
        legacy_id: row.optional(|id: i64| LegacyId::new(id).ok())?,
        version: row.column()?,
        created_at: row.column()?,
        updated_at: row.column()?,
    }))
}

fn postal(row: &mut Reader<'_>) -> Result<PostalAddress, StoreError> {
    Ok(PostalAddress {
        first_name: row.column()?,
        last_name: row.column()?,
        company: row.column()?,
        street: row.column()?,
        street2: row.column()?,
        city: row.column()?,
        region: row.column()?,
        postal_code: row.column()?,
        country: row.parsed(|code: &str| Country::parse(code).ok())?,
        phone: row.optional(|phone: &str| Phone::parse(phone).ok().flatten())?,
    })
}

/// Reads [`HOLDER`].
pub(super) fn holder(row: &PgRow) -> Result<BookHolder, StoreError> {
    let row = &mut Reader::from(row, TABLE, COLUMNS.split(',').count());
    Ok(BookHolder {
        customer: CustomerId(row.column()?),
        status: row.parsed(Status::from_code)?,
        event_seq: row.column()?,
    })
}
