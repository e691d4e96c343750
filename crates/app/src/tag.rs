//! The tags of a tenant. Those of one customer are changed with it: see
//! [`UpdateCustomer`](crate::customer::UpdateCustomer).

use customer_domain::tag::{Tag, TagCount, TagQuery, TagReads};
use customer_domain::{Context, Page, StoreError};
use std::sync::Arc;
use tracing::instrument;

/// The use cases of this slice.
#[derive(Clone)]
pub struct Tags {
    /// Where reads come from.
    pub reads: Arc<dyn TagReads>,
}

impl Tags {
    /// One page of the tags that customers carry, with their counts.
    ///
    /// # Errors
    /// [`StoreError::TooSlow`] when counting takes longer than its two seconds.
    #[instrument(name = "app.tag.list", level = "debug", skip_all)]
    pub async fn list(
        &self,
        context: &Context,
        query: &TagQuery,
    ) -> Result<Page<TagCount, Tag>, StoreError> {
        self.reads.list(context, query).await
    }
}
