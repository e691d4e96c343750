//! Formats an event as one line of text, for people to read.

use std::fmt::{self, Write as _};

use serde_json::Value;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent};
use tracing_subscriber::registry::LookupSpan;

use super::fields::{Fields, SpanFields, is_disruptive, is_logged_elsewhere};

/// Writes time, level, target and message, then the fields as `name=value`.
pub(super) struct TextLine;

impl<S> FormatEvent<S, SpanFields> for TextLine
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
        let mut fields = Fields::of(context, event);
        let message = fields.take_message(event);
        let metadata = event.metadata();
        SystemTime.format_time(&mut writer)?;
        let [before, after] = if writer.has_ansi_escapes() {
            [colour(*metadata.level()), "\u{1b}[0m"]
        } else {
            ["", ""]
        };
        write!(writer, " {before}{:>5}{after} ", metadata.level())?;
        write!(
            writer,
            "{}: {}",
            metadata.target(),
            Escaped(&text(&message))
        )?;
        for (name, value) in &fields.0 {
            write!(writer, " {name}=")?;
            match text(value) {
                bare if is_bare(&bare) => writer.write_str(&bare)?,
                other => write!(writer, "\"{}\"", Escaped(&quotable(&other)))?,
            }
        }
        writeln!(writer)
    }
}

fn text(value: &Value) -> String {
    let text = value.as_str().map(str::to_owned);
    text.unwrap_or_else(|| value.to_string())
}

/// Returns whether a value can be written without quotation marks.
fn is_bare(text: &str) -> bool {
    let special = |c: char| c.is_whitespace() || matches!(c, '"' | '=' | '\\') || is_disruptive(c);
    !text.is_empty() && !text.contains(special)
}

fn quotable(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A text whose characters that could move, hide or break the line are escaped.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if is_disruptive(character) {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        Level::DEBUG => "\u{1b}[34m",
        Level::TRACE => "\u{1b}[35m",
    }
}
