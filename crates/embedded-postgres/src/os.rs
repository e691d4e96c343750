//! The three system calls for which std has no safe function.
#![expect(
    unsafe_code,
    reason = "geteuid, kill and prctl are plain C calls; each block says why it is sound"
)]

use std::{io, process::Command};

/// Returns the effective user id of this process.
pub(crate) fn effective_uid() -> u32 {
    // SAFETY: takes nothing, cannot fail.
    unsafe { libc::geteuid() }
}

/// The signals that stop `postgres`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signal {
    /// Fast shutdown: sessions are disconnected, a checkpoint is written.
    Interrupt,
    /// Immediate shutdown: recovery at the next start.
    Quit,
}

/// Sends a signal to one process.
pub(crate) fn signal(pid: u32, signal: Signal) -> io::Result<()> {
    let number = match signal {
        Signal::Interrupt => libc::SIGINT,
        Signal::Quit => libc::SIGQUIT,
    };
    // Zero and negative numbers address whole groups, one is init.
    let pid = i32::try_from(pid)
        .ok()
        .filter(|pid| *pid > 1)
        .ok_or(io::ErrorKind::InvalidInput)?;
    // SAFETY: touches no memory of this process.
    match unsafe { libc::kill(pid, number) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Makes the kernel interrupt the child when the thread that spawns it ends.
///
/// Takes effect after the change of user id, which would clear it: std runs `pre_exec` last. On
/// other systems than Linux this does nothing, and the next start finds and stops the server of a
/// killed parent.
#[cfg(target_os = "linux")]
pub(crate) fn interrupt_with_parent(command: &mut Command) {
    use std::os::unix::process::CommandExt;

    let parent = std::process::id();
    let die_with_parent = move || {
        // SAFETY: both are async-signal-safe and touch no memory.
        let (set, current_parent) = unsafe {
            let signal = libc::c_ulong::from(libc::SIGINT.unsigned_abs());
            (libc::prctl(libc::PR_SET_PDEATHSIG, signal), libc::getppid())
        };
        if set == -1 {
            return Err(io::Error::last_os_error());
        }
        // The parent may have died before the call above.
        if u32::try_from(current_parent) != Ok(parent) {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(())
    };
    // SAFETY: the closure only makes async-signal-safe calls and allocates nothing.
    unsafe { command.pre_exec(die_with_parent) };
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn interrupt_with_parent(_command: &mut Command) {}
