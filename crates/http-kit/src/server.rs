//! Serves a router on a socket: HTTP/1.1 with bounded request heads and a bounded drain.

mod deadlines;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use self::deadlines::{Observed, Progress};
use crate::code::Code;
use crate::headers::SECURITY;
use crate::problem::{PROBLEM_JSON, Problem};

/// hyper itself rejects a larger head; [`super::limits::Limits::header_bytes`] is the smaller limit whose reply carries
/// the request's ids.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Bytes read ahead on a connection, which bounds its memory.
const MAX_BUFFERED_BYTES: usize = 64 * 1024;
/// A client that sends more than this after the last reply is disconnected.
const MAX_LINGERING_BYTES: u64 = 16 * 1024 * 1024;
/// Pause before the next accept when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a connection may keep the server waiting.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Time from the first byte of a head, or from the accept, to the end of the head.
    pub head: Duration,
    /// Time between a reply and the next request on a kept-alive connection.
    pub idle: Duration,
    /// Time for reading what a client still sends after the last reply, so that the client can read the reply.
    pub linger: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            linger: Duration::from_secs(2),
        }
    }
}

/// Serves `app` until `shutdown`, then waits at most `drain` for requests in flight and disconnects the rest.
///
/// Handlers can extract the peer's address as `ConnectInfo<SocketAddr>`.
///
/// # Errors
/// Only if the listener's address cannot be read; a connection that fails ends alone.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    shutdown: CancellationToken,
    drain: Duration,
) -> io::Result<()> {
    serve_with(listener, app, shutdown, drain, Timeouts::default()).await
}

/// Serves as [`serve`] does, with the caller's timeouts.
pub async fn serve_with(
    listener: TcpListener,
    app: Router,
    shutdown: CancellationToken,
    drain: Duration,
    timeouts: Timeouts,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, app.clone(), shutdown.clone(), timeouts);
                let cut = cut.clone();
                connections.spawn(async move { cut.run_until_cancelled(connection).await });
            }
            // A failure of the peer needs no action; after any other, a pause keeps the loop from spinning.
            Err(error) if is_of_peer(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(drain, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!(listener = %address, left = connections.len(), "requests outlived the drain and were cut");
        cut.cancel();
        connections.wait().await;
    }
    Ok(())
}

fn is_of_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    shutdown: CancellationToken,
    timeouts: Timeouts,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let progress = Progress::new(timeouts);
    let service = service_fn({
        let progress = progress.clone();
        move |request: Request<Incoming>| {
            progress.called(!request.body().is_end_stream());
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let (app, progress) = (app.clone(), progress.clone());
            Box::pin(async move {
                let reply: Response = app.oneshot(request).await?;
                Ok::<_, Infallible>(reply.map(|body| progress.replying(body)))
            })
        }
    });
    let socket = TokioIo::new(Observed {
        socket: stream,
        progress: progress.clone(),
    });
    let mut connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_header_size(MAX_HEAD_BYTES)
        .max_buf_size(MAX_BUFFERED_BYTES)
        .serve_connection(socket, service);
    let mut draining = pin!(shutdown.cancelled());
    let mut is_draining = false;
    let serving = progress.bound(|context| {
        if !is_draining && draining.as_mut().poll(context).is_ready() {
            is_draining = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        connection.poll_without_shutdown(context)
    });
    let last_reply = match serving.await {
        None if progress.is_in_head() => slow_head(timeouts.head),
        None | Some(Ok(())) => Vec::new(),
        Some(Err(error)) => {
            tracing::debug!(%error, "a connection ended early");
            Vec::new()
        }
    };
    let Observed { socket, .. } = connection.into_parts().io.into_inner();
    let closing = tokio::time::timeout(timeouts.linger, close(socket, &last_reply));
    if let Ok(Err(error)) = closing.await {
        tracing::debug!(%error, "a connection was not closed in order");
    }
}

/// Closes a connection in order: closing a socket with unread bytes would reset it, and the client might lose a reply
/// that it has not read yet.
async fn close(mut socket: TcpStream, last_reply: &[u8]) -> io::Result<()> {
    socket.write_all(last_reply).await?;
    socket.shutdown().await?;
    copy(&mut socket.take(MAX_LINGERING_BYTES), &mut sink()).await?;
    Ok(())
}

/// Returns the reply to a head that did not arrive in time, as hyper itself does not send one.
fn slow_head(timeout: Duration) -> Vec<u8> {
    let code = Code::REQUEST_TIMEOUT;
    let seconds = timeout.as_secs_f64();
    let detail = format!("request line and headers must arrive within {seconds} s");
    let body = Problem::new(code).detail(detail).into_json(None);
    let mut reply = format!(
        "HTTP/1.1 {}\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {}\r\ncache-control: no-store\r\nconnection: close\r\n",
        code.status(),
        body.len()
    );
    reply.extend(SECURITY.map(|(name, value)| format!("{name}: {value}\r\n")));
    reply.push_str("\r\n");
    [reply.into_bytes(), body].concat()
}
