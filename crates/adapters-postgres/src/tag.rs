//! The tags of a tenant with their counts, found by skipping along an index from one tag to the
//! next: what it costs depends on how many tags are shown, not on how many customers carry them.

use crate::pg::pool::PgPool;
use crate::pg::row::Reader;
use crate::pg::{literal, scope};
use async_trait::async_trait;
use customer_domain::tag::{MAX_TAG_COUNT, Tag, TagCount, TagQuery, TagReads};
use customer_domain::{Page, Scope, StoreError, TenantId};
use sqlx::postgres::PgRow;
use std::borrow::Cow;

const TABLE: &str = "customer_tags";

/// The counts of one page are bounded, and so is its time.
const TIMEOUT: Cow<'static, str> = Cow::Borrowed("SET LOCAL statement_timeout = 2000");

/// Reads tags on the pool of the app role.
pub(crate) struct PgTagReads(pub(crate) PgPool);

#[async_trait]
impl TagReads for PgTagReads {
    /// One round trip.
    async fn list(
        &self,
        scope: &Scope,
        query: &TagQuery,
    ) -> Result<Page<TagCount, Tag>, StoreError> {
        let statements = [TIMEOUT, Cow::Owned(select(scope.tenant, query))];
        let rows = scope::read(&self.0, scope.tenant, &statements).await?;
        let rows: Vec<_> = rows.iter().map(decode).collect::<Result<_, _>>()?;
        Ok(Page::cut(rows, query.limit, |row| row.tag.clone()))
    }
}

/// Each step of the recursion is one look into the index, and none is made beyond the limit and the
/// one tag after it, which only tells that there is one and is not counted.
fn select(tenant: TenantId, query: &TagQuery) -> String {
    let tenant = literal::uuid(tenant.0);
    let next = |bound: &str| {
        format!(
            "t.tag FROM customer_tags t WHERE t.tenant_id = {tenant} {bound} ORDER BY t.tag LIMIT 1"
        )
    };
    let end = literal::end_of(&query.prefix);
    let end = end.map(|end| format!("AND t.tag < {}", literal::text(&end)));
    let end = end.unwrap_or_default();
    let after = query.after.as_ref();
    let after = after.map(|tag| format!("AND t.tag > {}", literal::text(tag.as_str())));
    let start = format!(
        "AND t.tag >= {} {} {end}",
        literal::text(&query.prefix),
        after.unwrap_or_default()
    );
    let (first, following) = (next(&start), next(&format!("AND t.tag > f.tag {end}")));
    let (shown, read) = (query.limit, u64::from(query.limit) + 1);
    let counted = MAX_TAG_COUNT + 1;
    format!(
        "WITH RECURSIVE found (tenant_id, number, tag) AS ((SELECT t.tenant_id, 1, {first}) \
         UNION ALL SELECT f.tenant_id, f.number + 1, (SELECT {following}) FROM found f \
         WHERE f.tenant_id = {tenant} AND f.tag IS NOT NULL) \
         SELECT f.tag, CASE WHEN f.number > {shown} THEN 0 ELSE (SELECT count(*) FROM \
         (SELECT 1 FROM customer_tags t WHERE t.tenant_id = {tenant} AND t.tag = f.tag \
         LIMIT {counted}) AS bounded) END \
         FROM found f WHERE f.tenant_id = {tenant} AND f.tag IS NOT NULL LIMIT {read}"
    )
}

fn decode(row: &PgRow) -> Result<TagCount, StoreError> {
    let mut row = Reader::new(row, TABLE);
    let tag = row.parsed(|tag: String| Tag::parse(&tag).ok())?;
    let count = row.parsed(|count: i64| u64::try_from(count).ok())?;
    Ok(TagCount {
        tag,
        count: count.min(MAX_TAG_COUNT),
        is_capped: count > MAX_TAG_COUNT,
    })
}
