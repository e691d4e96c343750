//! Members that cannot be written, as requests state them: accepted when they are what is
//! stored, so that what was read can be sent back.

use crate::code::Code;
use http_kit::fault::Fault;
use http_kit::fields::Fields;
use serde_json::Value;

/// Reads what the body says of a member, to be compared with what is stored. A value that
/// `parse` takes for none of ours differs from every stored one, and is a fault.
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

/// The fault of a member that is not what is stored.
pub(crate) fn read_only(pointer: String) -> Fault {
    Fault::new(
        pointer,
        Code::ReadOnlyField,
        "cannot be changed here; it is accepted only when it is what is stored",
    )
}

/// A reference to a record: a text or a whole number, in any way in which a path may name it.
pub(crate) fn reference<T, E>(value: &Value, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
    match value {
        Value::String(text) => parse(text).ok(),
        Value::Number(number) => parse(&number.as_i64()?.to_string()).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
