//! Runs the tests with all they need: builds them, starts one throw-away database for the whole run, stops it after.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::cli::Context;
use crate::database::{self, Database};
use crate::process::cargo;
use crate::repository::Repository;
use crate::{Failure, Result, console};

/// Which tests, and on which PostgreSQL.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The packages to test; all of the workspace when empty.
    pub(crate) packages: Vec<String>,
    /// Where `initdb` and `postgres` lie, instead of the pinned release that is fetched.
    pub(crate) postgres_bin_dir: Option<PathBuf>,
    /// Further arguments of `cargo test`.
    pub(crate) arguments: Vec<String>,
}

impl Selection {
    fn scope(&self) -> Vec<&str> {
        match self.packages.as_slice() {
            [] => vec!["--workspace"],
            packages => packages
                .iter()
                .flat_map(|package| ["--package", package])
                .collect(),
        }
    }
}

pub(crate) fn test(context: &Context, selection: &Selection) -> Result {
    run(context, selection, &[])
}

/// Soak tests run for a few seconds in every run of the suite; here they get `seconds` each.
pub(crate) fn soak(context: &Context, seconds: u32) -> Result {
    // The whole workspace, as the tests: one package alone would be built anew, with the features
    // that it alone asks for.
    let selection = Selection {
        packages: Vec::new(),
        postgres_bin_dir: None,
        arguments: ["--test", "it", "soak"].map(String::from).to_vec(),
    };
    run(
        context,
        &selection,
        &[("CUSTOMER_SOAK_SECONDS", &seconds.to_string())],
    )
}

fn run(context: &Context, selection: &Selection, environment: &[(&str, &str)]) -> Result {
    remove_new_snapshots(&context.root)?;
    // What does not compile is told before a database is fetched or started.
    let for_cargo = selection
        .arguments
        .iter()
        .take_while(|argument| *argument != "--");
    let mut compile = cargo(&context.root);
    compile
        .args(["test", "--no-run"])
        .args(selection.scope())
        .args(for_cargo);
    let (compiled, compile_time) = timed(|| context.interrupt.run(&mut compile));
    compiled?;

    let (database, start_time) = timed(|| Database::start(selection.postgres_bin_dir.as_deref()));
    let database = database?;
    let mut tests = cargo(&context.root);
    tests
        .arg("test")
        .args(selection.scope())
        .args(&selection.arguments);
    export(&mut tests, database.url());
    tests.envs(environment.iter().copied());
    let (passed, test_time) = timed(|| context.interrupt.run(&mut tests));
    let stopped = database.stop();

    let [compile, start, test] =
        [compile_time, start_time, test_time].map(|time| time.as_secs_f64());
    console::say(&format!(
        "compile {compile:.1} s, database {start:.1} s, tests {test:.1} s"
    ));
    passed.and(stopped)
}

/// Removes the snapshots that tests have written beside the ones they differed from, so that those of this run are left.
fn remove_new_snapshots(root: &Path) -> Result {
    for (path, _) in Repository::read(root)?.ending_in(".snap.new") {
        fs::remove_file(root.join(path))
            .map_err(|error| Failure::said(format!("cannot remove {path}: {error}")))?;
    }
    Ok(())
}

/// Tells the tests where the database is, by the one name that they read.
pub(crate) fn export(command: &mut Command, url: &str) {
    command.env(database::TEST_URL, url);
    // A test that picked one of these up by itself would write to somebody's database.
    for name in database::SERVICE_URLS {
        command.env_remove(name).env_remove(format!("{name}_FILE"));
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_of_their_own_database_and_of_no_other() {
        let mut command = Command::new("env");
        for name in database::SERVICE_URLS {
            command.env(name, "postgres://real");
            command.env(format!("{name}_FILE"), "/run/secrets/real");
        }

        export(&mut command, "postgres://test");

        let set: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        assert_eq!(
            set,
            [(database::TEST_URL.as_ref(), "postgres://test".as_ref())]
        );
    }

    #[test]
    fn new_snapshots_are_removed_and_nothing_else() {
        let root = tempfile::tempdir().expect("temporary folder");
        let folder = root.path().join("tests/snapshots");
        fs::create_dir_all(&folder).expect("a folder");
        for name in ["a.snap", "a.snap.new", "b.snap.new"] {
            fs::write(folder.join(name), "text").expect("a file");
        }

        remove_new_snapshots(root.path()).expect("removed");

        let left = fs::read_dir(folder).expect("a folder");
        let left: Vec<_> = left.map(|file| file.expect("a file").file_name()).collect();
        assert_eq!(left, ["a.snap"]);
    }

    #[test]
    fn all_packages_are_tested_unless_some_are_named() {
        let some = Selection {
            packages: vec!["a".to_owned(), "b".to_owned()],
            ..Selection::default()
        };

        assert_eq!(Selection::default().scope(), ["--workspace"]);
        assert_eq!(some.scope(), ["--package", "a", "--package", "b"]);
    }
}
