//! `GET /exports/customers`: a list without pages, as a stream.

mod csv;

use self::csv::Rows;
use super::expand::{Expand, ExpandParams, Related};
use super::list::{self, FilterParams};
use super::{CustomerBody, example};
use crate::access::CanAdmin;
use crate::api::Shared;
use crate::http::extract::QueryFields;
use crate::http::fault::{self, Fault};
use crate::http::fields::Fields;
use crate::http::problem::{Answer, Code, Problem};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use customer_app::customer::ExportChunk;
use customer_domain::Scope;
use customer_domain::customer::{CustomerFilter, CustomerKey};
use futures_util::stream;
use http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use std::io;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Bytes after which what was written is sent.
const FRAME: usize = 64 * 1024;

const FORMATS: &[(&str, Format)] = &[("ndjson", Format::Ndjson), ("csv", Format::Csv)];

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Ndjson,
    Csv,
}

/// How an export is written.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// Without it, what `Accept` prefers; else `ndjson`.
    #[param(inline)]
    pub format: Option<ExportFormat>,
}

/// How an export is written.
#[derive(Debug, Clone, Copy, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// One JSON object per line.
    Ndjson,
    /// A table with a header.
    Csv,
}

/// Export customers
///
/// All customers that pass the filter, the longest-standing first, as a stream. Every export leaves
/// an entry in the audit trail. The reply is whole when it ends as HTTP says; a failure on the way
/// cuts the connection.
///
/// As `text/csv` the columns are the members of a customer under their paths. Tags are joined by
/// `|`; what is an object is JSON. A text that a spreadsheet would take for a formula (it begins with
/// `=`, `+`, `-`, `@`, a tab or a line break) has an apostrophe before it. Records end in CRLF.
#[utoipa::path(
    get,
    path = "/exports/customers",
    operation_id = "exportCustomers",
    tag = "Customers",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    params(FilterParams, ExportParams, ExpandParams),
    responses((
        status = 200,
        description = "As NDJSON, each line is a customer as lists show it",
        headers(("Content-Disposition" = String, description = "A name for the file")),
        content(
            (CustomerBody<'_> = "application/x-ndjson", example = json!(example::customer())),
            (String = "text/csv", example = json!(example::table())),
        ),
    )),
)]
pub(super) async fn export(
    State(api): State<Shared>,
    CanAdmin(by): CanAdmin,
    headers: HeaderMap,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    let named = [query.tenant(), None];
    let scope = by.scope(&api, named, Code::TenantNotFound).await?;
    let wanted = read(query, &headers)?;
    let first = api.customers.begin_export(&scope, &wanted.filter).await;
    let first = first.map_err(list::problem)?;
    let related = wanted.expand.related(&api, &scope, &first.items).await?;
    let format = wanted.format;
    let source = Source {
        api,
        scope,
        filter: wanted.filter,
        expand: wanted.expand,
    };
    let first = Chunk {
        rows: first,
        related,
    };
    Ok(reply(format, Export::new(source, format, first)))
}

struct Wanted {
    filter: CustomerFilter,
    format: Format,
    expand: Expand,
}

fn read(mut query: Fields, headers: &HeaderMap) -> Answer<Wanted> {
    let expand_at = query.sent_as("expand").unwrap_or_default().to_owned();
    let filter = list::read_filter(&mut query);
    let expand = Expand::read(&mut query);
    let format = query.one_of("format", FORMATS).optional();
    let format = format.unwrap_or_else(|| preferred(headers));
    if format == Format::Csv && expand.is_of_records() {
        let detail = "a table has no room for addresses: format=ndjson has";
        query.fault(Fault::new(expand_at, fault::INVALID_VALUE, detail));
    }
    let wanted = Wanted {
        filter,
        format,
        expand,
    };
    query.build(|| Some(wanted))
}

/// Of the types that `Accept` names and that there are, the one with the greatest weight, the first
/// among equals.
fn preferred(headers: &HeaderMap) -> Format {
    let accepted = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut best = (0.0, Format::Ndjson);
    for range in accepted.flat_map(|value| value.split(',')) {
        let mut parts = range
            .split(';')
            .map(|part| part.trim().to_ascii_lowercase());
        let format = match parts.next().as_deref() {
            Some("text/csv") => Format::Csv,
            Some("application/x-ndjson" | "application/ndjson") => Format::Ndjson,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.trim().parse::<f32>().ok());
        if weight.unwrap_or(1.0) > best.0 {
            best = (weight.unwrap_or(1.0), format);
        }
    }
    best.1
}

fn reply(format: Format, export: Export) -> Response {
    let (kind, disposition) = match format {
        Format::Ndjson => (
            "application/x-ndjson",
            "attachment; filename=\"customers.ndjson\"",
        ),
        Format::Csv => (
            "text/csv; charset=utf-8; header=present",
            "attachment; filename=\"customers.csv\"",
        ),
    };
    let frames = stream::try_unfold(export, Export::next_frame);
    let mut response = Response::new(Body::from_stream(frames));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    response
}

/// Where chunks come from.
struct Source {
    api: Shared,
    scope: Scope,
    filter: CustomerFilter,
    expand: Expand,
}

/// Some customers, and what was asked for beside them.
struct Chunk {
    rows: ExportChunk,
    related: Related,
}

impl Source {
    async fn chunk(&self, after: CustomerKey) -> Answer<Chunk> {
        let (api, scope) = (&self.api, &self.scope);
        let rows = api
            .customers
            .continue_export(scope, &self.filter, after)
            .await;
        let rows = rows.map_err(list::problem)?;
        let related = self.expand.related(api, scope, &rows.items).await?;
        Ok(Chunk { rows, related })
    }
}

/// An export under way. Nothing is read or written unless the client takes it; when it leaves, what
/// is being read ahead is given up.
struct Export {
    source: Arc<Source>,
    format: Format,
    chunk: Chunk,
    /// How many of the chunk were written.
    written: usize,
    /// The one chunk that is read while this one is written.
    ahead: JoinSet<Answer<Chunk>>,
    /// Whether the header of the table is still to be written.
    is_new: bool,
}

impl Export {
    fn new(source: Source, format: Format, chunk: Chunk) -> Self {
        Self {
            source: Arc::new(source),
            format,
            chunk,
            written: 0,
            ahead: JoinSet::new(),
            is_new: true,
        }
    }

    /// The next bytes; none after the last.
    async fn next_frame(mut self) -> io::Result<Option<(Bytes, Self)>> {
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
        Ok(Some((frame, self)))
    }

    fn read_ahead(&mut self) {
        if let Some(after) = self.chunk.rows.next.clone() {
            let source = Arc::clone(&self.source);
            self.ahead.spawn(async move { source.chunk(after).await });
        }
    }

    /// As many of the chunk's rows as make a frame.
    fn frame(&mut self) -> io::Result<Bytes> {
        let Self { source, chunk, .. } = self;
        let rows = chunk.rows.items.iter().skip(self.written);
        let bodies = rows.map(|row| CustomerBody::new(row, &source.scope).with(&chunk.related));
        let (bytes, count) = match self.format {
            Format::Ndjson => lines(bodies)?,
            Format::Csv => records(bodies, self.is_new)?,
        };
        self.written += count;
        Ok(bytes)
    }

    /// The connection is cut by this error; why is for the log.
    fn broken(&self, problem: &Problem) -> io::Error {
        let trace_id = &self.source.scope.trace_id;
        let code = problem.code().as_str();
        tracing::warn!(trace_id, code, "an export broke off");
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
