//! The trail is held against its seals, from the first to the last.

mod forgery;

pub use forgery::Forgery;

use super::chain::{Chain, Signers};
use chrono::{DateTime, NaiveDate, Utc};
use customer_domain::StoreError;
use customer_domain::audit::{
    AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, SealSigner, SealedRange,
};
use forgery::{Listed, check_young, compare};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use thiserror::Error;
use tracing::instrument;

/// Seals and entries that are read at one time.
const SEALS: u32 = 200;
const ENTRIES: u32 = 1_000;

/// Holds the trail against its seals.
#[derive(Clone)]
pub struct AuditVerifier {
    /// Where entries and seals are.
    pub ledger: Arc<dyn AuditLedger>,
    /// Checks signatures.
    pub signer: Arc<dyn SealSigner>,
    /// Keys that may have signed, beside the signer's own.
    pub trusted: Vec<[u8; 32]>,
    /// Seals that were kept elsewhere: what tells when the whole trail was cut or written anew.
    pub kept: Vec<KeptSeal>,
}

/// A seal that was kept elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptSeal {
    /// Its number.
    pub number: i64,
    /// Its digest.
    pub digest: [u8; 32],
}

/// A trail that is as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// Seals that were checked.
    pub seals: u64,
    /// Entries that they list, and that are as they were sealed.
    pub sealed: u64,
    /// Entries that are too young to be sealed, and are as they were written.
    pub unsealed: u64,
    /// When the oldest of those was written.
    pub unsealed_since: Option<DateTime<Utc>>,
    /// Months whose entries were dropped when they were old enough.
    pub dropped: u64,
    /// Seals that were kept elsewhere, and are older than the first that is left here: they say
    /// nothing any more.
    pub outdated: usize,
}

/// Why a trail was not found to be as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// Somebody changed it.
    #[error(transparent)]
    Forged(#[from] Forgery),
    /// The database was filled from a dump: the order of what is written now is not the trail's.
    #[error(
        "the database numbers its transactions anew, as one that was filled from a dump: nothing can be said of what was written since the last seal"
    )]
    Renumbered,
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far a verification got.
struct Walk<'a> {
    verified: Verified,
    chain: Chain<'a>,
    /// Months that signed seals say were dropped, wherever those stand.
    gone: BTreeSet<NaiveDate>,
    /// Up to here nothing is added to the trail any more.
    settled: Option<LedgerPosition>,
    /// The last sealed entry of each month.
    sealed: BTreeMap<NaiveDate, LedgerPosition>,
    /// Entries that were read and that no seal was held against yet.
    ahead: BTreeMap<NaiveDate, VecDeque<LedgerEntry>>,
    /// The last entry of all that are not sealed.
    latest: Option<LedgerEntry>,
}

impl AuditVerifier {
    /// Holds every seal against the one before it, and every entry against its seal. It may run
    /// while entries are written and sealed, and while months are dropped.
    ///
    /// # Errors
    /// [`VerifyError::Forged`] with the first thing that is wrong; [`VerifyError::Renumbered`].
    #[instrument(name = "app.audit.verify", level = "debug", skip_all)]
    pub async fn verify(&self) -> Result<Verified, VerifyError> {
        loop {
            match self.walk().await {
                // Only what was dropped goes, so that this ends.
                Err(VerifyError::Forged(
                    Forgery::SealMissing(number) | Forgery::BeginningCut(number),
                )) if self.has_gone(number).await? => {}
                outcome => return outcome,
            }
        }
    }

    /// Whether a seal that is missing went with a month that was dropped while the trail was read.
    async fn has_gone(&self, number: i64) -> Result<bool, VerifyError> {
        let first = self.ledger.seals(i64::MIN, 1).await?;
        let begins = self.signers().beginning(&*self.ledger).await?.number;
        Ok(number < begins && first.first().is_some_and(|first| first.number > number))
    }

