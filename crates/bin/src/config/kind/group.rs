//! The customer groups that a tenant begins with.

use std::collections::BTreeMap;

use customer_domain::group::{self, GroupId};

/// The one spelling of `id=name` pairs: by id, each once, and no name where it is the id.
pub(super) fn canonical_groups(text: &str) -> Option<String> {
    let mut groups = BTreeMap::new();
    for pair in text.split(',') {
        let (id, name) = decode_group(pair)?;
        if groups.insert(id, name).is_some() {
            return None;
        }
    }
    let pair = |(id, name): (GroupId, String)| {
        if name == id.as_str() {
            name
        } else {
            format!("{id}={name}")
        }
    };
    let pairs: Vec<_> = groups.into_iter().map(pair).collect();
    Some(pairs.join(","))
}

/// A pair's id and name; an id alone is its own name.
pub(in super::super) fn decode_group(pair: &str) -> Option<(GroupId, String)> {
    let (id, name) = pair.split_once('=').unwrap_or((pair, pair));
    let id = GroupId::parse_new(id).ok()?;
    Some((id, group::name(name).ok()?))
}
