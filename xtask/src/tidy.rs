//! Checks of the repository that neither the compiler nor clippy does. Each is a pure function over the files.

mod commits;
mod layout;
mod manifests;
pub(crate) mod numbering;
mod requirements;
mod source;
mod text;

use crate::repository::{Fault, Repository};

/// Returns every fault of the repository, sorted by place.
pub fn check(repository: &Repository) -> Vec<Fault> {
    let checks = [
        layout::no_mod_rs,
        layout::one_test_binary_per_crate,
        layout::changelog_exists,
        layout::problem_pages_are_pages,
        manifests::lints_are_inherited,
        manifests::own_clippy_lists_repeat_the_shared_one,
        numbering::decision_records,
        numbering::migrations,
        requirements::rows_are_numbered_once,
        requirements::references_lead_to_a_row,
        requirements::rows_name_what_exists,
        source::files_are_short,
        source::nothing_unfinished,
        commits::what_begins_commits,
        text::nothing_of_one_machine,
    ];
    let mut faults: Vec<Fault> = checks.iter().flat_map(|check| check(repository)).collect();
    faults.sort();
    faults
}
