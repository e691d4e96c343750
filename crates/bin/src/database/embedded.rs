//! The private PostgreSQL: started, watched, started again when it dies, and stopped at the end.

use crate::command::Failure;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use customer_postgres::provision;
use embedded_postgres::{Cluster, Settings};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::oneshot;

/// How soon a dead server is noticed.
const WATCH: Duration = Duration::from_millis(100);
/// The database in it.
const DATABASE: &str = "customer";

/// A running private server, watched by a thread of its own.
pub(super) struct Embedded {
    superuser_url: SecretString,
    state_dir: PathBuf,
    note: String,
    stop: Sender<()>,
    watcher: JoinHandle<Result<(), embedded_postgres::Error>>,
}

struct Started {
    superuser_url: SecretString,
    state_dir: PathBuf,
    note: String,
}

impl Embedded {
    pub(super) async fn start(settings: Settings) -> Result<Self, Failure> {
        let (stop, stopped) = mpsc::channel();
        let (started, ready) = oneshot::channel();
        let watcher = thread::Builder::new()
            .name("embedded-postgres".to_owned())
            .spawn(move || {
                let mut cluster = Cluster::start(&settings)?;
                if started.send(describe(&cluster)).is_err() {
                    return cluster.stop();
                }
                loop {
                    match stopped.recv_timeout(WATCH) {
                        Err(RecvTimeoutError::Timeout) => revive(&mut cluster),
                        Ok(()) | Err(RecvTimeoutError::Disconnected) => return cluster.stop(),
                    }
                }
            })?;
        let Ok(started) = ready.await else {
            // Nobody was told of a start: the thread ended with the reason.
            joined(watcher).await?;
            return Err("the embedded database ended while it started".into());
        };
        Ok(Self {
            superuser_url: started.superuser_url,
            state_dir: started.state_dir,
            note: started.note,
            stop,
            watcher,
        })
    }

    /// Makes the owner's role and database, and answers the owner's URL. The password is a new
    /// one at every start, so that it needs no place to lie.
    pub(super) async fn provision(&self) -> Result<SecretString, Failure> {
        let mut random = [0_u8; 24];
        getrandom::fill(&mut random)?;
        let password = SecretString::from(URL_SAFE_NO_PAD.encode(random));
        Ok(provision(&self.superuser_url, DATABASE, &password).await?)
    }

    pub(super) fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    pub(super) fn note(&self) -> String {
        self.note.clone()
    }

    pub(super) async fn stop(self) -> Result<(), Failure> {
        // A watcher that is gone cannot be told; joining it tells why.
        if self.stop.send(()).is_err() {
            tracing::warn!("the embedded database was not watched any more");
        }
        joined(self.watcher).await
    }
}

fn describe(cluster: &Cluster) -> Started {
    let port = cluster.port();
    let place = cluster.state_dir_note().map_or_else(
        || format!("its data lies in {}", cluster.state_dir().display()),
        str::to_owned,
    );
    Started {
        superuser_url: SecretString::from(cluster.superuser_url("postgres")),
        state_dir: cluster.state_dir().to_owned(),
        note: format!("embedded PostgreSQL on port {port}, for development; {place}"),
    }
}

fn revive(cluster: &mut Cluster) {
    if cluster.is_running() {
        return;
    }
    tracing::warn!("the embedded database died; it is started again");
    if let Err(error) = cluster.restart() {
        tracing::error!(%error, "the embedded database could not be started again");
    }
}

async fn joined(watcher: JoinHandle<Result<(), embedded_postgres::Error>>) -> Result<(), Failure> {
    let ended = tokio::task::spawn_blocking(move || watcher.join()).await?;
    ended.map_err(|_| "the thread of the embedded database failed")??;
    Ok(())
}
