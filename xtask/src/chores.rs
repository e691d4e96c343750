//! Commands that hand over to another program.

use crate::cli::Context;
use crate::database::Database;
use crate::process::{cargo, has_cargo_command};
use crate::{Failure, Result, layers, suite};

const BENCH: &str = "customer-bench";

pub(crate) fn bench(context: &Context, arguments: &[String]) -> Result {
    if !layers::read(&context.root)?.packages.contains(BENCH) {
        return Err(Failure::said(format!(
            "there is no package `{BENCH}` in this workspace yet, so nothing to run"
        )));
    }
    let mut command = cargo(&context.root);
    command
        .args(["run", "--release", "--package", BENCH, "--"])
        .args(arguments);
    context.interrupt.run(&mut command)
}

pub(crate) fn coverage(context: &Context, arguments: &[String]) -> Result {
    if !has_cargo_command(&context.root, "llvm-cov") {
        let remedy =
            "`rustup component add llvm-tools` and `cargo install cargo-llvm-cov --locked`";
        return Err(Failure::said(format!(
            "cargo-llvm-cov is not installed; install it with {remedy}"
        )));
    }
    let database = Database::start(None)?;
    let mut command = cargo(&context.root);
    command.args(["llvm-cov", "--workspace"]).args(arguments);
    suite::export(&mut command, database.url());
    let covered = context.interrupt.run(&mut command);
    covered.and(database.stop())
}
