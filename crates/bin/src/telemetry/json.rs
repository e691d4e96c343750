//! Formats an event as one line of JSON.

use std::fmt;

use serde::ser::{SerializeMap as _, Serializer as _};
use serde_json::Value;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent};
use tracing_subscriber::registry::LookupSpan;

use super::fields::{Fields, SpanFields, is_disruptive, is_logged_elsewhere};

/// Writes an event as one line of JSON.
pub(super) struct JsonLine;

impl<S> FormatEvent<S, SpanFields> for JsonLine
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, SpanFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if is_logged_elsewhere(event) {
            return Ok(());
        }
        let fields = Fields::of(context, event);
        let line = line(fields, event).map_err(|_| fmt::Error)?;
        // JSON's own escapes leave these as they are. They occur inside strings only.
        for character in line.chars() {
            if is_disruptive(character) {
                write!(writer, "\\u{:04x}", u32::from(character))?;
            } else {
                writer.write_char(character)?;
            }
        }
        writeln!(writer)
    }
}

fn line(mut fields: Fields, event: &Event<'_>) -> Result<String, Box<dyn std::error::Error>> {
    let metadata = event.metadata();
    let mut time = String::new();
    SystemTime.format_time(&mut Writer::new(&mut time))?;
    let caller = metadata
        .file()
        .zip(metadata.line())
        .map(|(file, line)| format!("{file}:{line}"));
    let level = metadata.level().as_str().to_ascii_lowercase();
    let own = [
        ("level", Value::from(level)),
        ("ts", Value::from(time)),
        ("caller", caller.map_or(Value::Null, Value::from)),
        ("msg", fields.take_message(event)),
        ("target", Value::from(metadata.target())),
    ];
    let mut line = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut line);
    let mut object = serializer.serialize_map(None)?;
    for (name, value) in &own {
        object.serialize_entry(name, value)?;
        // A field with the same name would make the object ambiguous, and could forge the line's
        // own.
        fields.0.remove(*name);
    }
    for (name, value) in &fields.0 {
        object.serialize_entry(name, value)?;
    }
    object.end()?;
    Ok(String::from_utf8(line)?)
}
