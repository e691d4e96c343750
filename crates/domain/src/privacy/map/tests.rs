use super::*;
use std::collections::{BTreeMap, BTreeSet};

fn all() -> impl Iterator<Item = Entry> {
    of(MAP)
}

fn personal_entries() -> impl Iterator<Item = (Entry, Personal)> {
    all().filter_map(|entry| match entry.column.data {
        Data::Personal(personal) => Some((entry, personal)),
        Data::NotPersonal => None,
    })
}

#[test]
fn no_part_of_a_column_is_there_twice() {
    let mut seen: BTreeMap<_, Vec<Path>> = BTreeMap::new();
    for entry in all() {
        let at = (entry.table, entry.column.name);
        let paths = seen.entry(at).or_default();
        assert!(!paths.contains(&entry.column.path), "{entry:?}");
        paths.push(entry.column.path);
    }
    assert!(seen.len() > 100, "{}", seen.len());
}

#[test]
fn a_column_with_members_has_a_rest_and_no_whole() {
    let mut parts: BTreeMap<_, Vec<Path>> = BTreeMap::new();
    for entry in all() {
        let column = parts.entry((entry.table, entry.column.name)).or_default();
        column.push(entry.column.path);
    }
    for (column, paths) in parts {
        let has_whole = paths.contains(&Path::Whole);
        let has_rest = paths.contains(&Path::Rest);
        assert_ne!(has_whole, has_rest, "{column:?}");
        assert!(has_rest || paths.len() == 1, "{column:?}");
    }
}

#[test]
fn members_are_pointers() {
    for entry in all() {
        if let Path::Member(pointer) = entry.column.path {
            assert!(
                pointer.starts_with('/') && !pointer.ends_with('/'),
                "{entry:?}"
            );
        }
    }
}

#[test]
fn every_personal_value_has_a_purpose_a_retention_and_a_way_to_go() {
    for (entry, personal) in personal_entries() {
        assert!(personal.purpose.purpose.len() > 20, "{entry:?}");
        if let Retention::Days(days) = personal.purpose.retention {
            assert!((1..=4_000).contains(&days), "{entry:?}");
        }
        match personal.erase {
            Erase::Keep(reason) => assert!(reason.len() > 20, "{entry:?}"),
            Erase::DeleteRow | Erase::Null | Erase::Overwrite(_) | Erase::CryptoShred => {}
        }
    }
}

#[test]
fn what_is_sealed_is_erased_with_its_key_and_what_is_not_is_not() {
    for (entry, personal) in personal_entries() {
        let shredded = personal.erase == Erase::CryptoShred;
        assert_eq!(shredded, personal.is_sealed, "{entry:?}");
    }
}

#[test]
fn what_stays_in_the_clear_is_nothing_that_logs_would_mask() {
    // Order totals and the id of a session reveal nothing without the customer they belong to.
    let harmless = [
        "first_order_date",
        "last_order_date",
        "lifetime_value",
        "order_count",
        "refunded_total",
        "session_id",
        "total_spent",
    ];
    for (entry, personal) in personal_entries() {
        let stays = matches!(personal.erase, Erase::Keep(_));
        let masked = personal.in_logs == InLogs::Masked;
        assert!(
            !(stays && masked) || harmless.contains(&entry.column.name),
            "{entry:?}"
        );
    }
}

#[test]
fn export_names_are_the_apis_and_each_is_there_once_in_a_table() {
    let mut seen = BTreeSet::new();
    for (entry, personal) in personal_entries() {
        let Some(name) = personal.export_name else {
            continue;
        };
        assert!(seen.insert((entry.table, name)), "{entry:?}");
        for part in name.split('.') {
            let is_camel_case = part.starts_with(|c: char| c.is_ascii_lowercase())
                && part.chars().all(|c| c.is_ascii_alphanumeric());
            assert!(is_camel_case, "{entry:?}");
        }
    }
}
