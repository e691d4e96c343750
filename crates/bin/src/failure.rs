//! The errors of the program.

use std::error::Error;

/// The error of any command: a sentence for the operator.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// The work was abandoned because of a signal.
#[derive(Debug, thiserror::Error)]
#[error("stopped by a signal")]
pub(crate) struct Stopped;
