//! Tenants: created and changed by operators, and held in memory for all other use cases.

mod directory;

pub use directory::TenantDirectory;

use crate::idempotency::{Idempotent, Outcome};
use crate::support::failed::{Failed, Rule};
use crate::support::retry::retried;
use crate::support::version::expect_version;
use chrono::{DateTime, Utc};
use customer_domain::audit::{AuditEntry, AuditKind, Audited, FieldChange};
use customer_domain::customer::{CustomerFilter, CustomerReads, CustomerSort, SortKey, Status};
use customer_domain::group::{Group, GroupId};
use customer_domain::tenant::{Tenant, TenantSettings, TenantSlug};
use customer_domain::{
    Change, Claimed, Conflict, Context, IdSource, PageAt, PageRequest, Patch, SortOrder,
    StoreError, TenantId, Transactions,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;
use tracing::instrument;

/// The use cases of tenants. They run with the rights of an operator, across tenants.
#[derive(Clone)]
pub struct Tenants {
    /// Starts the units of work for writes, with the rights of a job.
    pub transactions: Arc<dyn Transactions>,
    /// Reads customers: the first one fixes the currency.
    pub customers: Arc<dyn CustomerReads>,
    /// The tenants in memory.
    pub directory: Arc<TenantDirectory>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
    /// The initial groups of a new tenant: their ids and names.
    pub groups: Arc<BTreeMap<GroupId, String>>,
    /// The default settings of a new tenant.
    pub defaults: Arc<TenantSettings>,
}

/// A request to create a tenant.
#[derive(Debug, Clone)]
pub struct CreateTenant {
    /// The id in the API.
    pub slug: TenantSlug,
    /// The display name.
    pub name: String,
    /// The settings.
    pub settings: TenantSettings,
}

/// A request to change a tenant.
#[derive(Debug, Clone, Default)]
pub struct UpdateTenant {
    /// The new name.
    pub name: Option<String>,
    /// The new currency.
    pub currency: Option<String>,
    /// The new country.
    pub country: Option<String>,
    /// The new limit of addresses; clearing it restores the operator's default.
    pub max_addresses: Patch<u32>,
    /// The versions that the caller expects; `None` for any.
    pub expected_versions: Option<Vec<i64>>,
}

/// The reason why a tenant could not be created or changed.
pub type TenantError = Failed<TenantRule>;

/// The rules of tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TenantRule {
    /// Another tenant has this id.
    #[error("the tenant's id is taken")]
    SlugTaken,
    /// The tenant has customers, whose totals are in its currency.
    #[error("the currency of a tenant with customers cannot change")]
    CurrencyFixed,
}

impl Rule for TenantRule {
    const STORED: &'static [(Conflict, Self)] = &[(Conflict::TenantSlug, Self::SlugTaken)];
}

impl Tenants {
    /// Creates a tenant along with its groups.
    ///
    /// # Errors
    /// [`TenantRule::SlugTaken`], or an error of the store.
    #[instrument(name = "app.tenant.create", level = "debug", skip_all)]
    pub async fn create(
        &self,
        context: &Context,
        command: CreateTenant,
        once: &Idempotent<'_, Tenant>,
    ) -> Result<Outcome<Tenant>, TenantError> {
        let outcome = retried(|| self.try_create(context, &command, once)).await?;
        if let Outcome::Done(tenant) = &outcome {
            self.directory.learn(tenant);
        }
        Ok(outcome)
    }

    async fn try_create(
        &self,
        context: &Context,
        command: &CreateTenant,
        once: &Idempotent<'_, Tenant>,
    ) -> Result<Outcome<Tenant>, TenantError> {
        let mut work = match once.begin(&*self.transactions, context).await? {
            Claimed::Started(work) => work,
            Claimed::Replay(reply) => return Ok(Outcome::Replayed(reply)),
        };
        let id = TenantId(self.ids.new_id());
        let tenant = new_tenant(id, command.clone(), work.now());
        let groups = self.first_groups(&tenant);
        work.tenants().insert(&tenant, &groups).await?;
        let changes = FieldChange::whole(&tenant);
        work.record(self.audited(&tenant, AuditKind::TenantCreate, changes));
        once.store_reply(&mut *work, &tenant);
        work.commit().await?;
        Ok(Outcome::Done(tenant))
    }

