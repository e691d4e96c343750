//! One thing that is wrong with a request.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::code::Code;

/// What kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultCode {
    /// A code that is never the code of a whole problem, such as [`REQUIRED`].
    Item(&'static str),
    /// A code that becomes the problem's code if this is the only fault of a request.
    Problem(Code),
}

impl FaultCode {
    /// Returns the code's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Item(name) => name,
            Self::Problem(code) => code.as_str(),
        }
    }
}

impl From<Code> for FaultCode {
    fn from(code: Code) -> Self {
        Self::Problem(code)
    }
}

impl Serialize for FaultCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The member is missing.
pub const REQUIRED: FaultCode = FaultCode::Item("REQUIRED");
/// The value has another JSON type than the member.
pub const INVALID_TYPE: FaultCode = FaultCode::Item("INVALID_TYPE");
/// The value has the right type but is not among those accepted.
pub const INVALID_VALUE: FaultCode = FaultCode::Item("INVALID_VALUE");
/// The text, list or object is longer than allowed.
pub const TOO_LONG: FaultCode = FaultCode::Item("TOO_LONG");
/// The text or list is shorter than allowed.
pub const TOO_SHORT: FaultCode = FaultCode::Item("TOO_SHORT");
/// The number is outside its range.
pub const OUT_OF_RANGE: FaultCode = FaultCode::Item("OUT_OF_RANGE");
/// The list contains an item twice.
pub const DUPLICATE_ITEM: FaultCode = FaultCode::Item("DUPLICATE_ITEM");
/// The member was given twice with different values.
pub const DUPLICATE_KEY: FaultCode = FaultCode::Item("DUPLICATE_KEY");
/// The request has no such member or parameter.
pub const UNKNOWN_FIELD: FaultCode = FaultCode::Item("UNKNOWN_FIELD");

/// Maximum length of a pointer in characters, as it may echo a key of any length.
const MAX_POINTER: usize = 200;

/// One thing that is wrong with a request, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Where: a JSON pointer into the body as it was sent (`/profile/firstName`, empty for the whole body),
    /// `?page_size` for a query parameter, `{customerId}` for a path segment, or a header's name.
    #[schema(example = "/profile/firstName")]
    pub pointer: String,
    /// What kind of fault.
    #[schema(value_type = String, example = "TOO_LONG")]
    pub code: FaultCode,
    /// What is wrong and what would be accepted. Never repeats the value.
    #[schema(example = "must have at most 100 characters")]
    pub detail: String,
}

impl Fault {
    /// Creates a fault at `pointer`, which is cut if it is too long.
    pub fn new(
        pointer: impl Into<String>,
        code: impl Into<FaultCode>,
        detail: impl Into<String>,
    ) -> Self {
        let mut pointer = pointer.into();
        if let Some((cut, _)) = pointer.char_indices().nth(MAX_POINTER) {
            pointer.truncate(cut);
            pointer.push('…');
        }
        Self {
            pointer,
            code: code.into(),
            detail: detail.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlong_pointer_is_cut_between_characters() {
        let fault = Fault::new(
            "/".to_owned() + &"é".repeat(5000),
            UNKNOWN_FIELD,
            "no such member",
        );
        assert_eq!(fault.pointer.chars().count(), MAX_POINTER + 1);
        assert!(fault.pointer.ends_with('…'));
    }
}
