//! A running `postgres`.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        LazyLock,
        mpsc::{self, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    Profile,
    error::{Doing, Error},
    files,
    identity::Identity,
    os::{self, Signal},
};

/// Long, because recovery after a crash comes before readiness.
const READY_TIMEOUT: Duration = Duration::from_mins(2);
const FAST_STOP: Duration = Duration::from_secs(30);
const IMMEDIATE_STOP: Duration = Duration::from_secs(5);
const LOG_LIMIT: u64 = 10 * 1024 * 1024;
const TAIL_LIMIT: usize = 4096;

/// Everything that a server is started with, except the port.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) data_dir: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) profile: Profile,
}

/// A server that has been ready; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Launch {
    /// Starts a server and waits until it accepts connections.
    pub(crate) fn start(&self, port: u16) -> Result<Server, Error> {
        let (log, log_start) = open_log(&self.log).doing("open", &self.log)?;
        let child = spawn(self.command(port, log)).doing("run", &self.program)?;
        let mut server = Server { child, port };
        let deadline = Instant::now() + READY_TIMEOUT;
        while !self.is_ready(server.process_id()) {
            if let Some(status) = server.child.try_wait().doing("watch", &self.program)? {
                return Err(Error::EarlyExit {
                    status,
                    log: self.log.clone(),
                    tail: self.log_tail(log_start),
                });
            }
            if Instant::now() > deadline {
                return Err(Error::NotReady {
                    seconds: READY_TIMEOUT.as_secs(),
                    log: self.log.clone(),
                    tail: self.log_tail(log_start),
                });
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(server)
    }

    fn command(&self, port: u16, log: File) -> Command {
        let durability: &[&str] = match self.profile {
            Profile::Durable => &[],
            Profile::Throwaway => &[
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
            ],
        };
        let port = format!("port={port}");
        let settings = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            &port,
            "max_connections=200",
            "shared_preload_libraries=pg_stat_statements",
        ];
        let mut command = self.identity.command(&self.program);
        command.arg("-D").arg(&self.data_dir);
        for setting in settings.iter().chain(durability) {
            command.args(["-c", setting]);
        }
        // A separate process group: Ctrl-C reaches only us, and we stop it in
        // order.
        command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        os::interrupt_with_parent(&mut command);
        command
    }

    /// Returns `true` if the lock file has this process id in line 1 and
    /// "ready" in line 8.
    fn is_ready(&self, pid: u32) -> bool {
        let Ok(lock_file) = fs::read_to_string(self.data_dir.join("postmaster.pid")) else {
            return false;
        };
        let lines: Vec<_> = lock_file.lines().map(str::trim).collect();
        lines.first().is_some_and(|line| *line == pid.to_string()) && lines.get(7) == Some(&"ready")
    }

    fn log_tail(&self, from: u64) -> String {
        let read = || -> io::Result<String> {
            let mut file = files::not_following().read(true).open(&self.log)?;
            file.seek(SeekFrom::Start(from))?;
            let mut written = Vec::new();
            file.read_to_end(&mut written)?;
            let tail = &written[written.len().saturating_sub(TAIL_LIMIT)..];
            Ok(String::from_utf8_lossy(tail).trim().to_owned())
        };
        read().unwrap_or_else(|cause| format!("(the log cannot be read: {cause})"))
    }
}

impl Server {
    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Stops the server and waits for its end. Tries a fast shutdown, then an
    /// immediate one, then kills it.
    pub(crate) fn stop(&mut self) -> io::Result<()> {
        for (signal, timeout) in [
            (Signal::Interrupt, FAST_STOP),
            (Signal::Quit, IMMEDIATE_STOP),
        ] {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            os::signal(self.process_id(), signal)?;
            if self.ends_within(timeout)?.is_some() {
                return Ok(());
            }
        }
        self.child.kill()?;
        self.child.wait().map(|_| ())
    }

    fn ends_within(&mut self, timeout: Duration) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + timeout;
        loop {
            let ended = self.child.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                return Ok(ended);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(cause) = self.stop() {
            tracing::warn!(pid = self.process_id(), %cause, "cannot stop PostgreSQL");
        }
    }
}

/// Opens the log; returns it and the offset where this run's part begins.
fn open_log(path: &Path) -> io::Result<(File, u64)> {
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.len() > LOG_LIMIT) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    let log = files::not_following()
        .create(true)
        .append(true)
        .open(path)?;
    let start = log.metadata()?.len();
    Ok((log, start))
}

/// Spawns from a thread that never ends: the kernel treats the end of the
/// spawning thread as the parent's death, and async runtimes end threads.
fn spawn(command: Command) -> io::Result<Child> {
    type Request = (Command, Sender<io::Result<Child>>);
    static SPAWNER: LazyLock<io::Result<Sender<Request>>> = LazyLock::new(|| {
        let (requests, inbox) = mpsc::channel::<Request>();
        thread::Builder::new()
            .name("postgres-spawner".to_owned())
            .spawn(move || {
                for (mut command, answer) in inbox {
                    if answer.send(command.spawn()).is_err() {
                        tracing::warn!("no caller waits for the PostgreSQL just started");
                    }
                }
            })?;
        Ok(requests)
    });

    let gone = || io::Error::other("the thread that starts PostgreSQL is gone");
    let spawner = SPAWNER
        .as_ref()
        .map_err(|cause| io::Error::new(cause.kind(), cause.to_string()))?;
    let (answer, answered) = mpsc::channel();
    spawner.send((command, answer)).map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_log_that_is_a_symlink_is_not_written_through() {
        let folder = tempfile::tempdir().expect("tempdir");
        let (target, log) = (folder.path().join("target"), folder.path().join("log"));
        symlink(&target, &log).expect("symlink");
        assert!(open_log(&log).is_err());
        assert!(!target.exists());

        fs::remove_file(&log).expect("remove");
        let (_, start) = open_log(&log).expect("opened");
        assert_eq!(start, 0);
    }
}
