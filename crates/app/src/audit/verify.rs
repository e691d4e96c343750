//! The trail is held against its seals, from the first to the last.

use chrono::NaiveDate;
use customer_domain::audit::{
    AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, Notary, SealedRange,
};
use customer_domain::{AuditEventId, StoreError, TenantId};
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
    /// Months whose entries were dropped when they were old enough.
    pub dropped: u64,
}

/// The first thing that is wrong with the trail.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Forgery {
    /// A seal is not there.
    #[error("seal {0} is missing")]
    SealMissing(i64),
    /// A seal does not say what it said when it was signed, or does not follow on the one before it.
    #[error("seal {0} was changed")]
    SealChanged(i64),
    /// A seal is signed with a key that is not trusted.
    #[error("seal {0} is signed with another key than ours")]
    SealForeign(i64),
    /// A seal that was kept elsewhere is another one here: the trail was written anew.
    #[error(
        "seal {0} is not the one that was kept elsewhere: the trail was written anew from there on or before"
    )]
    SealReplaced(i64),
    /// The trail ends before a seal that was kept elsewhere.
    #[error("the trail ends before seal {0}, which was kept elsewhere: its end was cut off")]
    CutOff(i64),
    /// An entry is not what was written.
    #[error("entry {entry} of tenant {tenant} was changed, or written by somebody else{}", in_seal(*.seal))]
    EntryChanged {
        /// Which one.
        entry: AuditEventId,
        /// Whose.
        tenant: TenantId,
        /// The seal that would list it.
        seal: Option<i64>,
    },
    /// An entry was not there when its place was sealed.
    #[error("entry {entry} of tenant {tenant} was put in later{}", in_seal(*.seal))]
    EntryInserted {
        /// Which one.
        entry: AuditEventId,
        /// Whose.
        tenant: TenantId,
        /// The seal that does not list it.
        seal: Option<i64>,
    },
    /// An entry stands where another one was sealed.
    #[error("entry {entry} of tenant {tenant} stands at another place than in seal {seal}")]
    EntryMoved {
        /// Which one.
        entry: AuditEventId,
        /// Whose.
        tenant: TenantId,
        /// The seal that lists it elsewhere.
        seal: i64,
    },
    /// An entry that was sealed is not there.
    #[error("entry {place} of seal {seal} is missing{}", ahead_of(*.before))]
    EntryMissing {
        /// The seal that lists it.
        seal: i64,
        /// Its place in that seal, from 1.
        place: usize,
        /// The entry that follows it.
        before: Option<AuditEventId>,
    },
}

fn in_seal(seal: Option<i64>) -> String {
    seal.map_or_else(String::new, |seal| format!(" (seal {seal})"))
}

