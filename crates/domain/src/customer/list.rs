//! Lists of customers: filters and sort order.

use super::{CustomerType, Identifier, SearchQuery, Status};
use crate::group::GroupId;
use crate::profile::PhoneKeys;
use crate::tag::Tag;
use crate::{CustomerId, SortOrder};
use chrono::{DateTime, Utc};

/// A filter for customers: those that meet all of the conditions that are set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomerFilter {
    /// Only customers with this status; `None` for all but deleted ones.
    pub status: Option<Status>,
    /// Only customers that match this search.
    pub search: Option<SearchQuery>,
    /// Only individuals, or only businesses.
    pub customer_type: Option<CustomerType>,
    /// Only members of this group.
    pub group: Option<GroupId>,
    /// Only customers with this tag.
    pub tag: Option<Tag>,
    /// Only the customer that has all of these identifiers.
    pub known_as: Vec<Identifier>,
    /// Only customers with this phone number.
    pub phone: Option<PhoneKeys>,
    /// Only customers that were created in this span.
    pub created: TimeSpan,
    /// Only customers that last changed in this span.
    pub updated: TimeSpan,
}

impl CustomerFilter {
    /// Returns whether a list is read by time, and may be continued later: if the filter sets a span,
    /// or the order is from the oldest on.
    pub fn is_read_by_time(&self, order: Option<CustomerSort>) -> bool {
        self.created.is_read_by(SortKey::CreatedAt, order)
            || self.updated.is_read_by(SortKey::UpdatedAt, order)
    }

    /// Ends the spans by which a list is read at a horizon.
    pub fn end_at(&mut self, order: Option<CustomerSort>, horizon: DateTime<Utc>) {
        for (key, span) in [
            (SortKey::CreatedAt, &mut self.created),
            (SortKey::UpdatedAt, &mut self.updated),
        ] {
            if span.is_read_by(key, order) {
                span.end_at(horizon);
            }
        }
    }

    /// Returns whether each page of a list that is read by time ends at a horizon of its own. In an
    /// order from the oldest on, a later horizon only adds rows at the end. In any other order the
    /// pages have to end where the first one did. If one ended earlier, the rows between it and the
    /// page before would be left out. If one ended later, it would show rows that are newer than
    /// some that the pages before have left out.
    pub fn has_horizon_per_page(&self, order: CustomerSort) -> bool {
        order.order == SortOrder::Ascending
            && match order.key {
                SortKey::UpdatedAt => true,
                SortKey::CreatedAt => self.updated == TimeSpan::default(),
                SortKey::RegistrationDate | SortKey::Email | SortKey::LastName => false,
            }
    }
}

/// A span of time, open where no bound is given. It includes its beginning, not its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeSpan {
    /// At this instant or after it: several rows may have the same time, and whoever continues after
    /// the last row that was read must not miss the others.
    pub after: Option<DateTime<Utc>>,
    /// Before this instant.
    pub before: Option<DateTime<Utc>>,
}

impl TimeSpan {
    /// Returns whether an instant is within the span.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.after.is_none_or(|after| at >= after) && self.before.is_none_or(|before| at < before)
    }

    /// Returns whether a list is read by the time that `key` sorts by. This is the span of that time
    /// in the filter of the list.
    fn is_read_by(&self, key: SortKey, order: Option<CustomerSort>) -> bool {
        let oldest_first = CustomerSort {
            key,
            order: SortOrder::Ascending,
        };
        *self != Self::default() || order == Some(oldest_first)
    }

    /// Ends the span at `end`, unless it ends earlier.
    fn end_at(&mut self, end: DateTime<Utc>) {
        self.before = Some(self.before.map_or(end, |before| before.min(end)));
    }
}

/// The key by which a list is sorted; customers with equal keys are sorted by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// When the record was created.
    CreatedAt,
    /// When the record last changed.
    UpdatedAt,
    /// When the customer registered.
    RegistrationDate,
    /// The comparison key of the e-mail address.
    Email,
    /// The folded family name; customers without one come first.
    LastName,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CustomerSort {
    /// The sort key.
    pub key: SortKey,
    /// Ascending or descending.
    pub order: SortOrder,
}

