//! Encodes and decodes the row of a seal.

use crate::pg::builder::{Builder, Parameters};
use crate::pg::row::{RowReader, corrupt};
use crate::pg::sql::Sql;
use customer_domain::audit::{AuditSeal, LedgerPosition, SealedRange};
use customer_domain::{AuditEventId, StoreError};
use sqlx::postgres::PgRow;
use uuid::Uuid;

const TABLE: &str = "audit_seals";
/// The length of a digest, in bytes.
const DIGEST: usize = 32;
const ENTRIES: i16 = 1;
const DROPPED: i16 = 2;

/// The columns of `audit_seals AS s` that [`decode`] reads. Transaction numbers are text: the
/// driver does not know their type.
pub(super) const COLUMNS: Sql = Sql::text(
    "s.number, s.month, s.kind, s.first_transaction::text AS first_transaction, s.first_id, \
     s.last_transaction::text AS last_transaction, s.last_id, s.digests, \
     s.through_transaction::text AS through_transaction, s.through_id, \
     s.begins, s.previous, s.sealed_at, s.digest, s.public_key, s.signature",
);

const INSERT: &str = "INSERT INTO audit_seals (number, month, kind, first_transaction, first_id, last_transaction, \
     last_id, digests, through_transaction, through_id, begins, previous, sealed_at, digest, public_key, signature) \
     VALUES ";

/// Returns the statement that stores seals, all or none.
pub(super) fn insert(seals: &[AuditSeal]) -> Builder {
    let mut insert = Builder::new(INSERT);
    for (at, seal) in seals.iter().enumerate() {
        insert.push(if at == 0 { "(" } else { "), (" });
        let mut row = insert.separated(", ");
        let (kind, first, last, digests) = match &seal.range {
            SealedRange::Entries {
                first,
                last,
                digests,
            } => (ENTRIES, Some(first), Some(last), digests.as_flattened()),
            SealedRange::Dropped { .. } => (DROPPED, None, None, &[][..]),
        };
        row.push_bind(seal.number)
            .push_bind(seal.month)
            .push_bind(kind);
        bind_position(&mut row, first);
        bind_position(&mut row, last);
        row.push_bind(digests.to_vec());
        bind_position(&mut row, seal.through.as_ref());
        let begins = match seal.range {
            SealedRange::Dropped { begins } => Some(begins),
            SealedRange::Entries { .. } => None,
        };
        row.push_bind(begins)
            .push_bind(seal.previous.to_vec())
            .push_bind(seal.sealed_at)
            .push_bind(seal.digest.to_vec())
            .push_bind(seal.public_key.to_vec())
            .push_bind(seal.signature.to_vec());
    }
    insert.push(")");
    insert
}

fn bind_position(row: &mut Parameters<'_>, position: Option<&LedgerPosition>) {
    let transaction = position.map(|position| position.transaction.to_string());
    row.push_bind(transaction)
        .push_unseparated("::text::xid8")
        .push_bind(position.map(|position| position.entry.0));
}

/// Decodes [`COLUMNS`].
pub(super) fn decode(row: &PgRow) -> Result<AuditSeal, StoreError> {
    let row = &RowReader::new(row, TABLE);
    let number: i64 = row.column("number")?;
    Ok(AuditSeal {
        number,
        month: row.column("month")?,
        range: range(row)?.ok_or_else(|| corrupt(TABLE, number))?,
        through: position(row, "through_transaction", "through_id")?,
        previous: array(row, "previous")?,
        sealed_at: row.column("sealed_at")?,
        digest: array(row, "digest")?,
        public_key: array(row, "public_key")?,
        signature: array(row, "signature")?,
    })
}

/// Decodes the sealed range; `None` if the columns contradict each other.
fn range(row: &RowReader<'_>) -> Result<Option<SealedRange>, StoreError> {
    let kind: i16 = row.column("kind")?;
    let first = position(row, "first_transaction", "first_id")?;
    let last = position(row, "last_transaction", "last_id")?;
    let begins: Option<i64> = row.column("begins")?;
    let digests: Vec<u8> = row.column("digests")?;
    let (digests, rest) = digests.as_chunks::<DIGEST>();
    Ok(match (kind, first, last, begins) {
        (ENTRIES, Some(first), Some(last), None) if rest.is_empty() => Some(SealedRange::Entries {
            first,
            last,
            digests: digests.to_vec(),
        }),
        (DROPPED, None, None, Some(begins)) => Some(SealedRange::Dropped { begins }),
        _ => None,
    })
}

fn array<const N: usize>(row: &RowReader<'_>, column: &str) -> Result<[u8; N], StoreError> {
    row.parsed(column, |bytes: Vec<u8>| bytes.try_into().ok())
}

/// Decodes a position from two columns: a transaction number as text, and the id of an entry.
pub(super) fn position(
    row: &RowReader<'_>,
    transaction: &str,
    entry: &str,
) -> Result<Option<LedgerPosition>, StoreError> {
    let transaction = row.optional(transaction, |number: &str| number.parse().ok())?;
    let entry: Option<Uuid> = row.column(entry)?;
    Ok(transaction
        .zip(entry)
        .map(|(transaction, entry)| LedgerPosition {
            transaction,
            entry: AuditEventId(entry),
        }))
}
