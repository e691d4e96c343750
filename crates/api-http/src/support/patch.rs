//! Reading the members of a merge.

use customer_domain::Patch;
use http_kit::fields::{Field, Given, Parse};

/// Converts a member into a patch.
pub(crate) trait PatchExt {
    type Output;

    /// Absent keeps, `null` clears. A faulty member is kept.
    fn patch(self) -> Patch<Self::Output>;
}

impl<P: Parse> PatchExt for Field<'_, P> {
    type Output = P::Output;

    fn patch(self) -> Patch<P::Output> {
        match self.given() {
            Given::Absent => Patch::Keep,
            Given::Null => Patch::Clear,
            Given::Value(value) => Patch::Set(value),
        }
    }
}
