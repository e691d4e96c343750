//! Runs the tests with everything they need: builds them, and starts and stops a throw-away database for the whole
//! run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::cli::Context;
use crate::database::{self, Database};
use crate::process::{cargo, target_folder};
use crate::repository::Repository;
use crate::{Failure, Result, console, layers};

/// Which tests to run, and on which PostgreSQL.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The packages to test; all of the workspace if empty.
    pub(crate) packages: Vec<String>,
    /// The folder of `initdb` and `postgres`; `None` to fetch the pinned release.
    pub(crate) postgres_bin_dir: Option<PathBuf>,
    /// Further arguments for `cargo test`.
    pub(crate) arguments: Vec<String>,
}

/// Runs a test program (the arguments) if its package is one of those named (`$0`).
const IF_NAMED: &str = r#"case " $0 " in *" $CARGO_PKG_NAME "*) exec "$@" ;; esac"#;

impl Selection {
    /// Returns the arguments that select packages. All packages are built whatever is selected: built alone, a
    /// package would get different features, and all its dependencies would be built again.
    fn scope(&self) -> Vec<String> {
        let mut scope = vec!["--workspace".to_owned()];
        if !self.packages.is_empty() {
            let runner = ["sh", "-c", IF_NAMED, &self.packages.join(" ")];
            let runner = toml::Value::from(runner.map(str::to_owned).to_vec());
            scope.extend([
                "--config".to_owned(),
                format!("target.'cfg(unix)'.runner={runner}"),
            ]);
        }
        scope
    }

    fn check(&self, known: &BTreeSet<String>) -> Result {
        match self.packages.iter().find(|name| !known.contains(*name)) {
            Some(unknown) => Err(Failure::said(format!(
                "there is no package `{unknown}` in this workspace"
            ))),
            None => Ok(()),
        }
    }
}

pub(crate) fn test(context: &Context, selection: &Selection) -> Result {
    selection.check(&layers::read(&context.root)?.packages)?;
    run(context, selection, &[])
}

/// Runs the soak tests for `seconds` each; every normal run includes them for a few seconds.
pub(crate) fn soak(context: &Context, seconds: u32) -> Result {
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
    // Compile errors are reported before a database is fetched or started.
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

/// Removes new snapshots left by earlier runs, so that only those of this run remain.
fn remove_new_snapshots(root: &Path) -> Result {
    for (path, _) in Repository::read(root)?.ending_in(".snap.new") {
        fs::remove_file(root.join(path))
            .map_err(|error| Failure::said(format!("cannot remove {path}: {error}")))?;
    }
    Ok(())
}

/// Builds the service like the tests, so that nothing is built twice; returns the path of the program.
pub(crate) fn build_service(context: &Context) -> Result<PathBuf> {
    let mut build = cargo(&context.root);
    build.args(["test", "--workspace", "--no-run", "--quiet"]);
    context.interrupt.run(&mut build)?;
    Ok(target_folder(&context.root)?.join("debug/customer-service"))
}

/// Sets the one variable by which the tests find the database.
pub(crate) fn export(command: &mut Command, url: &str) {
    command.env(database::TEST_URL, url);
    // A test that read one of these itself would write to a real database.
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
    fn all_packages_are_built_and_only_those_named_are_tested() {
        let some = Selection {
            packages: vec!["a".to_owned(), "b-c".to_owned()],
            ..Selection::default()
        };

        assert_eq!(Selection::default().scope(), ["--workspace"]);
        let scope = some.scope();
        let runner = scope[2].strip_prefix("target.'cfg(unix)'.runner=");
        let runner: toml::Value = format!("runner={}", runner.expect("a runner"))
            .parse::<toml::Table>()
            .expect("TOML")["runner"]
            .clone();
        let words: Vec<String> = runner.try_into().expect("words");
        let runs = |package| {
            let mut program = Command::new(&words[0]);
            program.args(&words[1..]).args(["echo", "ran", "it"]);
            let output = program.env("CARGO_PKG_NAME", package).output();
            String::from_utf8(output.expect("a shell").stdout).expect("text")
        };
        assert_eq!([runs("a"), runs("b-c")], ["ran it\n", "ran it\n"]);
        assert_eq!([runs("b"), runs("c"), runs("")], ["", "", ""]);
    }

    #[test]
    fn a_package_that_is_not_there_is_named() {
        let known = BTreeSet::from(["a".to_owned()]);
        let selection = |packages: &[&str]| Selection {
            packages: packages.iter().map(|name| (*name).to_owned()).collect(),
            ..Selection::default()
        };

        assert!(selection(&[]).check(&known).is_ok());
        assert!(selection(&["a"]).check(&known).is_ok());
        let failure = selection(&["a", "b"]).check(&known).expect_err("no `b`");
        assert_eq!(
            failure.to_string(),
            "there is no package `b` in this workspace"
        );
    }
}
