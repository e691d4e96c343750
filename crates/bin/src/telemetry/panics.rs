//! A panic as an event like any other.

use std::panic::{self, PanicHookInfo};

/// What is said in place of a message that may quote a value.
const WITHHELD: &str = "the message is not shown, it may quote values";

/// Has panics logged: where, in one line, and the message only where it is a literal of the program. One
/// that was put together may quote what it failed on: cutting a text inside of a character shows the text.
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
