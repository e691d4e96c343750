//! Generated requests against the served document: the contract, held from outside.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::cli::Context;
use crate::process::{cargo, variable};
use crate::{Failure, Result};

/// What every reply is held against.
const CHECKS: &str = "not_a_server_error,status_code_conformance,response_schema_conformance,\
                      content_type_conformance,ignored_auth,use_after_free";
/// The same requests every time.
const SEED: &str = "1";

/// Serves from a folder that goes away again, and lets Schemathesis at it for some minutes.
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
    let mut build = cargo(&context.root);
    build.args(["build", "--package", "customer-service"]);
    context.interrupt.run(&mut build)?;
    let folder = tempfile::tempdir().map_err(|error| io("make a folder", &error))?;
    // The database's user must be able to enter, also when this runs as root.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711))
        .map_err(|error| io("open the folder", &error))?;
    let service = Service::start(&context.root, folder.path())?;
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
    let outcome = context.interrupt.run(&mut command);
    service.stop();
    outcome
}

struct Service {
    child: Child,
    root: String,
    key: String,
}

impl Service {
    fn start(repository: &Path, folder: &Path) -> Result<Self> {
        let mut child = Command::new(repository.join("target/debug/customer-service"))
            .current_dir(folder)
            .env("CUSTOMER_HTTP_PORT", "0")
            .env("CUSTOMER_LOG_LEVEL", "warn")
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| io("start the service", &error))?;
        let lines = child.stdout.take().map(|out| BufReader::new(out).lines());
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
            (Some(root), Some(key)) => Ok(Self { child, root, key }),
            _ => Err(Failure::said("the service did not say where it serves")),
        }
    }

    fn stop(mut self) {
        let told = kill_process(Pid::from_child(&self.child), Signal::TERM);
        // Whoever ended before is waited for all the same.
        told.ok();
        self.child.wait().ok();
    }
}

fn io(doing: &str, error: &std::io::Error) -> Failure {
    Failure::said(format!("cannot {doing}: {error}"))
}
