//! Logs panics as events.

use std::panic::{self, PanicHookInfo};

/// Logged instead of a message that may quote a value.
const WITHHELD: &str = "the message is not shown, it may quote values";

/// Logs panics: the place, and the message only if it is a literal of the program. A formatted message may quote the
/// value that it failed on, as that of slicing a text inside a character does.
pub(super) fn log_them() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        tracing::error!(place, panic = message(info), "the program panicked");
    }));
}

fn message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    let literal = info.payload().downcast_ref::<&'static str>();
    literal.copied().unwrap_or(WITHHELD)
}
