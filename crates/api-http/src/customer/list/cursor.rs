//! The cursor of the list of customers: the end of a page, for one list of one tenant.

use crate::api::Api;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use customer_domain::customer::{CustomerFilter, CustomerKey, CustomerSort, SearchQuery, SortKey};
use customer_domain::{
    Context, CustomerId, DigestPurpose, KeyedDigest, PageEnd, SortOrder, TenantId,
};
use http_kit::cursor::Cursors;
use std::sync::Arc;

/// Creates and reads the cursors of a tenant's list. Cursors are signed: one that was modified,
/// forged, or created for another tenant, filter or order is invalid.
pub(super) struct ListCursor {
    cursors: Cursors,
    digests: Arc<dyn KeyedDigest>,
    tenant: TenantId,
}

const SEPARATOR: char = '\u{1f}';

impl ListCursor {
    pub(super) fn new(api: &Api, context: &Context) -> Self {
        let digests: Arc<dyn KeyedDigest> = Arc::clone(&api.digests);
        let mac = Arc::clone(&digests);
        let mac = Arc::new(move |payload: &[u8]| mac.digest(DigestPurpose::Cursor, payload));
        Self {
            cursors: Cursors::new(mac),
            digests,
            tenant: context.tenant,
        }
    }

    pub(super) fn seal(
        &self,
        end: &PageEnd<CustomerKey>,
        filter: &CustomerFilter,
        sort: CustomerSort,
    ) -> String {
        let (value, id) = match &end.key {
            CustomerKey::Time(at, id) => (micros(at), id),
            CustomerKey::Text(text, id) => (text.clone(), id),
        };
        let horizon = end.horizon.as_ref().map(micros).unwrap_or_default();
        let list = self.list(filter, sort);
        let payload = [list, horizon, id.to_string(), value].join(&SEPARATOR.to_string());
        self.cursors.seal(payload.as_bytes())
    }

    /// Returns the end of the page; `None` if the cursor is invalid.
    pub(super) fn open(
        &self,
        cursor: &str,
        filter: &CustomerFilter,
        sort: CustomerSort,
    ) -> Option<PageEnd<CustomerKey>> {
        let payload = String::from_utf8(self.cursors.open(cursor).ok()?).ok()?;
        let mut parts = payload.splitn(4, SEPARATOR);
        let (list, horizon) = (parts.next()?, parts.next()?);
        let (id, value) = (parts.next()?, parts.next()?);
        if list != self.list(filter, sort) {
            return None;
        }
        let horizon = match horizon {
            "" => None,
            at => Some(instant(at)?),
        };
        let id: CustomerId = id.parse().ok()?;
        let key = match sort.key {
            SortKey::CreatedAt | SortKey::UpdatedAt | SortKey::RegistrationDate => {
                CustomerKey::Time(instant(value)?, id)
            }
            SortKey::Email | SortKey::LastName => CustomerKey::Text(value.to_owned(), id),
        };
        Some(PageEnd { key, horizon })
    }

    /// Returns the identity of the list: tenant, order, and a digest of the filter, which may
    /// contain personal data.
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
        let filter = written(filter).join(&SEPARATOR.to_string());
        let digest = self
            .digests
            .digest(DigestPurpose::Cursor, filter.as_bytes());
        let digest = URL_SAFE_NO_PAD.encode(&digest[..16]);
        format!("3{key}{order}{digest}:{}", self.tenant)
    }
}

fn micros(at: &DateTime<Utc>) -> String {
    at.timestamp_micros().to_string()
}

fn instant(micros: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros.parse().ok()?)
}

/// Returns the labelled parts of a filter: two filters are written alike only if they select the
/// same customers.
fn written(filter: &CustomerFilter) -> Vec<String> {
    let CustomerFilter {
        status,
        search,
        customer_type,
        group,
        tag,
        known_as,
        phone,
        created,
        updated,
    } = filter;
    let words = search.iter().flat_map(SearchQuery::words);
    let named = |name: &str, value: Option<String>| value.map(|value| format!("{name}={value}"));
    let single = [
        named("status", status.map(|status| status.code().to_string())),
        named("type", customer_type.map(|kind| kind.code().to_string())),
        named("group", group.as_ref().map(ToString::to_string)),
        named("tag", tag.as_ref().map(|tag| tag.as_str().to_owned())),
        named(
            "phone",
            phone
                .as_ref()
                .map(|phone| format!("{}/{}", phone.key, phone.digits)),
        ),
        named("created>", created.after.as_ref().map(micros)),
        named("created<", created.before.as_ref().map(micros)),
        named("updated>", updated.after.as_ref().map(micros)),
        named("updated<", updated.before.as_ref().map(micros)),
    ];
    let identifiers = known_as
        .iter()
        .map(|known| format!("{}={}", known.kind(), known.value()));
    let words = words.map(|word| format!("word={}", word.prefixes().collect::<Vec<_>>().join("/")));
    single
        .into_iter()
        .flatten()
        .chain(identifiers)
        .chain(words)
        .collect()
}
