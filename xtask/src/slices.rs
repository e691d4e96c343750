//! A feature is a slice: one name in every crate that it touches. The tables say which crates those are.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{Fault, Repository};

/// Which slices a crate has, and what else may lie directly in its `src/`.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The crate's folder below `crates/`.
    pub folder: &'static str,
    /// Each is `src/NAME.rs`, `src/NAME/` or both; all must exist.
    pub slices: &'static [&'static str],
    /// The rest: roots and one or two folders of plumbing.
    pub plumbing: &'static [&'static str],
}

/// The slices × crates of this repository.
pub const TABLE: &[Row] = &[
    Row {
        folder: "domain",
        slices: &[
            "address",
            "api_key",
            "audit",
            "credential",
            "customer",
            "group",
            "idempotency",
            "job",
            "outbox",
            "preference",
            "privacy",
            "profile",
            "statistics",
            "tag",
            "tenant",
            "tier",
        ],
        plumbing: &["access", "lib", "mocks", "support"],
    },
    Row {
        folder: "app",
        slices: &[
            "address",
            "api_key",
            "audit",
            "customer",
            "group",
            "idempotency",
            "job",
            "tag",
            "tenant",
        ],
        plumbing: &["access", "lib", "support"],
    },
    Row {
        folder: "adapters-postgres",
        slices: &[
            "address",
            "api_key",
            "audit",
            "customer",
            "group",
            "idempotency",
            "job",
            "outbox",
            "privacy",
            "tag",
            "tenant",
        ],
        plumbing: &["lib", "pg"],
    },
    Row {
        folder: "adapters-security",
        slices: &["api_key", "audit", "credential", "privacy"],
        plumbing: &["digest", "key_text", "lib", "pool", "random"],
    },
    Row {
        folder: "adapters-local",
        slices: &["api_key"],
        plumbing: &["clock", "lib", "root_secret"],
    },
    Row {
        folder: "api-http",
        slices: &[
            "address",
            "api_key",
            "audit",
            "customer",
            "group",
            "preference",
            "tag",
            "tenant",
        ],
        plumbing: &[
            "access",
            "api",
            "docs",
            "health",
            "http",
            "lib",
            "log_level",
            "openapi",
            "support",
        ],
    },
    Row {
        folder: "testkit",
        slices: &[],
        plumbing: &[
            "builders", "chaos", "contract", "fake", "lib", "pg", "stored",
        ],
    },
    Row {
        folder: "bin",
        slices: &[],
        plumbing: &[
            "command",
            "config",
            "database",
            "failure",
            "main",
            "metrics",
            "secrets",
            "serve",
            "signals",
            "telemetry",
            "wire",
        ],
    },
];

/// The crates without slices: what they do is no feature of the service.
pub const UNSLICED: &[&str] = &["embedded-postgres"];

/// Compares the files with the table: a slice that is missing, and a file that belongs to none, are faults.
pub fn check(repository: &Repository, table: &[Row], unsliced: &[&str]) -> Vec<Fault> {
    let crates = sources(repository);
    let mut faults = Vec::new();
    for (folder, found) in &crates {
        match table.iter().find(|row| row.folder == *folder) {
            Some(row) => faults.extend(compare(row, found)),
            None if unsliced.contains(folder) => {}
            None => faults.push(Fault::at(
                format!("crates/{folder}"),
                "has no row in xtask/src/slices.rs: add one",
            )),
        }
    }
    let rows = table
        .iter()
        .map(|row| row.folder)
        .chain(unsliced.iter().copied());
    let gone = rows.filter(|folder| !crates.contains_key(folder));
    faults.extend(gone.map(|folder| {
        Fault::at(
            format!("crates/{folder}"),
            "has a row in xtask/src/slices.rs but is not there",
        )
    }));
    faults
}

fn compare(row: &Row, found: &BTreeSet<&str>) -> Vec<Fault> {
    let source = format!("crates/{}/src", row.folder);
    let missing = row
        .slices
        .iter()
        .chain(row.plumbing)
        .filter(|name| !found.contains(*name))
        .map(|name| {
            Fault::at(
                format!("{source}/{name}.rs"),
                "is listed in xtask/src/slices.rs but is not there",
            )
        });
    let unlisted = found
        .iter()
        .filter(|name| !row.slices.contains(name) && !row.plumbing.contains(name))
        .map(|name| {
            let advice = "list it there, or move it into the plumbing folder";
            Fault::at(
                format!("{source}/{name}"),
                format!("is neither a slice nor plumbing by xtask/src/slices.rs: {advice}"),
            )
        });
    missing.chain(unlisted).collect()
}

/// The names directly in each crate's `src/`; `a.rs` and `a/` are one name.
fn sources(repository: &Repository) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut crates: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for path in repository.paths() {
        let inside = path
            .strip_prefix("crates/")
            .and_then(|rest| rest.split_once("/src/"));
        let Some((folder, inside)) = inside.filter(|(folder, _)| !folder.contains('/')) else {
            continue;
        };
        let name = inside.split('/').next().unwrap_or(inside);
        crates
            .entry(folder)
            .or_default()
            .insert(name.strip_suffix(".rs").unwrap_or(name));
    }
    crates
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &[Row] = &[
        Row {
            folder: "domain",
            slices: &["address", "customer"],
            plumbing: &["lib", "support"],
        },
        Row {
            folder: "app",
            slices: &["address"],
            plumbing: &["lib"],
        },
    ];

    fn shown(paths: &[&str]) -> Vec<String> {
        let repository = Repository::of(paths.iter().map(|path| (*path, "")));
        check(&repository, ROWS, &["tool"])
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    const COMPLETE: [&str; 9] = [
        "crates/app/src/address/add.rs",
        "crates/app/src/lib.rs",
        "crates/domain/src/address.rs",
        "crates/domain/src/address/label.rs",
        "crates/domain/src/customer.rs",
        "crates/domain/src/lib.rs",
        "crates/domain/src/support/text.rs",
        "crates/domain/tests/it/anything.rs",
        "crates/tool/src/anything.rs",
    ];

    #[test]
    fn files_that_match_the_table_are_accepted() {
        assert_eq!(shown(&COMPLETE), Vec::<String>::new());
    }

    #[test]
    fn a_slice_without_its_file_is_refused() {
        let without = COMPLETE
            .iter()
            .copied()
            .filter(|path| !path.ends_with("customer.rs"))
            .collect::<Vec<_>>();

        assert_eq!(
            shown(&without),
            ["crates/domain/src/customer.rs: is listed in xtask/src/slices.rs but is not there"]
        );
    }

    #[test]
    fn a_file_that_belongs_to_no_slice_is_refused() {
        let mut paths = COMPLETE.to_vec();
        paths.extend(["crates/app/src/helpers.rs", "crates/app/src/notes.sql"]);

        assert_eq!(
            shown(&paths),
            [
                "crates/app/src/helpers: is neither a slice nor plumbing by xtask/src/slices.rs: list it there, or move it into the plumbing folder",
                "crates/app/src/notes.sql: is neither a slice nor plumbing by xtask/src/slices.rs: list it there, or move it into the plumbing folder",
            ]
        );
    }

    #[test]
    fn unknown_and_vanished_crates_are_refused() {
        let mut paths = COMPLETE
            .iter()
            .copied()
            .filter(|path| !path.starts_with("crates/app/"))
            .collect::<Vec<_>>();
        paths.push("crates/new/src/lib.rs");

        assert_eq!(
            shown(&paths),
            [
                "crates/new: has no row in xtask/src/slices.rs: add one",
                "crates/app: has a row in xtask/src/slices.rs but is not there",
            ]
        );
    }
}
