//! The log level as a port, implemented by the code that sets up logging.

/// The maximum length of all directives together, in characters.
pub(crate) const MAX_LEVEL: usize = 1_000;

/// Reads and changes the log level. The directives are a level, levels by module, or both, such as
/// `info,customer_http=debug`.
pub trait LogLevels: Send + Sync {
    /// Returns the current state.
    fn show(&self) -> LogLevelState;

    /// Changes the log level, or restores the configured one if `level` is `None`. The change is
    /// logged together with `by`, the id of the caller.
    ///
    /// # Errors
    /// [`LogLevelError::Unreadable`] with the invalid directives, in which case nothing changed.
    fn change(&self, level: Option<&str>, by: &str) -> Result<LogLevelState, LogLevelError>;
}

/// The current log level and the configured one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevelState {
    /// The current directives.
    pub level: String,
    /// The directives that the process started with.
    pub configured: String,
}

/// The reason why the log level was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLevelError {
    /// These directives are invalid.
    Unreadable(Vec<String>),
    /// Logging has been shut down.
    Unavailable,
}
