//! Lists of customers: filters, search and sort order.

use super::{CustomerType, Identifier, Status};
use crate::group::GroupId;
use crate::support::hidden::hidden;
use crate::tag::Tag;
use crate::{CustomerId, InvalidValue, SortOrder, ValueFault, text};
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
    /// Only customers whose phone number has exactly these digits.
    pub phone_digits: Option<String>,
    /// Only customers that were created in this span.
    pub created: TimeSpan,
    /// Only customers that last changed in this span.
    pub updated: TimeSpan,
}

impl CustomerFilter {
    /// Returns the spans of the times by which a list is read, and may be continued later: those that
    /// the filter sets, and that of an order from the oldest on.
    pub fn read_by(&mut self, order: Option<CustomerSort>) -> Vec<&mut TimeSpan> {
        let spans = [
            (SortKey::CreatedAt, &mut self.created),
            (SortKey::UpdatedAt, &mut self.updated),
        ];
        let is_ordered_by =
            |key| order.is_some_and(|sort| sort.key == key && sort.order == SortOrder::Ascending);
        let read_by = spans
            .into_iter()
            .filter(|(key, span)| **span != TimeSpan::default() || is_ordered_by(*key));
        read_by.map(|(_, span)| span).collect()
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

    /// Ends the span at `end`, unless it ends earlier.
    pub fn end_at(&mut self, end: DateTime<Utc>) {
        self.before = Some(self.before.map_or(end, |before| before.min(end)));
    }
}

/// The maximum length of a search, in characters.
pub const MAX_SEARCH: usize = 200;
/// The most words of a search.
pub const MAX_SEARCH_WORDS: usize = 8;

/// The folded words of a search. A customer matches if each of them is a prefix of one of its
/// [search terms](super::search_terms).
#[derive(Clone, PartialEq, Eq)]
pub struct SearchQuery(Vec<String>);

hidden!(SearchQuery);

impl SearchQuery {
    /// Parses a search. Text that looks like a phone number is a single word: its digits.
    ///
    /// # Errors
    /// Fails if it has neither a letter nor a digit, more than [`MAX_SEARCH`] characters or more
    /// than [`MAX_SEARCH_WORDS`] words.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        if text.chars().count() > MAX_SEARCH {
            return Err(InvalidValue::new(
                ValueFault::TooLong,
                format!("at most {MAX_SEARCH} characters are accepted"),
            ));
        }
        let mut words = if is_like_a_phone_number(text) {
            vec![text.chars().filter(char::is_ascii_digit).collect()]
        } else {
            text::words(text)
        };
        words.retain(|word: &String| !word.is_empty());
        words.sort_unstable();
        words.dedup();
        match words.len() {
            0 => Err(InvalidValue::new(
                ValueFault::Invalid,
                "a search has at least one letter or digit",
            )),
            count if count > MAX_SEARCH_WORDS => Err(InvalidValue::new(
                ValueFault::TooLong,
                format!("a search has at most {MAX_SEARCH_WORDS} words"),
            )),
            _ => Ok(Self(words)),
        }
    }

    /// Returns the words, without duplicates.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

/// Returns whether the text consists of digits and the separators of phone numbers. A few digits,
/// such as `10.20`, may as well be words of an e-mail address.
fn is_like_a_phone_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_marked = text.trim_start().starts_with(['+', '(']);
    let is_possible =
        |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '.' | '/' | ' ');
    (is_marked || digits >= 6) && text.chars().all(is_possible)
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
    fn a_search_is_read_as_folded_words() {
        for (text, words) in [
            ("Müller", vec!["muller"]),
            ("doe  JANE jane", vec!["doe", "jane"]),
            ("O'Brien", vec!["obrien"]),
            ("陳", vec!["陳"]),
            ("jane@example.com", vec!["com", "example", "jane"]),
            ("+1-555-0123", vec!["15550123"]),
            ("(555) 01 23", vec!["5550123"]),
            ("+1 55", vec!["155"]),
            ("555-0123", vec!["5550123"]),
            ("10.20", vec!["10", "20"]),
            ("flat 12", vec!["12", "flat"]),
            ("50%_x", vec!["50", "x"]),
        ] {
            let query = SearchQuery::parse(text).unwrap();
            assert_eq!(query.words(), words, "{text}");
        }
    }

    #[test]
    fn a_search_without_letter_or_digit_or_without_end_is_refused() {
        let endless = "a ".repeat(MAX_SEARCH);
        for (text, fault) in [
            ("", ValueFault::Invalid),
            ("%_*'", ValueFault::Invalid),
            ("+-()", ValueFault::Invalid),
            (endless.as_str(), ValueFault::TooLong),
            ("a b c d e f g h i", ValueFault::TooLong),
        ] {
            assert_eq!(SearchQuery::parse(text).unwrap_err().fault, fault, "{text}");
        }
    }

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
            assert_eq!(filter.read_by(order).len(), read_by, "{filter:?} {order:?}");
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
