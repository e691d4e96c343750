//! Commands that run another program.

use std::process::Command;

use crate::cli::Context;
use crate::database::Database;
use crate::process::{cargo, has_cargo_command, target_folder};
use crate::{Failure, Result, suite};

/// Builds the benchmark and the service that it measures in one command, so that both have the same features and
/// share their dependencies.
pub(crate) fn bench(context: &Context, arguments: &[String]) -> Result {
    let packages = ["customer-bench", "customer-service"];
    let mut build = cargo(&context.root);
    build
        .args(["build", "--release"])
        .args(packages.map(|name| format!("--package={name}")));
    context.interrupt.run(&mut build)?;
    let program = target_folder(&context.root)?.join("release/customer-bench");
    let mut bench = Command::new(program);
    bench.current_dir(&context.root).args(arguments);
    context.interrupt.run(&mut bench)
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
