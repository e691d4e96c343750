//! The byte stream under one connection, with what hyper lacks: a deadline for heads apart from the one between
//! requests, an eye on ambiguous framing, problem documents for unreadable heads, and a lingering close.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::head::Requests;
use super::{Patience, refusal};

/// A client that sends more than this after the last reply is cut.
const MOST_LINGERING_BYTES: usize = 16 * 1024 * 1024;

/// What the wire and the service of one connection tell each other.
#[derive(Debug, Default)]
pub(super) struct Framing {
    /// Whether each head was ambiguous that was read and not yet given to the service.
    heads: Mutex<VecDeque<bool>>,
    answered: AtomicUsize,
}

impl Framing {
    fn read(&self, is_ambiguous: bool) {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.push_back(is_ambiguous);
    }

    /// Whether the head of the next request was ambiguous; asked once per request. One that was not seen is.
    pub(super) fn take_ambiguous(&self) -> bool {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.pop_front().unwrap_or(true)
    }

    /// Takes note that a request has its reply.
    pub(super) fn answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Wire<T> {
    inner: T,
    framing: Arc<Framing>,
    patience: Patience,
    requests: Requests,
    /// Heads that were read.
    heads: usize,
    /// Runs while a head is awaited or incomplete.
    deadline: Option<Pin<Box<Sleep>>>,
    deadline_is_for_head: bool,
    /// Runs while the client takes nothing of what is written.
    stalled: Option<Pin<Box<Sleep>>>,
    /// A deadline is over: nothing is read any more.
    is_cut: bool,
    /// A document on its way out in place of a bare refusal.
    refusal: Bytes,
    lingering: Option<Lingering>,
}

#[derive(Debug)]
struct Lingering {
    until: Pin<Box<Sleep>>,
    left: usize,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Wire<T> {
    pub(super) fn new(inner: T, framing: Arc<Framing>, patience: Patience) -> Self {
        Self {
            inner,
            framing,
            patience,
            requests: Requests::default(),
            heads: 0,
            deadline: None,
            deadline_is_for_head: false,
            stalled: None,
            is_cut: false,
            refusal: Bytes::new(),
            lingering: None,
        }
    }

    /// Whether a request waits for its reply.
    fn is_busy(&self) -> bool {
        self.heads > self.framing.answered.load(Ordering::Relaxed)
    }

    /// Ready once a head takes too long. A deadline begins with the wait for a head and again with its first byte.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.is_busy() {
            self.deadline = None;
            return Poll::Pending;
        }
        let for_head = self.requests.is_open() || self.heads == 0;
        if self.deadline.is_none() || self.deadline_is_for_head != for_head {
            let patience = if for_head {
                self.patience.head
            } else {
                self.patience.idle
            };
            self.deadline = Some(Box::pin(sleep_until(Instant::now() + patience)));
            self.deadline_is_for_head = for_head;
        }
        let Some(deadline) = self.deadline.as_mut() else {
            return Poll::Pending;
        };
        deadline.as_mut().poll(context)
    }

    /// Ends a connection whose deadline is over; who began a head is told so first.
    fn poll_cut(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_cut {
            self.is_cut = true;
            if self.requests.is_open() {
                self.refusal = refusal::slow_head(self.patience.head);
            }
        }
        ready!(Pin::new(&mut *self).poll_shutdown(context))?;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.refusal.has_remaining() {
            let document = self.refusal.clone();
            let written = ready!(self.poll_patiently(context, &document))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.refusal.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes, and fails once nothing was taken for as long as a connection may idle. The read side cannot see to
    /// that: hyper does not read while it holds bytes of the next request.
    fn poll_patiently(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let idle = self.patience.idle;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + idle)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Closing a socket with unread bytes resets it, and the client may lose the reply it has not read yet.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let linger = self.patience.linger;
        let lingering = self.lingering.get_or_insert_with(|| Lingering {
            until: Box::pin(sleep_until(Instant::now() + linger)),
            left: MOST_LINGERING_BYTES,
        });
        let mut scratch = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.inner).poll_read(context, &mut buffer) {
                Poll::Pending => return lingering.until.as_mut().poll(context),
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(()),
                Poll::Ready(Ok(())) => match lingering.left.checked_sub(buffer.filled().len()) {
                    Some(left) => lingering.left = left,
                    None => return Poll::Ready(()),
                },
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_cut {
            return this.poll_cut(context);
        }
        let before = buffer.filled().len();
        if Pin::new(&mut this.inner)
            .poll_read(context, buffer)?
            .is_pending()
        {
            ready!(this.poll_deadline(context));
            return this.poll_cut(context);
        }
        let read = buffer.filled().get(before..).unwrap_or_default();
        this.requests.feed(read, |is_ambiguous| {
            this.heads += 1;
            this.framing.read(is_ambiguous);
        });
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_refusal(context))?;
        let written = if let Some(document) = refusal::document_for(bytes) {
            this.refusal = document;
            bytes.len()
        } else {
            ready!(this.poll_patiently(context, bytes))?
        };
        // hyper does not look for the next head before it is woken, so the wait has to begin here. Whatever the client
        // takes begins it anew: a long reply is no idleness.
        if !this.is_busy() {
            this.deadline = None;
            if this.poll_deadline(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_refusal(context))?;
        Pin::new(&mut this.inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_refusal(context))?;
        if this.lingering.is_none() {
            ready!(Pin::new(&mut this.inner).poll_shutdown(context))?;
        }
        this.poll_linger(context).map(Ok)
    }
}
