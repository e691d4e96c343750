//! What is wrong with a value that came from outside.

use thiserror::Error;

/// A value that its rule refuses. It never repeats the value: it may be personal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct InvalidValue {
    /// Which rule.
    pub fault: ValueFault,
    /// What would be accepted, as a sentence for the caller.
    pub detail: String,
}

/// The kinds of faults that values have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueFault {
    /// Nothing where something is needed.
    Required,
    /// More characters, items or bytes than allowed.
    TooLong,
    /// Not one of the accepted values, or not of the accepted form.
    Invalid,
    /// Not an e-mail address that this service takes.
    Email,
    /// A password that the policy refuses.
    WeakPassword,
}

impl InvalidValue {
    /// A fault with its sentence.
    pub fn new(fault: ValueFault, detail: impl Into<String>) -> Self {
        Self {
            fault,
            detail: detail.into(),
        }
    }
}
