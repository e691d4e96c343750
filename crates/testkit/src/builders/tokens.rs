//! Tokens with which customers authenticate, for tests of what they may do.

use async_trait::async_trait;
use chrono::TimeDelta;
use customer_domain::access::{AuthProvider, Caller, Identity};
use customer_domain::{Clock, CustomerId, StoreError, TenantId};
use std::sync::Arc;

/// Returns the token of a customer who authenticated `seconds` ago.
pub fn token(customer: CustomerId, tenant: TenantId, seconds: i64) -> String {
    format!("{customer}.{tenant}.{seconds}")
}

/// Returns the token of a customer who authenticated `seconds` ago and may act in every tenant.
pub fn all_tenants_token(customer: CustomerId, tenant: TenantId, seconds: i64) -> String {
    format!("{}{ALL}", token(customer, tenant, seconds))
}

const ALL: &str = ".all";

/// Accepts every token that [`token`] and [`all_tenants_token`] return.
pub struct PlainTokens(pub Arc<dyn Clock>);

#[async_trait]
impl AuthProvider for PlainTokens {
    async fn prove(&self, credential: &str) -> Result<Option<Caller>, StoreError> {
        let caller = || {
            let (customer, rest) = credential.split_once('.')?;
            let (tenant, rest) = rest.split_once('.')?;
            let seconds = rest.strip_suffix(ALL).unwrap_or(rest);
            let ago = TimeDelta::seconds(seconds.parse().ok()?);
            Some(Caller {
                identity: Identity::Customer(customer.parse().ok()?),
                tenant: tenant.parse().ok()?,
                all_tenants: rest.ends_with(ALL),
                permission: None,
                session: Some("session-1".to_owned()),
                proved_at: Some(self.0.now() - ago),
            })
        };
        Ok(caller())
    }
}
