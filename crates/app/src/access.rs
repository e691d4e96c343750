//! Access control: who may call which operation, and in which tenant.
//!
//! Every inbound adapter declares next to each of its operations what a caller [`Needs`], and calls
//! [`Access`] before it reads anything else of a call.

pub use crate::support::refusal::{Needed, Refusal, Refusals};

use crate::tenant::TenantDirectory;
use chrono::TimeDelta;
use customer_domain::access::{AuthProvider, Caller};
use customer_domain::address::Country;
use customer_domain::customer::{CustomerReads, CustomerRef};
use customer_domain::tenant::Tenant;
use customer_domain::{Clock, Context, CustomerId, Origin, Permission, StoreError};
use std::sync::Arc;
use thiserror::Error;
use tracing::instrument;

/// The minutes for which a proof of identity counts as a step-up.
const STEP_UP_MINUTES: i64 = 5;

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// A caller with `customers:read`.
    Read,
    /// A caller with `customers:write`.
    Write,
    /// A caller with `customers:admin`.
    Admin,
    /// A caller with `customers:admin` in all tenants.
    Operate,
    /// The customer that the call concerns, or a caller with the permission.
    SelfOr(Permission),
    /// The customer that the call concerns, if they authenticated in the last five minutes, or a
    /// caller with the permission.
    StepUpOr(Permission),
    /// Only the customer that the call concerns.
    OnlySelf,
    /// Only the customer that the call concerns, if they authenticated in the last five minutes.
    StepUp,
}

impl Needs {
    /// Returns the permission with which a caller other than the customer is admitted; `None` if
    /// there is none.
    pub fn permission(self) -> Option<Permission> {
        match self {
            Self::Read => Some(Permission::Read),
            Self::Write => Some(Permission::Write),
            Self::Admin | Self::Operate => Some(Permission::Admin),
            Self::SelfOr(permission) | Self::StepUpOr(permission) => Some(permission),
            Self::OnlySelf | Self::StepUp => None,
        }
    }

    /// Returns whether the customer that the call concerns is admitted.
    pub fn admits_self(self) -> bool {
        match self {
            Self::SelfOr(_) | Self::StepUpOr(_) | Self::OnlySelf | Self::StepUp => true,
            Self::Read | Self::Write | Self::Admin | Self::Operate => false,
        }
    }

    fn needs_step_up(self) -> bool {
        matches!(self, Self::StepUpOr(_) | Self::StepUp)
    }

    /// Returns what a caller who is not admitted lacks.
    fn lacked_by(self, caller: &Caller) -> Needed {
        match self.permission() {
            Some(permission) if caller.may(permission) => Needed::AllTenants,
            Some(permission) => Needed::Permission(permission),
            None => Needed::Customer,
        }
    }
}

/// A call before its content is read.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The caller.
    pub caller: Caller,
    /// The operation, such as `GET /api/v1/customers/{customerId}`.
    pub operation: String,
    /// The caller's correlation id.
    pub correlation_id: String,
    /// The trace that the call is part of.
    pub trace_id: String,
    /// Where the call came from.
    pub origin: Origin,
}

impl Incoming {
    /// Returns the context of the call in a tenant.
    fn in_tenant(self, tenant: &Tenant) -> Context {
        let caller = self.caller;
        Context {
            tenant: tenant.id,
            tenant_slug: tenant.slug.as_str().to_owned(),
            country: Country::from_store(&tenant.settings.country),
            actor: caller.actor(),
            permission: caller.permission,
            all_tenants: caller.all_tenants,
            operation: self.operation,
            correlation_id: self.correlation_id,
            trace_id: self.trace_id,
            session_id: caller.session,
            origin: self.origin,
        }
    }
}

/// The reason why a caller was admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// The caller's permission, which applies to every customer of the tenant.
    ByPermission,
    /// The caller is the customer that the call concerns.
    AsSelf(CustomerId),
}

