//! Reads one member.

use super::parse::{Parse, Then, Violation};
use super::{Fields, Source};
use crate::fault::{self, Fault};
use crate::json::Node;

/// The content of a member in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given<T> {
    /// The request does not have the member.
    Absent,
    /// `null`.
    Null,
    /// A value.
    Value(T),
}

/// A member to be read. End with [`Field::required`], [`Field::optional`], [`Field::replace`] or [`Field::given`].
#[derive(Debug)]
#[must_use = "a member is read only by `required`, `optional`, `replace` or `given`"]
pub struct Field<'f, P> {
    fields: &'f mut Fields,
    name: &'static str,
    pub(super) parse: P,
}

impl<'f, P: Parse> Field<'f, P> {
    /// Applies a rule of the domain to the parsed value.
    pub fn then<T, F: Fn(P::Output) -> Result<T, Violation>>(
        self,
        rule: F,
    ) -> Field<'f, Then<P, F>> {
        let Self {
            fields,
            name,
            parse,
        } = self;
        Field {
            fields,
            name,
            parse: Then::new(parse, rule),
        }
    }

    /// Reads the value; `None` after a fault. Absent and null are faults.
    pub fn required(self) -> Option<P::Output> {
        let Self {
            fields,
            name,
            parse,
        } = self;
        match fields.take(name) {
            Given::Null => fields.lacks(name, "must not be null"),
            Given::Value(value) => fields.parsed(&parse, value, name),
            Given::Absent if fields.readable => fields.lacks(name, "is required"),
            Given::Absent => None,
        }
    }

    /// Reads the value; `None` if it is absent, null or invalid.
    pub fn optional(self) -> Option<P::Output> {
        match self.given() {
            Given::Value(value) => Some(value),
            Given::Absent | Given::Null => None,
        }
    }

    /// Reads the value and distinguishes absent from null, as a merge needs. An invalid value counts as absent.
    pub fn given(self) -> Given<P::Output> {
        let Self {
            fields,
            name,
            parse,
        } = self;
        match fields.take(name) {
            Given::Absent => Given::Absent,
            Given::Null => Given::Null,
            Given::Value(value) => fields
                .parsed(&parse, value, name)
                .map_or(Given::Absent, Given::Value),
        }
    }

    /// Reads the value of a member that can be changed but not emptied; `None` if it is absent. Null is a fault.
    pub fn replace(self) -> Option<P::Output> {
        let Self {
            fields,
            name,
            parse,
        } = self;
        match fields.take(name) {
            Given::Absent => None,
            Given::Null => fields.lacks(name, "can be changed but not emptied"),
            Given::Value(value) => fields.parsed(&parse, value, name),
        }
    }
}

impl Fields {
    /// Reads a member with the caller's parser.
    pub fn field<P: Parse>(&mut self, name: &'static str, parse: P) -> Field<'_, P> {
        Field {
            fields: self,
            name,
            parse,
        }
    }

    fn lacks<T>(&mut self, name: &str, detail: &str) -> Option<T> {
        let fault = Fault::new(self.pointer(name), fault::REQUIRED, detail);
        self.faults.push(fault);
        None
    }

    fn parsed<P: Parse>(&mut self, parse: &P, value: Node, name: &str) -> Option<P::Output> {
        let value = if let (Source::Query, Node::Text(text)) = (self.source, &value) {
            parse.query_value(text)
        } else {
            value
        };
        match parse.parse(value, self.sent(name).unwrap_or_default()) {
            Ok(parsed) => Some(parsed),
            Err(faults) => {
                self.faults.extend(faults);
                None
            }
        }
    }
}
