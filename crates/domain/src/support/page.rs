//! Pages of a list, by number or by cursor.

/// Which page is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// Rows per page, 1 to 1,000.
    pub size: u32,
    /// Where the page begins.
    pub at: PageAt<K>,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageAt<K> {
    /// The n-th page, counted from 1. A page by number may not reach beyond row 10,000.
    Number(u32),
    /// The first page, for who reads on by cursor and does not ask how many rows there are.
    Start,
    /// Right after the row with this key. Any depth costs the same.
    After(K),
}

/// One page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    /// The rows, in the order asked for.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next: Option<K>,
    /// How many rows there are in all; counted for pages by number only.
    pub total: Option<Total>,
}

impl<T, K> Page<T, K> {
    /// A page of a list that is not counted, cut from `rows`, of which one more was read than
    /// the `size` of the page if there are as many.
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
}

/// How many rows a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// The number of rows.
    pub count: u64,
    /// Whether the number is the planner's estimate. Exact up to 10,000 rows.
    pub is_estimate: bool,
}

/// Which end of the order comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortOrder {
    /// Smallest, oldest or first in the alphabet.
    Ascending,
    /// Largest, newest or last in the alphabet.
    Descending,
}

/// Rows that pages by number may reach; deeper pages need the cursor.
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
