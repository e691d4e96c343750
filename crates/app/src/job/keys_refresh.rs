//! `keys.refresh`: makes the keys of customers anew, by which they are found, compared and sorted,
//! when a release has other rules for them or a tenant has another country.

use super::tenants::{TenantPosition, TenantWalk};
use super::{Cursor, Job, JobError, JobStep};
use crate::support::retry::retried;
use async_trait::async_trait;
use customer_domain::address::Country;
use customer_domain::customer::{CustomerReads, CustomerRef, KeyRules};
use customer_domain::job::JobName;
use customer_domain::tenant::{Tenant, TenantReads};
use customer_domain::{Conflict, Context, CustomerId, StoreError, Transactions};
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

#[async_trait]
impl Job for RefreshKeys {
    type Cursor = TenantPosition<CustomerId>;

    fn name(&self) -> JobName {
        JobName(NAME)
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn run(&self, cursor: Option<Self::Cursor>) -> Result<JobStep<Self::Cursor>, JobError> {
        let mut walk = TenantWalk::new(self.tenants.all().await?, cursor, KEYS_CHUNK);
        let mut processed = 0;
        while let Some((tenant, after)) = walk.next() {
            let context = context(&tenant);
            let looked = self.customers.outdated_keys(&context, after, walk.room);
            let seen = looked.await?;
            for id in &seen.outdated {
                processed += u64::from(self.refresh(&context, *id).await?);
            }
            if let Some(cursor) = walk.examined(tenant.id, seen.seen, seen.last.or(after)) {
                return Ok(JobStep::More { cursor, processed });
            }
        }
        Ok(JobStep::Done { processed })
    }
}

impl RefreshKeys {
    /// Stores a customer with new keys, and returns whether it has them now. If another customer has
    /// the new key of its e-mail address, it keeps the old one, and is tried again in the next run, as
    /// is one that cannot be stored.
    async fn refresh(&self, context: &Context, id: CustomerId) -> Result<bool, StoreError> {
        let taken = StoreError::Conflict(Conflict::Email);
        let mut outcome = retried(|| self.try_refresh(context, id, true)).await;
        let is_taken = outcome == Err(taken);
        if is_taken {
            outcome = retried(|| self.try_refresh(context, id, false)).await;
        }
        let failed = match outcome {
            Ok(()) if is_taken => "by today's rules another customer has the same e-mail address",
            Ok(()) => return Ok(true),
            Err(StoreError::Conflict(_) | StoreError::Contended | StoreError::Corrupt { .. }) => {
                "a customer's keys could not be made anew"
            }
            Err(error) => return Err(error),
        };
        tracing::warn!(tenant = context.tenant_slug, customer = %id, "{failed}");
        Ok(false)
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
            customer.email = customer.email.renewed();
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

/// With the number of the rules: what another release has looked at is looked at again.
impl Cursor for TenantPosition<CustomerId> {
    fn to_fields(&self) -> Vec<String> {
        let after = self.after.map(|after| after.to_string());
        let place = [KeyRules::NUMBER.to_string(), self.tenant.to_string()];
        place.into_iter().chain(after).collect()
    }

    fn from_fields(fields: &[String]) -> Option<Self> {
        let (number, tenant, after) = match fields {
            [number, tenant] => (number, tenant, None),
            [number, tenant, after] => (number, tenant, Some(after.parse().ok()?)),
            _ => return None,
        };
        let tenant = tenant.parse().ok()?;
        (*number == KeyRules::NUMBER.to_string()).then_some(Self { tenant, after })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheduled::{read, written};
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_another_programs_counts_as_none() {
        let tenant = "018f3c1e-7d7c-7b5a-9c11-2f5a8e6d4b3a".parse().unwrap();
        let after: CustomerId = "018f3c1e-7d7c-7b5a-9c11-2f5a8e6d4b3b".parse().unwrap();
        for after in [None, Some(after)] {
            let place = TenantPosition { tenant, after };
            assert_eq!(read(&written(&place)), Some(place));
        }
        let of_another_release = format!("[\"0\",\"{tenant}\"]");
        for other in ["", "[]", "[\"1\",\"t\"]", &of_another_release] {
            assert_eq!(read::<TenantPosition<CustomerId>>(other), None, "{other}");
        }
    }
}
