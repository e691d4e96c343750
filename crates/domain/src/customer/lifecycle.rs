//! The transitions of a customer's status.

use super::{Customer, Status};
use chrono::{DateTime, Utc};
use thiserror::Error;

/// A requested transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusChange {
    /// To active: from pending, inactive, suspended or deleted.
    Reactivate,
    /// To suspended: from any status except deleted.
    Suspend,
    /// To inactive: from any status except deleted.
    SetInactive,
    /// To deleted: from any status.
    Deactivate,
}

/// The reason why the status of a customer cannot change as requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TransitionError {
    /// The customer is deleted, and has to be reactivated first.
    #[error("the customer is deleted; reactivate it first")]
    Deleted,
}

impl StatusChange {
    /// Returns the transition that leads to `status`; `None` for pending.
    pub fn leading_to(status: Status) -> Option<Self> {
        match status {
            Status::Active => Some(Self::Reactivate),
            Status::Suspended => Some(Self::Suspend),
            Status::Inactive => Some(Self::SetInactive),
            Status::Pending | Status::Deleted => None,
        }
    }

    fn target(self) -> Status {
        match self {
            Self::Reactivate => Status::Active,
            Self::Suspend => Status::Suspended,
            Self::SetInactive => Status::Inactive,
            Self::Deactivate => Status::Deleted,
        }
    }
}

impl Customer {
    /// Changes the status. Returns `false` if the customer already has it and nothing changed.
    ///
    /// # Errors
    /// [`TransitionError::Deleted`] if the customer is deleted and the change is not to active.
    pub fn change_status(
        &mut self,
        change: StatusChange,
        now: DateTime<Utc>,
    ) -> Result<bool, TransitionError> {
        if self.status == change.target() {
            return Ok(false);
        }
        if self.is_deleted() && change != StatusChange::Reactivate {
            return Err(TransitionError::Deleted);
        }
        self.status = change.target();
        self.deleted_at = (change == StatusChange::Deactivate).then_some(now);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::sample;
    use crate::group::GroupId;

    #[test]
    fn every_transition_is_allowed_or_refused_as_written() {
        use StatusChange::{Deactivate, Reactivate, SetInactive, Suspend};
        for from in Status::ALL {
            for change in [Reactivate, Suspend, SetInactive, Deactivate] {
                let mut customer = sample();
                customer.status = from;
                let outcome = customer.change_status(change, customer.created_at);
                let expected = if from == change.target() {
                    Ok(false)
                } else if from == Status::Deleted && change != Reactivate {
                    Err(TransitionError::Deleted)
                } else {
                    Ok(true)
                };
                assert_eq!(outcome, expected, "{from:?} {change:?}");
                let reached = if outcome.is_ok() {
                    change.target()
                } else {
                    from
                };
                assert_eq!(customer.status, reached);
            }
        }
    }

    #[test]
    fn the_time_of_deletion_comes_and_goes_with_the_status() {
        let mut customer = sample();
        let now = customer.created_at;
        customer
            .change_status(StatusChange::Deactivate, now)
            .unwrap();
        assert_eq!(customer.deleted_at, Some(now));
        customer
            .change_status(StatusChange::Reactivate, now)
            .unwrap();
        assert_eq!(customer.deleted_at, None);
    }

    #[test]
    fn a_deleted_customer_has_left_its_group_and_joins_it_again() {
        let vip = GroupId::from_store("vip".to_owned());
        let mut customer = sample();
        customer.group = Some(vip.clone());
        let now = customer.created_at;
        assert_eq!(customer.joined_group(), Some(&vip));
        customer
            .change_status(StatusChange::Deactivate, now)
            .unwrap();
        assert_eq!(customer.joined_group(), None);
        customer
            .change_status(StatusChange::Reactivate, now)
            .unwrap();
        assert_eq!(customer.joined_group(), Some(&vip));
    }
}
