//! The tags of a tenant. The tags of a customer are changed along with it, by
//! [`UpdateCustomer`](crate::customer::UpdateCustomer).

use customer_domain::tag::{Tag, TagCount, TagQuery, TagReads};
use customer_domain::{Context, Page, StoreError};
use std::sync::Arc;
use tracing::instrument;

/// The use cases of tags.
#[derive(Clone)]
pub struct Tags {
    /// Reads tags.
    pub reads: Arc<dyn TagReads>,
}

impl Tags {
    /// Returns one page of the tags that customers have, with the number of customers.
    ///
    /// # Errors
    /// [`StoreError::TooSlow`] if counting takes longer than two seconds.
    #[instrument(name = "app.tag.list", level = "debug", skip_all)]
    pub async fn list(
        &self,
        context: &Context,
        query: &TagQuery,
    ) -> Result<Page<TagCount, Tag>, StoreError> {
        self.reads.list(context, query).await
    }
}
