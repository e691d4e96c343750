//! The read-only members that a caller sent: accepted if they equal what is stored, so that what
//! was read can be sent back.

use super::failed::{Failed, expect_equal};
use std::fmt;
use std::sync::Arc;

/// The read-only members that a caller sent of a record `T`. None by default.
#[derive(Clone)]
pub struct Stated<T>(Vec<(&'static str, IsStored<T>)>);

/// Tells whether a record has the value that was sent.
type IsStored<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;

impl<T> Stated<T> {
    /// Adds a member; `is_stored` tells whether a record has the value that was sent.
    #[must_use]
    pub fn with(
        mut self,
        name: &'static str,
        is_stored: impl Fn(&T) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.0.push((name, Arc::new(is_stored)));
        self
    }

    /// Returns whether the caller sent nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the caller sent this member.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(sent, _)| *sent == name)
    }

    /// Returns the names of the members that differ from the record.
    pub fn differing(&self, record: &T) -> Vec<&'static str> {
        let members = self.0.iter();
        let differing = members.filter(|(_, is_stored)| !is_stored(record));
        differing.map(|(name, _)| *name).collect()
    }

    /// Succeeds if all members equal what is stored.
    ///
    /// # Errors
    /// [`Failed::ReadOnly`] with the names of those that differ.
    pub(crate) fn expect<R>(&self, record: &T) -> Result<(), Failed<R>> {
        expect_equal(self.differing(record))
    }
}

impl<T> Default for Stated<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Writes the names only.
impl<T> fmt::Debug for Stated<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_differ_are_named_in_the_order_of_the_request_and_values_are_not_shown() {
        let is = |sent: i32| move |stored: &i32| *stored == sent;
        let stated = Stated::default();
        let stated = stated.with("b", is(1)).with("c", is(2)).with("a", is(1));
        for (stored, differing) in [(1, &["c"][..]), (2, &["b", "a"]), (3, &["b", "c", "a"])] {
            assert_eq!(stated.differing(&stored), differing);
            let refused = Err(Failed::<std::convert::Infallible>::ReadOnly(
                differing.to_vec(),
            ));
            assert_eq!(stated.expect(&stored), refused);
        }
        assert!(stated.has("a") && !stated.has("d") && !stated.is_empty());
        assert!(
            Stated::<i32>::default()
                .expect::<std::convert::Infallible>(&1)
                .is_ok()
        );
        assert_eq!(format!("{stated:?}"), r#"{"b", "c", "a"}"#);
    }
}
