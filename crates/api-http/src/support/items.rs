//! Lists in which each item has to follow a rule.

use http_kit::fault::{self, Fault, FaultCode};
use http_kit::fields::{Parse, Text, Violation};
use http_kit::json::Node;
use std::ops::RangeInclusive;

/// A list of texts with a limited number of items, each parsed by a rule. Every item that breaks
/// the rule is reported as a fault with its own pointer.
#[derive(Debug)]
pub(crate) struct Items<F> {
    count: RangeInclusive<usize>,
    rule: F,
}

impl<T, F: Fn(&str) -> Result<T, Violation>> Items<F> {
    pub(crate) fn new(count: RangeInclusive<usize>, rule: F) -> Self {
        Self { count, rule }
    }

    fn item(&self, item: Node, at: &str) -> Result<T, Vec<Fault>> {
        let text = Text::default().parse(item, at)?;
        (self.rule)(&text).map_err(|Violation { code, detail }| vec![Fault::new(at, code, detail)])
    }
}

impl<T, F: Fn(&str) -> Result<T, Violation>> Parse for Items<F> {
    type Output = Vec<T>;

    fn parse(&self, value: Node, at: &str) -> Result<Vec<T>, Vec<Fault>> {
        let refused = |code: FaultCode, detail: String| Err(vec![Fault::new(at, code, detail)]);
        let Node::List(items) = value else {
            return refused(fault::INVALID_TYPE, "must be a list of strings".to_owned());
        };
        let (fewest, most) = (self.count.start(), self.count.end());
        if items.len() < *fewest {
            return refused(
                fault::TOO_SHORT,
                format!("must have at least {fewest} of them"),
            );
        }
        if items.len() > *most {
            return refused(fault::TOO_LONG, format!("must have at most {most} of them"));
        }
        let mut read = Vec::with_capacity(items.len());
        let mut faults = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            match self.item(item, &format!("{at}/{index}")) {
                Ok(item) => read.push(item),
                Err(found) => faults.extend(found),
            }
        }
        if faults.is_empty() {
            Ok(read)
        } else {
            Err(faults)
        }
    }
}
