//! Logging: one line per event, as JSON for machines or as text for people.
//!
//! A JSON line is one flat object: `level`, `ts`, `caller`, `msg` and `target`, then the fields of the event and of the
//! spans around it (`trace_id`, `customer_id`, `duration_ms`, …); of two fields with one name the innermost is kept.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, IsTerminal as _};

use serde::ser::{SerializeMap as _, Serializer as _};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{Layer, Registry};

use crate::config::{LogFormat, Observability};

/// Why logging could not begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TelemetryError {
    #[error("the log level cannot be read: {0}")]
    Level(#[from] ParseError),
    #[error("logging has already begun: {0}")]
    Begun(#[from] TryInitError),
}

/// Begins to log to standard error, for the whole process and until it ends.
///
/// # Errors
/// [`TelemetryError::Begun`] when it is called twice, [`TelemetryError::Level`] when the level is malformed.
pub(crate) fn init(observability: &Observability) -> Result<(), TelemetryError> {
    let colours = io::stderr().is_terminal();
    Ok(subscriber(observability, io::stderr, colours)?.try_init()?)
}

fn subscriber<W>(
    observability: &Observability,
    writer: W,
    colours: bool,
) -> Result<impl Subscriber + Send + Sync + use<W>, ParseError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter: Targets = observability.log_level.parse()?;
    // A line that cannot be written is lost; the complaint would go to the same place, and panic.
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .log_internal_errors(false);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match observability.log_format {
        LogFormat::Json => lines
            .fmt_fields(JsonFields::new())
            .event_format(JsonLine)
            .boxed(),
        LogFormat::Text => lines.with_ansi(colours).boxed(),
    };
    Ok(tracing_subscriber::registry().with(lines.with_filter(filter)))
}

/// Writes an event as one line of JSON.
struct JsonLine;

impl<S> FormatEvent<S, JsonFields> for JsonLine
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            let extensions = span.extensions();
            let formatted = extensions.get::<FormattedFields<JsonFields>>();
            let parsed = formatted.and_then(|fields| serde_json::from_str(fields).ok());
            fields.0.extend(parsed.unwrap_or_else(BTreeMap::new));
        }
        event.record(&mut fields);
        let line = fields.into_line(event).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}

/// The fields of an event and its spans.
#[derive(Default)]
struct Fields(BTreeMap<String, Value>);

impl Fields {
    fn into_line(mut self, event: &Event<'_>) -> Result<String, Box<dyn std::error::Error>> {
        let metadata = event.metadata();
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let caller = metadata
            .file()
            .zip(metadata.line())
            .map(|(file, line)| format!("{file}:{line}"));
        let own = [
            (
                "level",
                Value::from(metadata.level().as_str().to_ascii_lowercase()),
            ),
            ("ts", Value::from(time)),
            ("caller", caller.map_or(Value::Null, Value::from)),
            (
                "msg",
                self.0
                    .remove("message")
                    .unwrap_or_else(|| Value::from(metadata.name())),
            ),
            ("target", Value::from(metadata.target())),
        ];
        let mut line = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut line);
        let mut object = serializer.serialize_map(None)?;
        for (name, value) in &own {
            object.serialize_entry(name, value)?;
            // A field of the same name would make the object ambiguous, and could forge the line's own.
            self.0.remove(*name);
        }
        for (name, value) in &self.0 {
            object.serialize_entry(name, value)?;
        }
        object.end()?;
        Ok(String::from_utf8(line)?)
    }

    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(cause) = source {
            text.extend([": ", &cause.to_string()]);
            source = cause.source();
        }
        self.insert(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, format: LogFormat, events: impl FnOnce()) -> Vec<String> {
        let captured = Captured::default();
        let writer = captured.clone();
        let observability = Observability {
            log_level: level.to_owned(),
            log_format: format,
            metrics_enabled: true,
            metrics_port: None,
        };
        let subscriber = subscriber(&observability, move || writer.clone(), false).unwrap();
        tracing::subscriber::with_default(subscriber, events);
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn json(line: &str) -> serde_json::Map<String, Value> {
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn a_json_line_is_flat_and_carries_the_fields_of_its_spans() {
        let lines = logged("info", LogFormat::Json, || {
            let request = tracing::info_span!("http.request", trace_id = "abc", kind = "outer");
            let _request = request.enter();
            let _inner = tracing::info_span!("app.customer.create", kind = "inner").entered();
            tracing::warn!(target: "customers", duration_ms = 87, ok = true, "customer {}", "created");
        });
        let [line] = &lines[..] else {
            panic!("{lines:?}")
        };
        assert!(line.starts_with(r#"{"level":"warn","ts":""#), "{line}");
        let line = json(line);
        assert_eq!(line["msg"], "customer created");
        assert_eq!(line["target"], "customers");
        assert_eq!(line["trace_id"], "abc");
        assert_eq!(line["kind"], "inner");
        assert_eq!(line["duration_ms"], 87);
        assert_eq!(line["ok"], true);
        assert!(line["ts"].as_str().unwrap().ends_with('Z'));
        assert!(line["caller"].as_str().unwrap().contains("telemetry.rs:"));
    }

    #[test]
    fn no_value_can_forge_a_line() {
        let name = "x\r\n{\"level\":\"error\"}\u{1b}[31m";
        let lines = logged("info", LogFormat::Json, || {
            tracing::info!(level = "error", ts = "never", name, shown = %name, "{name}");
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(!lines[0].contains('\u{1b}'));
        let line = json(&lines[0]);
        assert_eq!(line["level"], "info");
        assert_ne!(line["ts"], "never");
        assert_eq!(line["name"], name);
        assert_eq!(line["shown"], name);
    }

    #[test]
    fn an_error_is_written_with_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Outer(#[source] io::Error);
        let lines = logged("info", LogFormat::Json, || {
            let error: &dyn std::error::Error = &Outer(io::Error::other("inner"));
            tracing::error!(error, "failed");
        });
        assert_eq!(json(&lines[0])["error"], "outer: inner");
    }

    #[test]
    fn levels_are_set_as_a_whole_and_by_module() {
        let lines = logged("warn,chatty=debug", LogFormat::Text, || {
            tracing::info!(target: "other", "hidden");
            tracing::warn!(target: "other", "first");
            tracing::debug!(target: "chatty", "second");
            tracing::trace!(target: "chatty", "hidden");
        });
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("WARN other: first"), "{lines:?}");
        assert!(lines[1].contains("DEBUG chatty: second"), "{lines:?}");
    }
}
