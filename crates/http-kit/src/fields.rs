//! Reads typed values from a canonical body or query, and collects every fault.
//!
//! ```
//! # use http_kit::{fields::Fields, json, normalise::AliasTable, problem::Problem};
//! # fn read(body: &[u8]) -> Result<(String, Option<i64>), Problem> {
//! let mut fields = Fields::body(json::parse(body)?, &AliasTable::FLAT);
//! let name = fields.text("name").max(100).required();
//! let size = fields.integer("size", 1..=9).optional();
//! fields.build(|| Some((name?, size)))
//! # }
//! # assert_eq!(read(br#"{"name":"x"}"#).unwrap(), ("x".to_owned(), None));
//! # assert_eq!(read(br#"{"size":10,"nam":"x"}"#).unwrap_err().faults().len(), 3);
//! ```

mod field;
mod parse;
mod suggest;

use std::mem;
use std::ops::RangeInclusive;

use serde_json::Value;

pub use self::field::{Field, Given};
pub use self::parse::{
    Bool, Date, DateTimeUtc, FreeObject, Identifier, Integer, Moment, OneOf, Parse, Text, TextList,
    Then, Violation,
};
use crate::code::Code;
use crate::fault::{self, Fault};
use crate::json::{Document, Node};
use crate::normalise::{AliasTable, Canonical, Member, normalise};
use crate::problem::{HttpResult, MAX_FAULTS_LISTED, Problem};

/// Where the members come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Body,
    Query,
}

/// The members of one body or query. Names are canonical and relative: `email`, `profile/firstName`, `page_size`.
///
/// Every reader records its own faults and marks its name as known; [`Fields::finish`] or [`Fields::build`] reports
/// them together with the members that were not read.
#[derive(Debug)]
#[must_use = "faults are lost unless the fields are finished"]
pub struct Fields {
    members: Vec<Option<Member>>,
    known: Vec<&'static str>,
    /// The members that were read, and their pointers as sent.
    sent: Vec<(&'static str, String)>,
    faults: Vec<Fault>,
    source: Source,
    /// False if the body is not an object: "is required" would then only be noise.
    readable: bool,
}

impl Fields {
    /// Returns the fields of a body, in any spelling that `table` accepts.
    pub fn body(document: Document, table: &AliasTable) -> Self {
        let Canonical {
            members,
            faults,
            is_object,
        } = normalise(document, table);
        Self::new(Source::Body, members, faults, is_object)
    }

    /// Returns the fields of an absent body.
    pub fn empty() -> Self {
        Self::new(Source::Body, Vec::new(), Vec::new(), true)
    }

    pub(crate) fn new(
        source: Source,
        members: Vec<Member>,
        faults: Vec<Fault>,
        readable: bool,
    ) -> Self {
        Self {
            members: members.into_iter().map(Some).collect(),
            known: Vec::new(),
            sent: Vec::new(),
            faults,
            source,
            readable,
        }
    }

