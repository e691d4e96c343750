//! The embedded PostgreSQL: started, watched, restarted when it dies, and stopped at the end.

use crate::failure::{Failure, Stopped};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use customer_postgres::provision;
use embedded_postgres::{Cluster, Error, Settings};
use secrecy::SecretString;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How often the server is checked.
const WATCH: Duration = Duration::from_millis(100);
/// How long to wait after a failed restart before the next attempt.
const RETRY: Duration = Duration::from_secs(1);
/// How long to wait for a cancelled start to end; a download may take minutes.
const GIVE_UP: Duration = Duration::from_secs(10);
/// The name of the database in it.
const DATABASE: &str = "customer";

/// A running embedded server, watched by a separate thread because every call to it blocks.
pub(super) struct Embedded {
    superuser_url: SecretString,
    port: u16,
    watcher: Watcher,
}

struct Watcher {
    /// Dropping it stops the server.
    stop: Sender<()>,
    ended: oneshot::Receiver<Result<(), Error>>,
}

struct Started {
    superuser_url: SecretString,
    port: u16,
}

impl Embedded {
    pub(super) async fn start(
        settings: Settings,
        stop: &CancellationToken,
    ) -> Result<Self, Failure> {
        let (started, ready) = oneshot::channel();
        let watcher = Watcher::spawn(settings, started)?;
        match stop.run_until_cancelled(ready).await {
            Some(Ok(started)) => Ok(Self {
                superuser_url: started.superuser_url,
                port: started.port,
                watcher,
            }),
            Some(Err(_)) => {
                // The thread ended before the server was up, and returns the reason.
                watcher.stop().await?;
                Err("the embedded database ended while it started".into())
            }
            None => {
                // If it takes longer, the server ends with this process.
                if let Ok(ended) = timeout(GIVE_UP, watcher.stop()).await {
                    ended?;
                }
                Err(Stopped.into())
            }
        }
    }

    /// Creates the owner's role and database, and returns the owner's URL. The password is a new
    /// one at every start, so that it is never stored.
    pub(super) async fn provision(&self) -> Result<SecretString, Failure> {
        let mut random = [0_u8; 24];
        getrandom::fill(&mut random)?;
        let password = SecretString::from(URL_SAFE_NO_PAD.encode(random));
        Ok(provision(&self.superuser_url, "customer_owner", DATABASE, &password).await?)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) async fn stop(self) -> Result<(), Failure> {
        self.watcher.stop().await
    }
}

impl Watcher {
    fn spawn(settings: Settings, started: oneshot::Sender<Started>) -> Result<Self, Failure> {
        let (stop, stopped) = mpsc::channel();
        let (end, ended) = oneshot::channel();
        thread::Builder::new()
            .name("embedded-postgres".to_owned())
            .spawn(move || {
                if let Err(Err(error)) = end.send(watch(&settings, started, &stopped)) {
                    tracing::warn!(%error, "the embedded database failed after its owner stopped waiting");
                }
            })?;
        Ok(Self { stop, ended })
    }

    /// Stops the server and waits until it has ended.
    async fn stop(self) -> Result<(), Failure> {
        drop(self.stop);
        Ok(self
            .ended
            .await
            .map_err(|_| "the thread of the embedded database failed")??)
    }
}

/// Starts the server and keeps it running until the sender of `stopped` is dropped.
fn watch(
    settings: &Settings,
    started: oneshot::Sender<Started>,
    stopped: &Receiver<()>,
) -> Result<(), Error> {
    let mut cluster = Cluster::start(settings)?;
    let mut pause = WATCH;
    let begun = Started {
        superuser_url: SecretString::from(cluster.superuser_url("postgres")),
        port: cluster.port(),
    };
    if started.send(begun).is_err() {
        return cluster.stop();
    }
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(pause) {
        pause = if cluster.is_running() || restarted(&mut cluster) {
            WATCH
        } else {
            RETRY
        };
    }
    cluster.stop()
}

/// Restarts the server on the same port, since the pools keep its address. Returns whether it runs.
fn restarted(cluster: &mut Cluster) -> bool {
    tracing::warn!("the embedded database died; restarting it");
    match cluster.restart() {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%error, "the embedded database could not be restarted");
            false
        }
    }
}
