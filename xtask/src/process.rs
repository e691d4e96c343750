//! Child processes, and how they are stopped with this one.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use cargo_metadata::MetadataCommand;
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::{Failure, Result};

/// Prefixes of the variables by which `cargo run` describes xtask to its process.
const ABOUT_XTASK: [&str; 4] = [
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
];

const POLL: Duration = Duration::from_millis(20);

/// Records the first signal to stop, so that children and database are stopped in order. A second one ends this
/// process at once.
#[derive(Clone)]
pub(crate) struct Interrupt {
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    pub(crate) fn install() -> Result<Self> {
        let signal = Arc::new(AtomicUsize::new(0));
        let seen = Arc::new(AtomicBool::new(false));
        for (number, value) in [(SIGHUP, 1), (SIGINT, 2), (SIGTERM, 15)] {
            // The order matters: at the first signal `seen` is still unset and is then set, at the second it ends the
            // process.
            flag::register_conditional_shutdown(number, 128 + number, Arc::clone(&seen))
                .and_then(|_| flag::register(number, Arc::clone(&seen)))
                .and_then(|_| flag::register_usize(number, Arc::clone(&signal), value))
                .map_err(|error| {
                    Failure::said(format!("cannot watch for signal {number}: {error}"))
                })?;
        }
        Ok(Self { signal })
    }

    /// Fails if a signal was received.
    pub(crate) fn check(&self) -> Result {
        match u8::try_from(self.signal.load(Ordering::SeqCst)) {
            Ok(0) => Ok(()),
            Ok(signal) => Err(Failure::Interrupted(signal)),
            Err(_) => Err(Failure::Interrupted(0)),
        }
    }

    /// Runs a command until it ends, and fails unless it succeeds. A signal is first passed on to its process group.
    pub(crate) fn run(&self, command: &mut Command) -> Result {
        self.check()?;
        let name = describe(command);
        // A separate group: its signals also reach what the command has started in turn (rustc, test binaries), and a
        // Ctrl-C in the terminal reaches only this process.
        let mut child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| Failure::said(format!("cannot start `{name}`: {error}")))?;
        let status = self
            .wait(&mut child)
            .map_err(|error| Failure::said(format!("cannot wait for `{name}`: {error}")))?;
        self.check()?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::said(format!("`{name}` failed ({status})")))
        }
    }

    fn wait(&self, child: &mut Child) -> std::io::Result<ExitStatus> {
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if self.check().is_err() {
                // Fails if the last process of the group has just ended; then there is nothing to stop.
                kill_process_group(Pid::from_child(child), Signal::TERM).ok();
                return child.wait();
            }
            thread::sleep(POLL);
        }
    }
}

/// Returns a cargo command in the repository, with an environment like that of a shell.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root);
    // Build scripts that watch these variables would otherwise run again every time.
    let own = |name: &String| ABOUT_XTASK.iter().any(|prefix| name.starts_with(prefix));
    for (name, _) in environment().filter(|(name, _)| own(name)) {
        command.env_remove(name);
    }
    command
}

/// Returns the target folder of cargo.
pub(crate) fn target_folder(root: &Path) -> Result<PathBuf> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .map_err(|error| Failure::said(format!("cannot read the workspace: {error}")))?;
    Ok(metadata.target_directory.into())
}

/// Returns whether `cargo NAME` is installed.
pub(crate) fn has_cargo_command(root: &Path, name: &str) -> bool {
    cargo(root)
        .args([name, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Returns an environment variable; `None` if it is unset, empty or not UTF-8.
pub(crate) fn variable(name: &str) -> Option<String> {
    environment()
        .find(|(known, value)| known == name && !value.is_empty())
        .map(|(_, value)| value)
}

#[expect(
    clippy::disallowed_methods,
    reason = "xtask has no configuration file; its environment is the caller's shell"
)]
fn environment() -> impl Iterator<Item = (String, String)> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use rustix::process::test_kill_process;

    use super::*;

    fn uninterrupted() -> Interrupt {
        Interrupt {
            signal: Arc::new(AtomicUsize::new(0)),
        }
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_command_that_fails_or_is_not_there_is_named() {
        let failed = uninterrupted()
            .run(&mut shell("exit 3"))
            .expect_err("exit code 3");
        let missing = uninterrupted()
            .run(&mut Command::new("no-such-program"))
            .expect_err("no program");

        assert_eq!(failed.to_string(), "`sh -c exit 3` failed (exit status: 3)");
        assert!(
            missing
                .to_string()
                .starts_with("cannot start `no-such-program`"),
            "{missing}"
        );
    }

    #[test]
    fn a_signal_ends_the_command_and_what_it_has_started() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = folder.path().join("pid");
        let interrupt = uninterrupted();
        let signal = Arc::clone(&interrupt.signal);
        let sender = thread::spawn({
            let file = file.clone();
            move || {
                let start = Instant::now();
                while !file.exists() && start.elapsed() < Duration::from_secs(20) {
                    thread::sleep(POLL);
                }
                signal.store(2, Ordering::SeqCst);
            }
        });

        let script = format!(
            "sleep 60 & echo $! > '{0}.new' && mv '{0}.new' '{0}'; wait",
            file.display()
        );
        let start = Instant::now();
        let stopped = interrupt.run(&mut shell(&script));

        sender.join().expect("the sender ends");
        assert!(
            matches!(stopped, Err(Failure::Interrupted(2))),
            "{stopped:?}"
        );
        assert!(start.elapsed() < Duration::from_secs(30));
        let grandchild = std::fs::read_to_string(&file)
            .expect("a process id")
            .trim()
            .parse()
            .expect("a number");
        let grandchild = Pid::from_raw(grandchild).expect("a process id");
        // It was sent the signal, but may need a moment to end.
        while runs(grandchild) {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "{grandchild} still runs"
            );
            thread::sleep(POLL);
        }
    }

    /// Returns whether the process runs. Without an init that reaps it, an ended process stays as a zombie.
    fn runs(process: Pid) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        test_kill_process(process).is_ok() && !status.contains(") Z ")
    }

    #[test]
    fn nothing_starts_after_a_signal() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let file = folder.path().join("ran");
        let interrupt = Interrupt {
            signal: Arc::new(AtomicUsize::new(15)),
        };

        let stopped = interrupt.run(Command::new("touch").arg(&file));

        assert!(
            matches!(stopped, Err(Failure::Interrupted(15))),
            "{stopped:?}"
        );
        assert!(!file.exists());
    }
}
