//! A ledger in memory.

use async_trait::async_trait;
use chrono::NaiveDate;
use customer_app::audit::{AuditSealer, AuditVerifier, KeptSeal, LastSeen, Verified, VerifyError};
use customer_domain::audit::{
    AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, PendingEntry, SealedRange,
};
use customer_domain::{AuditEventId, Conflict, StoreError};
use customer_testkit::builders::{FixedClock, at, notary, seeded_id, tenant};
use std::sync::{Arc, Mutex};

/// A ledger in memory, which anyone can forge.
#[derive(Default)]
pub(crate) struct Book {
    entries: Mutex<Vec<(NaiveDate, LedgerEntry)>>,
    seals: Mutex<Vec<AuditSeal>>,
}

pub(crate) fn month(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, number, 1).expect("a day")
}

/// The n-th entry, in a transaction of its own.
pub(crate) fn entry(n: u8) -> LedgerEntry {
    LedgerEntry {
        position: LedgerPosition {
            transaction: 100 + u64::from(n),
            entry: AuditEventId(seeded_id(u64::from(n))),
        },
        tenant: tenant().id,
        stored: Some([n; 32]),
        actual: [n; 32],
    }
}

impl Book {
    pub(crate) fn write(&self, month: NaiveDate, n: u8) {
        self.entries
            .lock()
            .expect("entries")
            .push((month, entry(n)));
    }

    /// Changes what is stored, and brings it into its order.
    pub(crate) fn forge(
        &self,
        forge: impl FnOnce(&mut Vec<(NaiveDate, LedgerEntry)>, &mut Vec<AuditSeal>),
    ) {
        let mut entries = self.entries.lock().expect("entries");
        forge(&mut entries, &mut self.seals.lock().expect("seals"));
        entries.sort_by_key(|(_, entry)| entry.position);
    }

    pub(crate) fn sealer(self: &Arc<Self>) -> AuditSealer {
        AuditSealer {
            ledger: Arc::<Self>::clone(self),
            notary: notary(),
            clock: Arc::new(FixedClock::at(at(0))),
            seen: LastSeen::default(),
        }
    }

    pub(crate) async fn verify(
        self: &Arc<Self>,
        kept: &[KeptSeal],
    ) -> Result<Verified, VerifyError> {
        let verifier = AuditVerifier {
            ledger: Arc::<Self>::clone(self),
            notary: notary(),
            trusted: Vec::new(),
            kept: kept.to_vec(),
        };
        verifier.verify().await
    }

    pub(crate) fn kept(&self, number: usize) -> KeptSeal {
        let seals = self.seals.lock().expect("seals");
        KeptSeal {
            number: seals[number - 1].number,
            digest: seals[number - 1].digest,
        }
    }

    fn within(
        &self,
        wanted: impl Fn(NaiveDate, LedgerPosition) -> bool,
        limit: u32,
    ) -> Vec<(NaiveDate, LedgerEntry)> {
        let entries = self.entries.lock().expect("entries");
        let found = entries
            .iter()
            .filter(|(month, entry)| wanted(*month, entry.position));
        found
            .take(usize::try_from(limit).expect("a limit"))
            .copied()
            .collect()
    }
}

#[async_trait]
impl AuditLedger for Book {
    async fn last(&self) -> Result<Option<AuditSeal>, StoreError> {
        Ok(self.seals.lock().expect("seals").last().cloned())
    }

    async fn pending(
        &self,
        after: Option<LedgerPosition>,
        limit: u32,
    ) -> Result<Vec<PendingEntry>, StoreError> {
        let found = self.within(|_, position| Some(position) > after, limit);
        let pending = found.into_iter().map(|(month, entry)| PendingEntry {
            position: entry.position,
            month,
            digest: entry.stored.unwrap_or(entry.actual),
        });
        Ok(pending.collect())
    }

    async fn append(&self, seals: &[AuditSeal]) -> Result<(), StoreError> {
        let mut kept = self.seals.lock().expect("seals");
        let last = kept.last().map_or(0, |seal| seal.number);
        if seals.first().is_some_and(|seal| seal.number <= last) {
            let taken = Conflict::Other("audit_seals_pkey".to_owned());
            return Err(StoreError::Conflict(taken));
        }
        kept.extend(seals.iter().cloned());
        Ok(())
    }

    async fn seals(&self, after: i64, limit: u32) -> Result<Vec<AuditSeal>, StoreError> {
        let seals = self.seals.lock().expect("seals");
        let found = seals.iter().filter(|seal| seal.number > after);
        Ok(found
            .take(usize::try_from(limit).expect("a limit"))
            .cloned()
            .collect())
    }

    async fn dropped(&self) -> Result<Vec<NaiveDate>, StoreError> {
        let seals = self.seals.lock().expect("seals");
        let dropped = seals
            .iter()
            .filter(|seal| seal.range == SealedRange::Dropped);
        Ok(dropped.map(|seal| seal.month).collect())
    }

    async fn months(&self) -> Result<Vec<NaiveDate>, StoreError> {
        let found = self.within(|_, _| true, u32::MAX);
        let mut months: Vec<_> = found.into_iter().map(|(month, _)| month).collect();
        months.sort();
        months.dedup();
        Ok(months)
    }

    async fn entries(
        &self,
        month: NaiveDate,
        after: Option<LedgerPosition>,
        through: Option<LedgerPosition>,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let found = self.within(
            |of, position| {
                of == month
                    && Some(position) > after
                    && through.is_none_or(|through| position <= through)
            },
            limit,
        );
        Ok(found.into_iter().map(|(_, entry)| entry).collect())
    }
}