/// The position of a row in a sorted list: its sort value and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerKey {
    /// In a list sorted by a time.
    Time(DateTime<Utc>, CustomerId),
    /// In a list sorted by a folded text.
    Text(String, CustomerId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_includes_its_beginning_but_not_its_end() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let span = TimeSpan {
            after: Some(at(1)),
            before: Some(at(3)),
        };
        assert!(span.contains(at(1)) && span.contains(at(2)));
        assert!(!span.contains(at(0)) && !span.contains(at(3)));
        assert!(TimeSpan::default().contains(at(0)));
    }

    #[test]
    fn a_list_is_read_by_the_times_of_its_filter_and_of_an_ascending_order() {
        use SortKey::{CreatedAt, Email, UpdatedAt};
        use SortOrder::{Ascending, Descending};
        let set = TimeSpan {
            after: DateTime::from_timestamp(1, 0),
            before: None,
        };
        let unset = TimeSpan::default();
        for (created, updated, order, read_by) in [
            (unset, unset, None, 0),
            (unset, unset, Some((CreatedAt, Descending)), 0),
            (unset, unset, Some((Email, Ascending)), 0),
            (unset, unset, Some((CreatedAt, Ascending)), 1),
            (unset, unset, Some((UpdatedAt, Ascending)), 1),
            (unset, set, Some((UpdatedAt, Descending)), 1),
            (set, unset, Some((UpdatedAt, Ascending)), 2),
            (set, set, None, 2),
        ] {
            let mut filter = CustomerFilter {
                created,
                updated,
                ..CustomerFilter::default()
            };
            let order = order.map(|(key, order)| CustomerSort { key, order });
            assert_eq!(filter.is_read_by_time(order), read_by > 0, "{filter:?}");
            let horizon = DateTime::from_timestamp(9, 0).unwrap();
            filter.end_at(order, horizon);
            let ended = [filter.created, filter.updated].map(|span| span.before == Some(horizon));
            let ended = ended.into_iter().filter(|ended| *ended).count();
            assert_eq!(ended, read_by, "{filter:?} {order:?}");
        }
    }

    #[test]
    fn only_in_an_order_from_the_oldest_on_has_each_page_its_horizon() {
        use SortKey::{CreatedAt, Email, RegistrationDate, UpdatedAt};
        use SortOrder::{Ascending, Descending};
        let set = TimeSpan {
            after: DateTime::from_timestamp(1, 0),
            before: None,
        };
        let unset = TimeSpan::default();
        for (created, updated, key, order, has) in [
            (unset, unset, UpdatedAt, Ascending, true),
            (set, set, UpdatedAt, Ascending, true),
            (unset, set, UpdatedAt, Descending, false),
            (unset, unset, CreatedAt, Ascending, true),
            (set, unset, CreatedAt, Ascending, true),
            // Who is updated meanwhile may lie before the end of a page.
            (unset, set, CreatedAt, Ascending, false),
            (set, unset, CreatedAt, Descending, false),
            (unset, set, Email, Ascending, false),
            (unset, set, RegistrationDate, Ascending, false),
        ] {
            let filter = CustomerFilter {
                created,
                updated,
                ..CustomerFilter::default()
            };
            let order = CustomerSort { key, order };
            assert_eq!(
                filter.has_horizon_per_page(order),
                has,
                "{filter:?} {order:?}"
            );
        }
    }

    #[test]
    fn a_span_ends_at_the_earlier_of_two_ends() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        for (before, end, expected) in [(None, 5, 5), (Some(3), 5, 3), (Some(7), 5, 5)] {
            let mut span = TimeSpan {
                after: None,
                before: before.map(at),
            };
            span.end_at(at(end));
            assert_eq!(span.before, Some(at(expected)));
        }
    }
}
