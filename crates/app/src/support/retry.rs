//! A whole use case, tried again when another transaction was in its way.

use customer_domain::{Conflict, StoreError};

/// Tries of one use case. Safe because nothing outside the transaction happened.
const TRIES: u32 = 4;

/// Errors that may go away when the use case runs again.
pub(crate) trait Retryable {
    /// Whether another run may succeed.
    fn is_retryable(&self) -> bool;
}

impl Retryable for StoreError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Contended | Self::Conflict(Conflict::IdempotencyKey) => true,
            Self::Conflict(_)
            | Self::NotFound
            | Self::TooSlow
            | Self::Unavailable(_)
            | Self::Corrupt { .. } => false,
        }
    }
}

/// Runs `attempt` until it succeeds, fails for good, or was tried often enough.
pub(crate) async fn retried<T, E, F, R>(mut attempt: F) -> Result<T, E>
where
    E: Retryable,
    F: FnMut() -> R,
    R: Future<Output = Result<T, E>> + Send,
{
    for _ in 1..TRIES {
        match attempt().await {
            Err(error) if error.is_retryable() => {}
            outcome => return outcome,
        }
    }
    attempt().await
}