    pub(crate) fn first_groups(&self, tenant: &Tenant) -> Vec<Group> {
        let groups = self.groups.iter();
        groups
            .map(|(id, name)| Group::new(id.clone(), name.clone(), tenant.created_at))
            .collect()
    }

    /// Merges changes into a tenant. If nothing changes, nothing is written.
    ///
    /// # Errors
    /// [`TenantRule::CurrencyFixed`], [`TenantError::NotFound`], [`TenantError::VersionConflict`], or
    /// an error of the store.
    #[instrument(name = "app.tenant.update", level = "debug", skip_all)]
    pub async fn update(
        &self,
        context: &Context,
        id: TenantId,
        command: &UpdateTenant,
    ) -> Result<Tenant, TenantError> {
        let tenant = retried(|| self.try_update(context, id, command)).await?;
        self.directory.learn(&tenant);
        Ok(tenant)
    }

    async fn try_update(
        &self,
        context: &Context,
        id: TenantId,
        command: &UpdateTenant,
    ) -> Result<Tenant, TenantError> {
        let mut work = self.transactions.begin(context).await?;
        let mut tenant = work.tenants().find_for_update(id).await?;
        expect_version(tenant.version, command.expected_versions.as_deref())?;
        let before = tenant.clone();
        let changed = merge(&mut tenant, command);
        if changed.is_empty() {
            work.rollback().await?;
            return Ok(tenant);
        }
        let is_fixed = tenant.settings.currency != before.settings.currency
            && self.has_customers(&tenant).await?;
        if is_fixed {
            work.rollback().await?;
            return Err(TenantRule::CurrencyFixed.into());
        }
        tenant.version += 1;
        // The clock may have been set back.
        tenant.updated_at = tenant.updated_at.max(work.now());
        work.tenants().save(&tenant).await?;
        let fields = FieldChange::between(&before, &tenant, &changed);
        work.record(self.audited(&tenant, AuditKind::TenantUpdate, fields));
        work.commit().await?;
        Ok(tenant)
    }

    /// Returns whether the tenant has customers, deleted ones included. One that is being created
    /// keeps the currency that it is created with.
    async fn has_customers(&self, tenant: &Tenant) -> Result<bool, StoreError> {
        let context = Context::system(tenant.id, tenant.slug.as_str(), "tenant.update");
        let sort = CustomerSort {
            key: SortKey::CreatedAt,
            order: SortOrder::Ascending,
        };
        let first = PageRequest {
            size: 1,
            at: PageAt::Start,
        };
        for status in [None, Some(Status::Deleted)] {
            let filter = CustomerFilter {
                status,
                ..CustomerFilter::default()
            };
            let found = self.customers.list(&context, &filter, sort, &first).await?;
            if !found.items.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(crate) fn audited(
        &self,
        tenant: &Tenant,
        kind: AuditKind,
        changes: Vec<FieldChange>,
    ) -> Change {
        let entry = AuditEntry::new(&*self.ids, kind, tenant.id.0, tenant.updated_at);
        entry.with(changes).into()
    }
}

pub(crate) fn new_tenant(id: TenantId, command: CreateTenant, now: DateTime<Utc>) -> Tenant {
    Tenant {
        id,
        slug: command.slug,
        name: command.name,
        settings: command.settings,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

fn merge(tenant: &mut Tenant, command: &UpdateTenant) -> Vec<&'static str> {
    let before = tenant.clone();
    let UpdateTenant {
        name,
        currency,
        country,
        max_addresses,
        expected_versions: _,
    } = command;
    let settings = &mut tenant.settings;
    for (member, wanted) in [
        (&mut tenant.name, name),
        (&mut settings.currency, currency),
        (&mut settings.country, country),
    ] {
        if let Some(wanted) = wanted {
            member.clone_from(wanted);
        }
    }
    max_addresses.clone().apply(&mut settings.max_addresses);
    tenant.changed_since(&before)
}
