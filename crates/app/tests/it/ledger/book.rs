//! A ledger in memory.

use async_trait::async_trait;
use chrono::NaiveDate;
use customer_app::audit::{AuditSealer, AuditVerifier, KeptSeal, LastSeen, Verified, VerifyError};
use customer_domain::audit::{
    AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, Pending, PendingEntry, SealedRange,
};
use customer_domain::{AuditEventId, Conflict, StoreError};
use customer_testkit::builders::{FixedClock, at, seeded_id, signer, tenant};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The number of the next transaction.
pub(crate) const NEXT: u64 = 1_000;

/// A ledger in memory that can be tampered with.
#[derive(Default)]
pub(crate) struct Book {
    entries: Mutex<Vec<(NaiveDate, LedgerEntry)>>,
    seals: Mutex<Vec<AuditSeal>>,
    /// The number of a transaction that is still running; zero if none is.
    running: AtomicU64,
    /// The number of transactions that are missing after a restore from a dump.
    lost: AtomicU64,
    /// Reading seals after this number removes the dropped months.
    gone_behind: AtomicI64,
    /// One more than the number of blocks of entries to be read before dropped months are removed;
    /// zero to keep them.
    blocks: AtomicU64,
    /// The number of the oldest seals that each reading of seals removes.
    chunk: AtomicU32,
}

pub(crate) fn month(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, number, 1).expect("a day")
}

