//! One thing that is wrong with a request.

use serde::Serialize;
use utoipa::ToSchema;

/// The member is missing.
pub const REQUIRED: &str = "REQUIRED";
/// The value has another JSON type than the member.
pub const INVALID_TYPE: &str = "INVALID_TYPE";
/// The value has the right type but is not among those accepted.
pub const INVALID_VALUE: &str = "INVALID_VALUE";
/// The text, list or object is longer than allowed.
pub const TOO_LONG: &str = "TOO_LONG";
/// The text or list is shorter than allowed.
pub const TOO_SHORT: &str = "TOO_SHORT";
/// The number lies outside its range.
pub const OUT_OF_RANGE: &str = "OUT_OF_RANGE";
/// The list holds one item twice.
pub const DUPLICATE_ITEM: &str = "DUPLICATE_ITEM";
/// One member was given twice with different values.
pub const DUPLICATE_KEY: &str = "DUPLICATE_KEY";
/// The request has no such member or parameter.
pub const UNKNOWN_FIELD: &str = "UNKNOWN_FIELD";
/// The member cannot be changed by this request.
pub const READ_ONLY_FIELD: &str = "READ_ONLY_FIELD";

/// Pointers are echoed; this bounds what of a hostile key comes back.
const LONGEST_POINTER: usize = 200;

/// One thing that is wrong with a request, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Where: a JSON pointer into the body as it was sent (`/profile/firstName`, empty for the whole body),
    /// `?page_size` for a query parameter, `{customerId}` for a path segment, or a header's name.
    #[schema(example = "/profile/firstName")]
    pub pointer: String,
    /// What kind of fault.
    #[schema(value_type = String, example = "TOO_LONG")]
    pub code: &'static str,
    /// What is wrong and what would be accepted. Never repeats the value.
    #[schema(example = "must have at most 100 characters")]
    pub detail: String,
}

impl Fault {
    /// A fault at `pointer`; an overlong pointer is cut.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        let mut pointer = pointer.into();
        if let Some((cut, _)) = pointer.char_indices().nth(LONGEST_POINTER) {
            pointer.truncate(cut);
            pointer.push('…');
        }
        Self {
            pointer,
            code,
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
        assert_eq!(fault.pointer.chars().count(), LONGEST_POINTER + 1);
        assert!(fault.pointer.ends_with('…'));
    }
}
