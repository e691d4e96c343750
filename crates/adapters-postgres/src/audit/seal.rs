//! A seal as a row.

use crate::pg::row::{Reader, corrupt};
use crate::pg::sql::{Parameters, Sql};
use chrono::{DateTime, NaiveDate, Utc};
use customer_domain::audit::{AuditSeal, LedgerPosition, SealedRange};
use customer_domain::{AuditEventId, StoreError};
use sqlx::postgres::PgRow;
use uuid::Uuid;

const TABLE: &str = "audit_seals";
/// Bytes of a digest.
const DIGEST: usize = 32;
const ENTRIES: i16 = 1;
const DROPPED: i16 = 2;

/// In the order in which [`decode`] reads them. Numbers of transactions are text: the driver does
/// not know their type.
pub(super) const COLUMNS: &str = "s.number, s.month, s.kind, s.first_transaction::text, s.first_id, \
     s.last_transaction::text, s.last_id, s.digests, s.through_transaction::text, s.through_id, \
     s.begins, s.requires_digests, s.previous, s.sealed_at, s.digest, s.public_key, s.signature";

const INSERT: &str = "INSERT INTO audit_seals (number, month, kind, first_transaction, first_id, last_transaction, \
     last_id, digests, through_transaction, through_id, begins, requires_digests, previous, sealed_at, digest, public_key, signature) \
     VALUES ";

/// Stores seals, all or none.
pub(super) fn insert(seals: &[AuditSeal]) -> Sql {
    let mut sql = Sql::new(INSERT);
    for (at, seal) in seals.iter().enumerate() {
        sql.push(if at == 0 { "(" } else { "), (" });
        let mut row = sql.separated(", ");
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
            SealedRange::Dropped { begins } => begins,
            SealedRange::Entries { .. } => None,
        };
        row.push_bind(begins)
            .push_bind(seal.requires_digests)
            .push_bind(seal.previous.to_vec())
            .push_bind(seal.sealed_at)
            .push_bind(seal.digest.to_vec())
            .push_bind(seal.public_key.to_vec())
            .push_bind(seal.signature.to_vec());
    }
    sql.push(")");
    sql
}

fn bind_position(row: &mut Parameters<'_>, position: Option<&LedgerPosition>) {
    let transaction = position.map(|position| position.transaction.to_string());
    row.push_bind(transaction)
        .push_unseparated("::text::xid8")
        .push_bind(position.map(|position| position.entry.0));
}

/// Reads [`COLUMNS`].
pub(super) fn decode(row: &PgRow) -> Result<AuditSeal, StoreError> {
    let mut row = Reader::new(row, TABLE);
    let number: i64 = row.column()?;
    let unreadable = || corrupt(TABLE, number);
    let month: NaiveDate = row.column()?;
    let kind: i16 = row.column()?;
    let (first, last) = (position(&mut row)?, position(&mut row)?);
    let digests: Vec<u8> = row.column()?;
    let (digests, rest) = digests.as_chunks::<DIGEST>();
    let through = position(&mut row)?;
    let begins: Option<i64> = row.column()?;
    let range = match (kind, first, last, begins) {
        (ENTRIES, Some(first), Some(last), None) if rest.is_empty() => SealedRange::Entries {
            first,
            last,
            digests: digests.to_vec(),
        },
        (DROPPED, None, None, begins) => SealedRange::Dropped { begins },
        _ => return Err(unreadable()),
    };
    let requires_digests = row.column()?;
    let previous = array(&mut row)?;
    let sealed_at: DateTime<Utc> = row.column()?;
    Ok(AuditSeal {
        number,
        month,
        range,
        through,
        requires_digests,
        previous,
        sealed_at,
        digest: array(&mut row)?,
        public_key: array(&mut row)?,
        signature: array(&mut row)?,
    })
}

fn array<const N: usize>(row: &mut Reader<'_>) -> Result<[u8; N], StoreError> {
    row.parsed(|bytes: Vec<u8>| bytes.try_into().ok())
}

/// Two columns: the number of a transaction as text, and an entry.
pub(super) fn position(row: &mut Reader<'_>) -> Result<Option<LedgerPosition>, StoreError> {
    let transaction = row.optional(|number: &str| number.parse().ok())?;
    let entry: Option<Uuid> = row.column()?;
    Ok(transaction
        .zip(entry)
        .map(|(transaction, entry)| LedgerPosition {
            transaction,
            entry: AuditEventId(entry),
        }))
}
