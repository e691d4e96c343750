//! The trail is held against its seals, from the first to the last.

mod forgery;

pub use forgery::Forgery;

use chrono::{DateTime, NaiveDate, Utc};
use customer_domain::StoreError;
use customer_domain::audit::{
    AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, Notary, SealedRange,
};
use forgery::{Listed, check_young, compare};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use thiserror::Error;

/// Seals and entries that are read at one time.
const SEALS: u32 = 200;
const ENTRIES: u32 = 1_000;
/// How often it begins anew when the beginning of the trail goes while it is read.
const RESTARTS: usize = 3;

/// Holds the trail against its seals.
#[derive(Clone)]
pub struct AuditVerifier {
    /// Where entries and seals are.
    pub ledger: Arc<dyn AuditLedger>,
    /// Checks signatures.
    pub notary: Arc<dyn Notary>,
    /// Keys that may have signed, beside the notary's own.
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
#[derive(Default)]
struct Walk {
    verified: Verified,
    /// The number of the first seal that is there.
    first: Option<i64>,
    /// The number with which the trail may begin, as the last dropped month left it.
    begins: i64,
    last: Option<AuditSeal>,
    /// Up to here nothing is added to the trail any more.
    settled: Option<LedgerPosition>,
    /// The last sealed entry of each month.
    sealed: BTreeMap<NaiveDate, LedgerPosition>,
    /// Entries that were read and that no seal was held against yet.
    ahead: BTreeMap<NaiveDate, VecDeque<LedgerEntry>>,
    /// The first seal of each month of which nothing is there.
    absent: BTreeMap<NaiveDate, i64>,
    dropped: BTreeSet<NaiveDate>,
    /// The last entry of all that are not sealed.
    latest: Option<LedgerEntry>,
}

impl AuditVerifier {
    /// Holds every seal against the one before it, and every entry against its seal. It may run
    /// while entries are written and sealed, and while months are dropped.
    ///
    /// # Errors
    /// [`VerifyError::Forged`] with the first thing that is wrong; [`VerifyError::Renumbered`].
    pub async fn verify(&self) -> Result<Verified, VerifyError> {
        for _ in 0..RESTARTS {
            match self.walk().await {
                Err(VerifyError::Forged(
                    Forgery::SealMissing(number) | Forgery::BeginningCut(number),
                )) if self.begins_beyond(number).await? => {}
                outcome => return outcome,
            }
        }
        self.walk().await
    }

    /// Whether the trail begins behind a seal that is missing: its beginning went while it was read,
    /// and whether it might is told by the seals that are left.
    async fn begins_beyond(&self, number: i64) -> Result<bool, StoreError> {
        let first = self.ledger.seals(i64::MIN, 1).await?;
        Ok(first.first().is_some_and(|first| first.number > number))
    }

    async fn walk(&self) -> Result<Verified, VerifyError> {
        let mut walk = Walk {
            begins: self.beginning().await?,
            ..Walk::default()
        };
        self.check_sealed(&mut walk).await?;
        self.check_ends(&mut walk)?;
        self.check_numbering(&walk).await?;
        self.check_unsealed(&mut walk).await?;
        self.check_latest(&walk).await?;
        Ok(walk.verified)
    }

    /// The number with which the trail may begin: only what is signed is believed.
    async fn beginning(&self) -> Result<i64, VerifyError> {
        let mut begin = 1;
        for seal in self.ledger.dropped().await? {
            self.check_signed(&seal)?;
            if let SealedRange::Dropped {
                begins: Some(begins),
            } = seal.range
            {
                begin = begins.max(begin);
            }
        }
        Ok(begin)
    }

    /// Every seal, and the entries that it lists.
    async fn check_sealed(&self, walk: &mut Walk) -> Result<(), VerifyError> {
        loop {
            let after = walk.last.as_ref().map_or(i64::MIN, |seal| seal.number);
            let seals = self.ledger.seals(after, SEALS).await?;
            if seals.is_empty() {
                return Ok(());
            }
            walk.settled = self.ledger.last().await?.and_then(|last| last.through);
            for seal in seals {
                self.check_seal(walk, &seal)?;
                self.check_listed(walk, &seal).await?;
                walk.pass(seal);
            }
        }
    }

    fn check_seal(&self, walk: &Walk, seal: &AuditSeal) -> Result<(), Forgery> {
        let number = seal.number;
        match &walk.last {
            Some(last) if number != last.number + 1 => {
                return Err(Forgery::SealMissing(last.number + 1));
            }
            Some(last) if seal.previous != last.digest => return Err(Forgery::SealChanged(number)),
            Some(last) if last.requires_digests && !seal.requires_digests => {
                return Err(Forgery::SealChanged(number));
            }
            Some(_) if seal.count() > 0 && walk.dropped.contains(&seal.month) => {
                return Err(Forgery::MonthReopened(number));
            }
            None if number < 1 => return Err(Forgery::SealChanged(number)),
            None if number > walk.begins => return Err(Forgery::BeginningCut(walk.begins)),
            None if number == 1 && seal.previous != [0; 32] => {
                return Err(Forgery::SealChanged(number));
            }
            Some(_) | None => {}
        }
        self.check_signed(seal)?;
        let mut kept = self.kept.iter().filter(|kept| kept.number == number);
        if kept.any(|kept| kept.digest != seal.digest) {
            return Err(Forgery::SealReplaced(number));
        }
        Ok(())
    }

