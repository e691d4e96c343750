//! Customer groups: few in a tenant, and their ids decided by the primary key.

use crate::pg::pool::PgPool;
use crate::pg::row::Reader;
use crate::pg::sql::{self, Sql};
use crate::pg::uow::PgUnitOfWork;
use crate::pg::{literal, scope};
use async_trait::async_trait;
use customer_domain::group::{Group, GroupId, GroupReads, GroupRepo};
use customer_domain::{Conflict, Scope, StoreError};
use sqlx::QueryBuilder;
use sqlx::postgres::PgRow;
use std::borrow::Cow;

const TABLE: &str = "customer_groups";

/// Stores groups; `$1` is the tenant.
pub(crate) const INSERT: &str = "INSERT INTO customer_groups \
     (tenant_id, id, name, description, discount_class, version, created_at, updated_at)";

/// Those of a group, in the order in which [`decode`] reads them.
const COLUMNS: &str =
    "g.id, g.name, g.description, g.discount_class, g.version, g.created_at, g.updated_at";

/// Appends the rows of [`INSERT`].
pub(crate) fn values<'g>(insert: &mut Sql, groups: impl IntoIterator<Item = &'g Group>) {
    sql::values(insert, "$1", groups, |row, group| {
        row.push_bind(group.id.as_str().to_owned())
            .push_bind(group.name.clone())
            .push_bind(group.description.clone())
            .push_bind(group.discount_class.clone())
            .push_bind(group.version)
            .push_bind(group.created_at)
            .push_bind(group.updated_at);
    });
}

#[async_trait]
impl GroupRepo for PgUnitOfWork {
    /// One round trip.
    async fn insert(&mut self, group: &Group) -> Result<(), StoreError> {
        let mut insert = sql::Branches::new(&[self.tx.tenant().0]);
        values(insert.main(INSERT), [group]);
        self.tx.execute(insert.finish().build()).await?;
        Ok(())
    }

    /// One round trip. Customers may join the group meanwhile: only its key would stop them.
    async fn find_for_update(&mut self, id: &GroupId) -> Result<Group, StoreError> {
        let mut select = QueryBuilder::new(format!("SELECT {COLUMNS} FROM customer_groups g"));
        select.push(" WHERE g.tenant_id = ");
        select.push_bind(self.tx.tenant().0);
        select.push(" AND g.id = ");
        select.push_bind(id.as_str());
        select.push(" FOR NO KEY UPDATE");
        let rows = self.tx.fetch(select.build()).await?;
        decode(rows.first().ok_or(StoreError::NotFound)?)
    }

    /// One round trip.
    async fn save(&mut self, group: &Group) -> Result<(), StoreError> {
        let mut update = QueryBuilder::new("UPDATE customer_groups SET ");
        let mut set = update.separated(", ");
        sql::assign(&mut set, "name", group.name.as_str());
        sql::assign(&mut set, "description", group.description.as_deref());
        sql::assign(&mut set, "discount_class", group.discount_class.as_deref());
        sql::assign(&mut set, "version", group.version);
        sql::assign(&mut set, "updated_at", group.updated_at);
        update.push(" WHERE tenant_id = ");
        update.push_bind(self.tx.tenant().0);
        update.push(" AND id = ");
        update.push_bind(group.id.as_str());
        match self.tx.execute(update.build()).await? {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }

    /// One round trip. The customers' foreign key decides whether the group is free: here it
    /// says that someone belongs to the group, where customers are written that there is none.
    async fn delete(&mut self, id: &GroupId) -> Result<(), StoreError> {
        let delete = sqlx::query("DELETE FROM customer_groups WHERE tenant_id = $1 AND id = $2")
            .bind(self.tx.tenant().0)
            .bind(id.as_str());
        match self.tx.execute(delete).await {
            Ok(0) => Err(StoreError::NotFound),
            Ok(_) => Ok(()),
            Err(StoreError::Conflict(Conflict::UnknownGroup)) => {
                Err(StoreError::Conflict(Conflict::GroupInUse))
            }
            Err(error) => Err(error),
        }
    }
}

/// Reads groups on the pool of the app role.
pub(crate) struct PgGroupReads(pub(crate) PgPool);

impl PgGroupReads {
    /// The groups for which `condition` holds, by id.
    async fn select(
        &self,
        at: &Scope,
        condition: &str,
        limit: u32,
    ) -> Result<Vec<Group>, StoreError> {
        let select = format!(
            "SELECT {COLUMNS} FROM customer_groups g WHERE g.tenant_id = {} {condition} ORDER BY g.id LIMIT {limit}",
            literal::uuid(at.tenant.0)
        );
        let rows = scope::read(&self.0, at.tenant, &[Cow::Owned(select)]).await?;
        rows.iter().map(decode).collect()
    }
}

#[async_trait]
impl GroupReads for PgGroupReads {
    /// One round trip.
    async fn find(&self, scope: &Scope, id: &GroupId) -> Result<Option<Group>, StoreError> {
        let this = format!("AND g.id = {}", literal::text(id.as_str()));
        Ok(self.select(scope, &this, 1).await?.pop())
    }

    /// One round trip.
    async fn list(
        &self,
        scope: &Scope,
        after: Option<GroupId>,
        limit: u32,
    ) -> Result<Vec<Group>, StoreError> {
        let beyond = after.map(|id| format!("AND g.id > {}", literal::text(id.as_str())));
        self.select(scope, &beyond.unwrap_or_default(), limit).await
    }
}

fn decode(row: &PgRow) -> Result<Group, StoreError> {
    let mut row = Reader::new(row, TABLE);
    Ok(Group {
        id: row.parsed(|id: String| GroupId::parse(&id).ok())?,
        name: row.column()?,
        description: row.column()?,
        discount_class: row.column()?,
        version: row.column()?,
        created_at: row.column()?,
        updated_at: row.column()?,
    })
}
