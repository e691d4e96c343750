//! What every crate must declare in its manifest and its lint configuration.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::repository::{Fault, Repository};

const SHARED_LIST: &str = "clippy.toml";
const DOMAIN_LIST: &str = "crates/domain/clippy.toml";

pub(super) fn lints_are_inherited(repository: &Repository) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, text) in repository
        .files()
        .filter(|(path, _)| path.rsplit('/').next() == Some("Cargo.toml"))
    {
        let manifest = match parse(path, text) {
            Ok(manifest) => manifest,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        let inherited = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(Value::as_bool);
        if manifest.contains_key("package") && inherited != Some(true) {
            faults.push(Fault::at(
                path,
                "lacks `[lints] workspace = true`: its code would escape the shared lints",
            ));
        }
    }
    faults
}

/// A crate's own `clippy.toml` replaces the shared one there, so it must contain all of it, and may contain more. The
/// domain has one.
pub(super) fn own_clippy_lists_repeat_the_shared_one(repository: &Repository) -> Vec<Fault> {
    let is_own = |path: &&str| path.starts_with("crates/") && path.ends_with("/clippy.toml");
    let own = repository.paths().filter(is_own);
    let paths: BTreeSet<_> = own.chain([SHARED_LIST, DOMAIN_LIST]).collect();
    let mut faults = Vec::new();
    let mut lists = BTreeMap::new();
    for path in paths {
        let list = repository.text(path).map(|text| parse(path, text));
        match list.unwrap_or_else(|| Err(Fault::at(path, "is missing"))) {
            Ok(list) => drop(lists.insert(path, list)),
            Err(fault) => faults.push(fault),
        }
    }
    if let Some(shared) = lists.remove(SHARED_LIST) {
        let own = lists.iter();
        faults.extend(own.flat_map(|(path, own)| differences(&shared, path, own)));
    }
    faults
}

fn differences(shared: &Table, path: &str, own: &Table) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (key, wanted) in shared {
        let found = own.get(key);
        match (wanted, found) {
            (Value::Array(wanted), Some(Value::Array(found))) => {
                let found = by_path(found);
                for (banned, entry) in by_path(wanted) {
                    if found.get(&banned) != Some(&entry) {
                        faults.push(Fault::at(
                            path,
                            format!(
                                "`{key}` lacks the shared entry for `{banned}`, or differs from it"
                            ),
                        ));
                    }
                }
            }
            _ if found == Some(wanted) => {}
            _ => faults.push(Fault::at(
                path,
                format!("`{key}` must be `{wanted}` as in /{SHARED_LIST}"),
            )),
        }
    }
    faults
}

fn by_path(entries: &[Value]) -> BTreeMap<String, &Value> {
    let key = |entry: &Value| entry.get("path").unwrap_or(entry).to_string();
    entries
        .iter()
        .map(|entry| (key(entry).trim_matches('"').to_owned(), entry))
        .collect()
}

fn parse(path: &str, text: &str) -> Result<Table, Fault> {
    text.parse().map_err(|error: toml::de::Error| {
        Fault::at(path, format!("is not valid TOML: {}", error.message()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARED: &str = r#"
        too-many-arguments-threshold = 6
        disallowed-methods = [{ path = "a::b", reason = "r" }, "c::d"]
    "#;

    fn messages(domain: &str) -> Vec<String> {
        let repository = Repository::of([(SHARED_LIST, SHARED), (DOMAIN_LIST, domain)]);
        own_clippy_lists_repeat_the_shared_one(&repository)
            .into_iter()
            .map(|fault| fault.message)
            .collect()
    }

    #[test]
    fn crates_that_inherit_the_lints_and_the_workspace_itself_are_accepted() {
        let repository = Repository::of([
            ("Cargo.toml", "[workspace]\nmembers = []\n"),
            (
                "crates/a/Cargo.toml",
                "[package]\nname = \"a\"\n[lints]\nworkspace = true\n",
            ),
        ]);

        assert_eq!(lints_are_inherited(&repository), []);
    }

    #[test]
    fn a_crate_without_the_lints_and_a_broken_manifest_are_refused() {
        let repository = Repository::of([
            ("crates/a/Cargo.toml", "[package]\nname = \"a\"\n"),
            (
                "crates/b/Cargo.toml",
                "[package]\nname = \"b\"\n[lints]\nworkspace = false\n",
            ),
            ("crates/c/Cargo.toml", "[package\n"),
        ]);

        let places: Vec<_> = lints_are_inherited(&repository)
            .into_iter()
            .map(|fault| fault.place)
            .collect();
        assert_eq!(
            places,
            [
                "crates/a/Cargo.toml",
                "crates/b/Cargo.toml",
                "crates/c/Cargo.toml"
            ]
        );
    }

    #[test]
    fn a_domain_list_with_additions_is_accepted() {
        let domain = r#"
            too-many-arguments-threshold = 6
            disallowed-methods = ["x::y", "c::d", { path = "a::b", reason = "r" }]
            disallowed-types = ["own::Type"]
        "#;

        assert_eq!(messages(domain), Vec::<String>::new());
    }

    #[test]
    fn a_domain_list_that_lacks_or_changes_something_is_refused() {
        let domain = r#"
            too-many-arguments-threshold = 7
            disallowed-methods = [{ path = "a::b", reason = "another" }]
        "#;

        assert_eq!(
            messages(domain),
            [
                "`disallowed-methods` lacks the shared entry for `a::b`, or differs from it",
                "`disallowed-methods` lacks the shared entry for `c::d`, or differs from it",
                "`too-many-arguments-threshold` must be `6` as in /clippy.toml",
            ]
        );
    }

    #[test]
    fn any_crate_may_have_a_list_of_its_own_that_adds_to_the_shared_one() {
        let lists = [
            (SHARED_LIST, SHARED),
            (DOMAIN_LIST, SHARED),
            ("crates/a/clippy.toml", SHARED),
            ("crates/b/clippy.toml", "too-many-arguments-threshold = 6"),
        ];
        let faults = own_clippy_lists_repeat_the_shared_one(&Repository::of(lists));
        let places: Vec<_> = faults.into_iter().map(|fault| fault.place).collect();
        assert_eq!(places, ["crates/b/clippy.toml"]);
    }

    #[test]
    fn missing_lists_are_named() {
        let places: Vec<_> = own_clippy_lists_repeat_the_shared_one(&Repository::default())
            .into_iter()
            .map(|fault| fault.place)
            .collect();

        assert_eq!(places, [SHARED_LIST, DOMAIN_LIST]);
    }
}