    /// A seal says what it said when it was signed.
    fn check_signed(&self, seal: &AuditSeal) -> Result<(), Forgery> {
        let number = seal.number;
        let own = self.notary.public_key();
        if seal.own_digest(&*self.notary) != seal.digest {
            return Err(Forgery::SealChanged(number));
        }
        if seal.public_key != own && !self.trusted.contains(&seal.public_key) {
            return Err(Forgery::SealForeign(number));
        }
        let signature = &seal.signature;
        if !self
            .notary
            .is_signed(&seal.public_key, &seal.digest, signature)
        {
            return Err(Forgery::SealChanged(number));
        }
        Ok(())
    }

    /// The entries of a seal, and what stands between them and those of the seal before. Where
    /// nothing is, the month must have been dropped; the seal that says so comes later.
    async fn check_listed(&self, walk: &mut Walk, seal: &AuditSeal) -> Result<(), VerifyError> {
        let SealedRange::Entries { last, digests, .. } = &seal.range else {
            return Ok(());
        };
        let entries = self.entries(walk, seal.month, *last, digests.len() + 1);
        let entries = entries.await?;
        if entries.is_empty() {
            walk.absent.entry(seal.month).or_insert(seal.number);
            return Ok(());
        }
        let listed = Listed {
            seal: seal.number,
            digests,
            requires_digests: walk.requires_digests(),
        };
        compare(listed, &entries)?;
        walk.verified.sealed += u64::try_from(digests.len()).unwrap_or(u64::MAX);
        walk.sealed.insert(seal.month, *last);
        Ok(())
    }

    /// The next entries of a month up to a place, at most so many. They are read in blocks, since a
    /// seal may list but a few.
    async fn entries(
        &self,
        walk: &mut Walk,
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

    /// The trail lacks no month that was not dropped, and reaches as far as what was kept elsewhere.
    fn check_ends(&self, walk: &mut Walk) -> Result<(), Forgery> {
        let dropped = &walk.dropped;
        let absent = walk.absent.iter();
        let mut missing = absent.filter(|(month, _)| !dropped.contains(month));
        if let Some((_, seal)) = missing.next() {
            return Err(Forgery::EntryMissing {
                seal: *seal,
                place: 1,
                before: None,
            });
        }
        let first = walk.first.unwrap_or(0);
        let end = walk.last.as_ref().map_or(0, |seal| seal.number);
        let kept = self.kept.iter().map(|kept| kept.number);
        walk.verified.outdated = kept.clone().filter(|number| *number < first).count();
        match kept.filter(|number| *number > end).min() {
            Some(number) => Err(Forgery::CutOff(number)),
            None => Ok(()),
        }
    }

    /// Entries that no seal lists must be younger than all that are sealed, and of no month that
    /// was dropped.
    async fn check_unsealed(&self, walk: &mut Walk) -> Result<(), VerifyError> {
        for month in self.ledger.months().await? {
            let mut after = walk.sealed.get(&month).copied();
            loop {
                let ledger = &self.ledger;
                let entries = ledger.entries(month, after, None, ENTRIES).await?;
                let Some(latest) = entries.last() else {
                    break;
                };
                after = Some(latest.position);
                for entry in &entries {
                    check_young(entry, walk.last.as_ref(), walk.dropped.contains(&month))?;
                    walk.see_unsealed(entry);
                }
            }
        }
        Ok(())
    }

    /// Transactions go on where the trail ends.
    async fn check_numbering(&self, walk: &Walk) -> Result<(), VerifyError> {
        let through = walk.last.as_ref().and_then(|seal| seal.through);
        let Some(through) = through else {
            return Ok(());
        };
        if through.transaction < self.ledger.horizon().await? {
            return Ok(());
        }
        Err(VerifyError::Renumbered)
    }

    /// No entry can stand ahead of every transaction. It is asked last, since transactions go on.
    async fn check_latest(&self, walk: &Walk) -> Result<(), VerifyError> {
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

impl Walk {
    /// Whether entries of the next seal must carry digests.
    fn requires_digests(&self) -> bool {
        self.last.as_ref().is_some_and(|seal| seal.requires_digests)
    }

    fn pass(&mut self, seal: AuditSeal) {
        self.verified.seals += 1;
        self.first.get_or_insert(seal.number);
        if matches!(seal.range, SealedRange::Dropped { .. }) {
            self.verified.dropped += 1;
            self.dropped.insert(seal.month);
        }
        self.last = Some(seal);
    }

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
