//! Helpers that talk to a server and to its process.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Creates a working folder that the database's user may enter even if we are
/// root.
pub(crate) fn working_dir() -> TempDir {
    let folder = tempfile::tempdir().expect("tempdir");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).expect("chmod");
    folder
}

/// A session that blocks, so that tests need not be async.
pub(crate) struct Session {
    runtime: Runtime,
    connection: PgConnection,
}

impl Session {
    pub(crate) fn open(url: &str) -> Self {
        Self::try_open(url).expect("a session")
    }

    pub(crate) fn try_open(url: &str) -> Result<Self, sqlx::Error> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("runtime");
        let connection = runtime.block_on(PgConnection::connect(url))?;
        Ok(Self {
            runtime,
            connection,
        })
    }

    pub(crate) fn run(&mut self, sql: &'static str) {
        self.try_run(sql).expect("the statement succeeds");
    }

    pub(crate) fn try_run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        let statement = sqlx::query(sql).execute(&mut self.connection);
        self.runtime.block_on(statement).map(|_| ())
    }

    pub(crate) fn text(&mut self, sql: &'static str) -> String {
        let statement = sqlx::query_scalar(sql).fetch_one(&mut self.connection);
        self.runtime.block_on(statement).expect("one value")
    }

    pub(crate) fn count(&mut self, sql: &'static str) -> i64 {
        let statement = sqlx::query_scalar(sql).fetch_one(&mut self.connection);
        self.runtime.block_on(statement).expect("one value")
    }

    /// Inserts rows one commit at a time until the server is gone; returns how
    /// many it acknowledged.
    pub(crate) fn insert_until_cut_off(mut self) -> i64 {
        let mut acknowledged = 0;
        while self.try_run("INSERT INTO kept DEFAULT VALUES").is_ok() {
            acknowledged += 1;
        }
        acknowledged
    }
}

pub(crate) const CREATE_KEPT: &str = "CREATE TABLE kept (id bigserial PRIMARY KEY)";

pub(crate) fn kill_9(pid: u32) {
    let killed = Command::new("sh")
        .args(["-c", &format!("kill -9 {pid}")])
        .status();
    assert!(killed.expect("sh runs").success());
}

/// Returns `true` if a process exists and is not a zombie.
pub(crate) fn is_alive(pid: u32) -> bool {
    let listed = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output();
    let state = listed.expect("ps runs").stdout;
    state.first().is_some_and(|state| *state != b'Z')
}

pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Returns the only data folder of an instance.
pub(crate) fn data_dir(state_dir: &Path) -> std::path::PathBuf {
    let entries = fs::read_dir(state_dir.join("inst")).expect("an instance");
    entries
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.join("PG_VERSION").exists())
        .expect("a data folder")
}
