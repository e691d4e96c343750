//! Sealing the entries of the audit trail, separately from writing them.

use super::chain::Signers;
use super::verify::{Forgery, VerifyError};
use chrono::{DateTime, Utc};
use customer_domain::audit::{AuditLedger, AuditSeal, PendingEntry, SealSigner, SealedRange};
use customer_domain::{Clock, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::instrument;

/// The most entries that are sealed at a time.
const MAX_BATCH: u32 = 1_000;

/// Seals the committed entries.
#[derive(Clone)]
pub struct AuditSealer {
    /// Stores entries and seals.
    pub ledger: Arc<dyn AuditLedger>,
    /// Signs the seals.
    pub signer: Arc<dyn SealSigner>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The last seal that this process saw.
    pub seen: LastSeen,
}

/// The last seal that a process saw. It reveals that the trail was cut back in the meantime, which
/// sealing further entries would hide.
#[derive(Debug, Clone, Default)]
pub struct LastSeen(Arc<Mutex<Option<AuditSeal>>>);

impl LastSeen {
    /// Succeeds if `last` is the last seal seen or follows it. The seal seen may also have been
    /// deleted with a dropped month.
    async fn expect(
        &self,
        ledger: &dyn AuditLedger,
        signers: Signers<'_>,
        last: Option<&AuditSeal>,
    ) -> Result<(), StoreError> {
        let seen = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(seen) = seen else {
            return Ok(());
        };
        let there = match last {
            Some(last) if last.number == seen.number => Some(last.clone()),
            Some(last) if last.number > seen.number => {
                ledger.seals(seen.number - 1, 1).await?.into_iter().next()
            }
            Some(_) | None => None,
        };
        if there.is_some_and(|there| there.digest == seen.digest) {
            return Ok(());
        }
        match signers.beginning(ledger).await {
            Ok(beginning) if seen.number < beginning.number => Ok(()),
            Err(VerifyError::Store(error)) => Err(error),
            Ok(_) | Err(_) => Err(changed(&seen)),
        }
    }

    fn remember(&self, last: Option<AuditSeal>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}

fn changed(seal: &AuditSeal) -> StoreError {
    StoreError::Corrupt {
        table: "audit_seals",
        row: seal.number.to_string(),
    }
}

/// The result of sealing a batch of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The number of entries sealed.
    pub count: usize,
    /// Whether there may be more.
    pub has_more: bool,
    /// When the first entry was written that has to wait for a transaction which is still running.
    pub waiting_since: Option<DateTime<Utc>>,
}

impl AuditSealer {
    /// Seals the oldest unsealed entries, at most a thousand. Each month gets its own seal, so that
    /// it can be dropped together with its entries.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another process sealed in the meantime; [`StoreError::Corrupt`]
    /// if the last seal that this process saw is missing or was replaced; or another error of the
    /// store.
    #[instrument(name = "app.audit.seal", level = "debug", skip_all)]
    pub async fn seal(&self) -> Result<Sealed, StoreError> {
        let last = self.ledger.last().await?;
        last.as_ref()
            .map_or(Ok(()), |last| self.expect_true(last))?;
        let (ledger, signers) = (&*self.ledger, self.signers());
        self.seen.expect(ledger, signers, last.as_ref()).await?;
        let after = last.as_ref().and_then(|seal| seal.through);
        let pending = self.ledger.pending(after, MAX_BATCH).await?;
        let seals = self.seals(last.as_ref(), &pending.entries);
        self.ledger.append(&seals).await?;
        self.seen.remember(seals.last().cloned().or(last));
        let count = pending.entries.len();
        Ok(Sealed {
            count,
            has_more: u32::try_from(count).is_ok_and(|count| count == MAX_BATCH),
            waiting_since: pending.waiting_since,
        })
    }

    fn signers(&self) -> Signers<'_> {
        Signers::only(&*self.signer)
    }

    /// Rejects a seal that was changed, so that nothing is built on it. A seal signed with an
    /// unknown key is accepted here: only [`AuditVerifier`](super::AuditVerifier) knows which other
    /// keys to trust.
    fn expect_true(&self, seal: &AuditSeal) -> Result<(), StoreError> {
        match self.signers().check(seal) {
            Ok(()) | Err(Forgery::SealForeign(_)) => Ok(()),
            Err(_) => Err(changed(seal)),
        }
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
            // Only the last of these seals completes the range up to `end`.
            let through = if at + 1 == count { end } else { before };
            let previous = seals.last().or(last);
            let now = self.clock.now();
            let seal = AuditSeal::after(previous, month, range, through, now, &*self.signer);
            seals.push(seal);
        }
        seals
    }
}
