//! The customer groups of a new tenant.

use std::collections::BTreeMap;

use customer_domain::group::{self, GroupId};

use super::{Kind, Shape};

/// Customer groups: `id=name` pairs, separated by commas; an id without a name is its own name.
#[derive(Debug)]
pub(in crate::config) struct Groups;

impl Kind for Groups {
    type Value = BTreeMap<GroupId, String>;

    fn parse(&self, line: &str) -> Option<Self::Value> {
        let mut groups = BTreeMap::new();
        for pair in line.split(',') {
            let (id, name) = pair.split_once('=').unwrap_or((pair, pair));
            let id = GroupId::parse_new(id).ok()?;
            if groups.insert(id, group::name(name).ok()?).is_some() {
                return None;
            }
        }
        Some(groups)
    }

    fn format(&self, groups: &Self::Value) -> String {
        let pair = |(id, name): (&GroupId, &String)| {
            if name == id.as_str() {
                name.clone()
            } else {
                format!("{id}={name}")
            }
        };
        groups.iter().map(pair).collect::<Vec<_>>().join(",")
    }

    fn accepts(&self) -> String {
        "id=Name pairs such as general=General,wholesale=Wholesale, separated by commas, each id once".to_owned()
    }

    fn shape(&self) -> Shape {
        Shape::SequenceOrMapping
    }
}
