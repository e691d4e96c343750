//! The tags of a tenant with their counts, found by skipping along an index from one tag to the
//! next: the cost depends on how many tags are returned, not on how many customers carry them.

use crate::pg::pool::PgPool;
use crate::pg::read;
use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, end_of, sql};
use async_trait::async_trait;
use customer_domain::tag::{MAX_TAG_COUNT, Tag, TagCount, TagQuery, TagReads};
use customer_domain::{Context, Page, StoreError, TenantId};
use sqlx::postgres::PgRow;
use tracing::instrument;

const TABLE: &str = "customer_tags";

/// How long the read of one page may take, in milliseconds.
const TIMEOUT: Sql = Sql::text("SET LOCAL statement_timeout = 2000");

/// Reads tags on the pool of the app role.
pub(crate) struct PgTagReads(pub(crate) PgPool);

#[async_trait]
impl TagReads for PgTagReads {
    /// One round trip.
    #[instrument(name = "db.tag.list", level = "debug", skip_all)]
    async fn list(
        &self,
        context: &Context,
        query: &TagQuery,
    ) -> Result<Page<TagCount, Tag>, StoreError> {
        let statements = [TIMEOUT, select(context.tenant, query)];
        let rows = read::rows(&self.0, context.tenant, &statements).await?;
        let rows: Vec<_> = rows.iter().map(decode).collect::<Result<_, _>>()?;
        Ok(Page::cut(rows, query.limit, |row| row.tag.clone()))
    }
}

/// Returns the statement for one page. Each step of the recursion is one index look-up. The last is
/// for the tag after the limit, which only shows that there are more and is not counted.
fn select(tenant: TenantId, query: &TagQuery) -> Sql {
    let next = |bound: Sql| {
        sql!(
            "t.tag FROM customer_tags t WHERE t.tenant_id = {} AND {} ORDER BY t.tag LIMIT 1",
            tenant,
            bound
        )
    };
    let end = end_of(&query.prefix);
    let end = end.map_or_else(Sql::default, |end| sql!(" AND t.tag < {}", end));
    let after = query.after.as_ref();
    let after = after.map_or_else(Sql::default, |tag| sql!(" AND t.tag > {}", tag.as_str()));
    sql!(
        "WITH RECURSIVE found (tenant_id, number, tag) AS ((SELECT t.tenant_id, 1, {}) \
         UNION ALL SELECT f.tenant_id, f.number + 1, (SELECT {}) FROM found f \
         WHERE f.tenant_id = {} AND f.tag IS NOT NULL) \
         SELECT f.tag, CASE WHEN f.number > {} THEN 0 ELSE (SELECT count(*) FROM \
         (SELECT 1 FROM customer_tags t WHERE t.tenant_id = {} AND t.tag = f.tag \
         LIMIT {}) AS bounded) END AS count \
         FROM found f WHERE f.tenant_id = {} AND f.tag IS NOT NULL LIMIT {}",
        next(sql!("t.tag >= {}{}{}", query.prefix, after, end)),
        next(sql!("t.tag > f.tag{}", end)),
        tenant,
        query.limit,
        tenant,
        MAX_TAG_COUNT + 1,
        tenant,
        u64::from(query.limit) + 1
    )
}

fn decode(row: &PgRow) -> Result<TagCount, StoreError> {
    let row = RowReader::new(row, TABLE);
    let count = row.parsed("count", |count: i64| u64::try_from(count).ok())?;
    Ok(TagCount {
        tag: Tag::from_store(row.column("tag")?),
        count: count.min(MAX_TAG_COUNT),
        is_capped: count > MAX_TAG_COUNT,
    })
}
