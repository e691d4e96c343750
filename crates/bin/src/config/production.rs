//! The additional checks for production.

use std::collections::BTreeSet;

use super::Faults;
use super::effective::{Effective, Value};
use super::kind::{AnyKind, Contents, KEY_LENGTH, PostgresUrl, passwords, percent_decoded};
use super::settings::database::CUSTOMER_DATABASE_URL;
use super::settings::security::{CUSTOMER_MASTER_KEYS, CUSTOMER_SECRET_KEY};

const REQUIRED: [&str; 3] = [
    CUSTOMER_DATABASE_URL.name,
    CUSTOMER_SECRET_KEY.name,
    CUSTOMER_MASTER_KEYS.name,
];

/// Secrets from the published documents, looked for anywhere in a value.
const PLACEHOLDERS: [&str; 3] = ["your-secret-key", "your-jwt-secret", "customer_pass"];
/// Further ones, too short to be looked for inside other words.
const WHOLE_PLACEHOLDERS: [&str; 1] = ["pass"];

/// A random key has at least this many different bytes.
const MIN_DIFFERENT_BYTES: usize = 8;

/// Adds a fault for every value that is unsafe in production. `postgres_ssl_mode` applies to URLs
/// without an `sslmode` of their own, as it does in the driver.
pub(super) fn check(effective: &Effective, postgres_ssl_mode: Option<&str>, faults: &mut Faults) {
    for name in REQUIRED {
        if effective.text(name).is_none() {
            faults.add(format!("production needs {name}"));
        }
    }
    for value in effective.values() {
        let Some(text) = &value.text else { continue };
        for refused in refusals(value.setting.kind, text, postgres_ssl_mode) {
            faults.add(format!("production refuses {}: {refused}", place(value)));
        }
    }
}

/// Returns the canonical name, and where the value was set if that is under another name.
fn place(value: &Value) -> String {
    let canonical = value.setting.name;
    if value.origin.name == canonical {
        canonical.to_owned()
    } else {
        format!("{canonical} ({})", value.origin)
    }
}

fn refusals(kind: &dyn AnyKind, text: &str, postgres_ssl_mode: Option<&str>) -> Vec<&'static str> {
    let (keys, postgres_url) = match kind.contents(text) {
        Contents::Plain => (Vec::new(), None),
        Contents::Keys(keys) => (keys, None),
        Contents::PostgresUrl(url) => (Vec::new(), Some(url)),
    };
    let mut refusals = Vec::new();
    if holds_placeholder(kind, text, &keys) {
        refusals.push("it holds a placeholder secret from the documentation");
    }
    if postgres_url.is_some_and(|url| may_send_clear_text(&url, postgres_ssl_mode)) {
        refusals.push(
            "sslmode=disable sends passwords and personal data in clear text to another host",
        );
    }
    if keys.iter().any(|key| is_weak(key)) {
        refusals.push("it is not random");
    }
    refusals
}

fn holds_placeholder(kind: &dyn AnyKind, text: &str, keys: &[[u8; KEY_LENGTH]]) -> bool {
    let inside = |text: &str| {
        let text = text.to_lowercase();
        PLACEHOLDERS
            .iter()
            .any(|placeholder| text.contains(placeholder))
    };
    let whole = |text: &String| {
        WHOLE_PLACEHOLDERS
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
    };
    inside(text)
        || inside(&percent_decoded(text))
        || keys.iter().any(|key| inside(&String::from_utf8_lossy(key)))
        || (kind.is_secret() && whole(&text.to_owned()))
        || passwords(text).iter().any(whole)
}

fn may_send_clear_text(url: &PostgresUrl, postgres_ssl_mode: Option<&str>) -> bool {
    let mut modes: Vec<_> = url.ssl_modes().collect();
    if modes.is_empty() {
        modes.extend(postgres_ssl_mode.map(str::to_owned));
    }
    !url.is_local() && modes.iter().any(|mode| mode == "disable")
}

fn is_weak(key: &[u8]) -> bool {
    key.iter().collect::<BTreeSet<_>>().len() < MIN_DIFFERENT_BYTES
}
