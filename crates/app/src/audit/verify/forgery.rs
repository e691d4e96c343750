//! The ways in which the audit trail can have been tampered with.

use customer_domain::audit::{AuditSeal, LedgerEntry};
use customer_domain::{AuditEventId, TenantId};
use thiserror::Error;

/// The first fault found in the trail.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Forgery {
    /// A seal is missing.
    #[error("seal {0} is missing")]
    SealMissing(i64),
    /// A seal differs from what was signed, or does not follow the previous one.
    #[error("seal {0} was changed")]
    SealChanged(i64),
    /// The trail starts after the seal that it has to start with.
    #[error("the trail begins behind seal {0}: its beginning was cut off")]
    BeginningCut(i64),
    /// A seal lists entries of a month that had already been dropped.
    #[error("seal {0} lists entries of a month that was dropped before: they were inserted later")]
    MonthReopened(i64),
    /// A seal is signed with a key that is not trusted.
    #[error("seal {0} is signed with another key than ours")]
    SealForeign(i64),
    /// A seal differs from the copy that was kept elsewhere: the trail was rewritten.
    #[error(
        "seal {0} is not the one that was kept elsewhere: the trail was rewritten from there or earlier"
    )]
    SealReplaced(i64),
    /// The trail ends before a seal that was kept elsewhere.
    #[error("the trail ends before seal {0}, which was kept elsewhere: its end was cut off")]
    CutOff(i64),
    /// An entry differs from what was written.
    #[error("entry {entry} of tenant {tenant} was changed, or written by somebody else{}", in_seal(*.seal))]
    EntryChanged {
        /// The entry.
        entry: AuditEventId,
        /// The entry's tenant.
        tenant: TenantId,
        /// The seal that should list the entry.
        seal: Option<i64>,
    },
    /// An entry did not exist when its position was sealed.
    #[error("entry {entry} of tenant {tenant} was inserted later{}", in_seal(*.seal))]
    EntryInserted {
        /// The entry.
        entry: AuditEventId,
        /// The entry's tenant.
        tenant: TenantId,
        /// The seal that does not list the entry.
        seal: Option<i64>,
    },
    /// An entry is at a position where another one was sealed.
    #[error("entry {entry} of tenant {tenant} stands at another place than in seal {seal}")]
    EntryMoved {
        /// The entry.
        entry: AuditEventId,
        /// The entry's tenant.
        tenant: TenantId,
        /// The seal that lists the entry at another position.
        seal: i64,
    },
    /// An entry has a transaction number that was not used yet, so that it would never be sealed.
    #[error("entry {entry} of tenant {tenant} is ahead of every transaction")]
    EntryAhead {
        /// The entry.
        entry: AuditEventId,
        /// The entry's tenant.
        tenant: TenantId,
    },
    /// A sealed entry is missing.
    #[error("entry {place} of seal {seal} is missing{}", ahead_of(*.before))]
    EntryMissing {
        /// The seal that lists the entry.
        seal: i64,
        /// The entry's position in the seal, from 1.
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

/// Verifies that an unsealed entry is more recent than all sealed ones, and that its month still
/// exists.
pub(super) fn check_young(
    entry: &LedgerEntry,
    last: Option<&AuditSeal>,
    is_of_dropped: bool,
) -> Result<(), Forgery> {
    let LedgerEntry {
        position, tenant, ..
    } = *entry;
    if !entry.matches_digest() {
        return Err(Forgery::EntryChanged {
            entry: position.entry,
            tenant,
            seal: None,
        });
    }
    if is_of_dropped || Some(position) <= last.and_then(|last| last.through) {
        return Err(Forgery::EntryInserted {
            entry: position.entry,
            tenant,
            seal: None,
        });
    }
    Ok(())
}

/// What a seal lists.
#[derive(Clone, Copy)]
pub(super) struct Listed<'a> {
    pub(super) seal: i64,
    pub(super) digests: &'a [[u8; 32]],
}

/// Compares entries with the digests of their seal, in order.
pub(super) fn compare(listed: Listed<'_>, entries: &[LedgerEntry]) -> Result<(), Forgery> {
    let Listed { seal, digests } = listed;
    for (at, digest) in digests.iter().enumerate() {
        let Some(entry) = entries.get(at) else {
            return Err(Forgery::EntryMissing {
                seal,
                place: at + 1,
                before: None,
            });
        };
        if !entry.matches_digest() || entry.actual != *digest {
            return Err(difference(listed, at, entries, entry));
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

/// Determines what happened to an entry that is not the one that the seal lists at this position.
fn difference(
    listed: Listed<'_>,
    at: usize,
    entries: &[LedgerEntry],
    entry: &LedgerEntry,
) -> Forgery {
    let Listed { seal, digests } = listed;
    let (name, tenant) = (entry.position.entry, entry.tenant);
    let is_listed = digests.contains(&entry.actual);
    let expected = digests.get(at);
    let stands_elsewhere = entries.iter().any(|entry| Some(&entry.actual) == expected);
    match (entry.matches_digest(), is_listed) {
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
