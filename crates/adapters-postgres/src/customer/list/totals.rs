//! The totals of lists, shown again for a second.
//!
//! A total is known by the text of the statement that counted it. What this process commits to a
//! tenant ends all totals of that tenant; what other processes commit is counted a second later.

use crate::pg::sql::Sql;
use customer_domain::{TenantId, Total};
use moka::sync::Cache;
use std::array;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const KEPT: Duration = Duration::from_secs(1);
/// The most totals that are kept. A statement is a few kilobytes long.
const MOST: u64 = 1_000;
/// Tenants share the numbers of their writes, for there may be many.
const NUMBERS: usize = 256;

/// What a list was counted by, and when: after how many writes to the tenant.
pub(super) type Counted = (TenantId, u64, Sql);

pub(crate) struct Totals {
    /// The numbers of writes that ended.
    writes: [AtomicU64; NUMBERS],
    /// What is counted while a write ends has the number from before, by which nobody asks again.
    kept: Cache<Counted, Total>,
}

impl Totals {
    pub(crate) fn new() -> Self {
        Self {
            writes: array::from_fn(|_| AtomicU64::new(0)),
            kept: Cache::builder()
                .max_capacity(MOST)
                .time_to_live(KEPT)
                .build(),
        }
    }

    /// Returns what a total is known by. To be called before it is counted.
    pub(super) fn key(&self, tenant: TenantId, count: Sql) -> Counted {
        (tenant, self.writes_to(tenant).load(Ordering::SeqCst), count)
    }

    pub(super) fn get(&self, counted: &Counted) -> Option<Total> {
        self.kept.get(counted)
    }

    pub(super) fn keep(&self, counted: Counted, total: Total) {
        self.kept.insert(counted, total);
    }

    /// Ends the totals of a tenant. To be called when a write has ended, before it is answered.
    pub(crate) fn end(&self, tenant: TenantId) {
        self.writes_to(tenant).fetch_add(1, Ordering::SeqCst);
    }

    fn writes_to(&self, tenant: TenantId) -> &AtomicU64 {
        let [.., last] = tenant.0.into_bytes();
        &self.writes[usize::from(last)]
    }
}

/// Returns a total that agrees with the page that it is shown with, which may be newer: the page has
/// so many rows, `before` it there are others, and after it there are more or not.
pub(super) fn seen(total: Total, before: u64, rows: usize, has_more: bool) -> Total {
    let seen = before + u64::try_from(rows).unwrap_or(u64::MAX);
    match (rows, has_more) {
        (_, true) => Total {
            count: total.count.max(seen + 1),
            ..total
        },
        // A page behind the last one says nothing.
        (0, false) if before > 0 => total,
        (_, false) => Total {
            count: seen,
            is_estimate: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customer_testkit::builders::{other_tenant, tenant};

    const COUNT: Sql = Sql::text("SELECT 1");
    const OF_ONE: Total = Total {
        count: 1,
        is_estimate: false,
    };

    #[test]
    fn a_total_is_kept_until_the_tenant_is_written() {
        let totals = Totals::new();
        let [tenant, other] = [tenant().id, other_tenant().id];
        let key = |tenant| totals.key(tenant, COUNT);
        totals.keep(key(tenant), OF_ONE);
        totals.end(other);
        assert_eq!(totals.get(&key(tenant)), Some(OF_ONE));
        assert_eq!(totals.get(&key(other)), None);
        totals.end(tenant);
        assert_eq!(totals.get(&key(tenant)), None);
    }

    #[test]
    fn a_total_agrees_with_its_page() {
        let exact = |count| Total {
            count,
            is_estimate: false,
        };
        let estimate = Total {
            count: 30_000,
            is_estimate: true,
        };
        for (total, before, rows, has_more, expected) in [
            (exact(50), 20, 20, true, exact(50)),
            (exact(40), 20, 20, true, exact(41)),
            (exact(50), 40, 3, false, exact(43)),
            (exact(3), 0, 0, false, exact(0)),
            (exact(50), 60, 0, false, exact(50)),
            (estimate, 20, 20, true, estimate),
            (estimate, 0, 7, false, exact(7)),
        ] {
            assert_eq!(seen(total, before, rows, has_more), expected);
        }
    }

    #[test]
    fn what_was_counted_while_a_write_ended_is_not_shown_again() {
        let totals = Totals::new();
        let tenant = tenant().id;
        let begun = totals.key(tenant, COUNT);
        totals.end(tenant);
        totals.keep(begun, OF_ONE);
        assert_eq!(totals.get(&totals.key(tenant, COUNT)), None);
    }
}
