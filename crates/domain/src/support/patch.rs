//! The three things that a merge can say of a member (RFC 7396).

/// What a merge does with one member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Absent: it stays as it is.
    #[default]
    Keep,
    /// `null`: it is emptied.
    Clear,
    /// A value: it takes its place.
    Set(T),
}

impl<T> Patch<T> {
    /// Applies it to an optional member.
    pub fn apply(self, target: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *target = None,
            Self::Set(value) => *target = Some(value),
        }
    }

    /// Applies it to a member that always has a value; clearing gives `empty`.
    pub fn apply_or(self, target: &mut T, empty: T) {
        match self {
            Self::Keep => {}
            Self::Clear => *target = empty,
            Self::Set(value) => *target = value,
        }
    }

    /// The same where nothing is there yet: nothing to clear, so null is as good as absent.
    #[must_use]
    pub fn or_keep(self) -> Self {
        match self {
            Self::Clear => Self::Keep,
            other @ (Self::Keep | Self::Set(_)) => other,
        }
    }

    /// The value to set, if there is one.
    pub fn as_set(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// The same intent over a converted value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(convert(value)),
        }
    }
}

impl<T> Patch<Option<T>> {
    /// A value that turned out to be empty clears.
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
