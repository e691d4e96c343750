//! How a person or a supervisor asks the process to stop.

use std::io;
use std::process;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit codes of a process that a signal ended, as shells count them.
const INTERRUPTED: i32 = 130;
const TERMINATED: i32 = 143;

/// Cancels `stop` at the first SIGINT or SIGTERM and ends the process at the second, when
/// stopping in order takes longer than someone cares to wait.
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
