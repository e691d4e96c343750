//! Keyed digests, which recognise a value without storing it.

/// What a digest is for. Each purpose has a key of its own, so that the digests of different
/// purposes cannot be related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigestPurpose {
    /// The request body stored with an idempotency key.
    IdempotentBody,
    /// The authentication of a list cursor.
    Cursor,
    /// The normalised form of an address, which finds duplicates.
    Address,
    /// A token sent by e-mail.
    MailToken,
    /// An entry of the audit trail, which cannot be forged without the root secret.
    AuditEntry,
    /// The proof that a process has the root secret of its database.
    RootCheck,
}

/// HMAC-SHA-256 with a key derived from the root secret for each purpose.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait KeyedDigest: Send + Sync {
    /// Returns the digest of `message` for `purpose`. Equal inputs give equal digests on every
    /// replica that shares the root secret; without the secret a digest can be neither computed nor
    /// guessed.
    fn digest(&self, purpose: DigestPurpose, message: &[u8]) -> [u8; 32];
}
