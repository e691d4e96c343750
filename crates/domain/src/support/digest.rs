//! Keyed digests: what lets the service recognise a value without keeping it.

/// What a digest is for. Each purpose has a key of its own, so that a digest of one purpose
/// says nothing about another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigestPurpose {
    /// The body remembered beside an idempotency key.
    IdempotentBody,
    /// The seal on a list cursor.
    Cursor,
    /// The normalised form of an address, by which duplicates are found.
    Address,
    /// A token sent by mail.
    MailToken,
    /// An entry of the audit trail, so that nobody without the root secret can write one.
    AuditEntry,
}

/// HMAC-SHA-256 under a key derived from the root secret for each purpose.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait KeyedDigest: Send + Sync {
    /// The digest of `message` for `purpose`. Equal inputs give equal digests on every replica
    /// that shares the root secret; without the secret a digest can be neither made nor guessed.
    fn digest(&self, purpose: DigestPurpose, message: &[u8]) -> [u8; 32];
}
