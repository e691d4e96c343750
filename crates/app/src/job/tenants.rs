//! A walk through rows of all tenants, a chunk at a time.

use customer_domain::TenantId;
use customer_domain::tenant::Tenant;
use std::vec;

/// The most tenants in a chunk; at least two, so that each chunk makes progress.
const MAX_TENANTS: usize = 100;

/// The position up to which everything was examined: a tenant, and one of its rows.
#[derive(Debug, PartialEq, Eq)]
pub struct TenantPosition<R> {
    pub(super) tenant: TenantId,
    pub(super) after: Option<R>,
}

/// The tenants of one chunk, by id, and how many rows it may still examine.
pub(super) struct TenantWalk<R> {
    left: vec::IntoIter<Tenant>,
    begin: Option<TenantPosition<R>>,
    asked: usize,
    /// The number of rows that may still be examined.
    pub(super) room: u32,
}

impl<R> TenantWalk<R> {
    /// Creates a walk from `begin`, else from the first tenant.
    pub(super) fn new(
        mut tenants: Vec<Tenant>,
        begin: Option<TenantPosition<R>>,
        room: u32,
    ) -> Self {
        let first = begin.as_ref().map(|begin| begin.tenant);
        tenants.retain(|tenant| Some(tenant.id) >= first);
        tenants.sort_by_key(|tenant| tenant.id);
        Self {
            left: tenants.into_iter(),
            begin,
            asked: 0,
            room,
        }
    }

    /// Returns the next tenant, and the row after which its rows are to be examined.
    pub(super) fn next(&mut self) -> Option<(Tenant, Option<R>)> {
        let tenant = self.left.next()?;
        self.asked += 1;
        let begin = self.begin.take().filter(|begin| begin.tenant == tenant.id);
        Some((tenant, begin.and_then(|begin| begin.after)))
    }

    /// Counts rows of a tenant that were examined, up to `last`. Returns where the next chunk begins
    /// if this one is full.
    pub(super) fn examined(
        &mut self,
        tenant: TenantId,
        rows: u32,
        last: Option<R>,
    ) -> Option<TenantPosition<R>> {
        self.room = self.room.saturating_sub(rows);
        let is_full = self.room == 0 || self.asked == MAX_TENANTS;
        is_full.then_some(TenantPosition {
            tenant,
            after: last,
        })
    }
}
