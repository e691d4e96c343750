//! Words that stand for something: truth values, codes, slugs, log levels.

use tracing_subscriber::filter::LevelFilter;

pub(super) fn boolean(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some("true"),
        "false" | "0" | "no" | "off" => Some("false"),
        _ => None,
    }
}

pub(super) fn is_slug(text: &str) -> bool {
    let small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.len() <= 64
        && text.bytes().next().is_some_and(small)
        && text.bytes().all(|b| small(b) || b == b'-' || b == b'_')
}

/// Stricter than the filter's own parser, which takes a misspelt level for the name of a module.
pub(super) fn is_log_filter(text: &str) -> bool {
    let is_level = |text: &str| {
        text.parse::<LevelFilter>().is_ok() && !text.bytes().all(|b| b.is_ascii_digit())
    };
    let is_module = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
    };
    text.split(',').all(|part| match part.split_once('=') {
        Some((module, level)) => is_module(module) && is_level(level),
        None => is_level(part),
    })
}
