//! A feature is a slice: it has one name in every crate that it touches. The table lists those crates, and which of
//! their modules use which others: slices and plumbing, each directly in `src/`.

mod edges;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

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
    /// The plumbing that every module may use.
    pub shared: &'static [&'static str],
    /// The other modules that a module, or a single file of plumbing, uses; `lib` is what the root of the crate
    /// defines. Any edge that is not listed is a fault, as is a listed one that does not exist.
    pub uses: &'static [(&'static str, &'static [&'static str])],
    /// Files that assemble the crate and may therefore use every module.
    pub composition: &'static [&'static str],
    /// The accepted circles: all modules of each, sorted, and the reason. Any other circle is a fault, as is a listed
    /// one that does not exist.
    pub circles: &'static [(&'static [&'static str], &'static str)],
}

impl Row {
    /// Returns the slice of this name, or `None` if the crate has no such slice.
    fn slice(&self, name: &str) -> Option<&'static str> {
        self.slices.iter().copied().find(|slice| *slice == name)
    }

    /// Returns the slice or plumbing of this name, or `None` if there is none.
    fn module(&self, name: &str) -> Option<&'static str> {
        let mut modules = self.slices.iter().chain(self.plumbing).copied();
        modules.find(|module| *module == name)
    }

    /// Returns the listed edges.
    fn edges(&self) -> impl Iterator<Item = edges::Edge<'static>> {
        let uses = self.uses.iter();
        uses.flat_map(|(from, used)| used.iter().map(|to| (*from, *to)))
    }
}

/// Shows what the modules of the crate may use, a line each.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:", self.folder)?;
        if !self.shared.is_empty() {
            writeln!(f, "  every module may use {}", self.shared.join(", "))?;
        }
        for module in self.composition {
            writeln!(f, "  {module} may use every module")?;
        }
        for (from, used) in self.uses {
            writeln!(f, "  {from} uses {}", used.join(", "))?;
        }
        for (modules, reason) in self.circles {
            writeln!(f, "  accepted circle of {}: {reason}", modules.join(", "))?;
        }
        Ok(())
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
        shared: &["support"],
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
        composition: &["lib", "mocks", "unit_of_work"],
        circles: &[],
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
            "privacy",
            "tag",
            "tenant",
        ],
        plumbing: &["access", "lib", "support"],
        shared: &["support"],
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
        circles: &[],
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
        shared: &["pg", "unit_of_work"],
        uses: &[
            ("address", &["customer"]),
            ("audit", &["privacy"]),
            ("outbox", &["privacy"]),
        ],
        composition: &["lib", "unit_of_work"],
        circles: &[(
            &["audit", "unit_of_work"],
            "a unit of work writes the entries, which are read inside one",
        )],
    },
    Row {
        folder: "adapters-security",
        slices: &["api_key", "audit", "credential", "privacy"],
        plumbing: &["digest", "key_text", "lib", "pool", "random"],
        shared: &[],
        uses: &[
            ("api_key", &["random"]),
            ("audit", &["digest"]),
            ("credential", &["pool", "random"]),
            ("digest", &["key_text", "random"]),
            ("privacy", &["digest", "key_text", "random"]),
        ],
        composition: &["lib"],
        circles: &[],
    },
    Row {
        folder: "adapters-local",
        slices: &["api_key"],
        plumbing: &["clock", "lib", "root_secret"],
        shared: &[],
        uses: &[],
        composition: &["lib"],
        circles: &[],
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
            "base",
            "call",
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
            "routes",
            "support",
        ],
        shared: &["base", "call", "code", "prelude", "support"],
        uses: &[
            ("access", &["api", "metrics", "observe"]),
            ("audit", &["api", "customer"]),
            ("call", &["access", "api", "observe"]),
            ("customer", &["address", "api"]),
            ("health", &["access"]),
            ("observe", &["metrics"]),
            ("preference", &["customer"]),
            ("prelude", &["routes"]),
            ("routes", &["access", "openapi"]),
            ("support", &["metrics"]),
            ("tag", &["customer"]),
        ],
        composition: &["lib"],
        circles: &[],
    },
    Row {
        folder: "testkit",
        slices: &[],
        plumbing: &[
            "builders", "chaos", "contract", "fake", "lib", "pg", "scale", "stored",
        ],
        shared: &["builders", "stored"],
        uses: &[
            ("contract", &["fake", "lib"]),
            ("pg", &["chaos", "contract"]),
        ],
        composition: &["lib"],
        circles: &[],
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
        shared: &["config", "failure"],
        uses: &[
            (
                "command",
                &[
                    "database",
                    "secrets",
                    "serve",
                    "signals",
                    "telemetry",
                    "wire",
                ],
            ),
            ("main", &["command"]),
            (
                "serve",
                &["database", "metrics", "secrets", "telemetry", "wire"],
            ),
            ("wire", &["database", "metrics", "secrets"]),
        ],
        composition: &[],
        circles: &[],
    },
];

/// The crates without slices, as they contain no feature of the service.
pub const UNSLICED: &[&str] = &["embedded-postgres", "http-kit"];

/// Compares the files with the table. Faults are a slice that is missing, a file that belongs to none, and a module
/// that uses another one without being listed, is listed and does not, or uses itself through others.
pub fn check(repository: &Repository, table: &[Row], unsliced: &[&str]) -> Vec<Fault> {
    let crates = sources(repository);
    let mut faults = Vec::new();
    for (folder, found) in &crates {
        match table.iter().find(|row| row.folder == *folder) {
            Some(row) => {
                faults.extend(compare(row, found));
                let edges = edges::of(repository, row);
                faults.extend(edges::compare(row, &edges));
                faults.extend(edges::circles(row, edges.keys().copied()));
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
