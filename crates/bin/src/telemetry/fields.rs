//! The fields of an event or a span, by name, with personal values masked.

use std::collections::BTreeMap;
use std::fmt;

use customer_domain::privacy::is_personal_field;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Replaces a personal value.
const MASK: &str = "[masked]";

/// The fields of an event and its spans.
#[derive(Default)]
pub(super) struct Fields(pub(super) BTreeMap<String, Value>);

impl Fields {
    /// Collects the fields of an event and of the spans around it; the innermost wins if a name occurs twice.
    pub(super) fn of<S>(context: &FmtContext<'_, S, SpanFields>, event: &Event<'_>) -> Self
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        let mut fields = Self::default();
        let spans = context.event_scope().into_iter();
        for span in spans.flat_map(tracing_subscriber::registry::Scope::from_root) {
            let extensions = span.extensions();
            if let Some(formatted) = extensions.get::<FormattedFields<SpanFields>>() {
                fields.0.extend(Self::read(&formatted.fields).0);
            }
        }
        event.record(&mut fields);
        fields
    }

    /// Removes and returns the message. The end of a span, and an event without a message, return their name instead.
    pub(super) fn take_message(&mut self, event: &Event<'_>) -> Value {
        let message = self.0.remove("message");
        let message = message.filter(|_| event.metadata().is_event());
        message.unwrap_or_else(|| Value::from(event.metadata().name()))
    }

    /// Reads what [`Self::write`] wrote.
    fn read(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    fn write(&self) -> Result<String, fmt::Error> {
        serde_json::to_string(&self.0).map_err(|_| fmt::Error)
    }

    /// Adds a field; every value passes through here. A message is not masked: it is a constant text, whose values
    /// are fields.
    fn insert(&mut self, field: &Field, value: impl FnOnce() -> Value) {
        let name = field.name();
        let value = if is_personal_field(name) {
            Value::from(MASK)
        } else {
            value()
        };
        self.0.insert(name.to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, || value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, || value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, || value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, || value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, || value.into());
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.insert(field, || String::from_utf8_lossy(value).into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let text = || {
            let mut text = value.to_string();
            let mut source = value.source();
            while let Some(cause) = source {
                text.extend([": ", &cause.to_string()]);
                source = cause.source();
            }
            text.into()
        };
        self.insert(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, || format!("{value:?}").into());
    }
}

/// Stores the fields of a span as a JSON object, which each of its events reads again.
pub(super) struct SpanFields;

impl<'writer> FormatFields<'writer> for SpanFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, from: R) -> fmt::Result {
        let mut fields = Fields::default();
        from.record(&mut fields);
        writer.write_str(&fields.write()?)
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        more: &Record<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::read(&current.fields);
        more.record(&mut fields);
        current.fields = fields.write()?;
        Ok(())
    }
}

/// Returns whether this is the end of a span that is logged by other means: each request already has a line.
pub(super) fn is_logged_elsewhere(event: &Event<'_>) -> bool {
    let metadata = event.metadata();
    metadata.is_span() && *metadata.level() < Level::DEBUG
}

/// Returns whether a character moves, hides or breaks what a terminal or another reader of lines shows: control
/// characters, other line ends, changes of direction.
pub(super) fn is_disruptive(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
