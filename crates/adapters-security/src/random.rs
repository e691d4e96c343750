//! The system's random source.

/// Returns `N` random bytes.
///
/// # Panics
/// If the system has no working random source. No caller can recover from that: a salt, a key or a
/// token that is not random is worse than a crash. On the systems that this service runs on it
/// means a broken installation, never a transient fault, and it cannot happen after a first call
/// has succeeded.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// Fills a buffer with random bytes in place, so that no copy of them is left in memory.
///
/// # Panics
/// As [`bytes`].
pub(crate) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system's random source must work");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_draw_differs() {
        assert_ne!(bytes::<32>(), bytes::<32>());
    }
}
