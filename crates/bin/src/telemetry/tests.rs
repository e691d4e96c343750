use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use super::*;
use customer_http::api::{LogLevelError, LogLevels as _};
use serde_json::Value;

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
    logged_with(level, format, |_| events())
}

/// Which levels are enabled is cached for the whole process, so only one test subscribes at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn logged_with(level: &str, format: LogFormat, events: impl FnOnce(&Levels)) -> Vec<String> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let captured = Captured::default();
    let writer = captured.clone();
    let observability = Observability {
        log_level: level.to_owned(),
        log_format: format,
        metrics_enabled: true,
        metrics_port: None,
    };
    let made = subscriber(&observability, move || writer.clone(), false);
    let (subscriber, levels) = made.unwrap();
    tracing::subscriber::with_default(subscriber, || events(&levels));
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
    assert!(line["caller"].as_str().unwrap().contains("tests.rs:"));
}

#[test]
fn a_span_below_the_requests_says_at_its_end_how_long_it_took() {
    let spans = || {
        let _request = tracing::info_span!("http.request", trace_id = "abc").entered();
        let _work = tracing::debug_span!("db.customer.save").entered();
    };
    for format in [LogFormat::Json, LogFormat::Text] {
        assert_eq!(logged("info", format, spans), [""; 0]);
    }
    let lines = logged("debug", LogFormat::Json, spans);
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    let line = json(line);
    assert_eq!(line["msg"], "db.customer.save");
    assert_eq!(line["level"], "debug");
    assert_eq!(line["trace_id"], "abc");
    for time in ["time.busy", "time.idle"] {
        assert!(line[time].as_str().unwrap().ends_with('s'), "{line:?}");
    }
    let lines = logged("debug", LogFormat::Text, spans);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains(": db.customer.save time.busy="),
        "{lines:?}"
    );
}

/// Text that tries to end a line, move the cursor, or end a value and begin another.
const HOSTILE: &str = "x\r\n{\"level\":\"error\"}\u{1b}[31m\u{9b}2J\u{7f}\u{2028}\u{85}\u{202e}\",\"msg\":\"forged\"}\0 INFO a: b=c";

