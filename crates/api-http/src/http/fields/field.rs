//! Reading one member.

use super::parse::{Parse, Then, Violation};
use super::{Fields, Patch, Source, Taken};
use crate::http::fault::{self, Fault};
use crate::http::json::Node;

/// One member about to be read. End with [`Field::required`], [`Field::optional`] or [`Field::patch`].
#[derive(Debug)]
#[must_use = "a member is read only by `required`, `optional` or `patch`"]
pub struct Field<'f, P> {
    fields: &'f mut Fields,
    name: &'static str,
    pub(super) parse: P,
}

impl<'f, P: Parse> Field<'f, P> {
    /// Applies a rule of the domain to a value of the right type.
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

    /// The value. Absent or null is a fault; after any fault of its own the value is `None`.
    pub fn required(self) -> Option<P::Output> {
        let Self {
            fields,
            name,
            parse,
        } = self;
        match fields.take(name) {
            Taken::Given(Node::Null) => fields.lacks(name, "must not be null"),
            Taken::Given(value) => fields.parsed(&parse, value, name),
            Taken::Absent if fields.readable => fields.lacks(name, "is required"),
            Taken::Absent => None,
        }
    }

    /// The value, or `None` when absent or null.
    pub fn optional(self) -> Option<P::Output> {
        match self.patch() {
            Patch::Set(value) => Some(value),
            Patch::Keep | Patch::Clear => None,
        }
    }

    /// What a merge says about the member. After a fault of its own it is [`Patch::Keep`].
    pub fn patch(self) -> Patch<P::Output> {
        let Self {
            fields,
            name,
            parse,
        } = self;
        match fields.take(name) {
            Taken::Absent => Patch::Keep,
            Taken::Given(Node::Null) => Patch::Clear,
            Taken::Given(value) => fields
                .parsed(&parse, value, name)
                .map_or(Patch::Keep, Patch::Set),
        }
    }

    /// As [`Field::patch`], for a member that can be changed but not emptied: null is a fault.
    pub fn replace(self) -> Option<P::Output> {
        let Self {
            fields,
            name,
            parse,
        } = self;
        match fields.take(name) {
            Taken::Absent => None,
            Taken::Given(Node::Null) => fields.lacks(name, "can be changed but not emptied"),
            Taken::Given(value) => fields.parsed(&parse, value, name),
        }
    }
}

impl Fields {
    /// A member read by a parser of the caller's own.
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
