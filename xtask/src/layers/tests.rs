use super::*;

use DependencyKind::{Build, Development, Normal};

const SAMPLE: Allowed<'static> = Allowed {
    normal: &[
        ("domain", &["chrono"]),
        ("app", &["domain"]),
        ("postgres", &["domain", "sqlx"]),
        ("testkit", &["app"]),
    ],
    build: &[("postgres", &["cc"])],
    dev: &[("app", &["testkit"])],
};

fn faults(packages: &[&str], edges: &[(&str, &str, DependencyKind)]) -> Vec<String> {
    faults_by(&SAMPLE, packages, edges)
}

fn faults_by(
    allowed: &Allowed<'_>,
    packages: &[&str],
    edges: &[(&str, &str, DependencyKind)],
) -> Vec<String> {
    let graph = Graph {
        packages: packages.iter().map(|name| (*name).to_owned()).collect(),
        edges: edges
            .iter()
            .map(|(from, to, kind)| ((*from).to_owned(), (*to).to_owned(), *kind))
            .collect(),
    };
    check(&graph, allowed)
        .iter()
        .map(ToString::to_string)
        .collect()
}

const ALL: [&str; 4] = ["app", "domain", "postgres", "testkit"];

fn refused(from: &str, to: &str, kind: &str) -> Vec<String> {
    vec![format!(
        "{from}: may not use `{to}` ({kind}): xtask/src/layers.rs says what it may"
    )]
}

#[test]
fn a_graph_within_the_list_is_accepted() {
    let edges = [
        ("domain", "chrono", Normal),
        ("app", "domain", Normal),
        ("postgres", "sqlx", Normal),
        ("postgres", "cc", Build),
        ("app", "testkit", Development),
    ];

    assert_eq!(faults(&ALL, &edges), Vec::<String>::new());
}

#[test]
fn an_edge_outwards_is_refused() {
    assert_eq!(
        faults(&ALL, &[("domain", "app", Normal)]),
        refused("domain", "app", "normal")
    );
    assert_eq!(
        faults(&ALL, &[("app", "postgres", Normal)]),
        refused("app", "postgres", "normal")
    );
}

#[test]
fn a_third_party_crate_that_is_not_listed_is_refused() {
    assert_eq!(
        faults(&ALL, &[("domain", "sqlx", Normal)]),
        refused("domain", "sqlx", "normal")
    );
}

#[test]
fn kinds_of_edges_do_not_stand_in_for_each_other() {
    assert_eq!(
        faults(&ALL, &[("app", "testkit", Normal)]),
        refused("app", "testkit", "normal")
    );
    assert_eq!(
        faults(&ALL, &[("domain", "chrono", Build)]),
        refused("domain", "chrono", "build")
    );
    assert_eq!(
        faults(&ALL, &[("domain", "chrono", Development)]),
        refused("domain", "chrono", "dev")
    );
    assert_eq!(
        faults(&ALL, &[("postgres", "cc", Normal)]),
        refused("postgres", "cc", "normal")
    );
    assert_eq!(
        faults(&ALL, &[("app", "domain", DependencyKind::Unknown)]),
        refused("app", "domain", "unknown")
    );
}

#[test]
fn an_unknown_package_is_refused_with_all_its_edges() {
    let packages = ["app", "domain", "new", "postgres", "testkit"];

    let mut expected = vec!["new: is unknown: give it a row in xtask/src/layers.rs".to_owned()];
    expected.extend(refused("new", "domain", "normal"));
    assert_eq!(faults(&packages, &[("new", "domain", Normal)]), expected);
}

#[test]
fn a_row_without_its_package_is_refused() {
    assert_eq!(
        faults(&["app", "domain", "testkit"], &[]),
        ["postgres: has a row in xtask/src/layers.rs but is not there"]
    );
}

#[test]
fn a_second_row_of_a_package_is_refused() {
    let mut dev = SAMPLE.dev.to_vec();
    dev.extend([("domain", &["chrono"][..]), ("app", &["testkit"])]);
    let allowed = Allowed {
        dev: &dev,
        ..SAMPLE
    };

    assert_eq!(
        faults_by(&allowed, &ALL, &[]),
        ["app: has two rows in one table of xtask/src/layers.rs"]
    );
}

/// The list is written by hand; this test prevents a hasty line from reversing a dependency.
#[test]
fn the_list_itself_points_inwards() {
    const INNER: [(&str, &[&str]); 6] = [
        ("customer-domain", &[]),
        ("customer-app", &["customer-domain"]),
        ("customer-postgres", &["customer-domain"]),
        ("customer-security", &["customer-domain"]),
        ("customer-local", &["customer-domain"]),
        ("embedded-postgres", &[]),
    ];
    let ours: Vec<_> = ALLOWED.normal.iter().map(|(package, _)| *package).collect();
    for (package, inner) in INNER {
        let uses = row(ALLOWED.normal, package).expect("a row");
        let outward: Vec<_> = uses
            .iter()
            .filter(|used| ours.contains(used) && !inner.contains(used))
            .collect();
        assert!(outward.is_empty(), "{package} may not use {outward:?}");
    }
    // The benchmark is not part of the product.
    let serving = ALLOWED
        .normal
        .iter()
        .filter(|(package, _)| *package != "customer-bench");
    for (package, uses) in serving {
        assert!(
            !uses.contains(&"xtask") && !uses.contains(&"customer-testkit"),
            "{package} uses what is for development"
        );
    }
}
