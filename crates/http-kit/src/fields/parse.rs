//! The parsers of each type of member.

mod number;
mod time;

use std::collections::HashSet;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use uuid::Uuid;

pub use self::number::Integer;
pub use self::time::{Date, DateTimeUtc, Moment};
use super::Field;
use crate::fault::{self, Fault, FaultCode};
use crate::json::{Node, into_map};

/// Parses a JSON value that is not null.
pub trait Parse {
    /// The type of the parsed value.
    type Output;

    /// Returns the parsed value, or all of its faults. `at` is the pointer as sent; details name what would be accepted
    /// and never repeat the value.
    fn parse(&self, value: Node, at: &str) -> Result<Self::Output, Vec<Fault>>;

    /// Converts a query parameter's text to the JSON value that [`Parse::parse`] expects.
    fn query_value(&self, text: &str) -> Node {
        Node::Text(text.to_owned())
    }
}

/// A rule of the domain that a value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The fault's code.
    pub code: FaultCode,
    /// What is wrong and what would be accepted.
    pub detail: String,
}

impl Violation {
    /// Creates a violation from a code and a detail.
    pub fn new(code: impl Into<FaultCode>, detail: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            detail: detail.into(),
        }
    }
}

fn refuse<T>(at: &str, code: FaultCode, detail: impl Into<String>) -> Result<T, Vec<Fault>> {
    Err(vec![Fault::new(at, code, detail)])
}

/// A parser followed by a rule; see [`Field::then`].
#[derive(Debug)]
pub struct Then<P, F> {
    parse: P,
    rule: F,
}

impl<P, F> Then<P, F> {
    pub(super) fn new(parse: P, rule: F) -> Self {
        Self { parse, rule }
    }
}

impl<P: Parse, T, F: Fn(P::Output) -> Result<T, Violation>> Parse for Then<P, F> {
    type Output = T;

    fn parse(&self, value: Node, at: &str) -> Result<T, Vec<Fault>> {
        let value = self.parse.parse(value, at)?;
        (self.rule)(value).or_else(|Violation { code, detail }| refuse(at, code, detail))
    }

    fn query_value(&self, text: &str) -> Node {
        self.parse.query_value(text)
    }
}

/// A string; see [`super::Fields::text`].
#[derive(Debug)]
pub struct Text {
    min: usize,
    max: usize,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            min: 0,
            max: usize::MAX,
        }
    }
}

impl Text {
    fn check(&self, text: &str, at: &str) -> Result<(), Vec<Fault>> {
        let characters = text.chars().count();
        if characters < self.min {
            return refuse(
                at,
                fault::TOO_SHORT,
                format!("must have at least {}", counted(self.min, "character")),
            );
        }
        if characters > self.max {
            return refuse(
                at,
                fault::TOO_LONG,
                format!("must have at most {}", counted(self.max, "character")),
            );
        }
        Ok(())
    }
}

impl Field<'_, Text> {
    /// Sets the minimum number of characters.
    pub fn min(mut self, characters: usize) -> Self {
        self.parse.min = characters;
        self
    }

    /// Sets the maximum number of characters.
    pub fn max(mut self, characters: usize) -> Self {
        self.parse.max = characters;
        self
    }
}

impl Parse for Text {
    type Output = String;

    fn parse(&self, value: Node, at: &str) -> Result<String, Vec<Fault>> {
        let Node::Text(text) = value else {
            return refuse(at, fault::INVALID_TYPE, "must be a string");
        };
        self.check(&text, at)?;
        Ok(text)
    }
}

/// `true` or `false`; see [`super::Fields::boolean`].
#[derive(Debug)]
pub struct Bool;

impl Parse for Bool {
    type Output = bool;

    fn parse(&self, value: Node, at: &str) -> Result<bool, Vec<Fault>> {
        let Node::Bool(value) = value else {
            return refuse(at, fault::INVALID_TYPE, "must be true or false");
        };
        Ok(value)
    }

    fn query_value(&self, text: &str) -> Node {
        match text.to_ascii_lowercase().as_str() {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            _ => Node::Text(text.to_owned()),
        }
    }
}

/// A UUID; see [`super::Fields::uuid`].
#[derive(Debug)]
pub struct Identifier;

impl Parse for Identifier {
    type Output = Uuid;

    fn parse(&self, value: Node, at: &str) -> Result<Uuid, Vec<Fault>> {
        let text = Text::default().parse(value, at)?;
        Uuid::try_parse(&text).or_else(|_| refuse(at, fault::INVALID_VALUE, "must be a UUID"))
    }
}

