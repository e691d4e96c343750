//! Several values of one kind.

use std::collections::BTreeSet;

use super::{Kind, Shape};

/// Values of one kind, separated by commas.
#[derive(Debug)]
pub(in crate::config) struct List<K>(pub(in crate::config) K);

impl<K: Kind> Kind for List<K> {
    type Value = Vec<K::Value>;

    fn parse(&self, line: &str) -> Option<Self::Value> {
        let items = line.split(',').map(|item| self.0.read(item));
        let items = items.collect::<Option<Vec<_>>>()?;
        let spellings: BTreeSet<_> = items.iter().map(|item| self.0.format(item)).collect();
        (spellings.len() == items.len()).then_some(items)
    }

    fn format(&self, items: &Self::Value) -> String {
        let spellings = items.iter().map(|item| self.0.format(item));
        spellings.collect::<Vec<_>>().join(",")
    }

    fn accepts(&self) -> String {
        let item = self.0.accepts();
        format!("a list, separated by commas and without repetition, of: {item}")
    }

    fn shape(&self) -> Shape {
        Shape::Sequence
    }
}
