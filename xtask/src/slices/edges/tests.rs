use super::*;

const ROW: Row = Row {
    folder: "app",
    slices: &["address", "customer", "tag"],
    plumbing: &["lib", "support"],
    uses: &[("address", &["customer"]), ("support/paging", &["tag"])],
    composition: &["lib"],
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
