//! Starts, watches and stops programs: the service and the bare program.

use crate::Failure;
use crate::plan::Plan;
use customer_testkit::builders::root_secret_text;
use rustix::process::{Pid, Signal, kill_process};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// How long a program may take until it serves, which includes migrating the schema.
const START: Duration = Duration::from_mins(1);
/// How long an orderly stop may take.
const STOP: Duration = Duration::from_secs(30);

/// A running program. Dropping it kills it.
pub(crate) struct Program {
    child: Child,
    /// Kept open, so that the program can always write to it.
    _output: Lines<BufReader<ChildStdout>>,
    /// The address at which it serves.
    pub(crate) address: SocketAddr,
}

impl Program {
    /// Starts the service on a database. The first time, it also returns the operator's key, and runs no jobs, whose
    /// statements would be recorded among those of requests.
    pub(crate) async fn service(
        file: &Path,
        folder: &Path,
        url: &str,
        connections: u32,
        is_first: bool,
    ) -> Result<(Self, Option<String>), Failure> {
        let mut command = Command::new(file);
        command
            .current_dir(folder)
            // Settings of this machine for another service must not apply.
            .env_clear()
            .env("DATABASE_URL", url)
            // That of the seeded customers' keys.
            .env("CUSTOMER_SECRET_KEY", root_secret_text().expose_secret())
            .env("CUSTOMER_DATABASE_MAX_CONNECTIONS", connections.to_string())
            .env("CUSTOMER_HTTP_PORT", "0")
            .env("CUSTOMER_MAX_ADDRESSES_PER_CUSTOMER", "0")
            // Audit entries of the bare program all have the time of the recording, and so appear to have waited long
            // to be sealed, which would log warnings.
            .env("CUSTOMER_LOG_LEVEL", "error")
            .stdin(Stdio::null());
        let awaited: &[&str] = if is_first {
            command.args(["serve", "--no-jobs"]);
            &["API ", "operator key "]
        } else {
            &["API "]
        };
        let (program, printed) = Self::start(command, None, awaited).await?;
        Ok((program, printed.into_iter().nth(1)))
    }

    /// Starts the bare program, which is this program in another mode.
    pub(crate) async fn bare(plan: &Plan) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare").stdin(Stdio::piped());
        let plan = serde_json::to_vec(plan)?;
        Ok(Self::start(command, Some(plan), &["http://"]).await?.0)
    }

    /// Starts a program and waits until it has printed a line for each of `awaited`; returns the rest of these lines,
    /// the first of which contains the address.
    async fn start(
        mut command: Command,
        input: Option<Vec<u8>>,
        awaited: &[&str],
    ) -> Result<(Self, Vec<String>), Failure> {
        command.stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| {
            let program = command.as_std().get_program().display();
            format!("cannot start {program}: {error}")
        })?;
        if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
            pipe.write_all(&input).await?;
            pipe.shutdown().await?;
        }
        let output = child.stdout.take().ok_or("a program without output")?;
        let mut output = BufReader::new(output).lines();
        let printed = timeout(START, printed(&mut output, awaited)).await;
        let printed = printed.map_err(|_| "a program did not print its address in time")??;
        let address = printed
            .first()
            .and_then(|url| url.split('/').find_map(|part| part.parse().ok()));
        let program = Self {
            child,
            _output: output,
            address: address.ok_or("a program did not print its address")?,
        };
        Ok((program, printed))
    }

    /// Returns the process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Returns the current and the peak resident memory; `None` where the system does not report it.
    pub(crate) fn memory(&self) -> Option<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        Some(Memory {
            now: kib("VmRSS:")?,
            most: kib("VmHWM:")?,
        })
    }

    /// Resets the peak memory, where the system can.
    pub(crate) fn forget_peak(&self) {
        drop(fs::write(format!("/proc/{}/clear_refs", self.id()), "5"));
    }

    /// Starts to record with `perf`, for `time` and into `file`, where it spends its time.
    pub(crate) fn profile(&self, file: &Path, time: Duration) -> Result<Child, Failure> {
        let mut command = Command::new("perf");
        command
            .args(["record", "--quiet", "--call-graph", "fp", "--freq", "999"])
            .args(["--pid", &self.id().to_string(), "--output"])
            .arg(file)
            .args(["--", "sleep", &time.as_secs().to_string()])
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let started = command.spawn();
        Ok(started.map_err(|error| format!("cannot start perf: {error}"))?)
    }

    /// Returns the processor time used so far; `None` where the system does not report it.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).ok()?;
        // The name before it may contain anything, even spaces and brackets.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut times = fields.split_whitespace().skip(11);
        let mut ticks = || times.next()?.parse::<u64>().ok();
        let hundredths = ticks()? + ticks()?;
        Some(Duration::from_millis(hundredths * 10))
    }

    /// Asks the program to stop and waits until it has; kills it after [`STOP`].
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        if let Some(id) = id {
            kill_process(id, Signal::TERM)?;
        }
        match timeout(STOP, self.child.wait()).await {
            Ok(ended) => ended.map(drop)?,
            Err(_) => self.child.kill().await?,
        }
        Ok(())
    }
}

/// Resident memory, in KiB.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    pub(crate) most: u64,
}

async fn printed(
    output: &mut Lines<BufReader<ChildStdout>>,
    awaited: &[&str],
) -> Result<Vec<String>, Failure> {
    let mut printed = Vec::new();
    for name in awaited {
        loop {
            let line = output.next_line().await?;
            let line = line.ok_or("a program ended before it served; its output is above")?;
            if let Some((_, value)) = line.split_once(name) {
                let value = value.trim();
                printed.push(value.to_owned());
                break;
            }
        }
    }
    Ok(printed)
}

/// Returns the path of the service that was built together with this program, next to it.
pub(crate) fn service_beside() -> Result<PathBuf, Failure> {
    let service = std::env::current_exe()?.with_file_name("customer-service");
    if service.is_file() {
        Ok(service)
    } else {
        Err("there is no service next to this program: `cargo xtask bench` builds both, --service names another".into())
    }
}
