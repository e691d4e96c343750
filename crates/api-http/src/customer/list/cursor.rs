//! The cursor of the list: where a page ended, in which list of which tenant.

use crate::api::Api;
use crate::http::cursor::Cursors;
use chrono::{DateTime, Utc};
use customer_domain::customer::{CustomerFilter, CustomerKey, CustomerSort, SortKey, Status};
use customer_domain::{CustomerId, DigestPurpose, KeyedDigest, Scope, SortOrder, TenantId};
use std::sync::Arc;

/// Makes and reads the cursors of one tenant's list. A cursor is signed: one that was changed,
/// made up, or made for another tenant, filter or order is none of ours.
pub(super) struct ListCursor {
    cursors: Cursors,
    tenant: TenantId,
}

const SEPARATOR: char = '\u{1f}';

impl ListCursor {
    pub(super) fn new(api: &Api, scope: &Scope) -> Self {
        let digests: Arc<dyn KeyedDigest> = Arc::clone(&api.digests);
        let mac = Arc::new(move |payload: &[u8]| digests.digest(DigestPurpose::Cursor, payload));
        Self {
            cursors: Cursors::new(mac),
            tenant: scope.tenant,
        }
    }

    pub(super) fn seal(
        &self,
        key: &CustomerKey,
        filter: &CustomerFilter,
        sort: CustomerSort,
    ) -> String {
        let (value, id) = match key {
            CustomerKey::Time(at, id) => (at.timestamp_micros().to_string(), id),
            CustomerKey::Text(text, id) => (text.clone(), id),
        };
        let list = self.list(filter, sort);
        let payload = [list, id.to_string(), value].join(&SEPARATOR.to_string());
        self.cursors.seal(payload.as_bytes())
    }

    /// Where the page ended; `None` when the cursor is none of ours.
    pub(super) fn open(
        &self,
        cursor: &str,
        filter: &CustomerFilter,
        sort: CustomerSort,
    ) -> Option<CustomerKey> {
        let payload = String::from_utf8(self.cursors.open(cursor).ok()?).ok()?;
        let mut parts = payload.splitn(3, SEPARATOR);
        let (list, id, value) = (parts.next()?, parts.next()?, parts.next()?);
        if list != self.list(filter, sort) {
            return None;
        }
        let id: CustomerId = id.parse().ok()?;
        Some(match sort.key {
            SortKey::CreatedAt | SortKey::UpdatedAt | SortKey::RegistrationDate => {
                let at: DateTime<Utc> = DateTime::from_timestamp_micros(value.parse().ok()?)?;
                CustomerKey::Time(at, id)
            }
            SortKey::Email | SortKey::LastName => CustomerKey::Text(value.to_owned(), id),
        })
    }

    /// Names the list: tenant, order and filter.
    fn list(&self, filter: &CustomerFilter, sort: CustomerSort) -> String {
        let key = match sort.key {
            SortKey::CreatedAt => 'c',
            SortKey::UpdatedAt => 'u',
            SortKey::RegistrationDate => 'r',
            SortKey::Email => 'e',
            SortKey::LastName => 'l',
        };
        let order = match sort.order {
            SortOrder::Ascending => '+',
            SortOrder::Descending => '-',
        };
        let status = filter.status.map_or(0, Status::code);
        format!("1{key}{order}{status}:{}", self.tenant)
    }
}
