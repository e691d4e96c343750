//! Programs that are started, watched and stopped: the service, and the bare program.

use crate::Failure;
use crate::plan::Plan;
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// How long a program may take until it serves; it migrates the schema.
const START: Duration = Duration::from_mins(1);
/// How long it may take to stop in order.
const STOP: Duration = Duration::from_secs(30);

/// A running program. Dropping it kills it.
pub(crate) struct Program {
    child: Child,
    /// Open, so that the program never writes into nothing.
    _output: Lines<BufReader<ChildStdout>>,
    /// Where it serves.
    pub(crate) address: SocketAddr,
}

impl Program {
    /// Starts the service on a database. At its first start there it tells the operator's key, and
    /// runs no jobs: their statements are not those of a request.
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
            // What this machine has set for another service is not for this one.
            .env_clear()
            .env("DATABASE_URL", url)
            .env("CUSTOMER_DATABASE_MAX_CONNECTIONS", connections.to_string())
            .env("CUSTOMER_HTTP_PORT", "0")
            .env("CUSTOMER_MAX_ADDRESSES_PER_CUSTOMER", "0")
            // Entries of the bare program are all of the time at which it was recorded, and seem to have
            // waited since to be sealed: a warning.
            .env("CUSTOMER_LOG_LEVEL", "error")
            .stdin(Stdio::null());
        let awaited: &[&str] = if is_first {
            command.args(["serve", "--no-jobs"]);
            &["API ", "operator key "]
        } else {
            &["API "]
        };
        let (program, told) = Self::start(command, None, awaited).await?;
        Ok((program, told.into_iter().nth(1)))
    }

    /// Starts the bare program, which is this one in another mode.
    pub(crate) async fn bare(plan: &Plan) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare").stdin(Stdio::piped());
        let plan = serde_json::to_vec(plan)?;
        Ok(Self::start(command, Some(plan), &["http://"]).await?.0)
    }

    /// Starts a program and waits until its output has a line for each of `awaited`; their ends
    /// are yielded, and the first tells the address.
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
        let told = timeout(START, told(&mut output, awaited)).await;
        let told = told.map_err(|_| "a program did not say in time where it serves")??;
        let address = told
            .first()
            .and_then(|url| url.split('/').find_map(|part| part.parse().ok()));
        let program = Self {
            child,
            _output: output,
            address: address.ok_or("a program did not say where it serves")?,
        };
        Ok((program, told))
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Memory that it has in use now, and the most that it ever had, in KiB.
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

    /// Forgets the most that it ever had in memory, where the system can.
    pub(crate) fn forget_peak(&self) {
        drop(fs::write(format!("/proc/{}/clear_refs", self.id()), "5"));
    }

    /// Records with `perf` where it spends its time, for so long, into a file.
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

    /// Processor time that it has used.
    pub(crate) fn processor_time(&self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).ok()?;
        // The name before it may hold anything, even spaces and brackets.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut times = fields.split_whitespace().skip(11);
        let mut ticks = || times.next()?.parse::<u64>().ok();
        let hundredths = ticks()? + ticks()?;
        Some(Duration::from_millis(hundredths * 10))
    }

    /// Asks it to stop, and waits until it has.
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

async fn told(
    output: &mut Lines<BufReader<ChildStdout>>,
    awaited: &[&str],
) -> Result<Vec<String>, Failure> {
    let mut told = Vec::new();
    for name in awaited {
        loop {
            let line = output.next_line().await?;
            let line = line.ok_or("a program ended before it served; its words are above")?;
            if let Some((_, value)) = line.split_once(name) {
                let value = value.trim();
                told.push(value.to_owned());
                break;
            }
        }
    }
    Ok(told)
}

/// The service that was built together with this program and lies beside it.
pub(crate) fn service_beside() -> Result<PathBuf, Failure> {
    let service = std::env::current_exe()?.with_file_name("customer-service");
    if service.is_file() {
        Ok(service)
    } else {
        Err("no service lies beside this program: `cargo xtask bench` builds both, --service names one".into())
    }
}
