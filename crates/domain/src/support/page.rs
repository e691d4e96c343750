//! Pages of a list, by number or by cursor.

use chrono::{DateTime, Utc};

/// A request for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// The number of rows per page, 1 to 1,000.
    pub size: u32,
    /// Where the page starts.
    pub at: PageAt<K>,
}

/// The start of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageAt<K> {
    /// The n-th page, counted from 1. Numbered pages end at row 10,000.
    Number(u32),
    /// The first page of a list that is read by cursor and not counted.
    Start,
    /// After the row with this key. The cost does not depend on the depth.
    After(K),
}

/// The end of a page of a list that may be read by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageEnd<K> {
    /// The key of the last row.
    pub key: K,
    /// The horizon of the first page, if the pages after it end there too.
    pub horizon: Option<DateTime<Utc>>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    /// The rows, in the requested order.
    pub items: Vec<T>,
    /// Where the next page starts; `None` on the last one.
    pub next: Option<K>,
    /// The total number of rows; counted only for numbered pages.
    pub total: Option<Total>,
}

impl<T, K> Page<T, K> {
    /// Cuts a page of `size` rows out of `rows`, which has one more row if there is a next page.
    /// The list is not counted.
    pub fn cut(mut rows: Vec<T>, size: u32, key: impl Fn(&T) -> K) -> Self {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let has_next = rows.len() > size;
        rows.truncate(size);
        Self {
            next: rows.last().filter(|_| has_next).map(key),
            items: rows,
            total: None,
        }
    }

    /// Returns the same page with what `end` makes of its last key.
    pub fn map_next<E>(self, end: impl FnOnce(K) -> E) -> Page<T, E> {
        Page {
            items: self.items,
            next: self.next.map(end),
            total: self.total,
        }
    }
}

/// The total number of rows of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// The number of rows.
    pub count: u64,
    /// Whether the number is the planner's estimate. It is exact up to 10,000 rows.
    pub is_estimate: bool,
}

/// The sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortOrder {
    /// Smallest, oldest or alphabetically first comes first.
    Ascending,
    /// Largest, newest or alphabetically last comes first.
    Descending,
}

/// The number of rows that numbered pages can reach; deeper pages need the cursor.
pub const ROWS_BY_NUMBER: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_row_beyond_the_page_makes_a_next_one() {
        for (rows, items, next) in [
            (vec![], vec![], None),
            (vec![1, 2], vec![1, 2], None),
            (vec![1, 2, 3], vec![1, 2], Some(20)),
        ] {
            let page = Page::cut(rows, 2, |row| row * 10);
            assert_eq!((page.items, page.next, page.total), (items, next, None));
        }
    }
}
