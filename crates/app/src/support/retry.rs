//! A whole use case, tried again when another transaction was in its way.

use customer_domain::{Conflict, StoreError};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;
use tokio::time::sleep;

/// Tries of one use case. Safe because nothing outside the transaction happened.
const TRIES: u32 = 4;
/// The longest pause before the second try; before each further one it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(4);

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
    for failed in 1..TRIES {
        match attempt().await {
            Err(error) if error.is_retryable() => sleep(pause(failed)).await,
            outcome => return outcome,
        }
    }
    attempt().await
}

/// The pause after so many failures: half of the longest or more, by chance, so that those who
/// met once do not meet again.
fn pause(failed: u32) -> Duration {
    let longest = FIRST_PAUSE * 2_u32.pow(failed - 1);
    // The standard library's hasher is seeded by chance, and that is all that is needed here.
    let chance = RandomState::new().build_hasher().finish() % 1024;
    let chance = u32::try_from(chance).unwrap_or_default();
    longest / 2 + longest / 2 * chance / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ() {
        for (failed, longest) in [(1, 4), (2, 8), (3, 16)] {
            let longest = Duration::from_millis(longest);
            let pauses: Vec<_> = (0..20).map(|_| pause(failed)).collect();
            for pause in &pauses {
                assert!((longest / 2..=longest).contains(pause), "{pause:?}");
            }
            assert!(pauses.iter().any(|pause| *pause != pauses[0]));
        }
    }
}
