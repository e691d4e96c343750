//! The program, started in a new folder and stopped by its process id.

use crate::client::Client;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a start may take. The first fetches or unpacks PostgreSQL and creates its data folder,
/// while other tests run.
const START: Duration = Duration::from_mins(3);
/// How long a stop may take: an embedded PostgreSQL writes a checkpoint before it ends.
const STOP: Duration = Duration::from_secs(40);

/// The tests' own variables that are passed on; some decide where PostgreSQL comes from.
const INHERITED: [&str; 9] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    "LLVM_PROFILE_FILE",
    "CUSTOMER_POSTGRES_BIN_DIR",
    "CUSTOMER_POSTGRES_ARCHIVE",
    "CUSTOMER_POSTGRES_DOWNLOAD_BASE",
];

/// A working folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        // The database's user must be able to enter it, even when the tests run as root.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns a command in this folder, on any free port, with only `variables` set.
    pub(crate) fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        #[expect(
            clippy::disallowed_methods,
            reason = "tests have no configuration; this is what the machine tells them"
        )]
        let inherited = INHERITED
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut command = Command::new(env!("CARGO_BIN_EXE_customer-service"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .envs(inherited)
            .env("CUSTOMER_HTTP_PORT", "0")
            .envs(variables.iter().copied())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command until it ends.
    pub(crate) fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let output = self.command(arguments, variables).output().unwrap();
        output.into()
    }

    /// Returns the folder of the embedded database.
    pub(crate) fn instance(&self) -> PathBuf {
        self.path().join(".data/inst")
    }

    /// Returns the process of the embedded database, or `None` if it does not run.
    pub(crate) fn postmaster(&self) -> Option<Pid> {
        let data = fs::read_dir(self.instance()).ok()?;
        let lock = data
            .filter_map(Result::ok)
            .map(|entry| entry.path().join("postmaster.pid"))
            .find(|path| path.exists())?;
        let text = fs::read_to_string(lock).ok()?;
        Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
    }
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

/// A running service. Dropping it stops it.
pub(crate) struct Service {
    child: Child,
    stderr: Arc<Mutex<String>>,
    /// Reads what is logged, until the program has ended.
    logs: JoinHandle<()>,
    /// The start lines that it printed.
    pub(crate) lines: String,
    /// `http://127.0.0.1:port`
    pub(crate) base: String,
}

impl Service {
    /// Starts the service and waits until it prints its addresses.
    pub(crate) fn start(folder: &Folder, variables: &[(&str, &str)]) -> Self {
        let started = Self::try_start(folder, variables);
        started.unwrap_or_else(|ended| panic!("the service did not start: {ended:#?}"))
    }

    /// Starts the service, or returns how it ended instead.
    pub(crate) fn try_start(folder: &Folder, variables: &[(&str, &str)]) -> Result<Self, Ended> {
        Self::spawn(folder, &[], variables)
    }

    /// Starts the program with these arguments and waits until it prints its addresses. For `work`
    /// a port must be set.
    pub(crate) fn run(folder: &Folder, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let started = Self::spawn(folder, arguments, variables);
        started.unwrap_or_else(|ended| panic!("{arguments:?} did not start: {ended:#?}"))
    }

    fn spawn(
        folder: &Folder,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Self, Ended> {
        let mut child = folder
            .command(arguments, variables)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = Arc::new(Mutex::new(String::new()));
        let logs = collect(child.stderr.take().unwrap(), {
            let stderr = Arc::clone(&stderr);
            move |text| stderr.lock().unwrap().push_str(text)
        });
        let (say, said) = mpsc::channel();
        collect(child.stdout.take().unwrap(), move |text| {
            // After the start the receiver is gone.
            say.send(text.to_owned()).unwrap_or_default();
        });
        let mut service = Self {
            child,
            stderr,
            logs,
            lines: String::new(),
            base: String::new(),
        };
        service.await_start(&said)?;
        Ok(service)
    }

    /// Waits for the start lines, which come in one piece: when one is there, all are.
    fn await_start(&mut self, said: &Receiver<String>) -> Result<(), Ended> {
        let deadline = Instant::now() + START;
        while self.value_of("documentation").is_none() && self.value_of("jobs").is_none() {
            let patience = deadline.saturating_duration_since(Instant::now());
            let Ok(text) = said.recv_timeout(patience) else {
                return Err(self.ended());
            };
            self.lines.push_str(&text);
        }
        let api = self.value_of("API").or(self.value_of("health")).unwrap();
        let base = api
            .strip_suffix("/api/v1")
            .or(api.strip_suffix("/health"))
            .unwrap();
        self.base = base.to_owned();
        Ok(())
    }

    /// Returns how the program ended, with all that it logged.
    fn ended(&mut self) -> Ended {
        let patience = Duration::from_secs(5);
        let code = self.wait(patience).and_then(|status| status.code());
        if code.is_some() {
            eventually(patience, "the log is read to its end", || {
                self.logs.is_finished()
            });
        }
        Ended {
            code,
            stdout: self.lines.clone(),
            stderr: self.log(),
        }
    }

    /// Returns the text behind a label in the start lines.
    pub(crate) fn value_of(&self, label: &str) -> Option<&str> {
        let rest = self.lines.lines().map(str::trim_start);
        rest.filter_map(|line| line.strip_prefix(label))
            .map(str::trim)
            .next()
    }

    /// Returns the key that only the first start shows.
    pub(crate) fn operator_key(&self) -> &str {
        let key = self.value_of("operator key").expect("the first start");
        assert!(key.starts_with("csk_"), "{key}");
        key
    }

    /// Returns a client with the operator's key.
    pub(crate) fn operator(&self) -> Client {
        Client::new(&self.base, self.operator_key())
    }

    /// Returns everything that was logged so far.
    pub(crate) fn log(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Returns how the process ended, or `None` if it still runs after `patience`.
    pub(crate) fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            if Instant::now() > deadline {
                return None;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends `signal` and waits until the process has ended with success.
    pub(crate) fn stop(&mut self, signal: Signal) {
        self.signal(signal);
        let status = self.wait(STOP).expect("it stops");
        assert!(status.success(), "{status}\n{}", self.log());
    }

    /// Kills the process, which gets no chance to react.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // Stopped in order, so that an embedded database is gone before its folder is.
        let asked = kill_process(self.pid(), Signal::TERM);
        if asked.is_err() || self.wait(STOP).is_none() {
            self.kill();
        }
    }
}

/// Returns whether a process with this id exists.
pub(crate) fn is_alive(pid: Pid) -> bool {
    test_kill_process(pid).is_ok()
}

/// Polls until `condition` holds.
#[track_caller]
pub(crate) fn eventually(patience: Duration, what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + patience;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Passes on what is read, as it comes, until the end.
fn collect(
    mut from: impl Read + Send + 'static,
    hand_on: impl Fn(&str) + Send + 'static,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            hand_on(&String::from_utf8_lossy(&buffer[..length]));
        }
    })
}
