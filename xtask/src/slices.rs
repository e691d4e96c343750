//! A feature is a slice: it has one name in every crate that it touches. The table lists those crates, and which
//! slices use which others there.

mod edges;

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{Fault, Repository};

/// The slices of a crate, and what else may be directly in its `src/`.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The crate's folder below `crates/`.
    pub folder: &'static str,
    /// Each is `src/NAME.rs`, `src/NAME/` or both; all must exist.
    pub slices: &'static [&'static str],
    /// The other names: crate roots, and files and folders of plumbing.
    pub plumbing: &'static [&'static str],
    /// The other slices that a slice or a file of plumbing uses. Any edge that is not listed is a fault, as is a
    /// listed one that does not exist.
    pub uses: &'static [(&'static str, &'static [&'static str])],
    /// Files that assemble the crate and may therefore use every slice.
    pub composition: &'static [&'static str],
}

impl Row {
    /// Returns the slice of this name, or `None` if the crate has no such slice.
    fn slice(&self, name: &str) -> Option<&'static str> {
        self.slices.iter().copied().find(|slice| *slice == name)
    }

    fn allows(&self, from: &str, to: &str) -> bool {
        let mut rows = self.uses.iter().filter(|(user, _)| *user == from);
        rows.any(|(_, slices)| slices.contains(&to))
    }
}

/// The slices of each crate of this repository.
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
            "note",
            "outbox",
            "preference",
            "privacy",
            "profile",
            "statistics",
            "tag",
            "tenant",
            "tier",
        ],
        plumbing: &["access", "lib", "mocks", "support", "unit_of_work"],
        uses: &[
            ("address", &["audit", "customer"]),
            ("api_key", &["audit"]),
            (
                "customer",
                &[
                    "audit",
                    "credential",
                    "group",
                    "preference",
                    "profile",
                    "statistics",
                    "tag",
                ],
            ),
            ("group", &["audit"]),
            ("note", &["audit", "customer"]),
            ("outbox", &["address", "customer"]),
            ("privacy", &["preference"]),
            ("statistics", &["tier"]),
            ("tenant", &["audit", "group", "preference"]),
        ],
        composition: &["mocks", "unit_of_work"],
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
            "note",
            "tag",
            "tenant",
        ],
        plumbing: &["access", "lib", "support"],
        uses: &[
            ("access", &["tenant"]),
            ("address", &["idempotency", "tenant"]),
            ("api_key", &["tenant"]),
            ("customer", &["idempotency", "tenant"]),
            ("group", &["idempotency"]),
            ("job", &["audit"]),
            ("note", &["idempotency"]),
            ("tenant", &["idempotency"]),
        ],
        composition: &[],
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
            "note",
            "outbox",
            "privacy",
            "tag",
            "tenant",
        ],
        plumbing: &["lib", "pg", "unit_of_work"],
        uses: &[
            ("audit", &["privacy"]),
            ("customer", &["privacy"]),
            ("outbox", &["privacy"]),
        ],
        composition: &["lib", "unit_of_work"],
    },
    Row {
        folder: "adapters-security",
        slices: &["api_key", "audit", "credential", "privacy"],
        plumbing: &["digest", "key_text", "lib", "pool", "random"],
        uses: &[],
        composition: &["lib"],
    },
    Row {
        folder: "adapters-local",
        slices: &["api_key"],
        plumbing: &["clock", "lib", "root_secret"],
        uses: &[],
        composition: &["lib"],
    },
    Row {
        folder: "api-http",
        slices: &[
            "address",
            "api_key",
            "audit",
            "customer",
            "group",
            "note",
            "preference",
            "tag",
            "tenant",
        ],
        plumbing: &[
            "access",
            "api",
            "code",
            "docs",
            "health",
            "lib",
            "log_level",
            "metrics",
            "observe",
            "openapi",
            "prelude",
            "problem_pages",
            "support",
        ],
        uses: &[
            ("audit", &["customer"]),
            ("customer", &["address"]),
            ("preference", &["customer"]),
            ("tag", &["customer"]),
        ],
        composition: &[],
    },
    Row {
        folder: "testkit",
        slices: &[],
        plumbing: &[
            "builders", "chaos", "contract", "fake", "lib", "pg", "stored",
        ],
        uses: &[],
        composition: &[],
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
        uses: &[],
        composition: &[],
    },
];

/// The crates without slices, as they contain no feature of the service.
pub const UNSLICED: &[&str] = &["embedded-postgres", "http-kit"];

/// Compares the files with the table. Faults are a slice that is missing, a file that belongs to none, and a slice
/// that uses another one without being listed, is listed and does not, or uses itself through others.
pub fn check(repository: &Repository, table: &[Row], unsliced: &[&str]) -> Vec<Fault> {
    let crates = sources(repository);
    let mut faults = Vec::new();
    for (folder, found) in &crates {
        match table.iter().find(|row| row.folder == *folder) {
            Some(row) => {
                faults.extend(compare(row, found));
                faults.extend(edges::check(repository, row));
                faults.extend(edges::circles(row));
            }
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

/// Returns the names directly in each crate's `src/`; `a.rs` and `a/` are one name.
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
mod tests;
