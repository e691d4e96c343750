//! The three values of a member in a merge (RFC 7396).

/// The effect of a merge on a member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Absent: the member keeps its value.
    #[default]
    Keep,
    /// `null`: the member is cleared.
    Clear,
    /// A value: the member is set to it.
    Set(T),
}

impl<T> Patch<T> {
    /// Applies the patch to an optional member.
    pub fn apply(self, target: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *target = None,
            Self::Set(value) => *target = Some(value),
        }
    }

    /// Applies the patch to a required member; clearing sets it to `empty`.
    pub fn apply_or(self, target: &mut T, empty: T) {
        match self {
            Self::Keep => {}
            Self::Clear => *target = empty,
            Self::Set(value) => *target = value,
        }
    }

    /// Treats `Clear` as `Keep`, for a new record, which has nothing to clear.
    #[must_use]
    pub fn or_keep(self) -> Self {
        match self {
            Self::Clear => Self::Keep,
            other @ (Self::Keep | Self::Set(_)) => other,
        }
    }

    /// Returns the value to set, if any.
    pub fn as_set(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// Converts the value to set.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(convert(value)),
        }
    }
}

impl<T> Patch<Option<T>> {
    /// Turns setting an empty value into clearing.
    pub fn flatten(self) -> Patch<T> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear | Self::Set(None) => Patch::Clear,
            Self::Set(Some(value)) => Patch::Set(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_keeps_null_clears_and_a_value_replaces() {
        for (patch, expected) in [
            (Patch::Keep, Some(1)),
            (Patch::Clear, None),
            (Patch::Set(2), Some(2)),
        ] {
            let mut member = Some(1);
            patch.apply(&mut member);
            assert_eq!(member, expected);
        }
    }
}
