//! The totals of lists, shown again for a second.
//!
//! A total is known by the text of the statement that counted it. What this process commits to a
//! tenant ends all totals of that tenant; what other processes commit is counted a second later.

use super::sql::Sql;
use customer_domain::{TenantId, Total};
use moka::sync::Cache;
use std::array;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const KEPT: Duration = Duration::from_secs(1);
/// The most totals that are kept. A statement is a few kilobytes long.
const MOST: u64 = 1_000;
/// Tenants share the numbers of their writes, for there may be many.
const NUMBERS: usize = 256;

/// The totals that a process keeps.
pub(crate) struct Totals {
    /// The numbers of writes that ended.
    writes: [AtomicU64; NUMBERS],
    /// What is counted while a write ends has the number from before, by which nobody asks again.
    kept: Cache<Key, (Total, Instant)>,
}

/// The tenant, the number of its writes, and the statement that counts.
type Key = (TenantId, u64, Sql);

/// A total that may have to be counted.
pub(crate) struct Asked {
    key: Key,
    at: Instant,
}

/// Ends the totals of a tenant when it is dropped.
pub(crate) struct EndOfTotals {
    totals: Arc<Totals>,
    tenant: TenantId,
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
    pub(crate) fn ask(&self, tenant: TenantId, count: Sql) -> Asked {
        Asked {
            key: (tenant, self.writes_to(tenant).load(Ordering::SeqCst), count),
            at: Instant::now(),
        }
    }

    /// Returns the total, if it began to be counted less than a second ago.
    pub(crate) fn get(&self, asked: &Asked) -> Option<Total> {
        let (total, at) = self.kept.get(&asked.key)?;
        (at.elapsed() < KEPT).then_some(total)
    }

    pub(crate) fn keep(&self, asked: Asked, total: Total) {
        self.kept.insert(asked.key, (total, asked.at));
    }

    /// Returns what a write to a tenant holds until it has ended, and drops before it is answered.
    pub(crate) fn end_with_write(self: &Arc<Self>, tenant: TenantId) -> EndOfTotals {
        EndOfTotals {
            totals: Arc::clone(self),
            tenant,
        }
    }

    fn writes_to(&self, tenant: TenantId) -> &AtomicU64 {
        let [.., last] = tenant.0.into_bytes();
        &self.writes[usize::from(last)]
    }
}

impl Asked {
    /// Returns the statement that counts.
    pub(crate) fn count(&self) -> &Sql {
        &self.key.2
    }
}

impl Drop for EndOfTotals {
    fn drop(&mut self) {
        let writes = self.totals.writes_to(self.tenant);
        writes.fetch_add(1, Ordering::SeqCst);
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
        let totals = Arc::new(Totals::new());
        let [tenant, other] = [tenant().id, other_tenant().id];
        let get = |tenant| totals.get(&totals.ask(tenant, COUNT));
        totals.keep(totals.ask(tenant, COUNT), OF_ONE);
        drop(totals.end_with_write(other));
        assert_eq!((get(tenant), get(other)), (Some(OF_ONE), None));
        drop(totals.end_with_write(tenant));
        assert_eq!(get(tenant), None);
    }

    #[test]
    fn what_was_counted_while_a_write_ended_is_not_shown_again() {
        let totals = Arc::new(Totals::new());
        let asked = totals.ask(tenant().id, COUNT);
        drop(totals.end_with_write(tenant().id));
        totals.keep(asked, OF_ONE);
        assert_eq!(totals.get(&totals.ask(tenant().id, COUNT)), None);
    }

    #[test]
    fn a_total_is_as_old_as_the_beginning_of_its_count() {
        let totals = Totals::new();
        let asked = Asked {
            at: Instant::now().checked_sub(KEPT).expect("a second ago"),
            ..totals.ask(tenant().id, COUNT)
        };
        totals.keep(asked, OF_ONE);
        assert_eq!(totals.get(&totals.ask(tenant().id, COUNT)), None);
    }
}
