//! The byte stream under one connection, with what hyper lacks: a deadline for heads apart from the one between
//! requests, an eye on ambiguous framing, problem documents for unreadable heads, and a lingering close.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::head::Head;
use super::{Patience, refusal};

/// A client that sends more than this after the last reply is cut.
const MOST_LINGERING_BYTES: usize = 16 * 1024 * 1024;

/// What the wire tells the service about the head just read.
#[derive(Debug, Default)]
pub(super) struct Framing(AtomicBool);

impl Framing {
    /// Whether the head was ambiguous; asked once per request.
    pub(super) fn take_ambiguous(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Wire<T> {
    inner: T,
    framing: Arc<Framing>,
    patience: Patience,
    head: Head,
    /// Runs while a head is awaited or incomplete.
    deadline: Option<Pin<Box<Sleep>>>,
    deadline_is_for_head: bool,
    replied: bool,
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
            head: Head::default(),
            deadline: None,
            deadline_is_for_head: false,
            replied: false,
            refusal: Bytes::new(),
            lingering: None,
        }
    }

    /// Fails once a head takes too long. A deadline begins with the wait for a head and again with its first byte.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        if self.head.is_complete() {
            self.deadline = None;
            return Poll::Pending;
        }
        let for_head = self.head.is_open() || !self.replied;
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
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }

    fn poll_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.refusal.has_remaining() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, &self.refusal))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.refusal.advance(written);
        }
        Poll::Ready(Ok(()))
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
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if Pin::new(&mut self.inner)
            .poll_read(context, buffer)?
            .is_pending()
        {
            return self.poll_deadline(context).map(Err);
        }
        let this = self.get_mut();
        this.head
            .feed(buffer.filled().get(before..).unwrap_or_default());
        if this.head.is_ambiguous() {
            this.framing.0.store(true, Ordering::Relaxed);
        }
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
        // A reply begins the wait for the next head; `100 Continue` does not.
        if this.head.is_complete() && !bytes.starts_with(b"HTTP/1.1 1") {
            this.head = Head::default();
            this.replied = true;
        }
        // hyper does not look for the next head before it is woken, so the wait has to begin here. Every write begins
        // it anew: a long reply is no idleness.
        if this.replied && !this.head.is_open() {
            this.deadline = None;
            if let Poll::Ready(error) = this.poll_deadline(context) {
                return Poll::Ready(Err(error));
            }
        }
        if let Some(document) = refusal::document_for(bytes) {
            this.refusal = document;
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut this.inner).poll_write(context, bytes)
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