#[test]
fn no_value_can_forge_a_line_of_json() {
    let lines = logged("info", LogFormat::Json, || {
        let _span = tracing::info_span!("request", inside = HOSTILE).entered();
        tracing::info!(level = "error", ts = "never", word = HOSTILE, shown = %HOSTILE, debug = ?HOSTILE, "{HOSTILE}");
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(!lines[0].contains(fields::is_disruptive), "{lines:?}");
    let line = json(&lines[0]);
    assert_eq!(line["level"], "info");
    assert_ne!(line["ts"], "never");
    for name in ["word", "shown", "inside", "msg"] {
        assert_eq!(line[name], HOSTILE, "{name}");
    }
    assert_eq!(line["debug"], format!("{HOSTILE:?}"));
}

#[test]
fn no_value_can_forge_a_line_of_text() {
    let lines = logged("info", LogFormat::Text, || {
        let _span = tracing::info_span!("request", inside = HOSTILE).entered();
        tracing::info!(word = HOSTILE, plain = "a-b", empty = "", "{HOSTILE}");
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(!lines[0].contains(fields::is_disruptive), "{lines:?}");
    assert!(lines[0].contains(r" plain=a-b "), "{lines:?}");
    assert!(lines[0].contains(r#" empty="" "#), "{lines:?}");
    let value = r#"="x\r\n{\"level\":\"error\"}\u{1b}[31m\u{9b}2J\u{7f}\u{2028}\u{85}\u{202e}\",\"msg\":\"forged\"}\u{0} INFO a: b=c""#;
    assert_eq!(lines[0].matches(value).count(), 2, "{lines:?}");
}

#[test]
fn bytes_that_are_no_text_are_written_as_far_as_they_are() {
    let bytes: &[u8] = b"a\xff\n{";
    let json_lines = logged("info", LogFormat::Json, || tracing::info!(bytes, "sent"));
    assert_eq!(json_lines.len(), 1, "{json_lines:?}");
    assert_eq!(json(&json_lines[0])["bytes"], "a\u{fffd}\n{");
    let text_lines = logged("info", LogFormat::Text, || tracing::info!(bytes, "sent"));
    assert_eq!(text_lines.len(), 1, "{text_lines:?}");
}

/// Logs a value of each type under the names of personal fields.
fn log_personal_values() {
    let span = tracing::info_span!(
        "request",
        email = "canary@example.com",
        later = tracing::field::Empty
    );
    let _span = span.enter();
    span.record("later", "seen");
    let error: &dyn std::error::Error = &io::Error::other("canary");
    tracing::info!(
        first_name = "canary", lastName = %"canary", profile.phone = ?"canary", street = error,
        order_count = 1_234_567, total_spent = 1_234_567.5, newsletter = true,
        user_agent = b"canary".as_slice(), customer_id = "0190", duration_ms = 87, "a line"
    );
}

#[test]
fn what_goes_by_a_personal_name_is_masked_whatever_its_type() {
    let lines = logged("info", LogFormat::Json, log_personal_values);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = json(&lines[0]);
    for name in [
        "email",
        "first_name",
        "lastName",
        "profile.phone",
        "street",
        "order_count",
        "total_spent",
        "user_agent",
    ] {
        assert_eq!(line[name], "[masked]", "{name}");
    }
    assert!(
        !lines[0].contains("canary") && !lines[0].contains("1234567"),
        "{lines:?}"
    );
    for (name, shown) in [
        ("customer_id", "0190"),
        ("later", "seen"),
        ("msg", "a line"),
    ] {
        assert_eq!(line[name], shown, "{name}");
    }
    assert_eq!(line["duration_ms"], 87);

    let lines = logged("info", LogFormat::Text, log_personal_values);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        !lines[0].contains("canary") && !lines[0].contains("1234567"),
        "{lines:?}"
    );
    assert!(lines[0].contains(" email=[masked]"), "{lines:?}");
    assert!(lines[0].contains(" customer_id=0190"), "{lines:?}");
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

fn chatter() {
    tracing::info!(target: "customer_app", "info");
    tracing::debug!(target: "customer_app", "debug");
    tracing::debug!(target: "sqlx::query", "foreign");
}

#[test]
fn levels_change_while_it_runs_and_the_change_is_logged() {
    let lines = logged_with("warn", LogFormat::Json, |levels| {
        chatter();
        let state = levels.change(Some("DEBUG"), "key-1").unwrap();
        assert_eq!((&*state.level, &*state.configured), ("debug", "warn"));
        chatter();
        let bad = levels.change(Some("info,a=loud,oops"), "key-1");
        let named = vec!["a=loud".to_owned(), "oops".to_owned()];
        assert_eq!(bad, Err(LogLevelError::Unreadable(named)));
        assert_eq!(levels.show(), state);
        levels.change(Some("off"), "key-1").unwrap();
        chatter();
        let back = levels.change(None, "key-2").unwrap();
        assert_eq!((&*back.level, &*back.configured), ("warn", "warn"));
        chatter();
    });
    let lines: Vec<_> = lines.iter().map(|line| json(line)).collect();
    let said: Vec<_> = lines
        .iter()
        .map(|line| line["msg"].as_str().unwrap())
        .collect();
    let changed = "the log level is changed";
    assert_eq!(said, [changed, "info", "debug", changed, changed]);
    let steps: Vec<_> = lines
        .iter()
        .filter(|line| line["msg"] == changed)
        .map(|line| ["actor_id", "from", "to"].map(|name| line[name].as_str().unwrap()))
        .collect();
    assert_eq!(
        steps,
        [
            ["key-1", "warn", "debug"],
            ["key-1", "debug", "off"],
            ["key-2", "off", "warn"]
        ]
    );
}
