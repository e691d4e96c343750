//! The trail is held against its seals, from the first to the last.

mod forgery;

pub use forgery::Forgery;

use chrono::{DateTime, NaiveDate, Utc};
use customer_domain::StoreError;
use customer_domain::audit::{
    AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, Notary, SealedRange,
};
use forgery::{Listed, check_young, compare};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use thiserror::Error;

/// Seals and entries that are read at one time.
const SEALS: u32 = 50;
const ENTRIES: u32 = 1_000;

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
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far a verification got.
#[derive(Default)]
struct Walk {
    verified: Verified,
    /// The number and the month of the first seal that is there.
    first: Option<(i64, NaiveDate)>,
    last: Option<AuditSeal>,
    /// The last sealed entry of each month.
    sealed: BTreeMap<NaiveDate, LedgerPosition>,
    dropped: BTreeSet<NaiveDate>,
    /// The last entry of all that are not sealed.
    latest: Option<LedgerEntry>,
}

impl AuditVerifier {
    /// Holds every seal against the one before it, and every entry against its seal. It may run
    /// while entries are written and sealed.
    ///
    /// # Errors
    /// [`VerifyError::Forged`] with the first thing that is wrong.
    pub async fn verify(&self) -> Result<Verified, VerifyError> {
        let mut walk = Walk::default();
        self.check_seals(&mut walk).await?;
        self.check_ends(&mut walk)?;
        self.check_entries(&mut walk).await?;
        self.check_unsealed(&mut walk).await?;
        self.check_latest(&walk).await?;
        Ok(walk.verified)
    }

    /// Every seal beyond those that were checked, and what they say of months that were dropped:
    /// only what is signed is believed.
    async fn check_seals(&self, walk: &mut Walk) -> Result<(), VerifyError> {
        let mut after = walk.last.as_ref().map_or(i64::MIN, |seal| seal.number);
        loop {
            let seals = self.ledger.seals(after, SEALS).await?;
            let Some(latest) = seals.last() else {
                return Ok(());
            };
            after = latest.number;
            for seal in seals {
                self.check_seal(walk, &seal)?;
                walk.verified.seals += 1;
                walk.first.get_or_insert((seal.number, seal.month));
                if seal.range == SealedRange::Dropped {
                    walk.dropped.insert(seal.month);
                }
                walk.last = Some(seal);
            }
        }
    }

    /// The entries of every seal that was checked. Months of which nothing is left are passed over.
    async fn check_entries(&self, walk: &mut Walk) -> Result<(), VerifyError> {
        let mut after = 0;
        let mut requires_digests = false;
        while after < walk.end() {
            let seals = self.ledger.seals(after, SEALS).await?;
            let Some(latest) = seals.last() else {
                return Ok(());
            };
            after = latest.number;
            for seal in &seals {
                if seal.number <= walk.end() {
                    self.check_sealed(walk, seal, requires_digests).await?;
                }
                requires_digests = seal.requires_digests;
            }
        }
        Ok(())
    }

    fn check_seal(&self, walk: &Walk, seal: &AuditSeal) -> Result<(), Forgery> {
        let number = seal.number;
        let own = self.notary.public_key();
        match &walk.last {
            Some(last) if number != last.number + 1 => {
                return Err(Forgery::SealMissing(last.number + 1));
            }
            Some(last) if seal.previous != last.digest => return Err(Forgery::SealChanged(number)),
            Some(last) if last.requires_digests && !seal.requires_digests => {
                return Err(Forgery::SealChanged(number));
            }
            None if number < 1 => return Err(Forgery::SealChanged(number)),
            None if number == 1 && seal.previous != [0; 32] => {
                return Err(Forgery::SealChanged(number));
            }
            Some(_) | None => {}
        }
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
        let kept = self.kept.iter().find(|kept| kept.number == number);
        if kept.is_some_and(|kept| kept.digest != seal.digest) {
            return Err(Forgery::SealReplaced(number));
        }
        Ok(())
    }

    /// The entries of a seal, and what stands between them and those of the seal before.
    async fn check_sealed(
        &self,
        walk: &mut Walk,
        seal: &AuditSeal,
        requires_digests: bool,
    ) -> Result<(), VerifyError> {
        let SealedRange::Entries { last, digests, .. } = &seal.range else {
            walk.verified.dropped += 1;
            return Ok(());
        };
        let after = walk.sealed.get(&seal.month).copied();
        let limit = u32::try_from(digests.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let ledger = &self.ledger;
        let entries = ledger
            .entries(seal.month, after, Some(*last), limit)
            .await?;
        if entries.is_empty() && self.was_dropped(walk, seal.month).await? {
            return Ok(());
        }
        let listed = Listed {
            seal: seal.number,
            digests,
            requires_digests,
        };
        compare(listed, &entries)?;
        walk.verified.sealed += u64::try_from(digests.len()).unwrap_or(u64::MAX);
        walk.sealed.insert(seal.month, *last);
        Ok(())
    }

    /// Whether a seal says that the month was dropped; meanwhile, perhaps.
    async fn was_dropped(&self, walk: &mut Walk, month: NaiveDate) -> Result<bool, VerifyError> {
        if !walk.dropped.contains(&month) {
            self.check_seals(walk).await?;
        }
        Ok(walk.dropped.contains(&month))
    }

    /// Seals of a month that was dropped may be gone, but for the last of them; and what was kept
    /// elsewhere must not lie beyond the end.
    fn check_ends(&self, walk: &mut Walk) -> Result<(), Forgery> {
        let is_of_a_dropped = |month| walk.dropped.contains(month);
        if let Some((number, month)) = &walk.first
            && *number != 1
            && !is_of_a_dropped(month)
        {
            return Err(Forgery::SealMissing(1));
        }
        let first = walk.first.map_or(0, |(number, _)| number);
        let kept = self.kept.iter().map(|kept| kept.number);
        walk.verified.outdated = kept.clone().filter(|number| *number < first).count();
        match kept.filter(|number| *number > walk.end()).min() {
            Some(number) => Err(Forgery::CutOff(number)),
            None => Ok(()),
        }
    }

    /// Entries that no seal lists must be younger than all that are sealed.
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
                    check_young(entry, walk.last.as_ref())?;
                    walk.see_unsealed(entry);
                }
            }
        }
        Ok(())
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
    /// The number of the last seal.
    fn end(&self) -> i64 {
        self.last.as_ref().map_or(0, |seal| seal.number)
    }

    fn see_unsealed(&mut self, entry: &LedgerEntry) {
        let verified = &mut self.verified;
        verified.unsealed += 1;
        let since = verified.unsealed_since.get_or_insert(entry.at);
        *since = entry.at.min(*since);
        if self
            .latest
            .is_none_or(|latest| latest.position < entry.position)
        {
            self.latest = Some(*entry);
        }
    }
}
