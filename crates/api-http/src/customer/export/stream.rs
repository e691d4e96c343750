//! A running export: reads chunks from the store and sends them to the client in frames.

use super::csv::Rows;
use crate::api::Shared;
use crate::code::Code;
use crate::customer::CustomerBody;
use crate::customer::expand::{Expand, Related};
use crate::customer::list;
use bytes::Bytes;
use customer_app::customer::{ExportChunk, ExportFormat, ExportRequest};
use customer_domain::Context;
use customer_domain::customer::CustomerKey;
use futures_util::{Stream, stream};
use http_kit::problem::{HttpResult, Problem};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{Instrument as _, Span};

/// The number of bytes after which a frame is sent.
const FRAME: usize = 64 * 1024;

/// The pauses before a failed read of a chunk is repeated, so that a short outage of the store does
/// not abort an export of hours.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_millis(900),
];

/// The request of an export, and what is needed to read its chunks from the store.
pub(super) struct Source {
    pub(super) api: Shared,
    pub(super) context: Context,
    pub(super) request: ExportRequest,
    pub(super) expand: Expand,
}

/// Some customers and their expanded records.
pub(super) struct Chunk {
    pub(super) rows: ExportChunk,
    pub(super) related: Related,
}

impl Source {
    /// Returns the chunk after this key. Reading has no side effects, so that it can be repeated.
    async fn chunk(&self, after: &CustomerKey) -> HttpResult<Chunk> {
        for pause in PAUSES {
            match self.try_chunk(after.clone()).await {
                Err(problem) if may_pass(&problem) => sleep(pause).await,
                outcome => return outcome,
            }
        }
        self.try_chunk(after.clone()).await
    }

    async fn try_chunk(&self, after: CustomerKey) -> HttpResult<Chunk> {
        let (api, context) = (&self.api, &self.context);
        let rows = api
            .customers
            .continue_export(context, &self.request, after)
            .await;
        let rows = rows.map_err(list::problem)?;
        let related = self.expand.related(api, context, &rows.items).await?;
        Ok(Chunk { rows, related })
    }
}

/// Returns whether a retry may succeed, even after `TooSlow`: earlier chunks were fast enough.
fn may_pass(problem: &Problem) -> bool {
    problem.code().row().retryable || problem.code() == Code::FilterTooBroad
}

/// How an export ended.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Complete,
    Broken,
    /// The client disconnected, or was disconnected.
    Abandoned,
}

/// Logs the end of an export, however it ended.
struct Tally {
    span: Span,
    rows: u64,
    outcome: Outcome,
}

impl Drop for Tally {
    fn drop(&mut self) {
        let rows = self.rows;
        self.span.in_scope(|| match self.outcome {
            Outcome::Complete => tracing::info!(rows, outcome = "complete", "an export ended"),
            Outcome::Abandoned => tracing::info!(rows, outcome = "abandoned", "an export ended"),
            Outcome::Broken => tracing::warn!(rows, outcome = "broken", "an export ended"),
        });
    }
}

/// A running export. It reads and writes only as fast as the client receives; if the client
/// disconnects, reading ahead is cancelled.
pub(super) struct Export {
    source: Arc<Source>,
    chunk: Chunk,
    /// The number of customers of the chunk that have been written.
    written: usize,
    /// The next chunk, which is read while this one is written.
    ahead: JoinSet<HttpResult<Chunk>>,
    /// Whether the header of the table has yet to be written.
    is_new: bool,
    tally: Tally,
    _place: OwnedSemaphorePermit,
}

impl Export {
    /// Creates an export that begins with this chunk and keeps its place until it ends. Its log
    /// lines belong to the caller's span.
    pub(super) fn new(source: Source, first: Chunk, place: OwnedSemaphorePermit) -> Self {
        Self {
            source: Arc::new(source),
            chunk: first,
            written: 0,
            ahead: JoinSet::new(),
            is_new: true,
            tally: Tally {
                span: Span::current(),
                rows: 0,
                outcome: Outcome::Abandoned,
            },
            _place: place,
        }
    }

    /// Returns the frames to send. An error cuts the connection.
    pub(super) fn frames(self) -> impl Stream<Item = io::Result<Bytes>> {
        stream::try_unfold(self, async |mut export| {
            let frame = export.next_frame().await;
            match &frame {
                Ok(Some(_)) => {}
                Ok(None) => export.tally.outcome = Outcome::Complete,
                Err(_) => export.tally.outcome = Outcome::Broken,
            }
            Ok(frame?.map(|bytes| (bytes, export)))
        })
    }

    /// Returns the next frame; `None` after the last.
    async fn next_frame(&mut self) -> io::Result<Option<Bytes>> {
        if self.is_new {
            self.read_ahead();
        } else if self.written == self.chunk.rows.items.len() {
            let Some(chunk) = self.ahead.join_next().await else {
                return Ok(None);
            };
            let chunk = chunk.map_err(io::Error::other)?;
            self.chunk = chunk.map_err(|problem| self.broken(&problem))?;
            self.written = 0;
            self.read_ahead();
        }
        let frame = self.frame()?;
        self.is_new = false;
        Ok(Some(frame))
    }

    fn read_ahead(&mut self) {
        if let Some(after) = self.chunk.rows.next.clone() {
            let source = Arc::clone(&self.source);
            let reading = async move { source.chunk(&after).await };
            self.ahead
                .spawn(reading.instrument(self.tally.span.clone()));
        }
    }

    /// Returns as many of the chunk's rows as fill a frame.
    fn frame(&mut self) -> io::Result<Bytes> {
        let Self { source, chunk, .. } = self;
        let rows = chunk.rows.items.iter().skip(self.written);
        let bodies = rows.map(|row| CustomerBody::new(row, &source.context).with(&chunk.related));
        let (bytes, count) = match source.request.format {
            ExportFormat::Ndjson => lines(bodies)?,
            ExportFormat::Csv => records(bodies, self.is_new)?,
        };
        self.written += count;
        self.tally.rows += u64::try_from(count).map_err(io::Error::other)?;
        Ok(bytes)
    }

    /// Logs the problem, and returns the error that cuts the connection.
    fn broken(&self, problem: &Problem) -> io::Error {
        let code = problem.code().as_str();
        self.tally
            .span
            .in_scope(|| tracing::warn!(code, "an export broke off"));
        io::Error::other("the export broke off")
    }
}

fn lines<'a>(bodies: impl Iterator<Item = CustomerBody<'a>>) -> io::Result<(Bytes, usize)> {
    let mut bytes = Vec::with_capacity(FRAME + FRAME / 8);
    let mut count = 0;
    for body in bodies {
        serde_json::to_writer(&mut bytes, &body)?;
        bytes.push(b'\n');
        count += 1;
        if bytes.len() >= FRAME {
            break;
        }
    }
    Ok((bytes.into(), count))
}

fn records<'a>(
    bodies: impl Iterator<Item = CustomerBody<'a>>,
    is_new: bool,
) -> io::Result<(Bytes, usize)> {
    let mut rows = Rows::new();
    if is_new {
        rows.header()?;
    }
    let mut count = 0;
    for body in bodies {
        rows.row(&body)?;
        count += 1;
        if rows.len() >= FRAME {
            break;
        }
    }
    Ok((rows.finish()?.into(), count))
}
