//! The chain of seals: their signatures, and where the trail starts.

use super::verify::{Forgery, VerifyError};
use chrono::NaiveDate;
use customer_domain::audit::{AuditLedger, AuditSeal, SealSigner, SealedRange};
use std::collections::BTreeSet;

/// The keys whose signatures are trusted.
#[derive(Clone, Copy)]
pub(crate) struct Signers<'a> {
    pub(crate) signer: &'a dyn SealSigner,
    /// Trusted keys in addition to the signer's own.
    pub(crate) trusted: &'a [[u8; 32]],
}

/// What the signed seals record about the start of the trail.
pub(crate) struct Beginning {
    /// The highest number that the first seal may have.
    pub(crate) number: i64,
    /// Months that were dropped, and whose seals may still exist.
    pub(crate) dropped: BTreeSet<NaiveDate>,
}

impl<'a> Signers<'a> {
    /// Trusts only the signer's own key.
    pub(crate) fn only(signer: &'a dyn SealSigner) -> Self {
        Self {
            signer,
            trusted: &[],
        }
    }

    /// Verifies the digest and the signature of a seal.
    pub(crate) fn check(&self, seal: &AuditSeal) -> Result<(), Forgery> {
        let AuditSeal {
            number,
            digest,
            public_key,
            signature,
            ..
        } = seal;
        if seal.own_digest(self.signer) != *digest {
            return Err(Forgery::SealChanged(*number));
        }
        if *public_key != self.signer.public_key() && !self.trusted.contains(public_key) {
            return Err(Forgery::SealForeign(*number));
        }
        if !self.signer.is_signed(public_key, digest, signature) {
            return Err(Forgery::SealChanged(*number));
        }
        Ok(())
    }

    /// Returns where the trail may start, which only signed seals can tell.
    pub(crate) async fn beginning(
        &self,
        ledger: &dyn AuditLedger,
    ) -> Result<Beginning, VerifyError> {
        let mut beginning = Beginning {
            number: 1,
            dropped: BTreeSet::new(),
        };
        for seal in ledger.dropped().await? {
            self.check(&seal)?;
            if let SealedRange::Dropped { begins } = seal.range {
                beginning.number = beginning.number.max(begins);
                beginning.dropped.insert(seal.month);
            }
        }
        Ok(beginning)
    }
}

/// Seals verified in sequence, from the first existing one on.
pub(crate) struct Chain<'a> {
    signers: Signers<'a>,
    /// The highest number that the first seal may have.
    begins: i64,
    /// The number of the first seal.
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<AuditSeal>,
    /// The newest dropped month: all older ones were dropped before it.
    pub(crate) dropped: Option<NaiveDate>,
}

impl<'a> Chain<'a> {
    pub(crate) fn new(signers: Signers<'a>, begins: i64) -> Self {
        Self {
            signers,
            begins,
            first: None,
            last: None,
            dropped: None,
        }
    }

    /// Returns the number of the last seal, or the smallest number before the first one.
    pub(crate) fn end(&self) -> i64 {
        self.last.as_ref().map_or(i64::MIN, |seal| seal.number)
    }

    /// Verifies that `seal` follows the last seal of the chain.
    pub(crate) fn check(&self, seal: &AuditSeal) -> Result<(), Forgery> {
        let number = seal.number;
        match &self.last {
            Some(last) if number != last.number + 1 => {
                return Err(Forgery::SealMissing(last.number + 1));
            }
            Some(last) if seal.previous != last.digest => return Err(Forgery::SealChanged(number)),
            Some(_) if seal.count() > 0 && Some(seal.month) <= self.dropped => {
                return Err(Forgery::MonthReopened(number));
            }
            None if number < 1 => return Err(Forgery::SealChanged(number)),
            None if number > self.begins => return Err(Forgery::BeginningCut(self.begins)),
            None if number == 1 && seal.previous != [0; 32] => {
                return Err(Forgery::SealChanged(number));
            }
            Some(_) | None => {}
        }
        self.signers.check(seal)
    }

    /// Appends a verified seal.
    pub(crate) fn pass(&mut self, seal: AuditSeal) {
        self.first.get_or_insert(seal.number);
        if matches!(seal.range, SealedRange::Dropped { .. }) {
            self.dropped = self.dropped.max(Some(seal.month));
        }
        self.last = Some(seal);
    }
}
