//! Lists of customers: what they show, and in which order.

use super::Status;
use crate::{CustomerId, SortOrder};
use chrono::{DateTime, Utc};

/// Which customers a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomerFilter {
    /// Only those with this status. Without it, all but the deleted.
    pub status: Option<Status>,
}

/// By what a list is sorted; ties are broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// When the record was made.
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
    /// When the customer registered.
    RegistrationDate,
    /// The e-mail address as it is compared.
    Email,
    /// The folded family name; customers without one come first.
    LastName,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CustomerSort {
    /// By what.
    pub key: SortKey,
    /// Which end first.
    pub order: SortOrder,
}

/// Where a row stands in a sorted list: its sort value and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerKey {
    /// In a list sorted by a time.
    Time(DateTime<Utc>, CustomerId),
    /// In a list sorted by a folded text.
    Text(String, CustomerId),
}
