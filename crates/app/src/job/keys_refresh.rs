//! `keys.refresh`: makes the keys of customers anew, by which they are found, compared and sorted,
//! when a release has other rules for them or a tenant has another country.

use super::{Cursor, Job, JobError, JobStep};
use crate::support::retry::retried;
use async_trait::async_trait;
use customer_domain::address::Country;
use customer_domain::customer::{CustomerReads, CustomerRef};
use customer_domain::job::JobName;
use customer_domain::tenant::{Tenant, TenantReads};
use customer_domain::{Conflict, Context, CustomerId, StoreError, TenantId, Transactions};
use std::iter;
use std::sync::Arc;
use std::time::Duration;

/// The number of customers that are looked at in a chunk.
pub const KEYS_CHUNK: u32 = 500;

const NAME: &str = "keys.refresh";

/// The job.
pub struct RefreshKeys {
    /// Looks at the customers.
    pub customers: Arc<dyn CustomerReads>,
    /// Stores them with new keys.
    pub transactions: Arc<dyn Transactions>,
    /// The tenants, whose countries decide what a phone number is.
    pub tenants: Arc<dyn TenantReads>,
    /// The interval of the job.
    pub every: Duration,
}

/// The position up to which everything was looked at: a tenant, and one of its customers.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyPosition {
    tenant: TenantId,
    after: Option<CustomerId>,
}

#[async_trait]
impl Job for RefreshKeys {
    type Cursor = KeyPosition;

    fn name(&self) -> JobName {
        JobName(NAME)
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn run(&self, cursor: Option<KeyPosition>) -> Result<JobStep<KeyPosition>, JobError> {
        let mut tenants = self.tenants.all().await?;
        tenants.sort_by_key(|tenant| tenant.id);
        let begin = cursor.as_ref().map(|cursor| cursor.tenant);
        let left = tenants.iter().filter(|tenant| Some(tenant.id) >= begin);
        for tenant in left {
            let after = cursor.as_ref().filter(|cursor| cursor.tenant == tenant.id);
            let after = after.and_then(|cursor| cursor.after);
            let context = context(tenant);
            let seen = self
                .customers
                .outdated_keys(&context, after, KEYS_CHUNK)
                .await?;
            for id in &seen.outdated {
                self.refresh(&context, *id).await?;
            }
            if seen.last.is_some() {
                let cursor = KeyPosition {
                    tenant: tenant.id,
                    after: seen.last,
                };
                let processed = seen.outdated.len().try_into().unwrap_or(u64::MAX);
                return Ok(JobStep::More { cursor, processed });
            }
        }
        Ok(JobStep::Done { processed: 0 })
    }
}

impl RefreshKeys {
    /// Stores a customer with new keys. If another customer has the new key of its e-mail address,
    /// it keeps the old one.
    async fn refresh(&self, context: &Context, id: CustomerId) -> Result<(), StoreError> {
        match retried(|| self.try_refresh(context, id, true)).await {
            Err(StoreError::Conflict(Conflict::Email)) => {
                tracing::warn!(
                    tenant = context.tenant_slug,
                    customer = %id,
                    "by the rules of today another customer has the same e-mail address"
                );
                retried(|| self.try_refresh(context, id, false)).await
            }
            outcome => outcome,
        }
    }

    async fn try_refresh(
        &self,
        context: &Context,
        id: CustomerId,
        with_email: bool,
    ) -> Result<(), StoreError> {
        let mut work = self.transactions.begin(context).await?;
        let found = work.customers().find_for_update(CustomerRef::Id(id)).await;
        let mut customer = match found {
            Ok(record) => record.customer,
            // Erased since it was looked at.
            Err(StoreError::NotFound) => return work.rollback().await,
            Err(error) => return Err(error),
        };
        // No event: its number is still free.
        customer.event_seq -= 1;
        if with_email {
            customer.renew_keys();
        }
        work.customers().save(&customer).await?;
        work.commit().await
    }
}

fn context(tenant: &Tenant) -> Context {
    Context {
        country: Country::from_store(&tenant.settings.country),
        ..Context::system(tenant.id, tenant.slug.as_str(), NAME)
    }
}

impl Cursor for KeyPosition {
    fn to_fields(&self) -> Vec<String> {
        let after = self.after.map(|after| after.to_string());
        iter::once(self.tenant.to_string()).chain(after).collect()
    }

    fn from_fields(fields: &[String]) -> Option<Self> {
        let (tenant, after) = match fields {
            [tenant] => (tenant, None),
            [tenant, after] => (tenant, Some(after.parse().ok()?)),
            _ => return None,
        };
        let tenant = tenant.parse().ok()?;
        Some(Self { tenant, after })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheduled::{read, written};
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_another_programs_counts_as_none() {
        let (tenant, after) = (
            "018f3c1e-7d7c-7b5a-9c11-2f5a8e6d4b3a".parse().unwrap(),
            "018f3c1e-7d7c-7b5a-9c11-2f5a8e6d4b3b".parse().unwrap(),
        );
        for after in [None, Some(after)] {
            let place = KeyPosition { tenant, after };
            assert_eq!(read(&written(&place)), Some(place));
        }
        for other in ["", "[]", "[\"t\"]", "[\"t\",\"c\",\"x\"]"] {
            assert_eq!(read::<KeyPosition>(other), None, "{other}");
        }
    }
}
