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

/// The canonical spelling of a log filter, or the directives of it that are none.
pub(crate) fn log_level(text: &str) -> Result<String, Vec<String>> {
    let bad = bad_directives(text.trim());
    if bad.is_empty() {
        return Ok(text.trim().to_ascii_lowercase());
    }
    Err(bad.into_iter().map(str::to_owned).collect())
}

/// The directives of a log filter that are none, as they are written. Stricter than the filter's own parser, which takes
/// a misspelt level for the name of a module.
fn bad_directives(text: &str) -> Vec<&str> {
    let is_level = |text: &str| {
        text.parse::<LevelFilter>().is_ok() && !text.bytes().all(|b| b.is_ascii_digit())
    };
    let is_module = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
    };
    let is_directive = |part: &&str| match part.split_once('=') {
        Some((module, level)) => is_module(module) && is_level(level),
        None => is_level(part),
    };
    text.split(',').filter(|part| !is_directive(part)).collect()
}
