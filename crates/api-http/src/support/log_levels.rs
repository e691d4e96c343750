//! How much the service logs, as a port: whoever set up the log can change it.

/// What decides how much is logged. The directives are a level, levels by module, or both, such as
/// `info,customer_http=debug`.
pub trait LogLevels: Send + Sync {
    /// What holds.
    fn show(&self) -> LogLevelState;

    /// Changes what holds, or goes back to what is configured; `by` is the id of who wants it, and
    /// the change is put in the log.
    ///
    /// # Errors
    /// [`LogLevelError::Unreadable`] with the directives that are none, and then nothing changed.
    fn change(&self, level: Option<&str>, by: &str) -> Result<LogLevelState, LogLevelError>;
}

/// What holds, and what was configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevelState {
    /// The directives that hold.
    pub level: String,
    /// The directives that the process began with.
    pub configured: String,
}

/// Why a level is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLevelError {
    /// These are no directives.
    Unreadable(Vec<String>),
    /// Nothing is logged any more.
    Unavailable,
}