    /// Reads a string. Leading and trailing blanks are kept.
    pub fn text(&mut self, name: &'static str) -> Field<'_, Text> {
        self.field(name, Text::default())
    }

    /// Reads `true` or `false`.
    pub fn boolean(&mut self, name: &'static str) -> Field<'_, Bool> {
        self.field(name, Bool)
    }

    /// Reads a whole number within `range`.
    pub fn integer(
        &mut self,
        name: &'static str,
        range: RangeInclusive<i64>,
    ) -> Field<'_, Integer> {
        self.field(name, Integer::new(range))
    }

    /// Reads a UUID.
    pub fn uuid(&mut self, name: &'static str) -> Field<'_, Identifier> {
        self.field(name, Identifier)
    }

    /// Reads a calendar date: `YYYY-MM-DD`, or the date part, as written, of an RFC 3339 date-time.
    pub fn date(&mut self, name: &'static str) -> Field<'_, Date> {
        self.field(name, Date)
    }

    /// Reads an RFC 3339 date-time with an offset.
    pub fn date_time(&mut self, name: &'static str) -> Field<'_, DateTimeUtc> {
        self.field(name, DateTimeUtc)
    }

    /// Reads one of a list of words, in any case, with or without `_` and `-`.
    pub fn one_of<T: Copy>(
        &mut self,
        name: &'static str,
        words: &'static [(&'static str, T)],
    ) -> Field<'_, OneOf<T>> {
        self.field(name, OneOf::new(words))
    }

    /// Reads a list of strings; in a query, one string with commas.
    pub fn texts(&mut self, name: &'static str) -> Field<'_, TextList> {
        self.field(name, TextList::default())
    }

    /// Reads an object with any keys, at most `max_bytes` long when written as JSON.
    pub fn free_object(&mut self, name: &'static str, max_bytes: usize) -> Field<'_, FreeObject> {
        self.field(name, FreeObject::new(max_bytes))
    }

    /// Reads a member that the request cannot change, to be compared with the stored value.
    pub fn read_only(&mut self, name: &'static str) -> Option<Value> {
        match self.take(name) {
            Given::Absent => None,
            Given::Null => Some(Value::Null),
            Given::Value(value) => Some(value.into_value()),
        }
    }

    /// Accepts these members with any value, and discards them.
    pub fn ignore(&mut self, names: &[&'static str]) {
        for name in names {
            self.take(name);
        }
    }

    /// Returns `true` if the request has the member, or a member inside it, that was not read yet.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().flatten().any(|member| {
            relative(member)
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Returns the pointer, as sent, of a member that was read; `None` if the request does not have it.
    pub fn sent(&self, name: &str) -> Option<&str> {
        let mut sent = self.sent.iter();
        sent.find(|(read, _)| *read == name)
            .map(|(_, pointer)| pointer.as_str())
    }

    /// Returns the pointer of a member: as it was sent, or its canonical pointer if it was not read.
    pub fn pointer(&self, name: &str) -> String {
        self.sent(name).map_or_else(
            || match self.source {
                Source::Body => format!("/{name}"),
                Source::Query => format!("?{name}"),
            },
            str::to_owned,
        )
    }

    /// Makes [`pointer`](Self::pointer) of `name`, which was not sent, the one of `source`: the member that gave its value.
    pub fn point_at(&mut self, name: &'static str, source: &str) {
        if let Some(pointer) = self.sent(source).map(str::to_owned) {
            self.sent.push((name, pointer));
        }
    }

    /// Adds a fault that the caller found, such as a broken rule over two members.
    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Adds faults found elsewhere in the same request: path, query, headers.
    pub fn extend(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.extend(faults);
    }

    /// Returns the value; on a fault, adds it and returns `None`.
    pub fn note<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.fault(fault)).ok()
    }

    /// Takes all faults, unknown members included. Unknown members beyond the number that a reply lists get no detail:
    /// they are only counted.
    pub fn take_faults(&mut self) -> Vec<Fault> {
        for member in mem::take(&mut self.members).into_iter().flatten() {
            let fault = self.unread(member);
            self.faults.extend(fault);
        }
        mem::take(&mut self.faults)
    }

    /// Succeeds if there are no faults; otherwise reports all of them, unknown members included.
    pub fn finish(&mut self) -> HttpResult<()> {
        match self.take_faults() {
            faults if faults.is_empty() => Ok(()),
            faults => Err(Problem::from_faults(faults)),
        }
    }

    /// Reports all faults, or returns what `build` makes of the values: without faults every required member is `Some`.
    pub fn build<T>(&mut self, build: impl FnOnce() -> Option<T>) -> HttpResult<T> {
        self.finish()?;
        // `None` without a fault is a bug in the caller.
        build().ok_or_else(|| Problem::new(Code::INTERNAL))
    }

    /// Returns the fault of a member that was not read; `None` for an empty object or null around known members.
    fn unread(&self, member: Member) -> Option<Fault> {
        let name = relative(&member);
        if self.known.contains(&name) {
            return None;
        }
        let surrounds = |known: &&str| {
            known
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        if self.known.iter().any(surrounds) {
            return match member.value {
                Node::Object(_) | Node::Null => None,
                Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::List(_) => {
                    let detail = "must be an object";
                    Some(Fault::new(member.sent, fault::INVALID_TYPE, detail))
                }
            };
        }
        let what = match self.source {
            Source::Body => "member",
            Source::Query => "query parameter",
        };
        let is_listed = self.faults.len() < MAX_FAULTS_LISTED;
        let detail = is_listed.then(|| {
            let hint = suggest::hint(name, &self.known);
            format!("is not a {what} of this request; {hint}")
        });
        let detail = detail.unwrap_or_default();
        Some(Fault::new(member.sent, fault::UNKNOWN_FIELD, detail))
    }

    fn take(&mut self, name: &'static str) -> Given<Node> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        let own = self
            .members
            .iter_mut()
            .find(|slot| slot.as_ref().is_some_and(|member| relative(member) == name));
        if let Some(Member { sent, value, .. }) = own.and_then(Option::take) {
            let is_blank = self.source == Source::Query && value == Node::Text(String::new());
            if is_blank {
                return Given::Absent;
            }
            self.sent.push((name, sent));
            return match value {
                Node::Null => Given::Null,
                value @ (Node::Bool(_)
                | Node::Number(_)
                | Node::Text(_)
                | Node::List(_)
                | Node::Object(_)) => Given::Value(value),
            };
        }
        // Null for an object clears the members inside it.
        let cleared = self.members.iter().flatten().find(|member| {
            member.value == Node::Null
                && name
                    .strip_prefix(relative(member))
                    .is_some_and(|rest| rest.starts_with('/'))
        });
        match cleared {
            Some(member) => {
                self.sent.push((name, member.sent.clone()));
                Given::Null
            }
            None => Given::Absent,
        }
    }
}

fn relative(member: &Member) -> &str {
    member.target.get(1..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
