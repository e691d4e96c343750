//! Serving a router on a socket: HTTP/1.1 with bounded heads, and a drain that ends.

mod head;
mod refusal;
mod wire;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::HeaderValue;
use http::header::CONNECTION;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::service_fn;

use self::wire::{Framing, Wire};

/// hyper refuses a head beyond this by itself; [`super::limits::Limits::header_bytes`] is the smaller limit that is
/// answered with the request's own ids.
const MOST_HEAD_BYTES: usize = 64 * 1024;
/// Read ahead of a connection, which bounds its memory.
const MOST_BUFFERED_BYTES: usize = 64 * 1024;
/// Rest before the next accept when the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Marks a request that was sent with both `Content-Length` and `Transfer-Encoding`, the means of request smuggling;
/// hyper itself drops the former.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AmbiguousFraming;

/// How long a connection may keep the server waiting.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From the first byte of a head, or from the accept, to the head's end.
    pub head: Duration,
    /// Between a reply and the next request on a kept-alive connection.
    pub idle: Duration,
    /// For reading off what a client still sends after the last reply, so that it gets to see the reply.
    pub linger: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            linger: Duration::from_secs(2),
        }
    }
}

/// Serves `app` until `shutdown`, then lets requests finish for at most `drain` and cuts what is left.
///
/// Handlers find the peer as `ConnectInfo<SocketAddr>`.
///
/// # Errors
/// Only what the listener reports about itself; a failed connection ends that connection.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    shutdown: CancellationToken,
    drain: Duration,
) -> io::Result<()> {
    serve_with(listener, app, shutdown, drain, Patience::default()).await
}

/// As [`serve`], with deadlines of the caller's own.
pub async fn serve_with(
    listener: TcpListener,
    app: Router,
    shutdown: CancellationToken,
    drain: Duration,
    patience: Patience,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, app.clone(), shutdown.clone(), patience);
                let cut = cut.clone();
                connections.spawn(async move { cut.run_until_cancelled(connection).await });
            }
            // The peer's failures are not ours; for anything else a pause keeps the loop from spinning.
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
    patience: Patience,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let framing = Arc::new(Framing::default());
    let wire = Wire::new(stream, Arc::clone(&framing), patience);
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let is_ambiguous = framing.take_ambiguous();
        if is_ambiguous {
            request.extensions_mut().insert(AmbiguousFraming);
        }
        let replying = tower::ServiceExt::oneshot(app.clone(), request);
        let framing = Arc::clone(&framing);
        async move {
            let mut reply = replying.await?;
            framing.answered();
            if is_ambiguous {
                // Nobody knows where its body ends and the next request begins.
                let close = HeaderValue::from_static("close");
                reply.headers_mut().insert(CONNECTION, close);
            }
            Ok::<_, Infallible>(reply)
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            // The wire keeps both deadlines: hyper's would also close idle connections early.
            .header_read_timeout(None)
            .max_header_size(MOST_HEAD_BYTES)
            .max_buf_size(MOST_BUFFERED_BYTES)
            .serve_connection(TokioIo::new(wire), TowerToHyperService::new(service))
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
