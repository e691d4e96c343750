//! A customer is created by staff or by a service (DOM-02).

use super::Customers;
use crate::idempotency::{Once, Outcome};
use crate::support::retry::{Retryable, retried};
use customer_domain::audit::{AuditEntry, AuditKind, FieldChange};
use customer_domain::credential::{HashError, NewPassword};
use customer_domain::customer::{
    AccountState, Customer, CustomerChanges, CustomerRecord, Email, Identifier, Lookup,
    NewCustomer, Status,
};
use customer_domain::idempotency::{ClaimError, Claimed};
use customer_domain::outbox::Event;
use customer_domain::profile::Profile;
use customer_domain::statistics::Standing;
use customer_domain::tier::NEW_CUSTOMER_SEGMENT;
use customer_domain::{Conflict, CustomerId, Fact, Scope, StoreError};
use serde_json::Map;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// What a new customer is to be. Every value is already a valid one.
#[derive(Debug, Clone)]
pub struct CreateCustomer {
    /// The e-mail address.
    pub email: Email,
    /// With a password the customer has an account, without one it is a guest.
    pub password: Option<NewPassword>,
    /// Everything else that can be edited, as a merge over a blank customer.
    pub details: CustomerChanges,
    /// Where it registered.
    pub registration_source: Option<String>,
}

/// Why a customer could not be created. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CreateCustomerError {
    /// The address belongs to a customer already; to which, for callers that may know.
    #[error("the e-mail address is taken")]
    EmailTaken(Option<CustomerId>),
    /// The legacy id belongs to a customer already.
    #[error("the legacy id is taken")]
    LegacyIdTaken(Option<CustomerId>),
    /// One of the external ids belongs to a customer already.
    #[error("an external id is taken")]
    ExternalIdTaken(Option<CustomerId>),
    /// The group does not exist.
    #[error("the group does not exist")]
    UnknownGroup,
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The idempotency key stands against it.
    #[error(transparent)]
    Claim(ClaimError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ClaimError> for CreateCustomerError {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Store(error) => Self::Store(error),
            ClaimError::InFlight | ClaimError::KeyReused => Self::Claim(error),
        }
    }
}

impl Retryable for CreateCustomerError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }
}

impl Customers {
    /// Creates a customer with everything that belongs to it, its first event and its audit
    /// entry, all in one transaction.
    ///
    /// # Errors
    /// As [`CreateCustomerError`] lists.
    pub async fn create(
        &self,
        scope: &Scope,
        command: CreateCustomer,
        once: &Once<'_, CustomerRecord>,
    ) -> Result<Outcome<CustomerRecord>, CreateCustomerError> {
        let password_hash = match &command.password {
            Some(password) => Some(self.hasher.hash(password).await?),
            None => None,
        };
        let currency = self.tenants.settings(scope.tenant).currency;
        let tier = self.settings.default_tier;
        let new = NewCustomer {
            customer: self.new_customer(scope, command),
            password_hash,
            standing: Standing::initial(tier, NEW_CUSTOMER_SEGMENT, &currency),
        };
        match retried(|| self.try_create(scope, &new, once)).await {
            Err(CreateCustomerError::Store(StoreError::Conflict(conflict))) => {
                Err(self.explain_conflict(scope, &new.customer, conflict).await)
            }
            outcome => outcome,
        }
    }

    async fn try_create(
        &self,
        scope: &Scope,
        new: &NewCustomer,
        once: &Once<'_, CustomerRecord>,
    ) -> Result<Outcome<CustomerRecord>, CreateCustomerError> {
        let mut work = match once.begin(&*self.transactions, scope).await? {
            Claimed::Fresh(work) => work,
            Claimed::Replay(reply) => return Ok(Outcome::Replayed(reply)),
        };
        work.customers().insert(new).await?;
        let record = CustomerRecord {
            customer: new.customer.clone(),
            standing: new.standing.clone(),
        };
        work.record(self.created(&record, new.password_hash.is_some()));
        once.remember(&mut *work, &record);
        work.commit().await?;
        Ok(Outcome::Done(record))
    }

    fn new_customer(&self, scope: &Scope, command: CreateCustomer) -> Customer {
        let now = self.clock.now();
        let mut customer = Customer {
            id: CustomerId(self.ids.new_id()),
            tenant: scope.tenant,
            email: command.email,
            email_verified: false,
            phone_verified: false,
            profile: Profile::default(),
            preferences: self.settings.default_preferences.clone(),
            status: Status::Active,
            account_state: match command.password {
                Some(_) => AccountState::Registered,
                None => AccountState::Guest,
            },
            customer_type: self.settings.default_type,
            group: None,
            tags: BTreeSet::new(),
            legacy_id: None,
            external_ids: BTreeMap::new(),
            registration_source: command.registration_source,
            metadata: Map::new(),
            registration_date: now,
            last_login_at: None,
            version: 1,
            event_seq: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        };
        customer.merge(command.details.of_a_creation());
        customer
    }

    fn created(&self, record: &CustomerRecord, has_password: bool) -> Fact {
        let customer = &record.customer;
        let given = customer.given_fields(&self.settings.default_preferences);
        let password = has_password.then_some("password");
        let mut changes = FieldChange::created(customer, &given);
        changes.extend(password.map(FieldChange::named));
        Fact {
            event: Some(Event::created(self.event_id(), record)),
            audit: AuditEntry {
                id: self.audit_id(),
                kind: AuditKind::ProfileCreate,
                customer: Some(customer.id),
                resource: customer.id.0,
                changes,
                reason: None,
                at: customer.created_at,
            },
        }
    }

    /// Which customer stands in the way. The failed transaction is over, so this is a read of
    /// its own, and may find nobody any more.
    async fn explain_conflict(
        &self,
        scope: &Scope,
        customer: &Customer,
        conflict: Conflict,
    ) -> CreateCustomerError {
        match conflict {
            Conflict::Email => CreateCustomerError::EmailTaken(
                self.holder(scope, Lookup::Email(customer.email.clone()))
                    .await,
            ),
            Conflict::LegacyId => CreateCustomerError::LegacyIdTaken(match customer.legacy_id {
                Some(id) => self.holder(scope, Lookup::Legacy(id)).await,
                None => None,
            }),
            Conflict::ExternalId => {
                CreateCustomerError::ExternalIdTaken(self.external_holder(scope, customer).await)
            }
            Conflict::UnknownGroup => CreateCustomerError::UnknownGroup,
            other @ (Conflict::AddressLegacyId
            | Conflict::EqualAddress
            | Conflict::GroupId
            | Conflict::GroupInUse
            | Conflict::TenantSlug
            | Conflict::IdempotencyKey
            | Conflict::Other(_)) => CreateCustomerError::Store(StoreError::Conflict(other)),
        }
    }

    pub(super) async fn holder(&self, scope: &Scope, lookup: Lookup) -> Option<CustomerId> {
        let found = self.reads.look_up(scope, &lookup).await.ok().flatten();
        found.map(|record| record.customer.id)
    }

    async fn external_holder(&self, scope: &Scope, customer: &Customer) -> Option<CustomerId> {
        for identifier in customer.identifiers() {
            if let Identifier::External(external) = identifier
                && let Some(id) = self.holder(scope, Lookup::External(external)).await
            {
                return Some(id);
            }
        }
        None
    }
}
