//! All customers that a filter lets through, chunk by chunk.
//!
//! An export shows no single moment: each chunk is as it was when it was read. A customer that is
//! there the whole time, and passes the filter the whole time, is in it exactly once, because when
//! it was made never changes.

use super::Customers;
use customer_domain::audit::{AuditEntry, AuditKind};
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerRecord, CustomerSort, Identifier, SortKey,
};
use customer_domain::{Fact, Page, PageAt, PageRequest, Scope, SortOrder, StoreError};

/// Customers of a chunk: enough that a round trip does not count, few enough to hold two chunks of
/// several exports in memory.
const CHUNK: u32 = 500;

/// Fewer when each comes with its addresses, of which there may be a hundred.
const CHUNK_WITH_ADDRESSES: u32 = 100;

/// The longest-standing first: what is made meanwhile comes at the end.
const SORT: CustomerSort = CustomerSort {
    key: SortKey::CreatedAt,
    order: SortOrder::Ascending,
};

/// What is exported, and how it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportRequest {
    /// Which customers.
    pub filter: CustomerFilter,
    /// Whether each comes with its addresses. The caller reads these, chunk by chunk.
    pub with_addresses: bool,
    /// How it is written.
    pub format: ExportFormat,
}

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// One JSON object per line.
    Ndjson,
    /// A table with a header.
    Csv,
}

/// A part of an export, and where the next begins.
pub type ExportChunk = Page<CustomerRecord, CustomerKey>;

impl Customers {
    /// Begins an export: reads its first chunk, and puts on record who takes what. Without the
    /// entry nobody gets anything.
    ///
    /// # Errors
    /// [`StoreError::TooSlow`] when the filter is too broad for its two seconds.
    pub async fn begin_export(
        &self,
        scope: &Scope,
        request: &ExportRequest,
    ) -> Result<ExportChunk, StoreError> {
        let first = self.chunk(scope, request, PageAt::Start).await?;
        let mut work = self.transactions.begin(scope).await?;
        work.record(self.exported(scope, request));
        work.commit().await?;
        Ok(first)
    }

    /// The chunk of an export after the one that named this as its `next`.
    ///
    /// # Errors
    /// As [`begin_export`](Self::begin_export).
    pub async fn continue_export(
        &self,
        scope: &Scope,
        request: &ExportRequest,
        after: CustomerKey,
    ) -> Result<ExportChunk, StoreError> {
        self.chunk(scope, request, PageAt::After(after)).await
    }

    async fn chunk(
        &self,
        scope: &Scope,
        request: &ExportRequest,
        at: PageAt<CustomerKey>,
    ) -> Result<ExportChunk, StoreError> {
        let size = if request.with_addresses {
            CHUNK_WITH_ADDRESSES
        } else {
            CHUNK
        };
        let page = PageRequest { size, at };
        self.reads.list(scope, &request.filter, SORT, &page).await
    }

    fn exported(&self, scope: &Scope, request: &ExportRequest) -> Fact {
        let expanded = request.with_addresses.then_some("expand=addresses");
        let format = match request.format {
            ExportFormat::Ndjson => "format=ndjson",
            ExportFormat::Csv => "format=csv",
        };
        let taken = used(&request.filter).into_iter().chain(expanded);
        let audit = AuditEntry {
            id: self.audit_id(),
            kind: AuditKind::CustomersExport,
            customer: None,
            resource: scope.tenant.0,
            changed_fields: taken.chain([format]).map(str::to_owned).collect(),
            reason: None,
            at: self.clock.now(),
        };
        Fact { event: None, audit }
    }
}

/// The names of what a filter asks for, without what it asks for.
fn used(filter: &CustomerFilter) -> Vec<&'static str> {
    let CustomerFilter {
        status,
        search,
        customer_type,
        group,
        tag,
        known_as,
        phone_digits,
        created,
        updated,
    } = filter;
    let parts = [
        ("status", status.is_some()),
        ("search", search.is_some()),
        ("customer_type", customer_type.is_some()),
        ("group", group.is_some()),
        ("tag", tag.is_some()),
        ("phone", phone_digits.is_some()),
        ("created_after", created.after.is_some()),
        ("created_before", created.before.is_some()),
        ("updated_after", updated.after.is_some()),
        ("updated_before", updated.before.is_some()),
    ];
    let names = parts.iter().filter(|(_, is_used)| *is_used);
    let identifiers = known_as.iter().map(|identifier| match identifier {
        Identifier::Email(_) => "email",
        Identifier::Legacy(_) => "legacy_id",
        Identifier::External(_) => "external_id",
    });
    names.map(|(name, _)| *name).chain(identifiers).collect()
}
