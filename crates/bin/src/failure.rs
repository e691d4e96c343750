//! What the program fails with.

use std::error::Error;

/// What any command may fail with: a sentence for the operator.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// The work was given up because of a signal.
#[derive(Debug, thiserror::Error)]
#[error("stopped by a signal")]
pub(crate) struct Stopped;