/// Returns the n-th entry, in its own transaction.
pub(crate) fn entry(n: u8) -> LedgerEntry {
    LedgerEntry {
        position: LedgerPosition {
            transaction: 100 + u64::from(n),
            entry: AuditEventId(seeded_id(u64::from(n))),
        },
        tenant: tenant().id,
        at: at(i64::from(n)),
        stored: [n; 32],
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

    /// Keeps a transaction with this number running, or none.
    pub(crate) fn hold_open(&self, transaction: Option<u64>) {
        self.running
            .store(transaction.unwrap_or(0), Ordering::Relaxed);
    }

    /// Simulates a restore from a dump.
    pub(crate) fn renumber(&self, lost: u64) {
        self.lost.store(lost, Ordering::Relaxed);
    }

    /// Removes the dropped months as soon as seals after this number are read.
    pub(crate) fn forget_dropped_behind(&self, number: i64) {
        self.gone_behind.store(number, Ordering::Relaxed);
    }

    /// Removes the dropped months after this many blocks of entries were read.
    pub(crate) fn forget_dropped_after_blocks(&self, blocks: u64) {
        self.blocks.store(blocks + 1, Ordering::Relaxed);
    }

    /// Removes this many of the oldest seals whenever more seals are read.
    pub(crate) fn forget_seals_in_chunks(&self, chunk: u32) {
        self.chunk.store(chunk, Ordering::Relaxed);
    }

    /// Appends a seal that records the dropping of a month.
    pub(crate) async fn drop_month(&self, month: NaiveDate) {
        let last = self.last().await.expect("a seal");
        let begins = self.first_needed(&[month]).await.expect("a number");
        let own = last.as_ref().map_or(1, |last| last.number + 1);
        let dropped = AuditSeal::after(
            last.as_ref(),
            month,
            SealedRange::Dropped {
                begins: begins.unwrap_or(own),
            },
            last.as_ref().and_then(|seal| seal.through),
            at(2),
            &*signer(),
        );
        self.append(&[dropped]).await.expect("a seal");
    }

    /// Removes the entries of dropped months and the seals that are no longer needed.
    pub(crate) async fn forget_dropped(&self) {
        let dropped = self.dropped().await.expect("seals");
        let dropped: Vec<_> = dropped.iter().map(|seal| seal.month).collect();
        self.forge(|entries, _| entries.retain(|(of, _)| !dropped.contains(of)));
        self.trim(u32::MAX).await.expect("seals");
    }

    /// Changes what is stored, and sorts it again.
    pub(crate) fn forge(
        &self,
        forge: impl FnOnce(&mut Vec<(NaiveDate, LedgerEntry)>, &mut Vec<AuditSeal>),
    ) {
        let mut entries = self.entries.lock().expect("entries");
        forge(&mut entries, &mut self.seals.lock().expect("seals"));
        entries.sort_by_key(|(_, entry)| entry.position);
    }

    pub(crate) fn sealer(self: &Arc<Self>) -> AuditSealer {
        self.sealer_at(0)
    }

    /// Returns a sealer whose clock is this many seconds after the first entry.
    pub(crate) fn sealer_at(self: &Arc<Self>, seconds: i64) -> AuditSealer {
        AuditSealer {
            ledger: Arc::<Self>::clone(self),
            signer: signer(),
            clock: Arc::new(FixedClock::at(at(seconds))),
            seen: LastSeen::default(),
        }
    }

    pub(crate) async fn verify(
        self: &Arc<Self>,
        kept: &[KeptSeal],
    ) -> Result<Verified, VerifyError> {
        let verifier = AuditVerifier {
            ledger: Arc::<Self>::clone(self),
            signer: signer(),
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

/// Returns the number with which the trail may start according to a seal.
fn begins(seal: &AuditSeal) -> Option<i64> {
    match seal.range {
        SealedRange::Dropped { begins } => Some(begins),
        SealedRange::Entries { .. } => None,
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
    ) -> Result<Pending, StoreError> {
        let running = match self.running.load(Ordering::Relaxed) {
            0 => NEXT,
            running => running,
        };
        let is_settled = |position: LedgerPosition| position.transaction < running;
        let beyond = |position| Some(position) > after;
        let found = self.within(|_, place| beyond(place) && is_settled(place), limit);
        let waiting = self.within(|_, place| beyond(place) && !is_settled(place), 1);
        let pending = found.into_iter().map(|(month, entry)| PendingEntry {
            position: entry.position,
            month,
            digest: entry.stored,
        });
        Ok(Pending {
            entries: pending.collect(),
            waiting_since: waiting.first().map(|(_, entry)| entry.at),
        })
    }

    async fn horizon(&self) -> Result<u64, StoreError> {
        Ok(NEXT - self.lost.load(Ordering::Relaxed))
    }

    async fn first_needed(&self, dropped: &[NaiveDate]) -> Result<Option<i64>, StoreError> {
        let seals = self.seals.lock().expect("seals");
        let mut needed = seals
            .iter()
            .filter(|seal| seal.count() > 0 && !dropped.contains(&seal.month));
        Ok(needed.next().map(|seal| seal.number))
    }

    async fn trim(&self, most: u32) -> Result<u64, StoreError> {
        let mut seals = self.seals.lock().expect("seals");
        let begins = seals.iter().filter_map(begins).max().unwrap_or(0);
        let before = seals.iter().take_while(|seal| seal.number < begins);
        let count = before.count().min(usize::try_from(most).expect("a number"));
        seals.drain(..count);
        Ok(u64::try_from(count).expect("a count"))
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
        let chunk = self.chunk.load(Ordering::Relaxed);
        if chunk > 0 && after > 0 {
            self.trim(chunk).await?;
        }
        let behind = self.gone_behind.load(Ordering::Relaxed);
        if behind > 0 && after >= behind {
            self.gone_behind.store(0, Ordering::Relaxed);
            self.forget_dropped().await;
        }
        let seals = self.seals.lock().expect("seals");
        let found = seals.iter().filter(|seal| seal.number > after);
        Ok(found
            .take(usize::try_from(limit).expect("a limit"))
            .cloned()
            .collect())
    }

    async fn dropped(&self) -> Result<Vec<AuditSeal>, StoreError> {
        let seals = self.seals.lock().expect("seals");
        let dropped = seals
            .iter()
            .filter(|seal| matches!(seal.range, SealedRange::Dropped { .. }));
        Ok(dropped.cloned().collect())
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
        let blocks = self.blocks.load(Ordering::Relaxed);
        self.blocks
            .store(blocks.saturating_sub(1), Ordering::Relaxed);
        if blocks == 1 {
            self.forget_dropped().await;
        }
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
