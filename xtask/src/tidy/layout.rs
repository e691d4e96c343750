//! Where files are and what they are called.

use std::collections::BTreeSet;

use crate::repository::{Fault, Repository};

pub(super) fn no_mod_rs(repository: &Repository) -> Vec<Fault> {
    let found = repository
        .paths()
        .filter(|path| path.rsplit('/').next() == Some("mod.rs"));
    found
        .map(|path| {
            Fault::at(
                path,
                "a module `foo` is `foo.rs` with `foo/` beside it, never `foo/mod.rs`",
            )
        })
        .collect()
}

/// One binary links once and runs its tests in parallel; each further one costs another link and process.
pub(super) fn one_test_binary_per_crate(repository: &Repository) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut folders = BTreeSet::new();
    for (path, _) in repository.ending_in(".rs") {
        let Some((package, inside)) = tests_of_a_package(path) else {
            continue;
        };
        folders.insert(format!("{package}/tests"));
        let parts: Vec<_> = inside.split('/').collect();
        if parts.len() == 1 || (parts.len() == 2 && parts[1] == "main.rs" && parts[0] != "it") {
            faults.push(Fault::at(
                path,
                "a test binary of its own: make it a module of tests/it/main.rs",
            ));
        }
    }
    let without_main = folders
        .iter()
        .filter(|folder| repository.text(&format!("{folder}/it/main.rs")).is_none());
    faults.extend(without_main.map(|folder| {
        Fault::at(
            folder,
            "has no it/main.rs: that is the crate's one test binary",
        )
    }));
    faults
}

/// Splits `crates/NAME/tests/REST` and `NAME/tests/REST` into the package's folder and the rest.
fn tests_of_a_package(path: &str) -> Option<(&str, &str)> {
    let (package, inside) = path.split_once("/tests/")?;
    (!package.contains("/src")).then_some((package, inside))
}

pub(super) fn changelog_exists(repository: &Repository) -> Vec<Fault> {
    match repository.text("CHANGELOG.md") {
        Some(_) => Vec::new(),
        None => vec![Fault::at(
            "CHANGELOG.md",
            "is missing: users read there what has changed for them",
        )],
    }
}

/// Checks the pages that the `type` of problem documents points to. A test of `api-http`, which knows the codes,
/// checks that each has one.
pub(super) fn problem_pages_are_pages(repository: &Repository) -> Vec<Fault> {
    let mut faults = Vec::new();
    for name in repository.names_in("docs/problems") {
        let path = format!("docs/problems/{name}");
        match name.strip_suffix(".md") {
            Some(stem) if is_kebab_case(stem) => {}
            _ => faults.push(Fault::at(
                &path,
                "is not named after an error code in kebab-case, like email-already-exists.md",
            )),
        }
        let first = repository
            .text(&path)
            .and_then(|text| text.lines().next())
            .unwrap_or_default();
        if first
            .strip_prefix("# ")
            .is_none_or(|title| title.trim().is_empty())
        {
            faults.push(Fault::in_line(
                &path,
                1,
                "does not begin with a title, `# …`",
            ));
        }
    }
    faults
}

fn is_kebab_case(text: &str) -> bool {
    text.split('-').all(|word| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(faults: Vec<Fault>) -> Vec<String> {
        faults.into_iter().map(|fault| fault.place).collect()
    }

    #[test]
    fn mod_rs_is_refused_wherever_it_lies() {
        let repository = Repository::of([
            ("crates/a/src/b/mod.rs", ""),
            ("crates/a/src/mod_rs.rs", ""),
            ("crates/a/src/b.rs", ""),
        ]);

        assert_eq!(places(no_mod_rs(&repository)), ["crates/a/src/b/mod.rs"]);
    }

    #[test]
    fn one_test_binary_with_modules_and_data_is_accepted() {
        let repository = Repository::of([
            ("crates/a/tests/it/main.rs", ""),
            ("crates/a/tests/it/address.rs", ""),
            ("crates/a/tests/it/support/main.rs", ""),
            ("crates/a/tests/data/customers.json", ""),
            ("crates/b/src/lib.rs", ""),
            ("crates/b/src/tests/helper.rs", ""),
        ]);

        assert_eq!(one_test_binary_per_crate(&repository), []);
    }

    #[test]
    fn further_test_binaries_are_refused() {
        let repository = Repository::of([
            ("crates/a/tests/it/main.rs", ""),
            ("crates/a/tests/api.rs", ""),
            ("xtask/tests/other/main.rs", ""),
        ]);

        assert_eq!(
            places(one_test_binary_per_crate(&repository)),
            [
                "crates/a/tests/api.rs",
                "xtask/tests/other/main.rs",
                "xtask/tests"
            ]
        );
    }

    #[test]
    fn a_missing_changelog_is_named() {
        assert_eq!(
            places(changelog_exists(&Repository::default())),
            ["CHANGELOG.md"]
        );
        assert_eq!(
            changelog_exists(&Repository::of([("CHANGELOG.md", "")])),
            []
        );
    }

    #[test]
    fn problem_pages_have_a_kebab_case_name_and_a_title() {
        let good = Repository::of([(
            "docs/problems/invalid-2fa-code.md",
            "# INVALID_2FA_CODE\n\nText.\n",
        )]);
        let bad = Repository::of([
            ("docs/problems/EMAIL_ALREADY_EXISTS.md", "# Title\n"),
            ("docs/problems/a--b.md", "# Title\n"),
            ("docs/problems/notes.txt", "# Title\n"),
            ("docs/problems/untitled.md", "Text.\n"),
            ("docs/problems/void.md", ""),
        ]);

        assert_eq!(problem_pages_are_pages(&good), []);
        assert_eq!(
            places(problem_pages_are_pages(&bad)),
            [
                "docs/problems/EMAIL_ALREADY_EXISTS.md",
                "docs/problems/a--b.md",
                "docs/problems/notes.txt",
                "docs/problems/untitled.md",
                "docs/problems/void.md"
            ]
        );
    }
}
