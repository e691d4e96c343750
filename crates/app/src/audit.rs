//! The audit trail: read by administrators, which is itself recorded; sealed, and verified against
//! its seals.

mod chain;
mod seal;
mod verify;

pub(crate) use chain::{Beginning, Chain, Signers};
pub use seal::{AuditSealer, LastSeen, Sealed};
pub use verify::{AuditVerifier, Forgery, KeptSeal, Verified, VerifyError};

use crate::support::retry::retried;
use chrono::{DateTime, SecondsFormat, Utc};
use customer_domain::audit::{
    AuditEntry, AuditEvent, AuditFilter, AuditKey, AuditKind, AuditTally, FieldChange,
};
use customer_domain::customer::{CustomerReads, CustomerRef};
use customer_domain::{Context, CustomerId, IdSource, Page, PageEnd, StoreError, Transactions};
use serde_json::json;
use std::sync::Arc;
use tracing::instrument;

/// The use cases of reading the audit trail.
#[derive(Clone)]
pub struct Audit {
    /// Starts the units of work that read the trail and record the reading.
    pub transactions: Arc<dyn Transactions>,
    /// Reads the customers whose entries are requested.
    pub customers: Arc<dyn CustomerReads>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
}

/// A query of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditQuery {
    /// Entries whose type starts with this prefix; a prefix of no type matches nothing.
    pub event_type: Option<String>,
    /// The other conditions. The kinds are derived from the type.
    pub filter: AuditFilter,
}

/// Entries, newest first, and where the next page starts.
pub type AuditPage = Page<AuditEvent, PageEnd<AuditKey>>;

impl AuditQuery {
    fn filter(&self) -> AuditFilter {
        AuditFilter {
            kinds: self.event_type.as_deref().map(AuditKind::with_prefix),
            ..self.filter.clone()
        }
    }

    /// Returns the conditions of the query, named as in requests, for the entry that records it.
    fn as_audit_values(&self) -> Vec<FieldChange> {
        let AuditFilter {
            customer,
            kinds: _,
            operation,
            actor,
            resource,
            from,
            to,
        } = &self.filter;
        let time = |at: &DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true).into();
        let given = [
            ("customer_id", customer.map(|id| json!(id.to_string()))),
            ("event_type", self.event_type.as_ref().map(|it| json!(it))),
            ("operation", operation.map(|it| json!(it.as_str()))),
            ("actor", actor.as_ref().map(|it| json!(it))),
            ("resource", resource.map(|id| json!(id.to_string()))),
            ("from", from.as_ref().map(time)),
            ("to", to.as_ref().map(time)),
        ];
        given
            .into_iter()
            .filter_map(|(name, value)| Some(FieldChange::given(name, value?)))
            .collect()
    }
}

impl Audit {
    /// Returns the newest matching entries that are older than `after`. Nothing is returned unless
    /// the reading itself could be recorded.
    ///
    /// # Errors
    /// [`StoreError::TooSlow`] if the filter is too broad to be answered within two seconds.
    #[instrument(name = "app.audit.list", level = "debug", skip_all)]
    pub async fn list(
        &self,
        context: &Context,
        query: &AuditQuery,
        after: Option<PageEnd<AuditKey>>,
        size: u32,
    ) -> Result<AuditPage, StoreError> {
        let customer = self.known(context, query).await?;
        retried(|| self.try_list(context, query, after, size, customer)).await
    }

    /// Returns the newest matching entries of one customer, as [`list`](Self::list) does.
    ///
    /// # Errors
    /// As for [`list`](Self::list), and [`StoreError::NotFound`] if the tenant has no such
    /// customer.
    #[instrument(name = "app.audit.of_customer", level = "debug", skip_all)]
    pub async fn of_customer(
        &self,
        context: &Context,
        customer: CustomerRef,
        mut query: AuditQuery,
        after: Option<PageEnd<AuditKey>>,
        size: u32,
    ) -> Result<AuditPage, StoreError> {
        let found = self.customers.find(context, customer).await?;
        let found = found.ok_or(StoreError::NotFound)?.customer.id;
        query.filter.customer = Some(found);
        retried(|| self.try_list(context, &query, after, size, Some(found))).await
    }

    async fn try_list(
        &self,
        context: &Context,
        query: &AuditQuery,
        after: Option<PageEnd<AuditKey>>,
        size: u32,
        customer: Option<CustomerId>,
    ) -> Result<AuditPage, StoreError> {
        let ended_at = after.and_then(|end| end.horizon);
        let (filter, horizon) = self.ended(context, query, ended_at).await?;
        let mut work = self.transactions.begin(context).await?;
        let after = after.map(|end| end.key);
        let page = work.audit().list(&filter, after, size).await?;
        let read = self.read(context, query, customer, Vec::new(), work.now());
        work.record(read.into());
        work.commit().await?;
        Ok(page.map_next(|key| PageEnd { key, horizon }))
    }

    /// Counts the matching entries of each customer. The reading is recorded as for a list.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    #[instrument(name = "app.audit.tally", level = "debug", skip_all)]
    pub async fn tally(
        &self,
        context: &Context,
        query: &AuditQuery,
    ) -> Result<AuditTally, StoreError> {
        let customer = self.known(context, query).await?;
        retried(|| self.try_tally(context, query, customer)).await
    }

    async fn try_tally(
        &self,
        context: &Context,
        query: &AuditQuery,
        customer: Option<CustomerId>,
    ) -> Result<AuditTally, StoreError> {
        let (filter, _) = self.ended(context, query, None).await?;
        let mut work = self.transactions.begin(context).await?;
        let tally = work.audit().tally(&filter).await?;
        let by = FieldChange::given("by", "customer");
        let read = self.read(context, query, customer, vec![by], work.now());
        work.record(read.into());
        work.commit().await?;
        Ok(tally)
    }

    /// Returns the conditions of a query, and the horizon at which they end: where the first page
    /// ended, or that of now. Only a query that reads from a time on has one, so whoever continues from
    /// the newest entry misses none.
    async fn ended(
        &self,
        context: &Context,
        query: &AuditQuery,
        ended_at: Option<DateTime<Utc>>,
    ) -> Result<(AuditFilter, Option<DateTime<Utc>>), StoreError> {
        let mut filter = query.filter();
        let horizon = match ended_at {
            None if filter.from.is_some() => Some(self.transactions.horizon(context).await?),
            ended_at => ended_at,
        };
        if let Some(horizon) = horizon {
            filter.to = Some(filter.to.map_or(horizon, |to| to.min(horizon)));
        }
        Ok((filter, horizon))
    }

    /// Returns the customer of the query, if it exists. The id of an erased customer may match
    /// entries that outlived it; reading them concerns no customer.
    async fn known(
        &self,
        context: &Context,
        query: &AuditQuery,
    ) -> Result<Option<CustomerId>, StoreError> {
        let Some(id) = query.filter.customer else {
            return Ok(None);
        };
        let found = self.customers.find(context, CustomerRef::Id(id)).await?;
        Ok(found.map(|record| record.customer.id))
    }

    /// Returns the entry that records a reading.
    fn read(
        &self,
        context: &Context,
        query: &AuditQuery,
        customer: Option<CustomerId>,
        mut changes: Vec<FieldChange>,
        now: DateTime<Utc>,
    ) -> AuditEntry {
        changes.extend(query.as_audit_values());
        let resource = query.filter.customer.map_or(context.tenant.0, |id| id.0);
        let entry = AuditEntry::new(&*self.ids, AuditKind::AuditRead, resource, now);
        AuditEntry {
            customer,
            ..entry.with(changes)
        }
    }
}
