//! Stops a server that its parent left behind.
//!
//! On Linux the kernel interrupts the server when the parent dies, so it is usually stopping
//! already; elsewhere it has to be stopped.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::{
    error::Error,
    os::{self, Signal},
};

/// How long a server may take to stop by itself, as it writes a checkpoint.
const GRACE: Duration = Duration::from_secs(3);
const FAST_STOP: Duration = Duration::from_secs(20);
const IMMEDIATE_STOP: Duration = Duration::from_secs(5);

/// Ensures that no server runs on this data folder, which the caller has locked.
pub(crate) fn clear(data_dir: &Path) -> Result<(), Error> {
    let Some(pid) = postmaster(data_dir) else {
        return Ok(());
    };
    let gone = |patience| waits_until(patience, || !serves(pid, data_dir));
    if gone(GRACE) {
        return Ok(());
    }
    tracing::warn!(pid, "stopping the PostgreSQL left by an earlier run");
    stop(pid, Signal::Interrupt);
    if gone(FAST_STOP) {
        return Ok(());
    }
    stop(pid, Signal::Quit);
    if gone(IMMEDIATE_STOP) {
        return Ok(());
    }
    let path = data_dir.to_owned();
    Err(Error::Orphan { path, pid })
}

/// Stops a server like [`clear`], but without a checkpoint, for data that will be deleted; returns
/// `true` if none is running.
pub(crate) fn abandon(data_dir: &Path) -> bool {
    let Some(pid) = postmaster(data_dir) else {
        return true;
    };
    if serves(pid, data_dir) {
        stop(pid, Signal::Quit);
    }
    waits_until(IMMEDIATE_STOP, || !serves(pid, data_dir))
}

fn stop(pid: u32, signal: Signal) {
    if let Err(cause) = os::signal(pid, signal) {
        tracing::debug!(pid, %cause, "cannot signal");
    }
}

/// Polls until the condition holds; returns `false` if `patience` ran out first.
pub(crate) fn waits_until(patience: Duration, condition: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Returns the process id in the data folder's lock file.
fn postmaster(data_dir: &Path) -> Option<u32> {
    let lock_file = fs::read_to_string(data_dir.join("postmaster.pid")).ok()?;
    lock_file.lines().next()?.trim().parse().ok()
}

/// Returns `true` if this process is a PostgreSQL server on this data folder, and not a later
/// process with the same id. Reads the command line only: in a container even root may not read
/// more of another user's process.
#[cfg(target_os = "linux")]
fn serves(pid: u32, data_dir: &Path) -> bool {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) else {
        return false;
    };
    let mut arguments = line.split(|byte| *byte == 0).map(OsStr::from_bytes);
    let program = arguments
        .next()
        .and_then(|path| Path::new(path).file_name());
    program == Some(OsStr::new("postgres")) && arguments.any(|argument| argument == data_dir)
}

#[cfg(not(target_os = "linux"))]
fn serves(pid: u32, data_dir: &Path) -> bool {
    let listed = std::process::Command::new("ps")
        .args(["-ww", "-o", "command=", "-p", &pid.to_string()])
        .output();
    let Ok(output) = listed else {
        return false;
    };
    let line = String::from_utf8_lossy(&output.stdout);
    line.contains("postgres") && line.contains(&*data_dir.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_got_the_number_later_is_left_alone() {
        let data = tempfile::tempdir().expect("tempdir");
        let pid_file = data.path().join("postmaster.pid");
        // If this process were taken for the server, the test would be killed.
        fs::write(&pid_file, format!("{}\n", std::process::id())).expect("write");
        assert!(clear(data.path()).is_ok());
        assert!(abandon(data.path()));
    }

    #[test]
    fn no_lock_file_or_a_broken_one_means_no_orphan() {
        let data = tempfile::tempdir().expect("tempdir");
        assert_eq!(postmaster(data.path()), None);
        fs::write(data.path().join("postmaster.pid"), "").expect("write");
        assert_eq!(postmaster(data.path()), None);
        assert!(clear(data.path()).is_ok());
    }
}
