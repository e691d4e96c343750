//! `docs/openapi.json`, the document that the service generates, committed so that changes of the contract are
//! reviewed.

use std::fs;
use std::process::{Command, Stdio};

use crate::cli::Context;
use crate::{Failure, Result, console, suite};

const FILE: &str = "docs/openapi.json";

pub(crate) fn write(context: &Context) -> Result {
    let document = generate(context)?;
    let file = context.root.join(FILE);
    // Left alone if unchanged: writing it would cause a rebuild of what includes it.
    if fs::read_to_string(&file).is_ok_and(|committed| committed == document) {
        console::say(&format!("{FILE} is up to date"));
        return Ok(());
    }
    fs::write(file, document)
        .map_err(|error| Failure::said(format!("cannot write {FILE}: {error}")))?;
    console::say(&format!("wrote {FILE}"));
    Ok(())
}

pub(crate) fn check(context: &Context) -> Result {
    let wanted = generate(context)?;
    let committed = fs::read_to_string(context.root.join(FILE)).map_err(|error| {
        Failure::said(format!(
            "cannot read {FILE}: {error}; `cargo xtask openapi` writes it"
        ))
    })?;
    match first_difference(&committed, &wanted) {
        None => {
            console::say(&format!("{FILE} is up to date"));
            Ok(())
        }
        Some(line) => Err(Failure::said(format!(
            "{FILE} is out of date from line {line} on; `cargo xtask openapi` writes it"
        ))),
    }
}

fn generate(context: &Context) -> Result<String> {
    let output = Command::new(suite::build_service(context)?)
        .arg("openapi")
        .current_dir(&context.root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::said(format!("cannot start the service: {error}")))?;
    if !output.status.success() {
        return Err(Failure::said(format!(
            "`customer-service openapi` failed ({})",
            output.status
        )));
    }
    let text = String::from_utf8(output.stdout).map_err(|error| {
        Failure::said(format!(
            "`customer-service openapi` wrote no UTF-8: {error}"
        ))
    })?;
    Ok(format!("{}\n", text.trim_end()))
}

/// Returns the number of the first line in which the texts differ, or `None` if they are equal.
fn first_difference(committed: &str, wanted: &str) -> Option<usize> {
    if committed == wanted {
        return None;
    }
    let same = committed
        .lines()
        .zip(wanted.lines())
        .take_while(|(left, right)| left == right)
        .count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\nc\n", "a\nx\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(first_difference("a", "a\n"), Some(2));
    }
}
