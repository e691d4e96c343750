//! Failures that a test requests.

use super::locked;
use customer_domain::StoreError;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The kinds of calls that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `begin` and `begin_idempotent`.
    Begin,
    /// A statement inside a unit of work.
    Statement,
    /// `commit`.
    Commit,
    /// A read outside of a unit of work, and `ping`.
    Read,
}

#[derive(Debug, Default)]
pub(super) struct Failures {
    down: AtomicBool,
    next: Mutex<VecDeque<(Option<Step>, StoreError)>>,
}

impl Failures {
    pub(super) fn add(&self, step: Option<Step>, error: StoreError) {
        locked(&self.next).push_back((step, error));
    }

    pub(super) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Returns the failure that a test has requested for this step, if any.
    pub(super) fn check(&self, step: Step) -> Result<(), StoreError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("the fake is down".to_owned()));
        }
        let mut next = locked(&self.next);
        let at = next
            .iter()
            .position(|(wanted, _)| wanted.is_none_or(|wanted| wanted == step));
        match at.and_then(|at| next.remove(at)) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }
}
