use super::*;

const ROWS: &[Row] = &[
    Row {
        folder: "domain",
        slices: &["address", "customer"],
        plumbing: &["lib", "support"],
        shared: &[],
        uses: &[],
        composition: &[],
        circles: &[],
    },
    Row {
        folder: "app",
        slices: &["address"],
        plumbing: &["lib"],
        shared: &[],
        uses: &[],
        composition: &[],
        circles: &[],
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

#[test]
fn slices_that_use_each_other_are_refused() {
    let row = Row {
        slices: &["address", "customer", "outbox", "preference", "tag"],
        uses: &[
            ("address", &["customer"]),
            ("customer", &["preference", "tag"]),
            ("preference", &["address"]),
            ("tag", &["text"]),
            ("outbox", &["tag"]),
        ],
        ..ROWS[0]
    };
    let circles = edges::circles(&row, row.edges());
    let shown: Vec<_> = circles.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 3, "{shown:?}");
    for (fault, slice) in shown.iter().zip(["address", "customer", "preference"]) {
        let place = format!("crates/domain/src/{slice}: uses slices in a circle");
        assert!(fault.starts_with(&place), "{fault}");
    }
    assert_eq!(edges::circles(&ROWS[0], ROWS[0].edges()), []);
}

#[test]
fn what_modules_may_use_is_shown() {
    let row = Row {
        shared: &["support"],
        uses: &[("address", &["customer"]), ("customer", &["address"])],
        composition: &["lib"],
        circles: &[(&["address", "customer"], "they are one")],
        ..ROWS[0]
    };

    assert_eq!(
        row.to_string(),
        "domain:\n  every module may use support\n  lib may use every module\n  address uses customer\n  \
         customer uses address\n  accepted circle of address, customer: they are one\n"
    );
}
