//! Customer groups: created, changed and deleted by administrators.

use crate::idempotency::{Idempotent, Outcome};
use crate::support::failed::{Failed, Rule};
use crate::support::retry::retried;
use crate::support::version::expect_version;
use chrono::{DateTime, Utc};
use customer_domain::audit::{AuditEntry, AuditKind, FieldChange};
use customer_domain::group::{Group, GroupChanges, GroupId, GroupReads};
use customer_domain::{
    Change, Claimed, Conflict, Context, IdSource, Page, StoreError, Transactions,
};
use std::sync::Arc;
use thiserror::Error;
use tracing::instrument;

/// The use cases of customer groups.
#[derive(Clone)]
pub struct Groups {
    /// Starts the units of work for writes.
    pub transactions: Arc<dyn Transactions>,
    /// Reads groups.
    pub reads: Arc<dyn GroupReads>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
}

/// A request to create a group.
#[derive(Debug, Clone)]
pub struct CreateGroup {
    /// The group's id.
    pub id: GroupId,
    /// The display name.
    pub name: String,
    /// What the group is for.
    pub description: Option<String>,
    /// The name that price rules use for the group.
    pub discount_class: Option<String>,
}

/// A request to change a group.
#[derive(Debug, Clone, Default)]
pub struct UpdateGroup {
    /// The changes.
    pub changes: GroupChanges,
    /// The versions that the caller expects; `None` for any.
    pub expected_versions: Option<Vec<i64>>,
}

/// The reason why a group could not be created, changed or deleted.
pub type GroupError = Failed<GroupRule>;

/// The rules of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GroupRule {
    /// The tenant already has a group with this id.
    #[error("the group's id is taken")]
    IdTaken,
    /// Customers belong to the group.
    #[error("customers belong to the group")]
    InUse,
}

impl Rule for GroupRule {
    const STORED: &'static [(Conflict, Self)] = &[
        (Conflict::GroupId, Self::IdTaken),
        (Conflict::GroupInUse, Self::InUse),
    ];
}

impl Groups {
    /// Returns a group.
    ///
    /// # Errors
    /// [`GroupError::NotFound`], or an error of the store.
    #[instrument(name = "app.group.get", level = "debug", skip_all)]
    pub async fn get(&self, context: &Context, id: &GroupId) -> Result<Group, GroupError> {
        let found = self.reads.find(context, id).await?;
        found.ok_or(GroupError::NotFound)
    }

    /// Returns a page of groups in the order of their ids, starting after `after`.
    ///
    /// # Errors
    /// An error of the store.
    #[instrument(name = "app.group.list", level = "debug", skip_all)]
    pub async fn list(
        &self,
        context: &Context,
        after: Option<GroupId>,
        size: u32,
    ) -> Result<Page<Group, GroupId>, StoreError> {
        let rows = self
            .reads
            .list(context, after, size.saturating_add(1))
            .await?;
        Ok(Page::cut(rows, size, |row| row.id.clone()))
    }

    /// Creates a group.
    ///
    /// # Errors
    /// [`GroupRule::IdTaken`], or an error of the store.
    #[instrument(name = "app.group.create", level = "debug", skip_all)]
    pub async fn create(
        &self,
        context: &Context,
        command: CreateGroup,
        once: &Idempotent<'_, Group>,
    ) -> Result<Outcome<Group>, GroupError> {
        retried(|| self.try_create(context, &command, once)).await
    }

    async fn try_create(
        &self,
        context: &Context,
        command: &CreateGroup,
        once: &Idempotent<'_, Group>,
    ) -> Result<Outcome<Group>, GroupError> {
        let mut work = match once.begin(&*self.transactions, context).await? {
            Claimed::Started(work) => work,
            Claimed::Replay(reply) => return Ok(Outcome::Replayed(reply)),
        };
        let CreateGroup {
            id,
            name,
            description,
            discount_class,
        } = command.clone();
        let group = Group {
            description,
            discount_class,
            ..Group::new(id, name, work.now())
        };
        work.groups().insert(&group).await?;
        let kind = AuditKind::GroupCreate;
        let changes = FieldChange::created(&group, &group.given_fields());
        work.record(self.audited(context, &group, kind, changes, group.created_at));
        once.store_reply(&mut *work, &group);
        work.commit().await?;
        Ok(Outcome::Done(group))
    }

    /// Merges changes into a group. If nothing changes, nothing is written.
    ///
    /// # Errors
    /// [`GroupError::NotFound`], [`GroupError::VersionConflict`], or an error of the store.
    #[instrument(name = "app.group.update", level = "debug", skip_all)]
    pub async fn update(
        &self,
        context: &Context,
        id: &GroupId,
        command: &UpdateGroup,
    ) -> Result<Group, GroupError> {
        retried(|| self.try_update(context, id, command)).await
    }

    async fn try_update(
        &self,
        context: &Context,
        id: &GroupId,
        command: &UpdateGroup,
    ) -> Result<Group, GroupError> {
        let mut work = self.transactions.begin(context).await?;
        let mut group = work.groups().find_for_update(id).await?;
        expect_version(group.version, command.expected_versions.as_deref())?;
        let before = group.clone();
        let changed = group.merge(command.changes.clone());
        if changed.is_empty() {
            work.rollback().await?;
            return Ok(group);
        }
        group.version += 1;
        // The clock may have been set back.
        group.updated_at = group.updated_at.max(work.now());
        work.groups().save(&group).await?;
        let kind = AuditKind::GroupUpdate;
        let fields = FieldChange::between(&before, &group, &changed);
        work.record(self.audited(context, &group, kind, fields, group.updated_at));
        work.commit().await?;
        Ok(group)
    }

    /// Deletes a group without members, and returns its last state.
    ///
    /// # Errors
    /// [`GroupError::NotFound`], [`GroupRule::InUse`], [`GroupError::VersionConflict`], or an error
    /// of the store.
    #[instrument(name = "app.group.delete", level = "debug", skip_all)]
    pub async fn delete(
        &self,
        context: &Context,
        id: &GroupId,
        expected_versions: Option<&[i64]>,
    ) -> Result<Group, GroupError> {
        retried(|| self.try_delete(context, id, expected_versions)).await
    }

    async fn try_delete(
        &self,
        context: &Context,
        id: &GroupId,
        expected_versions: Option<&[i64]>,
    ) -> Result<Group, GroupError> {
        let mut work = self.transactions.begin(context).await?;
        let group = work.groups().find_for_update(id).await?;
        expect_version(group.version, expected_versions)?;
        work.groups().delete(id).await?;
        let (kind, now) = (AuditKind::GroupDelete, work.now());
        let changes = FieldChange::deleted(&group, &group.given_fields());
        work.record(self.audited(context, &group, kind, changes, now));
        work.commit().await?;
        Ok(group)
    }

    fn audited(
        &self,
        context: &Context,
        group: &Group,
        kind: AuditKind,
        changes: Vec<FieldChange>,
        at: DateTime<Utc>,
    ) -> Change {
        let entry = AuditEntry::new(&*self.ids, kind, group.id.uuid_in(context.tenant), at);
        entry.with(changes).into()
    }
}
