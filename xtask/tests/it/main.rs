//! The repository passes its own checks, so `cargo test` alone finds what `cargo xtask ci` would.

use std::path::Path;

use xtask::repository::{Fault, Repository};
use xtask::{layers, slices, tidy};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

const NONE: [&str; 0] = [];

fn lines(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn files_are_tidy() {
    let repository = Repository::read(root()).expect("a readable repository");

    assert_eq!(lines(&tidy::check(&repository)), NONE);
}

#[test]
fn dependencies_point_inwards() {
    let graph = layers::read(root()).expect("a readable workspace");

    assert_eq!(lines(&layers::check(&graph, &layers::ALLOWED)), NONE);
}

#[test]
fn every_file_belongs_to_a_slice_or_to_plumbing() {
    let repository = Repository::read(root()).expect("a readable repository");

    assert_eq!(
        lines(&slices::check(&repository, slices::TABLE, slices::UNSLICED)),
        NONE
    );
}