/// The reason why a caller was not admitted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccessError {
    /// The credential is missing, unknown, revoked or expired; the error does not tell which.
    #[error("the caller is not known")]
    Unauthenticated,
    /// The tenant does not exist, or is not the caller's; the error does not tell which.
    #[error("no such tenant")]
    UnknownTenant,
    /// A customer named another customer, of any tenant, or one that does not exist; the error does
    /// not tell which.
    #[error("no such customer")]
    NotFound,
    /// The caller may not do this.
    #[error("{} is needed", .0.needed())]
    Forbidden(Refusal),
    /// The customer has to authenticate again.
    #[error("a fresh proof of identity is needed")]
    StepUpRequired(Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Authenticates and admits callers.
#[derive(Clone)]
pub struct Access {
    /// The providers that authenticate callers, in the order in which they are tried.
    pub providers: Vec<Arc<dyn AuthProvider>>,
    /// The tenants.
    pub tenants: Arc<TenantDirectory>,
    /// Reads customers, to find the one with the legacy id that a customer uses.
    pub customers: Arc<dyn CustomerReads>,
    /// Records refusals in the audit trail.
    pub refusals: Arc<Refusals>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Access {
    /// Returns the caller who presents this credential.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`] if no provider accepts it.
    #[instrument(name = "app.access.authenticate", level = "debug", skip_all)]
    pub async fn authenticate(&self, credential: &str) -> Result<Caller, AccessError> {
        for provider in &self.providers {
            if let Some(caller) = provider.prove(credential).await? {
                return Ok(caller);
            }
        }
        Err(AccessError::Unauthenticated)
    }

    /// Admits a call if its caller has what the operation needs, and returns why. `customer` is the
    /// one that the call concerns, as the caller named it. A refusal is recorded in the audit
    /// trail.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::StepUpRequired`], or [`AccessError::NotFound`] if
    /// a customer names another one.
    #[instrument(name = "app.access.admit", level = "debug", skip_all)]
    pub async fn admit(
        &self,
        call: &Incoming,
        needs: Needs,
        customer: Option<CustomerRef>,
    ) -> Result<Admitted, AccessError> {
        let caller = &call.caller;
        let is_enough = needs.permission().is_some_and(|wanted| caller.may(wanted));
        if is_enough && (needs != Needs::Operate || caller.all_tenants) {
            return Ok(Admitted::ByPermission);
        }
        let Some(own) = caller.customer().filter(|_| needs.admits_self()) else {
            let refusal = self.refused(call, needs.lacked_by(caller)).await;
            return Err(AccessError::Forbidden(refusal));
        };
        if !self.is_own(call, own, customer).await? {
            return Err(AccessError::NotFound);
        }
        if needs.needs_step_up() && !self.is_fresh(caller) {
            let refusal = self.refused(call, Needed::StepUp).await;
            return Err(AccessError::StepUpRequired(refusal));
        }
        Ok(Admitted::AsSelf(own))
    }

    /// Returns the context of a call, in the caller's own tenant or in the one that the call names.
    /// Only a caller for all tenants may name another one, and only if admitted by permission: a
    /// customer belongs to a single tenant.
    ///
    /// # Errors
    /// [`AccessError::UnknownTenant`] if the caller may not act in the named tenant.
    #[instrument(name = "app.access.context", level = "debug", skip_all)]
    pub async fn context(
        &self,
        call: Incoming,
        admitted: Admitted,
        named: Option<&str>,
    ) -> Result<Context, AccessError> {
        let all_tenants = call.caller.all_tenants && admitted == Admitted::ByPermission;
        let tenant = match named {
            Some(name) if all_tenants => self.tenants.by_slug(name).await?,
            // Never looked up: neither the reply nor its time may reveal whether another tenant
            // exists.
            Some(name) => {
                let own = self.own_tenant(&call).await?;
                Some(own).filter(|own| own.slug.as_str() == name)
            }
            None => Some(self.own_tenant(&call).await?),
        };
        let tenant = tenant.ok_or(AccessError::UnknownTenant)?;
        Ok(Context {
            all_tenants,
            ..call.in_tenant(&tenant)
        })
    }

    async fn own_tenant(&self, call: &Incoming) -> Result<Arc<Tenant>, AccessError> {
        let tenant = self.tenants.by_id(call.caller.tenant).await?;
        tenant.ok_or(AccessError::UnknownTenant)
    }

    async fn is_own(
        &self,
        call: &Incoming,
        own: CustomerId,
        customer: Option<CustomerRef>,
    ) -> Result<bool, AccessError> {
        match customer {
            Some(CustomerRef::Id(id)) => Ok(id == own),
            Some(legacy @ CustomerRef::Legacy(_)) => {
                let context = call.clone().in_tenant(&*self.own_tenant(call).await?);
                let found = self.customers.find(&context, legacy).await?;
                Ok(found.is_some_and(|record| record.customer.id == own))
            }
            None => Ok(false),
        }
    }

    /// Returns whether the caller authenticated recently enough for a step-up.
    fn is_fresh(&self, caller: &Caller) -> bool {
        let now = self.clock.now();
        // A time in the future, which another issuer may state, proves nothing.
        let fresh = now - TimeDelta::minutes(STEP_UP_MINUTES)..=now;
        caller.proved_at.is_some_and(|at| fresh.contains(&at))
    }

    /// Records a refusal in the caller's own tenant.
    async fn refused(&self, call: &Incoming, needed: Needed) -> Refusal {
        match self.own_tenant(call).await {
            Ok(tenant) => {
                let context = call.clone().in_tenant(&tenant);
                self.refusals.record(&context, needed).await
            }
            Err(error) => Refusals::without_tenant(&call.operation, needed, &error),
        }
    }
}
