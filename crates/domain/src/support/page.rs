//! Pages of a list, by number or by cursor.

/// Which page is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// Rows per page, 1 to 100.
    pub size: u32,
    /// Where the page begins.
    pub at: PageAt<K>,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageAt<K> {
    /// The n-th page, counted from 1. A page by number may not reach beyond row 10,000.
    Number(u32),
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
