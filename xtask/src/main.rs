//! `cargo xtask`: every check and chore of the repository behind one command, the same here and in CI.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::main()
}
