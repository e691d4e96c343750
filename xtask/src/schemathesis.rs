//! Tests the served OpenAPI document with generated requests.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::cli::Context;
use crate::database::{ARCHIVE, BIN_DIR, DOWNLOAD_BASE};
use crate::process::variable;
use crate::{Failure, Result, suite};

/// The checks that every response must pass.
const CHECKS: &str = "not_a_server_error,status_code_conformance,response_schema_conformance,\
                      content_type_conformance,ignored_auth,use_after_free";
/// Fixed, so that every run sends the same requests.
const SEED: &str = "1";
/// The variables that the service inherits: none of its settings, least of all one that names a database, except
/// where its private PostgreSQL comes from.
const INHERITED: [&str; 17] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    BIN_DIR,
    ARCHIVE,
    DOWNLOAD_BASE,
];

/// Serves from a temporary folder, and runs Schemathesis against the service for some minutes.
pub(crate) fn run(context: &Context, minutes: u32) -> Result {
    let program = variable("SCHEMATHESIS").unwrap_or_else(|| "schemathesis".to_owned());
    let found = Command::new(&program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        return Err(Failure::said(format!(
            "`{program}` cannot be run; `pip install schemathesis` and put it on the PATH, or name it in SCHEMATHESIS"
        )));
    }
    let customer_service = suite::build_service(context)?;
    let folder = tempfile::tempdir().map_err(|error| io("create a folder", &error))?;
    // The database's user must be able to enter it, even when this runs as root.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711))
        .map_err(|error| io("open the folder", &error))?;
    let service = Service::start(service_command(&customer_service).current_dir(folder.path()))?;
    let seconds = (minutes * 60).to_string();
    let mut command = Command::new(program);
    command
        .current_dir(folder.path())
        .arg("run")
        .arg(format!("{}/api-docs/openapi.json", service.root))
        .args([
            "--header",
            &format!("Authorization: Bearer {}", service.key),
        ])
        .args(["--checks", CHECKS, "--seed", SEED])
        .args(["--max-time", &seconds, "--max-examples", "1000000"]);
    context.interrupt.run(&mut command)
}

/// Returns the command that serves on any free port, with a private database.
fn service_command(program: &Path) -> Command {
    let inherited = INHERITED
        .into_iter()
        .filter_map(|name| Some((name, variable(name)?)));
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(inherited)
        .env("CUSTOMER_HTTP_PORT", "0")
        .env("CUSTOMER_LOG_LEVEL", "warn");
    command
}

/// A child process that is stopped and waited for when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails if the process has already ended; it is waited for all the same.
        kill_process(Pid::from_child(&self.0), Signal::TERM).ok();
        self.0.wait().ok();
    }
}

struct Service {
    _process: Running,
    root: String,
    key: String,
}

impl Service {
    /// Runs the command and reads from its output where it serves and which key it created.
    fn start(command: &mut Command) -> Result<Self> {
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut process = Running(spawned.map_err(|error| io("start the service", &error))?);
        let lines = process
            .0
            .stdout
            .take()
            .map(|out| BufReader::new(out).lines());
        let (mut root, mut key) = (None, None);
        for line in lines
            .into_iter()
            .flatten()
            .map_while(std::result::Result::ok)
        {
            let mut words = line.split_whitespace().rev();
            let last = words.next().unwrap_or_default();
            if let Some(base) = last.strip_suffix("/api/v1") {
                root = Some(base.to_owned());
            }
            if last.starts_with("csk_") {
                key = Some(last.to_owned());
                break;
            }
        }
        match (root, key) {
            (Some(root), Some(key)) => Ok(Self {
                _process: process,
                root,
                key,
            }),
            _ => Err(Failure::said("the service did not say where it serves")),
        }
    }
}

fn io(doing: &str, error: &std::io::Error) -> Failure {
    Failure::said(format!("cannot {doing}: {error}"))
}

#[cfg(test)]
mod tests {
    use rustix::process::test_kill_process;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = service_command(Path::new("sh"));
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_service_knows_what_is_listed_and_nothing_else() {
        let output = shell("env").output().expect("a shell");

        let listed = String::from_utf8(output.stdout).expect("text");
        // The shell itself sets the first three.
        let own = [
            "PWD",
            "SHLVL",
            "_",
            "CUSTOMER_HTTP_PORT",
            "CUSTOMER_LOG_LEVEL",
        ];
        for line in listed.lines() {
            let (name, _) = line.split_once('=').expect("a variable");
            assert!(INHERITED.contains(&name) || own.contains(&name), "{line}");
        }
        assert!(listed.contains("CUSTOMER_HTTP_PORT=0\n"), "{listed}");
    }

    #[test]
    fn a_service_that_does_not_say_where_it_serves_is_stopped() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let script = "echo $$ > pid; exec >&-; exec sleep 60";

        let failure = Service::start(shell(script).current_dir(folder.path()))
            .map(|_| ())
            .expect_err("no address");

        assert!(failure.to_string().contains("where it serves"), "{failure}");
        let pid = fs::read_to_string(folder.path().join("pid")).expect("a process id");
        let pid = Pid::from_raw(pid.trim().parse().expect("a number")).expect("a process id");
        // It was waited for, so that not even a zombie is left.
        assert!(test_kill_process(pid).is_err());
    }
}
