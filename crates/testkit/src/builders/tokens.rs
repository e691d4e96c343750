//! Customers who present a token, for tests of what they may do.

use async_trait::async_trait;
use chrono::TimeDelta;
use customer_domain::access::{AuthProvider, Caller, Identity};
use customer_domain::{Clock, CustomerId, StoreError, TenantId};
use std::sync::Arc;

/// Returns the token of a customer who proved who they are so many seconds ago.
pub fn token(customer: CustomerId, tenant: TenantId, seconds: i64) -> String {
    format!("{customer}.{tenant}.{seconds}")
}

/// Believes every token that [`token`] writes.
pub struct PlainTokens(pub Arc<dyn Clock>);

#[async_trait]
impl AuthProvider for PlainTokens {
    async fn prove(&self, credential: &str) -> Result<Option<Caller>, StoreError> {
        let caller = || {
            let (customer, rest) = credential.split_once('.')?;
            let (tenant, seconds) = rest.split_once('.')?;
            let ago = TimeDelta::seconds(seconds.parse().ok()?);
            Some(Caller {
                identity: Identity::Customer(customer.parse().ok()?),
                tenant: tenant.parse().ok()?,
                all_tenants: false,
                permission: None,
                session: Some("session-1".to_owned()),
                proved_at: Some(self.0.now() - ago),
            })
        };
        Ok(caller())
    }
}
