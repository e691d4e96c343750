//! Optimistic locking: changes apply to the version that the caller read.

/// The record's version is not among those that the caller expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VersionConflict {
    pub(crate) current: i64,
}

/// Succeeds when the caller's expected versions include `current`, or when it expects none in
/// particular.
pub(crate) fn expect_version(
    current: i64,
    expected: Option<&[i64]>,
) -> Result<(), VersionConflict> {
    let is_expected = expected.is_none_or(|versions| versions.contains(&current));
    is_expected.then_some(()).ok_or(VersionConflict { current })
}