/// One word of a list; see [`super::Fields::one_of`].
#[derive(Debug)]
pub struct OneOf<T: 'static>(&'static [(&'static str, T)]);

impl<T> OneOf<T> {
    pub(super) fn new(words: &'static [(&'static str, T)]) -> Self {
        Self(words)
    }

    fn accepted(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|(word, _)| *word).collect();
        format!("must be one of {}", words.join(", "))
    }
}

impl<T: Copy> Parse for OneOf<T> {
    type Output = T;

    fn parse(&self, value: Node, at: &str) -> Result<T, Vec<Fault>> {
        let Node::Text(text) = value else {
            return refuse(at, fault::INVALID_TYPE, self.accepted());
        };
        let sent = folded(&text);
        match self.0.iter().find(|(word, _)| folded(word) == sent) {
            Some((_, meaning)) => Ok(*meaning),
            None => refuse(at, fault::INVALID_VALUE, self.accepted()),
        }
    }
}

fn folded(word: &str) -> String {
    word.chars()
        .filter(|character| !matches!(character, '_' | '-'))
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// A list of strings; see [`super::Fields::texts`].
#[derive(Debug)]
pub struct TextList {
    min_items: usize,
    max_items: usize,
    item: Text,
    unique: bool,
}

impl Default for TextList {
    fn default() -> Self {
        Self {
            min_items: 0,
            max_items: usize::MAX,
            item: Text::default(),
            unique: false,
        }
    }
}

impl Field<'_, TextList> {
    /// Sets the minimum number of items. Default: 0.
    pub fn min_items(mut self, items: usize) -> Self {
        self.parse.min_items = items;
        self
    }

    /// Sets the maximum number of items. Default: no limit.
    pub fn max_items(mut self, items: usize) -> Self {
        self.parse.max_items = items;
        self
    }

    /// Sets the minimum and maximum number of characters of each item.
    pub fn each(mut self, characters: RangeInclusive<usize>) -> Self {
        self.parse.item = Text {
            min: *characters.start(),
            max: *characters.end(),
        };
        self
    }

    /// Rejects a list that contains an item twice.
    pub fn unique(mut self) -> Self {
        self.parse.unique = true;
        self
    }
}

impl Parse for TextList {
    type Output = Vec<String>;

    fn parse(&self, value: Node, at: &str) -> Result<Vec<String>, Vec<Fault>> {
        let Node::List(items) = value else {
            return refuse(at, fault::INVALID_TYPE, "must be a list of strings");
        };
        if items.len() < self.min_items {
            return refuse(
                at,
                fault::TOO_SHORT,
                format!("must have at least {}", counted(self.min_items, "item")),
            );
        }
        if items.len() > self.max_items {
            return refuse(
                at,
                fault::TOO_LONG,
                format!("must have at most {}", counted(self.max_items, "item")),
            );
        }
        let mut texts = Vec::with_capacity(items.len());
        let mut faults = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            match self.item.parse(item, &format!("{at}/{index}")) {
                Ok(text) => texts.push(text),
                Err(found) => faults.extend(found),
            }
        }
        let mut seen = HashSet::new();
        if self.unique && faults.is_empty() && !texts.iter().all(|text| seen.insert(text.as_str()))
        {
            return refuse(
                at,
                fault::DUPLICATE_ITEM,
                "must not hold the same item twice",
            );
        }
        if faults.is_empty() {
            Ok(texts)
        } else {
            Err(faults)
        }
    }

    fn query_value(&self, text: &str) -> Node {
        Node::List(
            text.split(',')
                .map(|item| Node::Text(item.to_owned()))
                .collect(),
        )
    }
}

/// An object with any keys; see [`super::Fields::free_object`].
#[derive(Debug)]
pub struct FreeObject {
    max_bytes: usize,
}

impl FreeObject {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { max_bytes }
    }
}

impl Parse for FreeObject {
    type Output = Map<String, Value>;

    fn parse(&self, value: Node, at: &str) -> Result<Map<String, Value>, Vec<Fault>> {
        let Node::Object(members) = value else {
            return refuse(at, fault::INVALID_TYPE, "must be an object");
        };
        let map = into_map(members);
        let length = serde_json::to_vec(&map).map_or(usize::MAX, |bytes| bytes.len());
        if length > self.max_bytes {
            let detail = format!("must be at most {} bytes of JSON", self.max_bytes);
            return refuse(at, fault::TOO_LONG, detail);
        }
        Ok(map)
    }
}

fn counted(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
