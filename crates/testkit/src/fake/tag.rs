use super::FakeStore;
use async_trait::async_trait;
use customer_domain::tag::{MAX_TAG_COUNT, Tag, TagCount, TagQuery, TagReads};
use customer_domain::{Context, Page, StoreError};
use std::collections::BTreeMap;

#[async_trait]
impl TagReads for FakeStore {
    async fn list(
        &self,
        context: &Context,
        query: &TagQuery,
    ) -> Result<Page<TagCount, Tag>, StoreError> {
        let state = self.shared.read()?;
        let mut counts: BTreeMap<&Tag, u64> = BTreeMap::new();
        for row in state.customers_of(context.tenant) {
            for tag in &row.record.customer.tags {
                *counts.entry(tag).or_default() += 1;
            }
        }
        let wanted = counts.into_iter().filter(|(tag, _)| {
            tag.as_str().starts_with(&query.prefix)
                && query.after.as_ref().is_none_or(|after| *tag > after)
        });
        let shown = wanted.map(|(tag, count)| TagCount {
            tag: tag.clone(),
            count: count.min(MAX_TAG_COUNT),
            is_capped: count > MAX_TAG_COUNT,
        });
        Ok(Page::cut(shown.collect(), query.limit, |shown| {
            shown.tag.clone()
        }))
    }
}
