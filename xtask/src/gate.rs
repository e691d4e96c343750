//! `cargo xtask ci`: every gate in order, cheapest first, the same here and in CI.

use std::time::Instant;

use crate::cli::{Context, run_layers, run_slices, run_tidy};
use crate::process::{cargo, has_cargo_command};
use crate::suite::{self, Selection};
use crate::{Failure, Result, console};

/// How a gate ended without failing.
enum Passed {
    Done,
    /// Not run, for this reason.
    Skipped(&'static str),
}

type Gate = fn(&Context) -> Result<Passed>;

const GATES: [(&str, Gate); 9] = [
    ("fmt", |context| {
        done(
            context
                .interrupt
                .run(cargo(&context.root).args(["fmt", "--all", "--check"])),
        )
    }),
    ("clippy", clippy),
    ("layers", |context| done(run_layers(context))),
    ("slices", |context| done(run_slices(context))),
    ("tidy", |context| done(run_tidy(context))),
    ("doc", doc),
    ("test", |context| {
        done(suite::test(context, &Selection::default()))
    }),
    ("deny", deny),
    ("advisories", advisories),
];

pub(crate) fn run(context: &Context) -> Result {
    let mut summary = Vec::new();
    for (name, gate) in GATES {
        console::say(&format!("\n==> {name}"));
        let start = Instant::now();
        let outcome = gate(context);
        let ending = match &outcome {
            Ok(Passed::Done) => String::new(),
            Ok(Passed::Skipped(reason)) => format!("  SKIPPED: {reason}"),
            Err(_) => "  FAILED".to_owned(),
        };
        summary.push(format!(
            "{name:<10} {:>6.2} min{ending}",
            start.elapsed().as_secs_f64() / 60.0
        ));
        if let Err(failure) = outcome {
            console::say(&format!("\n{}", summary.join("\n")));
            return Err(failure);
        }
    }
    console::say(&format!("\n{}", summary.join("\n")));
    Ok(())
}

fn done(result: Result) -> Result<Passed> {
    result.map(|()| Passed::Done)
}

/// Lints with every feature, so that the mocks obey the same rules; `--locked` fails if the lock file is out of date.
fn clippy(context: &Context) -> Result<Passed> {
    let scope = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--all-features",
    ];
    done(
        context.interrupt.run(
            cargo(&context.root)
                .args(scope)
                .args(["--", "-D", "warnings"]),
        ),
    )
}

fn doc(context: &Context) -> Result<Passed> {
    let arguments = [
        "doc",
        "--no-deps",
        "--workspace",
        "--document-private-items",
    ];
    done(
        context.interrupt.run(
            cargo(&context.root)
                .args(arguments)
                .env("RUSTDOCFLAGS", "-D warnings"),
        ),
    )
}

fn deny(context: &Context) -> Result<Passed> {
    if !has_cargo_command(&context.root, "deny") {
        return Ok(Passed::Skipped(
            "cargo-deny is not installed (`cargo install cargo-deny --locked`)",
        ));
    }
    let checks = [
        "deny",
        "--all-features",
        "check",
        "bans",
        "licenses",
        "sources",
    ];
    done(context.interrupt.run(cargo(&context.root).args(checks)))
}

/// Checks for advisories; the only gate that needs the network. It is skipped if their database cannot be reached.
fn advisories(context: &Context) -> Result<Passed> {
    const UNREACHED: &str = "failed to fetch advisory database";
    if !has_cargo_command(&context.root, "deny") {
        return Ok(Passed::Skipped("cargo-deny is not installed"));
    }
    let output = cargo(&context.root)
        .args(["deny", "--all-features", "check", "advisories"])
        .output()
        .map_err(|error| Failure::said(format!("cannot start cargo-deny: {error}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(Passed::Done);
    }
    if said.contains(UNREACHED) {
        return Ok(Passed::Skipped(
            "the database of advisories cannot be reached",
        ));
    }
    console::complain(&said);
    Err(Failure::said("cargo-deny found advisories"))
}
