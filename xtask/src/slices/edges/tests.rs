use super::*;

const ROW: Row = Row {
    folder: "app",
    slices: &["address", "customer", "tag"],
    plumbing: &["lib", "retry", "support", "trace"],
    shared: &["support"],
    uses: &[("address", &["customer"]), ("support/paging", &["tag"])],
    composition: &["lib"],
    circles: &[],
};

/// Files with exactly the edges that the row allows.
const GOOD: [(&str, &str); 3] = [
    (
        "crates/app/src/address/create.rs",
        "use crate::customer::Customer;",
    ),
    (
        "crates/app/src/lib.rs",
        "mod tag; pub use tag::{Tag, TagError as WrongTag};",
    ),
    (
        "crates/app/src/support/paging.rs",
        "fn f(tag: crate::tag::Tag) {}",
    ),
];

fn check(repository: &Repository, row: &Row) -> Vec<Fault> {
    compare(row, &of(repository, row))
}

/// Returns the faults of these files, added to those above.
fn shown(files: &[(&str, &str)]) -> Vec<String> {
    let repository = Repository::of(GOOD.into_iter().chain(files.iter().copied()));
    let faults = check(&repository, &ROW);
    faults.iter().map(ToString::to_string).collect()
}

/// Returns the faults of a file of the slice `tag`.
fn of_tag(text: &str) -> Vec<String> {
    shown(&[("crates/app/src/tag/list.rs", text)])
}

const NONE: [&str; 0] = [];

#[test]
fn listed_edges_are_accepted() {
    assert_eq!(shown(&[]), NONE);
}

#[test]
fn an_edge_is_found_however_it_is_written() {
    for text in [
        "use crate::customer;",
        "use crate::customer::{self, Customer};",
        "pub(crate) use crate::{customer::Customer as Person, tag::Tag};",
        "use crate::{tag::{Tag, Tags}, customer::*};",
        "use super::super::customer::Customer;",
        "use super::{Tag, super::customer::Customer};",
        "use self::super::super::customer::Customer;",
        "fn f() -> Vec<crate::customer::Customer> { Vec::new() }",
        "fn f() { use super::super::customer; }",
        "fn f() { g!(a, [super::super::customer::NONE]); }",
        "mod inner { use super::super::super::customer::Customer; }",
        "impl<T> From<T> for crate::customer::Customer {}",
        "fn f() -> impl Sized + use<> { crate::customer::NONE }",
    ] {
        assert_eq!(
            of_tag(text),
            [
                "crates/app/src/tag/list.rs:1: `tag` may not use `customer`: xtask/src/slices.rs lists what it may use"
            ],
            "{text}"
        );
    }
}

#[test]
fn what_is_no_edge_is_accepted() {
    for text in [
        "use super::Tag; use self::order::Order; use crate::tag::Tags;",
        "use super::super::support::paging::Page;",
        "mod customer; use customer::Part; use self::customer::Other;",
        "use domain::customer::Customer; fn f() -> domain::customer::Customer { todo() }",
        "// use crate::customer::Customer;\nconst S: &str = \"crate::customer\";",
        "#[cfg(test)] mod tests { use crate::customer::Customer; }",
        "#[cfg(test)] use crate::customer::{Customer, sample};",
    ] {
        assert_eq!(of_tag(text), NONE, "{text}");
    }
    let test = "use crate::customer::Customer;";
    assert_eq!(shown(&[("crates/app/src/tag/tests.rs", test)]), NONE);
    assert_eq!(shown(&[("crates/app/tests/it/tag.rs", test)]), NONE);
    assert_eq!(shown(&[("crates/other/src/tag.rs", test)]), NONE);
}

#[test]
fn a_slice_that_the_root_exports_is_used_by_its_own_name() {
    let customer = |text| shown(&[("crates/app/src/customer.rs", text)]);
    for text in [
        "use crate::Tag;",
        "use super::{WrongTag};",
        "fn f(_: crate::Tag) {}",
    ] {
        assert_eq!(
            customer(text),
            [
                "crates/app/src/customer.rs:1: `customer` may not use `tag`: xtask/src/slices.rs lists what it may use"
            ],
            "{text}"
        );
    }
    assert_eq!(customer("use crate::*;").len(), 1);
}

