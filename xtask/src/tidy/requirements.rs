//! `docs/requirements.md` has a row for each requirement. Every reference by number, such as DOM-17, must have its
//! row, and the tests that a row names must exist.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{Fault, Repository};

const DOCUMENT: &str = "docs/requirements.md";

/// What a row contains if it names no test.
const REASONS: [&str; 3] = ["to come with ", "no test", "dropped: "];

/// A row of a table.
struct Row<'a> {
    line: usize,
    /// The first cell.
    number: &'a str,
    /// The last cell: tests, or why there are none.
    held_by: &'a str,
}

/// Checks that each row begins with a number that no other row has.
pub(super) fn rows_are_numbered_once(repository: &Repository) -> Vec<Fault> {
    let mut faults = Vec::new();
    if rows(repository).next().is_none() {
        let advice = "is missing or has no rows: references to requirements lead there";
        faults.push(Fault::at(DOCUMENT, advice));
    }
    let mut first = BTreeMap::new();
    for row in rows(repository) {
        let number = row.number;
        if prefix(number).is_none() {
            let message = format!("`{number}` is no number of a requirement, such as DOM-17");
            faults.push(Fault::in_line(DOCUMENT, row.line, message));
        }
        if let Some(line) = first.insert(number, row.line) {
            let message = format!("{number} stands in line {line} already");
            faults.push(Fault::in_line(DOCUMENT, row.line, message));
        }
    }
    faults
}

/// Checks that every reference, in any file, has a row. A word is a reference if its letters are those of some row's
/// number.
pub(super) fn references_lead_to_a_row(repository: &Repository) -> Vec<Fault> {
    let numbers: BTreeSet<_> = rows(repository).map(|row| row.number).collect();
    let letters: BTreeSet<_> = numbers.iter().filter_map(|number| prefix(number)).collect();
    let mut faults = Vec::new();
    for (path, text) in repository.files() {
        for (line, content) in (1..).zip(text.lines()) {
            let words = content.split(|c: char| !c.is_alphanumeric() && !"-_".contains(c));
            let is_reference = |word: &&str| prefix(word).is_some_and(|it| letters.contains(it));
            for word in words.filter(is_reference) {
                if !numbers.contains(word) {
                    let message = format!("{word} has no row in {DOCUMENT}");
                    faults.push(Fault::in_line(path, line, message));
                }
            }
        }
    }
    faults
}

/// Checks that each row names tests or files that exist, or gives a reason for naming none.
pub(super) fn rows_name_what_exists(repository: &Repository) -> Vec<Fault> {
    let mut faults = Vec::new();
    for row in rows(repository) {
        let spans = row.held_by.split('`').skip(1).step_by(2);
        let named = spans.filter(|span| span.contains("::") || span.contains('/'));
        let named: Vec<_> = named.collect();
        if named.is_empty() && !REASONS.iter().any(|why| row.held_by.contains(why)) {
            let message = format!(
                "{} names no test and gives no reason: {REASONS:?}",
                row.number
            );
            faults.push(Fault::in_line(DOCUMENT, row.line, message));
        }
        for name in named.into_iter().filter(|name| !exists(repository, name)) {
            let message = format!("{} names {name}, which does not exist", row.number);
            faults.push(Fault::in_line(DOCUMENT, row.line, message));
        }
    }
    faults
}

/// Returns the rows of the tables, without their heads.
fn rows(repository: &Repository) -> impl Iterator<Item = Row<'_>> {
    let lines = (1..).zip(repository.text(DOCUMENT).unwrap_or_default().lines());
    lines.filter_map(|(line, text)| {
        let (number, rest) = text.strip_prefix('|')?.split_once('|')?;
        let (_, held_by) = rest.trim_end().trim_end_matches('|').rsplit_once('|')?;
        let number = number.trim();
        let is_head = number == "No." || number.starts_with('-');
        (!is_head).then_some(Row {
            line,
            number,
            held_by,
        })
    })
}

/// Returns the letters of a number, which is capitals, a hyphen and two digits; `None` if it is not.
fn prefix(number: &str) -> Option<&str> {
    let (letters, digits) = number.split_once('-')?;
    let is_number = !letters.is_empty()
        && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        && digits.len() == 2
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(letters)
}

