//! A process that runs a cluster and that tests can kill.
//!
//! It is this test binary again, run with a single test, which an environment
//! variable makes hold the cluster instead of stopping it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use embedded_postgres::{Cluster, Settings};

use crate::client::{Session, eventually, is_alive};

const REPORT: &str = "EMBEDDED_POSTGRES_TEST_REPORT";
const WORKING_DIR: &str = "EMBEDDED_POSTGRES_TEST_WORKING_DIR";

/// A running holder and what it reported about its cluster.
pub(crate) struct Holder {
    process: Child,
    pub(crate) server_pid: u32,
    pub(crate) url: String,
    pub(crate) state_dir: PathBuf,
}

impl Holder {
    /// Starts a holder of a durable cluster in the folder, or of a throw-away
    /// one if there is no folder.
    pub(crate) fn start(working_dir: Option<&Path>) -> Self {
        let reports = tempfile::tempdir().expect("tempdir");
        let report = reports.path().join("report");
        let mut command = Command::new(env::current_exe().expect("this binary"));
        command
            .args([
                "--exact",
                "holder::a_started_cluster_answers_until_it_is_stopped",
            ])
            .env(REPORT, &report)
            .stdout(Stdio::null());
        if let Some(folder) = working_dir {
            command.env(WORKING_DIR, folder);
        }
        let process = command.spawn().expect("this binary runs");
        eventually("the holder reports", || report.exists());
        let report = fs::read_to_string(report).expect("report");
        let lines: Vec<_> = report.lines().collect();
        Self {
            process,
            server_pid: lines[0].parse().expect("a process id"),
            url: lines[1].to_owned(),
            state_dir: PathBuf::from(lines[2]),
        }
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("reaped");
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how the parent configures the holder"
)]
fn env_path(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from)
}

#[test]
fn a_started_cluster_answers_until_it_is_stopped() {
    let settings = env_path(WORKING_DIR).map_or_else(Settings::throwaway, Settings::new);
    let mut cluster = Cluster::start(&settings).expect("started");
    let url = cluster.superuser_url("postgres");
    assert_eq!(Session::open(&url).text("SELECT 'here'"), "here");
    assert!(cluster.is_running());

    let server_pid = cluster.process_id();
    if let Some(report) = env_path(REPORT) {
        let state_dir = cluster.state_dir().display();
        let unfinished = report.with_extension("new");
        fs::write(&unfinished, format!("{server_pid}\n{url}\n{state_dir}\n")).expect("written");
        fs::rename(unfinished, report).expect("renamed");
        loop {
            thread::park();
        }
    }
    cluster.stop().expect("stopped");
    assert!(!is_alive(server_pid));
    assert!(Session::try_open(&url).is_err());
}