fn ahead_of(entry: Option<AuditEventId>) -> String {
    entry.map_or_else(String::new, |entry| format!(", before entry {entry}"))
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
        self.check_ends(&walk)?;
        self.check_entries(&mut walk).await?;
        self.check_unsealed(&mut walk).await?;
        Ok(walk.verified)
    }

    /// Every seal, and what they say of months that were dropped: only what is signed is believed.
    async fn check_seals(&self, walk: &mut Walk) -> Result<(), VerifyError> {
        let mut after = i64::MIN;
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

    /// The entries of every seal that was checked.
    async fn check_entries(&self, walk: &mut Walk) -> Result<(), VerifyError> {
        let end = walk.last.as_ref().map_or(0, |seal| seal.number);
        let mut after = 0;
        while after < end {
            let seals = self.ledger.seals(after, SEALS).await?;
            let Some(latest) = seals.last() else {
                return Ok(());
            };
            after = latest.number;
            for seal in seals.iter().filter(|seal| seal.number <= end) {
                self.check_sealed(walk, seal).await?;
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
    async fn check_sealed(&self, walk: &mut Walk, seal: &AuditSeal) -> Result<(), VerifyError> {
        let (last, digests) = match &seal.range {
            SealedRange::Dropped => {
                walk.verified.dropped += 1;
                return Ok(());
            }
            SealedRange::Entries { .. } if walk.dropped.contains(&seal.month) => return Ok(()),
            SealedRange::Entries { last, digests, .. } => (*last, digests),
        };
        let after = walk.sealed.get(&seal.month).copied();
        let limit = u32::try_from(digests.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let ledger = &self.ledger;
        let entries = ledger.entries(seal.month, after, Some(last), limit).await?;
        compare(seal.number, digests, &entries)?;
        walk.verified.sealed += u64::try_from(digests.len()).unwrap_or(u64::MAX);
        walk.sealed.insert(seal.month, last);
        Ok(())
    }

    /// Seals of a month that was dropped may be gone, but for the last of them; and what was kept
    /// elsewhere must not lie beyond the end.
    fn check_ends(&self, walk: &Walk) -> Result<(), Forgery> {
        let is_of_a_dropped = |month| walk.dropped.contains(month);
        if let Some((number, month)) = &walk.first
            && *number != 1
            && !is_of_a_dropped(month)
        {
            return Err(Forgery::SealMissing(1));
        }
        let end = walk.last.as_ref().map_or(0, |seal| seal.number);
        let beyond = self.kept.iter().map(|kept| kept.number);
        match beyond.filter(|number| *number > end).min() {
            Some(number) => Err(Forgery::CutOff(number)),
            None => Ok(()),
        }
    }

    /// Entries that no seal lists must be younger than all that are sealed.
    async fn check_unsealed(&self, walk: &mut Walk) -> Result<(), VerifyError> {
        let through = walk.last.as_ref().and_then(|seal| seal.through);
        for month in self.ledger.months().await? {
            if walk.dropped.contains(&month) {
                continue;
            }
            let mut after = walk.sealed.get(&month).copied();
            loop {
                let ledger = &self.ledger;
                let entries = ledger.entries(month, after, None, ENTRIES).await?;
                let Some(latest) = entries.last() else {
                    break;
                };
                after = Some(latest.position);
                for entry in &entries {
                    check_young(entry, through)?;
                    walk.verified.unsealed += 1;
                }
            }
        }
        Ok(())
    }
}

fn check_young(entry: &LedgerEntry, through: Option<LedgerPosition>) -> Result<(), Forgery> {
    let LedgerEntry {
        position, tenant, ..
    } = *entry;
    if !entry.is_true() {
        return Err(Forgery::EntryChanged {
            entry: position.entry,
            tenant,
            seal: None,
        });
    }
    if through.is_some_and(|through| position <= through) {
        return Err(Forgery::EntryInserted {
            entry: position.entry,
            tenant,
            seal: None,
        });
    }
    Ok(())
}

/// Holds entries against the digests of their seal, in their order.
fn compare(seal: i64, digests: &[[u8; 32]], entries: &[LedgerEntry]) -> Result<(), Forgery> {
    for (at, digest) in digests.iter().enumerate() {
        let Some(entry) = entries.get(at) else {
            return Err(Forgery::EntryMissing {
                seal,
                place: at + 1,
                before: None,
            });
        };
        if !entry.is_true() || entry.actual != *digest {
            return Err(difference(seal, at, digests, entries, entry));
        }
    }
    match entries.get(digests.len()) {
        Some(entry) => Err(Forgery::EntryInserted {
            entry: entry.position.entry,
            tenant: entry.tenant,
            seal: Some(seal),
        }),
        None => Ok(()),
    }
}

/// What happened where an entry is not the one that the seal lists there.
fn difference(
    seal: i64,
    at: usize,
    digests: &[[u8; 32]],
    entries: &[LedgerEntry],
    entry: &LedgerEntry,
) -> Forgery {
    let (name, tenant) = (entry.position.entry, entry.tenant);
    let is_listed = digests.contains(&entry.actual);
    let expected = digests.get(at);
    let stands_elsewhere = entries.iter().any(|entry| Some(&entry.actual) == expected);
    match (entry.is_true(), is_listed) {
        (true, true) if stands_elsewhere => Forgery::EntryMoved {
            entry: name,
            tenant,
            seal,
        },
        (true, true) => Forgery::EntryMissing {
            seal,
            place: at + 1,
            before: Some(name),
        },
        (true, false) if stands_elsewhere => Forgery::EntryInserted {
            entry: name,
            tenant,
            seal: Some(seal),
        },
        (true, false) | (false, _) => Forgery::EntryChanged {
            entry: name,
            tenant,
            seal: Some(seal),
        },
    }
}