/// Returns whether the file exists, or for `folder::file::function` a function in a file of that name.
fn exists(repository: &Repository, name: &str) -> bool {
    let Some((file, function)) = name.rsplit_once("::") else {
        return repository.text(name).is_some();
    };
    let file = format!("/{}.rs", file.replace("::", "/"));
    let declaration = format!("fn {function}(");
    let mut files = repository.ending_in(&file);
    files.any(|(_, text)| text.contains(&declaration))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
        # Laws\n\
        \n\
        | No. | Asks to | Held by |\n\
        |---|---|---|\n\
        | LAW-01 | Fall | `law::fall::it_falls` |\n\
        | LAW-02 | Rise | to come with rising |\n";

    fn shown(faults: &[Fault]) -> Vec<String> {
        faults.iter().map(ToString::to_string).collect()
    }

    /// Returns the table with more rows, and a test that it names.
    fn document(more: &str) -> Repository {
        Repository::of([
            (DOCUMENT, &*format!("{TABLE}{more}")),
            (
                "crates/a/tests/it/law/fall.rs",
                "#[test]\nfn it_falls() {}\n",
            ),
        ])
    }

    fn referring(path: &str, text: &str) -> Vec<String> {
        let repository = Repository::of([(DOCUMENT, TABLE), (path, text)]);
        shown(&references_lead_to_a_row(&repository))
    }

    #[test]
    fn a_table_whose_rows_have_numbers_and_tests_is_accepted() {
        let repository = document("");

        assert_eq!(rows_are_numbered_once(&repository), []);
        assert_eq!(rows_name_what_exists(&repository), []);
        assert_eq!(references_lead_to_a_row(&repository), []);
    }

    #[test]
    fn a_document_that_is_missing_or_empty_is_named() {
        for repository in [
            Repository::default(),
            Repository::of([(DOCUMENT, "# Laws")]),
        ] {
            assert_eq!(
                shown(&rows_are_numbered_once(&repository)),
                [
                    "docs/requirements.md: is missing or has no rows: references to requirements lead there"
                ]
            );
        }
    }

    #[test]
    fn a_number_in_two_rows_and_a_row_without_a_number_are_refused() {
        let more = "| LAW-01 | Fall again | no test |\n| LAW 3 | Fly | no test |\n";

        assert_eq!(
            shown(&rows_are_numbered_once(&document(more))),
            [
                "docs/requirements.md:7: LAW-01 stands in line 5 already",
                "docs/requirements.md:8: `LAW 3` is no number of a requirement, such as DOM-17",
            ]
        );
    }

    #[test]
    fn references_to_rows_and_what_only_looks_like_one_are_accepted() {
        let text = "// Falls (LAW-01, LAW-02) as LAW-01's sample; UTF-16, LAW-1, LAW-100, OUTLAW-07, x-LAW-07, law-07\n";

        assert_eq!(referring("crates/a/src/law.rs", text), [""; 0]);
    }

    #[test]
    fn a_reference_to_no_row_is_refused_in_whatever_file() {
        for path in [
            "crates/a/src/law.rs",
            "migrations/0001_laws.up.sql",
            "docs/adr/0001-laws.md",
            DOCUMENT,
        ] {
            let text = format!("{TABLE}Falls (LAW-03).\n");
            assert_eq!(
                referring(path, &text),
                [format!(
                    "{path}:7: LAW-03 has no row in docs/requirements.md"
                )]
            );
        }
    }

    #[test]
    fn a_test_or_a_file_that_is_gone_is_refused() {
        let more = "| LAW-03 | Fly | `law::fall::it_fall` |\n\
                    | LAW-04 | Fly | `law::fly::it_falls` |\n\
                    | LAW-05 | Fly | `crates/a/tests/it/law/fly.rs`, `law::fall::it_falls` |\n\
                    | LAW-06 | Fly | `all::it_falls`; `wings` to come with wing |\n";

        assert_eq!(
            shown(&rows_name_what_exists(&document(more))),
            [
                "docs/requirements.md:7: LAW-03 names law::fall::it_fall, which does not exist",
                "docs/requirements.md:8: LAW-04 names law::fly::it_falls, which does not exist",
                "docs/requirements.md:9: LAW-05 names crates/a/tests/it/law/fly.rs, which does not exist",
                "docs/requirements.md:10: LAW-06 names all::it_falls, which does not exist",
            ]
        );
    }

    #[test]
    fn a_row_that_names_nothing_says_why() {
        let more = "| LAW-03 | Fly | `crates/a/tests/it/law/fall.rs` |\n\
                    | LAW-04 | Fly | no test: measured |\n\
                    | LAW-05 | Fly | dropped: no wings |\n\
                    | LAW-06 | Fly | `wings` |\n\
                    | LAW-07 | Fly |  |\n";

        assert_eq!(
            shown(&rows_name_what_exists(&document(more))),
            [6, 7].map(|number| format!(
                "docs/requirements.md:{}: LAW-0{number} names no test and gives no reason: {REASONS:?}",
                number + 4
            ))
        );
    }
}
