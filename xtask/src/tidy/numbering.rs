//! Decision records and migrations are numbered in sequence: a gap or a duplicate means a lost or clashing file.

use std::collections::BTreeMap;

use crate::repository::{Fault, Repository};

pub(crate) const MIGRATIONS: &str = "migrations";
const DECISIONS: &str = "docs/adr";

/// Checks `docs/adr/NNNN-name.md`, from 0000, the template.
pub(super) fn decision_records(repository: &Repository) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut numbers = Vec::new();
    for name in repository.names_in(DECISIONS) {
        match name
            .strip_suffix(".md")
            .and_then(|stem| numbered(stem, '-'))
        {
            Some((number, _)) => numbers.push(number),
            None => faults.push(Fault::at(
                format!("{DECISIONS}/{name}"),
                "is not named `NNNN-name.md`",
            )),
        }
    }
    faults.extend(gaps(DECISIONS, 0, &numbers));
    faults
}

/// Checks `migrations/NNNN_name.up.sql` and its `NNNN_name.down.sql`, from 0001.
pub(super) fn migrations(repository: &Repository) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut directions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in repository.names_in(MIGRATIONS) {
        let parts = name
            .strip_suffix(".sql")
            .and_then(|rest| rest.rsplit_once('.'));
        match parts {
            Some((stem, direction @ ("up" | "down"))) if numbered(stem, '_').is_some() => {
                directions.entry(stem).or_default().push(direction);
            }
            _ => faults.push(Fault::at(
                format!("{MIGRATIONS}/{name}"),
                "is not named `NNNN_name.up.sql` or `NNNN_name.down.sql`; `cargo xtask migration new NAME` makes both",
            )),
        }
    }
    for (stem, found) in &directions {
        for direction in ["up", "down"] {
            if !found.contains(&direction) {
                faults.push(Fault::at(
                    format!("{MIGRATIONS}/{stem}.{direction}.sql"),
                    "is missing: each migration has both directions",
                ));
            }
        }
    }
    let numbers: Vec<_> = directions
        .keys()
        .filter_map(|stem| numbered(stem, '_'))
        .map(|(number, _)| number)
        .collect();
    faults.extend(gaps(MIGRATIONS, 1, &numbers));
    faults
}

/// Splits `0012_name` into its number and its name of lower-case letters, digits and separators; `None` for any other
/// text.
pub(crate) fn numbered(stem: &str, separator: char) -> Option<(u32, &str)> {
    let (number, name) = stem.split_once(separator)?;
    let four_digits = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    let plain = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == separator
    };
    (four_digits && !name.is_empty() && name.chars().all(plain))
        .then_some((number.parse().ok()?, name))
}

fn gaps(folder: &str, first: u32, numbers: &[u32]) -> Vec<Fault> {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    let steps = (first..)
        .zip(numbers)
        .find(|(wanted, found)| wanted != found);
    let fault = steps.map(|(wanted, found)| {
        let problem = if found < wanted {
            format!("{found:04} exists twice")
        } else {
            format!("{wanted:04} is missing before {found:04}")
        };
        Fault::at(
            folder,
            format!("numbers have no gaps and no twins: {problem}"),
        )
    });
    fault.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(faults: &[Fault]) -> Vec<String> {
        faults.iter().map(ToString::to_string).collect()
    }

    fn with_paths(paths: &[&str]) -> Repository {
        Repository::of(paths.iter().map(|path| (*path, "")))
    }

    #[test]
    fn records_in_sequence_are_accepted() {
        assert_eq!(
            decision_records(&with_paths(&[
                "docs/adr/0000-template.md",
                "docs/adr/0001-one-round-trip.md"
            ])),
            []
        );
    }

    #[test]
    fn gaps_twins_and_odd_names_of_records_are_refused() {
        assert_eq!(
            shown(&decision_records(&with_paths(&[
                "docs/adr/0000-a.md",
                "docs/adr/0002-b.md"
            ]))),
            ["docs/adr: numbers have no gaps and no twins: 0001 is missing before 0002"]
        );
        assert_eq!(
            shown(&decision_records(&with_paths(&[
                "docs/adr/0000-a.md",
                "docs/adr/0000-b.md"
            ]))),
            ["docs/adr: numbers have no gaps and no twins: 0000 exists twice"]
        );
        assert_eq!(
            shown(&decision_records(&with_paths(&[
                "docs/adr/0000-a.md",
                "docs/adr/1-b.md"
            ]))),
            ["docs/adr/1-b.md: is not named `NNNN-name.md`"]
        );
    }

    #[test]
    fn migrations_with_both_directions_in_sequence_are_accepted() {
        let repository = with_paths(&[
            "migrations/0001_tenants.down.sql",
            "migrations/0001_tenants.up.sql",
            "migrations/0002_customers.down.sql",
            "migrations/0002_customers.up.sql",
        ]);

        assert_eq!(migrations(&repository), []);
    }

    #[test]
    fn a_missing_direction_a_gap_and_an_odd_name_of_a_migration_are_refused() {
        let repository = with_paths(&[
            "migrations/0001_tenants.up.sql",
            "migrations/0003_customers.down.sql",
            "migrations/0003_customers.up.sql",
            "migrations/0004_Notes.up.sql",
            "migrations/seed.sql",
        ]);

        assert_eq!(
            shown(&migrations(&repository)),
            [
                "migrations/0004_Notes.up.sql: is not named `NNNN_name.up.sql` or `NNNN_name.down.sql`; `cargo xtask migration new NAME` makes both",
                "migrations/seed.sql: is not named `NNNN_name.up.sql` or `NNNN_name.down.sql`; `cargo xtask migration new NAME` makes both",
                "migrations/0001_tenants.down.sql: is missing: each migration has both directions",
                "migrations: numbers have no gaps and no twins: 0002 is missing before 0003",
            ]
        );
    }

    #[test]
    fn two_migrations_with_one_number_are_refused() {
        let repository = with_paths(&[
            "migrations/0001_a.down.sql",
            "migrations/0001_a.up.sql",
            "migrations/0001_b.down.sql",
            "migrations/0001_b.up.sql",
        ]);

        assert_eq!(
            shown(&migrations(&repository)),
            ["migrations: numbers have no gaps and no twins: 0001 exists twice"]
        );
    }
}
