//! Logging: one line per event, as JSON for machines or as text for people.
//!
//! A JSON line is one flat object: `level`, `ts`, `caller`, `msg` and `target`, then the fields of the event and of
//! the spans around it (`trace_id`, `customer_id`, `duration_ms`, …); of two fields with one name the innermost is
//! kept.
//!
//! A span below the request's, such as `app.customer.update` or `db.customer.save`, has its own line when it ends, at
//! `debug`: its name as the message, `time.busy` and `time.idle`. They show where the time of a slow request went.
//!
//! A field with the name of a personal value is masked, whatever it contains; the names come from the map of personal
//! data. Other text cannot be masked, so no message and no error may quote such a value.

mod fields;
mod json;
mod levels;
mod panics;
mod text;

pub(crate) use levels::Levels;

use std::io::{self, IsTerminal as _};

use tracing::Subscriber;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{Layer, Registry};

use self::fields::SpanFields;
use self::json::JsonLine;
use self::text::TextLine;
use crate::config::{LogFormat, Observability};

/// Why logging could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TelemetryError {
    #[error("the log level cannot be read: {0}")]
    Level(#[from] ParseError),
    #[error("logging has already begun: {0}")]
    Begun(#[from] TryInitError),
}

/// Starts logging events and panics to standard error, for the rest of the process.
///
/// # Errors
/// [`TelemetryError::Begun`] if it is called twice, [`TelemetryError::Level`] if the level is malformed.
pub(crate) fn init(observability: &Observability) -> Result<Levels, TelemetryError> {
    let colours = io::stderr().is_terminal();
    let (subscriber, levels) = subscriber(observability, io::stderr, colours)?;
    subscriber.try_init()?;
    panics::log_them();
    Ok(levels)
}

fn subscriber<W>(
    observability: &Observability,
    writer: W,
    colours: bool,
) -> Result<(impl Subscriber + Send + Sync + use<W>, Levels), ParseError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (filter, levels) = Levels::begin(&observability.log_level)?;
    // A line that cannot be written is lost: reporting it would go to the same place, and panic.
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(colours)
        .log_internal_errors(false)
        .with_span_events(FmtSpan::CLOSE)
        .fmt_fields(SpanFields);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match observability.log_format {
        LogFormat::Json => lines.event_format(JsonLine).boxed(),
        LogFormat::Text => lines.event_format(TextLine).boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
    Ok((subscriber, levels))
}

#[cfg(test)]
mod tests;
