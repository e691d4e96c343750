//! Read-only members in requests: accepted if they equal what is stored, so that what was read can
//! be sent back.

use crate::code::Code;
use http_kit::fault::Fault;
use http_kit::fields::Fields;
use serde_json::Value;

/// Reads a read-only member, to be compared with what is stored. A value that `parse` rejects
/// differs from every stored one, and is reported as a fault.
pub(crate) fn member<T>(
    fields: &mut Fields,
    name: &'static str,
    parse: impl Fn(&Value) -> Option<T>,
) -> Option<T> {
    let parsed = parse(&fields.read_only(name)?);
    if parsed.is_none() {
        fields.fault(read_only(fields.pointer(name)));
    }
    parsed
}

/// Returns the fault of a read-only member that differs from what is stored.
pub(crate) fn read_only(pointer: String) -> Fault {
    Fault::new(
        pointer,
        Code::ReadOnlyField,
        "cannot be changed here; it is accepted only when it is what is stored",
    )
}

/// Parses a reference to a record: a text or a whole number, in any of the forms that paths accept.
pub(crate) fn reference<T, E>(value: &Value, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
    match value {
        Value::String(text) => parse(text).ok(),
        Value::Number(number) => parse(&number.as_i64()?.to_string()).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
