//! How an operator or a supervisor stops the process.

use std::io;
use std::process;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit code of a process that SIGINT ended (128 + 2), as shells report it.
const INTERRUPTED: i32 = 130;
const TERMINATED: i32 = 143;

/// Cancels `stop` at the first SIGINT or SIGTERM. The second ends the process at once, for an
/// operator who does not want to wait for an orderly stop.
pub(crate) fn watch(stop: CancellationToken) -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        next(&mut interrupt, &mut terminate).await;
        tracing::info!("stopping; a second signal ends the process at once");
        stop.cancel();
        process::exit(next(&mut interrupt, &mut terminate).await)
    })
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) -> i32 {
    tokio::select! {
        _ = interrupt.recv() => INTERRUPTED,
        _ = terminate.recv() => TERMINATED,
    }
}