    fn signers(&self) -> Signers<'_> {
        Signers {
            signer: &*self.signer,
            trusted: &self.trusted,
        }
    }

    async fn walk(&self) -> Result<Verified, VerifyError> {
        let beginning = self.signers().beginning(&*self.ledger).await?;
        let mut walk = Walk {
            verified: Verified::default(),
            chain: Chain::new(self.signers(), beginning.number),
            gone: beginning.dropped,
            settled: None,
            sealed: BTreeMap::new(),
            ahead: BTreeMap::new(),
            latest: None,
        };
        self.check_sealed(&mut walk).await?;
        self.check_end(&mut walk)?;
        self.check_numbering(&walk).await?;
        self.check_unsealed(&mut walk).await?;
        self.check_latest(&walk).await?;
        Ok(walk.verified)
    }

    /// Every seal, and the entries that it lists.
    async fn check_sealed(&self, walk: &mut Walk<'_>) -> Result<(), VerifyError> {
        loop {
            let seals = self.ledger.seals(walk.chain.end(), SEALS).await?;
            if seals.is_empty() {
                return Ok(());
            }
            walk.settled = self.ledger.last().await?.and_then(|last| last.through);
            for seal in seals {
                walk.chain.check(&seal)?;
                self.check_kept(&seal)?;
                self.check_listed(walk, &seal).await?;
                let is_of_dropped = matches!(seal.range, SealedRange::Dropped { .. });
                walk.verified.dropped += u64::from(is_of_dropped);
                walk.verified.seals += 1;
                walk.chain.pass(seal);
            }
        }
    }

    fn check_kept(&self, seal: &AuditSeal) -> Result<(), Forgery> {
        let mut kept = self.kept.iter().filter(|kept| kept.number == seal.number);
        if kept.any(|kept| kept.digest != seal.digest) {
            return Err(Forgery::SealReplaced(seal.number));
        }
        Ok(())
    }

    /// The entries of a seal, and what stands between them and those of the seal before. Where they
    /// end too early the month went, and a seal said so before it did.
    async fn check_listed(&self, walk: &mut Walk<'_>, seal: &AuditSeal) -> Result<(), VerifyError> {
        let SealedRange::Entries { last, digests, .. } = &seal.range else {
            return Ok(());
        };
        let most = digests.len() + 1;
        let entries = self.entries(walk, seal.month, *last, most).await?;
        let listed = Listed {
            seal: seal.number,
            digests,
            requires_digests: walk.chain.requires_digests(),
        };
        match compare(listed, &entries) {
            Err(Forgery::EntryMissing { before: None, .. })
                if self.is_gone(walk, seal.month).await? =>
            {
                return Ok(());
            }
            compared => compared?,
        }
        walk.verified.sealed += u64::try_from(digests.len()).unwrap_or(u64::MAX);
        walk.sealed.insert(seal.month, *last);
        Ok(())
    }

    /// Whether a month was dropped; meanwhile, perhaps.
    async fn is_gone(&self, walk: &mut Walk<'_>, month: NaiveDate) -> Result<bool, VerifyError> {
        if !walk.gone.contains(&month) {
            walk.gone = self.signers().beginning(&*self.ledger).await?.dropped;
        }
        Ok(walk.gone.contains(&month))
    }

    /// The next entries of a month up to a place, at most so many. They are read in blocks, since a
    /// seal may list but a few.
    async fn entries(
        &self,
        walk: &mut Walk<'_>,
        month: NaiveDate,
        last: LedgerPosition,
        most: usize,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let through = walk.settled.max(Some(last));
        let sealed = walk.sealed.get(&month).copied();
        let ahead = walk.ahead.entry(month).or_default();
        while ahead.len() < most && ahead.back().is_none_or(|entry| entry.position <= last) {
            let after = ahead.back().map(|entry| entry.position).or(sealed);
            let block = self.ledger.entries(month, after, through, ENTRIES).await?;
            if block.is_empty() {
                break;
            }
            ahead.extend(block);
        }
        let up_to = ahead
            .iter()
            .take(most)
            .take_while(|entry| entry.position <= last);
        let count = up_to.count();
        Ok(ahead.drain(..count).collect())
    }

    /// The trail reaches as far as what was kept elsewhere.
    fn check_end(&self, walk: &mut Walk<'_>) -> Result<(), Forgery> {
        let first = walk.chain.first.unwrap_or(0);
        let end = walk.chain.end().max(0);
        let kept = self.kept.iter().map(|kept| kept.number);
        walk.verified.outdated = kept.clone().filter(|number| *number < first).count();
        match kept.filter(|number| *number > end).min() {
            Some(number) => Err(Forgery::CutOff(number)),
            None => Ok(()),
        }
    }

    /// Entries that no seal lists must be younger than all that are sealed, and of no month that
    /// was dropped.
    async fn check_unsealed(&self, walk: &mut Walk<'_>) -> Result<(), VerifyError> {
        for month in self.ledger.months().await? {
            let mut after = walk.sealed.get(&month).copied();
            let is_of_dropped = Some(month) <= walk.chain.dropped;
            loop {
                let ledger = &self.ledger;
                let entries = ledger.entries(month, after, None, ENTRIES).await?;
                let Some(latest) = entries.last() else {
                    break;
                };
                after = Some(latest.position);
                for entry in &entries {
                    check_young(entry, walk.chain.last.as_ref(), is_of_dropped)?;
                    walk.see_unsealed(entry);
                }
            }
        }
        Ok(())
    }

    /// Transactions go on where the trail ends.
    async fn check_numbering(&self, walk: &Walk<'_>) -> Result<(), VerifyError> {
        let through = walk.chain.last.as_ref().and_then(|seal| seal.through);
        let Some(through) = through else {
            return Ok(());
        };
        if through.transaction < self.ledger.horizon().await? {
            return Ok(());
        }
        Err(VerifyError::Renumbered)
    }

    /// No entry can stand ahead of every transaction. It is asked last, since transactions go on.
    async fn check_latest(&self, walk: &Walk<'_>) -> Result<(), VerifyError> {
        let Some(latest) = &walk.latest else {
            return Ok(());
        };
        if latest.position.transaction < self.ledger.horizon().await? {
            return Ok(());
        }
        Err(VerifyError::Forged(Forgery::EntryAhead {
            entry: latest.position.entry,
            tenant: latest.tenant,
        }))
    }
}

impl Walk<'_> {
    fn see_unsealed(&mut self, entry: &LedgerEntry) {
        let verified = &mut self.verified;
        verified.unsealed += 1;
        let since = verified.unsealed_since.get_or_insert(entry.at);
        *since = entry.at.min(*since);
        let is_later = |latest: LedgerEntry| latest.position < entry.position;
        if self.latest.is_none_or(is_later) {
            self.latest = Some(*entry);
        }
    }
}
