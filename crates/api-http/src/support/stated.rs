//! Read-only members in requests: accepted if they equal what is stored, so that what was read can
//! be sent back.

use crate::code::Code;
use customer_app::Stated;
use customer_domain::customer::CustomerRef;
use http_kit::fault::Fault;
use http_kit::fields::Fields;
use serde_json::Value;
use uuid::Uuid;

/// Reads the read-only members of a record `T` from a body.
pub(crate) struct ReadOnly<'f, T> {
    fields: &'f mut Fields,
    stated: Stated<T>,
}

impl<'f, T: 'static> ReadOnly<'f, T> {
    /// Begins with no member.
    pub(crate) fn of(fields: &'f mut Fields) -> Self {
        Self {
            fields,
            stated: Stated::default(),
        }
    }

    /// Reads a member that equals the stored value if it is what a reply shows of the record.
    pub(crate) fn shown(mut self, name: &'static str, shown: fn(&T) -> Value) -> Self {
        if let Some(sent) = self.fields.read_only(name) {
            self.stated = self.stated.with(name, move |record| shown(record) == sent);
        }
        self
    }

    /// Reads a member that can be written in several ways. A value that `parse` rejects differs
    /// from every stored one, and is reported as a fault.
    pub(crate) fn parsed<V: Send + Sync + 'static>(
        mut self,
        name: &'static str,
        parse: impl Fn(&Value) -> Option<V>,
        is_stored: fn(&T, &V) -> bool,
    ) -> Self {
        if let Some(sent) = member(self.fields, name, parse) {
            let is_stored = move |record: &T| is_stored(record, &sent);
            self.stated = self.stated.with(name, is_stored);
        }
        self
    }

    /// Returns the members that were read.
    pub(crate) fn read(self) -> Stated<T> {
        self.stated
    }
}

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

/// Reads `customerId`: the customer that a body names, which must be the one in the path.
pub(crate) fn stated_customer(fields: &mut Fields) -> Option<CustomerRef> {
    member(fields, "customerId", |value| {
        reference(value, CustomerRef::parse)
    })
}

/// Parses a UUID.
pub(crate) fn uuid(value: &Value) -> Option<Uuid> {
    Uuid::try_parse(value.as_str()?).ok()
}

/// Parses null, or what `parse` accepts.
pub(crate) fn nullable<T>(
    parse: impl Fn(&Value) -> Option<T>,
) -> impl Fn(&Value) -> Option<Option<T>> {
    move |value| {
        if value.is_null() {
            Some(None)
        } else {
            parse(value).map(Some)
        }
    }
}

/// Parses a reference to a record: a text or a whole number, in any of the forms that paths accept.
pub(crate) fn reference<T, E>(value: &Value, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
    match value {
        Value::String(text) => parse(text).ok(),
        Value::Number(number) => parse(&number.as_i64()?.to_string()).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
