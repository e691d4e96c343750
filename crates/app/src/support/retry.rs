//! Retrying a whole use case when another transaction was in its way.

use customer_domain::{Conflict, StoreError};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;
use tokio::time::sleep;

/// The most attempts of a use case. Repeating is safe because nothing happens outside of the
/// transaction.
const MAX_ATTEMPTS: u32 = 4;
/// The maximum pause before the second attempt; doubled before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(4);

/// Errors that may not occur again when the use case is repeated.
pub(crate) trait Retryable {
    /// Returns whether another attempt may succeed.
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
            | Self::Keys
            | Self::Corrupt { .. } => false,
        }
    }
}

/// Runs `attempt` until it succeeds, fails permanently, or has been tried [`MAX_ATTEMPTS`] times.
pub(crate) async fn retried<T, E, F, R>(mut attempt: F) -> Result<T, E>
where
    E: Retryable,
    F: FnMut() -> R,
    R: Future<Output = Result<T, E>> + Send,
{
    for failed in 1..MAX_ATTEMPTS {
        match attempt().await {
            Err(error) if error.is_retryable() => sleep(pause(failed)).await,
            outcome => return outcome,
        }
    }
    attempt().await
}

/// Returns the pause after `failed` failures: a random time between half of the maximum and the
/// maximum, so that colliding transactions do not collide again.
fn pause(failed: u32) -> Duration {
    let longest = FIRST_PAUSE * 2_u32.pow(failed - 1);
    // The standard library's hasher is seeded randomly, which is all that is needed here.
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
