//! The only place that writes to the terminal.

/// Writes a line to the standard output.
#[expect(clippy::print_stdout, reason = "a command-line tool talks to its user")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Writes a line to the standard error.
#[expect(clippy::print_stderr, reason = "a command-line tool talks to its user")]
pub(crate) fn complain(line: &str) {
    eprintln!("{line}");
}
