//! Exporting all customers that meet a filter, in chunks.
//!
//! An export is not a snapshot: each chunk shows the state at the time when it was read. A customer
//! that exists and meets the filter the whole time is included exactly once, because its time of
//! creation never changes. A filter by time ends at the horizon of the beginning.

use super::Customers;
use chrono::SecondsFormat::AutoSi;
use chrono::{DateTime, Utc};
use customer_domain::audit::{AuditEntry, AuditKind, FieldChange};
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerRecord, CustomerSort, CustomerType, ExternalId,
    Identifier, SearchQuery, SearchWord, SortKey, Status, TimeSpan,
};
use customer_domain::group::GroupId;
use customer_domain::tag::Tag;
use customer_domain::{Change, Context, Page, PageAt, PageRequest, SortOrder, StoreError};
use serde_json::{Value, json};
use tracing::instrument;

/// The customers in a chunk: so many that the round trip does not matter, and so few that memory
/// can hold two chunks for each of several exports.
const CHUNK: u32 = 500;

/// The customers in a chunk with addresses, of which each may have a hundred.
const CHUNK_WITH_ADDRESSES: u32 = 100;

/// Oldest first, so that customers created during the export come at the end.
const SORT: CustomerSort = CustomerSort {
    key: SortKey::CreatedAt,
    order: SortOrder::Ascending,
};

/// A request to export customers.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportRequest {
    /// The customers to export.
    pub filter: CustomerFilter,
    /// Whether to include addresses. The caller reads them, chunk by chunk.
    pub with_addresses: bool,
    /// The file format.
    pub format: ExportFormat,
}

/// The file format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// One JSON object per line.
    Ndjson,
    /// A table with a header.
    Csv,
}

/// A chunk of an export, and the position where the next one begins.
pub type ExportChunk = Page<CustomerRecord, CustomerKey>;

/// An export that has begun.
#[derive(Debug, Clone, PartialEq)]
pub struct BegunExport {
    /// The request, for the chunks that follow.
    pub request: ExportRequest,
    /// The first chunk.
    pub first: ExportChunk,
    /// The next export continues this one if it asks for what was updated from here on: the horizon
    /// before the first chunk was read, or the end of the filter if that is earlier.
    pub next_updated_after: DateTime<Utc>,
}

impl Customers {
    /// Begins an export: reads its first chunk and records the export in the audit trail. If
    /// recording fails, nothing is exported.
    ///
    /// # Errors
    /// [`StoreError::TooSlow`] if the filter is too broad to be evaluated in two seconds.
    #[instrument(name = "app.customer.begin_export", level = "debug", skip_all)]
    pub async fn begin_export(
        &self,
        context: &Context,
        mut request: ExportRequest,
    ) -> Result<BegunExport, StoreError> {
        let conditions = as_audit_values(&request.filter);
        let horizon = self.transactions.horizon(context).await?;
        // Without a filter by time nothing is left out, whatever changes meanwhile.
        request.filter.end_at(None, horizon);
        let TimeSpan { after, before } = request.filter.updated;
        // The horizon may be before that of an earlier export.
        let next_updated_after = Some(before.unwrap_or(horizon)).max(after);
        let first = self.chunk(context, &request, PageAt::Start).await?;
        let mut work = self.transactions.begin(context).await?;
        let now = work.now();
        work.record(self.exported(context, &request, conditions, now));
        work.commit().await?;
        Ok(BegunExport {
            request,
            first,
            next_updated_after: next_updated_after.unwrap_or(horizon),
        })
    }

    /// Returns the chunk of an export after the one whose `next` is given.
    ///
    /// # Errors
    /// As [`begin_export`](Self::begin_export).
    #[instrument(name = "app.customer.continue_export", level = "debug", skip_all)]
    pub async fn continue_export(
        &self,
        context: &Context,
        request: &ExportRequest,
        after: CustomerKey,
    ) -> Result<ExportChunk, StoreError> {
        self.chunk(context, request, PageAt::After(after)).await
    }

    async fn chunk(
        &self,
        context: &Context,
        request: &ExportRequest,
        at: PageAt<CustomerKey>,
    ) -> Result<ExportChunk, StoreError> {
        let size = if request.with_addresses {
            CHUNK_WITH_ADDRESSES
        } else {
            CHUNK
        };
        let page = PageRequest { size, at };
        self.reads.list(context, &request.filter, SORT, &page).await
    }

    fn exported(
        &self,
        context: &Context,
        request: &ExportRequest,
        conditions: Vec<(&'static str, Value)>,
        now: DateTime<Utc>,
    ) -> Change {
        let expanded = request.with_addresses.then_some("addresses");
        let format = match request.format {
            ExportFormat::Ndjson => "ndjson",
            ExportFormat::Csv => "csv",
        };
        let taken = [("expand", json!(expanded)), ("format", json!(format))];
        let taken = conditions.into_iter().chain(taken);
        let asked_for = taken.filter(|(_, value)| !value.is_null());
        let changes = asked_for.map(|(name, value)| FieldChange::given(name, value));
        let kind = AuditKind::CustomersExport;
        let entry = AuditEntry::new(&*self.ids, kind, context.tenant.0, now);
        entry.with(changes.collect()).into()
    }
}

fn search_text(search: &SearchQuery) -> String {
    let words = search.words().iter().map(SearchWord::as_str);
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the conditions of a filter by the names of their query parameters; null if not set.
fn as_audit_values(filter: &CustomerFilter) -> Vec<(&'static str, Value)> {
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
    let words = search.as_ref().map(search_text);
    let time = |at: Option<DateTime<Utc>>| json!(at.map(|at| at.to_rfc3339_opts(AutoSi, true)));
    let parts = [
        ("status", json!(status.map(Status::as_str))),
        ("search", json!(words)),
        (
            "customer_type",
            json!(customer_type.map(CustomerType::as_str)),
        ),
        ("group", json!(group.as_ref().map(GroupId::as_str))),
        ("tag", json!(tag.as_ref().map(Tag::as_str))),
        ("phone", json!(phone.as_ref().map(|phone| &phone.digits))),
        ("created_after", time(created.after)),
        ("created_before", time(created.before)),
        ("updated_after", time(updated.after)),
        ("updated_before", time(updated.before)),
    ];
    let identifiers = known_as.iter().map(|identifier| match identifier {
        Identifier::Email(email) => ("email", json!(email.as_typed())),
        Identifier::Legacy(legacy) => ("legacy_id", json!(legacy.get())),
        Identifier::External(ExternalId { system, id }) => {
            ("external_id", json!(format!("{system}:{id}")))
        }
    });
    parts.into_iter().chain(identifiers).collect()
}
