//! Entries of the trail are sealed, apart from their writing.

use customer_domain::audit::{AuditLedger, AuditSeal, Notary, PendingEntry, SealedRange};
use customer_domain::{Clock, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Entries that are sealed at one time.
const MOST: u32 = 1_000;

/// Seals what was committed.
#[derive(Clone)]
pub struct AuditSealer {
    /// Where entries and seals are.
    pub ledger: Arc<dyn AuditLedger>,
    /// Signs.
    pub notary: Arc<dyn Notary>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Entries that were sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// How many.
    pub count: usize,
    /// Whether there may be more.
    pub has_more: bool,
}

impl AuditSealer {
    /// Seals the oldest entries that no seal lists yet, at most a thousand. Each month gets a seal
    /// of its own, so that it can be dropped with its entries.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else sealed meanwhile; as the store fails.
    pub async fn seal(&self) -> Result<Sealed, StoreError> {
        let last = self.ledger.last().await?;
        let after = last.as_ref().and_then(|seal| seal.through);
        let pending = self.ledger.pending(after, MOST).await?;
        let seals = self.seals(last.as_ref(), &pending);
        self.ledger.append(&seals).await?;
        Ok(Sealed {
            count: pending.len(),
            has_more: u32::try_from(pending.len()).is_ok_and(|count| count == MOST),
        })
    }

    fn seals(&self, last: Option<&AuditSeal>, pending: &[PendingEntry]) -> Vec<AuditSeal> {
        let mut months: BTreeMap<_, Vec<&PendingEntry>> = BTreeMap::new();
        for entry in pending {
            months.entry(entry.month).or_default().push(entry);
        }
        let before = last.and_then(|seal| seal.through);
        let end = pending.last().map(|entry| entry.position);
        let mut seals: Vec<AuditSeal> = Vec::with_capacity(months.len());
        let count = months.len();
        for (at, (month, entries)) in months.into_iter().enumerate() {
            let (Some(first), Some(latest)) = (entries.first(), entries.last()) else {
                continue;
            };
            let range = SealedRange::Entries {
                first: first.position,
                last: latest.position,
                digests: entries.iter().map(|entry| entry.digest).collect(),
            };
            // Only with the last of them all is everything sealed up to the end.
            let through = if at + 1 == count { end } else { before };
            let previous = seals.last().or(last);
            let now = self.clock.now();
            let seal = AuditSeal::after(previous, month, range, through, now, &*self.notary);
            seals.push(seal);
        }
        seals
    }
}
