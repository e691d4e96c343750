//! `GET /exports/customers`: all customers that meet a filter, as a stream.

mod csv;
mod stream;

use self::stream::{Chunk, Export, Source};
use super::expand::{Expand, ExpandParams};
use super::list::{self, FilterParams};
use super::{CustomerBody, example};
use crate::api::{Api, MAX_EXPORTS};
use crate::call::{Call, Request};
use crate::code::Code;
use crate::support::vocabulary::words;
use axum::body::Body;
use axum::response::Response;
use chrono::SecondsFormat::AutoSi;
use chrono::{DateTime, Utc};
use customer_app::customer::{BegunExport, ExportFormat as Format, ExportRequest};
use http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Version};
use http_kit::fault::{self, Fault};
use http_kit::problem::{HttpResult, Problem};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// The seconds to wait before retrying while the maximum number of exports is running.
const RETRY_AFTER: u32 = 10;

/// The header that tells how to continue an export.
const NEXT_UPDATED_AFTER: HeaderName = HeaderName::from_static("x-next-updated-after");

const FORMATS: &[(&str, Format)] = &[("ndjson", Format::Ndjson), ("csv", Format::Csv)];

/// The file format of an export.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// The file format; by default the one that `Accept` prefers, otherwise `ndjson`.
    #[param(inline)]
    pub format: Option<ExportFormat>,
}

words! {
    /// The file format of an export.
    ExportFormat: FORMATS,
}

/// Export customers
///
/// All customers that meet the filter, oldest first, as a stream. Every export is recorded in the
/// audit trail. The reply is complete if it ends as HTTP requires; if the export fails halfway, the
/// connection is cut. Because HTTP/1.0 cannot signal this, it is not supported. At most four
/// exports run at the same time; a fifth is rejected with `503` and should be retried.
///
/// To export only what changed since, pass the `X-Next-Updated-After` of this reply as
/// `updated_after` next time: no change is missed, whenever it was committed. Those who were deleted
/// are exported with `status=deleted`.
///
/// In `text/csv`, the columns are the members of a customer, named by their paths. Tags are joined
/// by `|`; objects are written as JSON. A text that a spreadsheet would run as a formula (it begins
/// with `=`, `+`, `-`, `@`, a tab or a line break) is preceded by an apostrophe. Records end in
/// CRLF.
#[utoipa::path(
    get,
    path = "/exports/customers",
    operation_id = "exportCustomers",
    params(FilterParams, ExportParams, ExpandParams),
    responses((
        status = 200,
        description = "As NDJSON, each line is a customer as lists show it",
        headers(
            ("Content-Disposition" = String, description = "A name for the file"),
            (
                "X-Next-Updated-After" = String,
                description = "What to pass as `updated_after` to export what changed since"
            )
        ),
        content(
            (CustomerBody<'_> = "application/x-ndjson", example = json!(example::customer())),
            (String = "text/csv", example = json!(example::table())),
        ),
    )),
)]
pub(super) async fn export(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::TenantNotFound).await?;
    let (request, expand) = read(&mut call)?;
    if call.version() < Version::HTTP_11 {
        let detail = "an export needs HTTP/1.1: a client of HTTP/1.0 could not tell a part of it from the whole";
        return Err(Problem::new(Code::ValidationFailed).detail(detail));
    }
    let place = place(&call.api)?;
    let Request { api, context, .. } = call;
    let begun = api.customers.begin_export(&context, request).await;
    let BegunExport {
        request,
        first,
        next_updated_after,
    } = begun.map_err(list::problem)?;
    let related = expand.related(&api, &context, &first.items).await?;
    let format = request.format;
    let source = Source {
        api,
        context,
        request,
        expand,
    };
    let first = Chunk {
        rows: first,
        related,
    };
    Ok(reply(
        format,
        next_updated_after,
        Export::new(source, first, place),
    ))
}

/// Takes one of the places for running exports, which is free again when it is dropped.
fn place(api: &Api) -> HttpResult<OwnedSemaphorePermit> {
    let place = Arc::clone(&api.exports).try_acquire_owned();
    place.map_err(|_| {
        let detail = format!("{MAX_EXPORTS} exports are under way, and no more run at one time");
        Problem::new(Code::Unavailable)
            .detail(detail)
            .retry_after(RETRY_AFTER)
    })
}

fn read(call: &mut Request) -> HttpResult<(ExportRequest, Expand)> {
    let filter = list::read_filter(&mut call.fields, call.context.country);
    let expand = Expand::read(&mut call.fields);
    let format = call.fields.one_of("format", FORMATS).optional();
    let format = format.unwrap_or_else(|| preferred(call.headers()));
    if format == Format::Csv && expand.is_of_records() {
        let detail = "a table has no room for addresses: format=ndjson has";
        let expand_at = call.fields.pointer("expand");
        call.fields
            .fault(Fault::new(expand_at, fault::INVALID_VALUE, detail));
    }
    let request = ExportRequest {
        filter,
        with_addresses: expand.is_of_records(),
        format,
    };
    call.build(|| Some((request, expand)))
}

/// Returns the supported format with the greatest weight in `Accept`, the first among equals.
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

fn reply(format: Format, next: DateTime<Utc>, export: Export) -> Response {
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
    let mut response = Response::new(Body::from_stream(export.frames()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    // The text of a time is always a valid value.
    if let Ok(next) = HeaderValue::try_from(next.to_rfc3339_opts(AutoSi, true)) {
        headers.insert(NEXT_UPDATED_AFTER, next);
    }
    response
}
