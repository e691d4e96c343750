//! The system's random source.

/// `N` random bytes.
///
/// # Panics
/// When the system has no working random source. No caller can do anything sensible then: a
/// salt, a key or a token that is not random is worse than none. On the systems that this
/// service runs on it means a broken installation, never a passing fault, and it cannot happen
/// any more once a first call succeeded.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// Random bytes in their place, so that no copy of them is left anywhere.
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
