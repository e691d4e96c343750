//! Deadlines that hyper lacks: its `header_read_timeout` would also close idle connections, and sends no reply.
//!
//! Nothing here looks at the bytes. hyper alone parses them, and the stage of a connection follows from what hyper
//! calls: the service when it has a head, the reply's body until it has read all of it, the socket when it needs more.

use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};

use super::Timeouts;

/// The progress of a connection, as recorded by its socket, its service and its replies.
#[derive(Debug, Clone)]
pub(super) struct Progress(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    timeouts: Timeouts,
    stage: Stage,
    /// When the client's time is up; `None` while the service works on a reply.
    deadline: Option<Instant>,
    /// Whether the last request had a body.
    had_body: bool,
    /// Whether hyper has buffered the beginning of the next request. Unknown after a request with a body: such a head
    /// gets the idle deadline until its next bytes arrive.
    holds_next: bool,
    /// Whether hyper has bytes to send that the client does not accept.
    is_blocked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Accepted; nothing has arrived.
    New,
    /// Part of a head has arrived.
    Head,
    /// The service works on the request.
    Answering,
    /// hyper reads the reply from the service.
    Replying,
    /// hyper has read the whole reply.
    Idle,
}

impl Progress {
    /// Creates the progress of a connection that was just accepted.
    pub(super) fn new(timeouts: Timeouts) -> Self {
        Self(Arc::new(Mutex::new(State {
            timeouts,
            stage: Stage::New,
            deadline: Some(Instant::now() + timeouts.head),
            had_body: false,
            holds_next: false,
            is_blocked: false,
        })))
    }

    /// Polls until there is a result; `None` if the deadline passes first. The deadline moves only inside of `poll`.
    pub(super) async fn bound<T>(
        &self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Option<T> {
        let mut timer = pin!(sleep_until(Instant::now()));
        std::future::poll_fn(|context| {
            if let Poll::Ready(result) = poll(context) {
                return Poll::Ready(Some(result));
            }
            let Some(deadline) = self.state().deadline else {
                return Poll::Pending;
            };
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
            timer.as_mut().poll(context).map(|()| None)
        })
        .await
    }

    /// Returns `true` if part of a head has arrived and the replies before it are sent, so that a 408 can follow them.
    pub(super) fn is_in_head(&self) -> bool {
        let state = self.state();
        state.stage == Stage::Head && !state.is_blocked
    }

    /// Records that hyper calls the service.
    pub(super) fn called(&self, has_body: bool) {
        let mut state = self.state();
        state.stage = Stage::Answering;
        state.deadline = None;
        state.had_body = has_body;
        state.holds_next = !has_body;
    }

    /// Records that the service has replied; returns a body that records when hyper has read it.
    pub(super) fn replying(&self, body: Body) -> ReplyBody {
        self.state().wait(Stage::Replying);
        let progress = self.clone();
        ReplyBody { body, progress }
    }

    fn replied(&self) {
        let mut state = self.state();
        let next = if state.holds_next {
            Stage::Head
        } else {
            Stage::Idle
        };
        state.wait(next);
    }

    fn received(&self) {
        let mut state = self.state();
        match state.stage {
            Stage::New => state.stage = Stage::Head,
            Stage::Head => {}
            Stage::Answering | Stage::Replying => state.holds_next = !state.had_body,
            Stage::Idle => state.wait(Stage::Head),
        }
    }

    /// Records that there was nothing to read. Between head and reply hyper reads only when its buffer is empty.
    fn starved(&self) {
        let mut state = self.state();
        if matches!(state.stage, Stage::Answering | Stage::Replying) {
            state.holds_next = false;
        }
    }

    /// Records that the client accepts bytes. A long reply does not count as idle time, nor as time of the next head.
    fn sent(&self) {
        let mut state = self.state();
        state.is_blocked = false;
        match state.stage {
            Stage::New | Stage::Answering => {}
            present @ (Stage::Head | Stage::Replying | Stage::Idle) => state.wait(present),
        }
    }

    fn blocked(&self) {
        self.state().is_blocked = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Enters a stage that ends with an action of the client, and sets its deadline.
    fn wait(&mut self, stage: Stage) {
        let timeout = if stage == Stage::Head {
            self.timeouts.head
        } else {
            self.timeouts.idle
        };
        self.stage = stage;
        self.deadline = Some(Instant::now() + timeout);
    }
}

/// The body of a reply. hyper drops it when it has read all of it.
#[derive(Debug)]
pub(super) struct ReplyBody {
    body: Body,
    progress: Progress,
}

impl HttpBody for ReplyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ReplyBody {
    fn drop(&mut self) {
        self.progress.replied();
    }
}

/// A socket that records its reads and writes in `progress`.
#[derive(Debug)]
pub(super) struct Observed<T> {
    pub(super) socket: T,
    pub(super) progress: Progress,
}

impl<T: AsyncRead + Unpin> AsyncRead for Observed<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        if read.is_pending() {
            self.progress.starved();
        } else if buffer.filled().len() > before {
            self.progress.received();
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Observed<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        if written.is_ready() {
            self.progress.sent();
        } else {
            self.progress.blocked();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