#[test]
fn plumbing_that_uses_a_slice_is_refused_file_by_file() {
    let text = "use crate::address::Address;";

    assert_eq!(
        shown(&[
            ("crates/app/src/support/order.rs", text),
            ("crates/app/src/support.rs", text)
        ]),
        [
            "crates/app/src/support.rs:1: `support` may not use `address`: xtask/src/slices.rs lists what it may use",
            "crates/app/src/support/order.rs:1: `support/order` may not use `address`: xtask/src/slices.rs lists what it may use",
        ]
    );
}

#[test]
fn plumbing_that_uses_other_plumbing_is_refused_unless_that_is_shared() {
    let retry = |text| shown(&[("crates/app/src/retry/wait.rs", text)]);

    for text in [
        "use crate::trace::Span;",
        "fn f() { super::super::trace::f() }",
    ] {
        assert_eq!(
            retry(text),
            [
                "crates/app/src/retry/wait.rs:1: `retry/wait` may not use `trace`: xtask/src/slices.rs lists what it may use"
            ],
            "{text}"
        );
    }
    assert_eq!(
        retry("use crate::support::paging::Page; use super::Retry;"),
        NONE
    );
}

#[test]
fn a_slice_that_uses_unlisted_plumbing_or_the_root_is_refused() {
    for (text, used) in [
        ("use crate::trace::Span;", "trace"),
        ("use crate::router;", "lib"),
    ] {
        assert_eq!(
            of_tag(text),
            [format!(
                "crates/app/src/tag/list.rs:1: `tag` may not use `{used}`: xtask/src/slices.rs lists what it may use"
            )]
        );
    }
}

/// Returns the faults of the circles in these files, of which these are listed.
fn circles_in(
    files: &[(&str, &str)],
    circles: &'static [(&'static [&'static str], &'static str)],
) -> Vec<String> {
    let repository = Repository::of(files.iter().copied());
    let row = Row { circles, ..ROW };
    let faults = super::circles(&row, of(&repository, &row).keys().copied());
    faults.iter().map(ToString::to_string).collect()
}

/// Two files of plumbing that use each other.
const CIRCLE: [(&str, &str); 2] = [
    ("crates/app/src/retry/wait.rs", "use crate::trace::Span;"),
    ("crates/app/src/trace.rs", "use crate::retry::wait::Wait;"),
];

#[test]
fn plumbing_in_a_circle_is_refused_unless_the_circle_is_listed() {
    let advice = "uses plumbing in a circle (retry, trace): move what both need into other plumbing, or one into the other";

    assert_eq!(
        circles_in(&CIRCLE, &[]),
        [
            format!("crates/app/src/retry: {advice}"),
            format!("crates/app/src/trace: {advice}"),
        ]
    );
    let listed = circles_in(&CIRCLE, &[(&["retry", "trace"], "they are one")]);
    assert_eq!(listed, NONE);
}

#[test]
fn a_circle_through_shared_plumbing_is_refused() {
    let tag = (
        "crates/app/src/tag/list.rs",
        "use crate::support::paging::Page;",
    );
    let advice = "uses slices in a circle (support, tag): move what both need into other plumbing, or one into the other";

    assert_eq!(
        circles_in(&[GOOD[2], tag], &[]),
        [
            format!("crates/app/src/support: {advice}"),
            format!("crates/app/src/tag: {advice}"),
        ]
    );
}

#[test]
fn a_listed_circle_that_is_none_is_refused() {
    assert_eq!(
        circles_in(&GOOD, &[(&["support", "tag"], "they were one")]),
        [
            "crates/app/src/support: support, tag: that is no longer a circle: take it out of xtask/src/slices.rs"
        ]
    );
}

#[test]
fn what_is_listed_and_not_there_is_refused() {
    let faults = check(&Repository::default(), &ROW);
    let shown: Vec<_> = faults.iter().map(ToString::to_string).collect();

    assert_eq!(
        shown,
        [
            "crates/app/src/address: no longer uses `customer`: take that out of xtask/src/slices.rs",
            "crates/app/src/support/paging: no longer uses `tag`: take that out of xtask/src/slices.rs",
            "crates/app/src/lib: composes no slices: take it out of xtask/src/slices.rs",
        ]
    );
}
