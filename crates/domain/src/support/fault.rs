//! Errors in values from outside.

use thiserror::Error;

/// An error about a value that breaks a rule. It never repeats the value, which may be personal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{detail}")]
pub struct InvalidValue {
    /// The kind of fault.
    pub fault: ValueFault,
    /// What would be accepted, as a sentence for the caller.
    pub detail: String,
}

/// The kinds of faults of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueFault {
    /// A required value is missing.
    Required,
    /// More characters, items or bytes than allowed.
    TooLong,
    /// Not one of the accepted values, or not in an accepted form.
    Invalid,
    /// Not an e-mail address that this service accepts.
    Email,
    /// A password that the policy rejects.
    WeakPassword,
}

impl InvalidValue {
    /// Creates an error from a kind of fault and its explanation.
    pub fn new(fault: ValueFault, detail: impl Into<String>) -> Self {
        Self {
            fault,
            detail: detail.into(),
        }
    }
}
