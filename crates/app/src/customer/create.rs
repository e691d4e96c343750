//! Creating a customer, by staff or by a service (DOM-02).

use super::Customers;
use crate::idempotency::{Idempotent, Outcome};
use crate::support::failed::{Failed, Rule};
use crate::support::retry::retried;
use chrono::DateTime;
use customer_domain::audit::{AuditKind, FieldChange};
use customer_domain::credential::{HashError, NewPassword};
use customer_domain::customer::{
    AccountState, Customer, CustomerChanges, CustomerRecord, Email, Identifier, Lookup, NewCustomer,
};
use customer_domain::outbox::Event;
use customer_domain::statistics::CustomerSummary;
use customer_domain::tier::NEW_CUSTOMER_SEGMENT;
use customer_domain::{Change, Claimed, Conflict, Context, CustomerId, Permission};
use thiserror::Error;
use tracing::instrument;

/// A request to create a customer. All values have been validated.
#[derive(Debug, Clone)]
pub struct CreateCustomer {
    /// The e-mail address.
    pub email: Email,
    /// The password. With a password the customer has an account, without one it is a guest.
    pub password: Option<NewPassword>,
    /// All other editable fields, as a merge into an empty customer.
    pub details: CustomerChanges,
    /// Where the customer registered.
    pub registration_source: Option<String>,
}

/// The reason why a customer could not be created.
pub type CreateCustomerError = Failed<CreateCustomerRule>;

/// The rules of creating a customer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CreateCustomerRule {
    /// The e-mail address belongs to another customer, with its id if the caller may know it.
    #[error("the e-mail address is taken")]
    EmailTaken(Option<CustomerId>),
    /// The legacy id belongs to another customer.
    #[error("the legacy id is taken")]
    LegacyIdTaken(Option<CustomerId>),
    /// One of the external ids belongs to another customer.
    #[error("an external id is taken")]
    ExternalIdTaken(Option<CustomerId>),
    /// The group does not exist.
    #[error("the group does not exist")]
    UnknownGroup,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(HashError),
}

impl Rule for CreateCustomerRule {
    const STORED: &'static [(Conflict, Self)] = &[
        (Conflict::Email, Self::EmailTaken(None)),
        (Conflict::LegacyId, Self::LegacyIdTaken(None)),
        (Conflict::ExternalId, Self::ExternalIdTaken(None)),
        (Conflict::UnknownGroup, Self::UnknownGroup),
    ];
}

impl From<HashError> for CreateCustomerError {
    fn from(error: HashError) -> Self {
        Self::Rule(CreateCustomerRule::Hash(error))
    }
}

impl Customers {
    /// Creates a customer with everything that belongs to it, its first event and its audit entry,
    /// in one transaction.
    ///
    /// # Errors
    /// As [`CreateCustomerRule`] lists, or as [`Failed`] does.
    #[instrument(name = "app.customer.create", level = "debug", skip_all)]
    pub async fn create(
        &self,
        context: &Context,
        command: CreateCustomer,
        once: &Idempotent<'_, CustomerRecord>,
    ) -> Result<Outcome<CustomerRecord>, CreateCustomerError> {
        let password_hash = match &command.password {
            Some(password) => Some(self.hasher.hash(password).await?),
            None => None,
        };
        let currency = self.tenants.settings(context.tenant).currency;
        let tier = self.settings.default_tier;
        let draft = NewCustomer {
            customer: self.drafted(context, command),
            password_hash,
            summary: CustomerSummary::initial(tier, NEW_CUSTOMER_SEGMENT, &currency),
        };
        match retried(|| self.try_create(context, draft.clone(), once)).await {
            Err(Failed::Rule(rule)) => {
                let rule = self.with_holder(context, &draft.customer, rule).await;
                Err(Failed::Rule(rule))
            }
            outcome => outcome,
        }
    }

    async fn try_create(
        &self,
        context: &Context,
        mut new: NewCustomer,
        once: &Idempotent<'_, CustomerRecord>,
    ) -> Result<Outcome<CustomerRecord>, CreateCustomerError> {
        let mut work = match once.begin(&*self.transactions, context).await? {
            Claimed::Started(work) => work,
            Claimed::Replay(reply) => return Ok(Outcome::Replayed(reply)),
        };
        let (customer, now) = (&mut new.customer, work.now());
        customer.registration_date = now;
        customer.created_at = now;
        customer.updated_at = now;
        let record = CustomerRecord {
            customer: new.customer.clone(),
            summary: new.summary.clone(),
        };
        work.record(self.created(&record, new.password_hash.is_some()));
        work.customers().insert(&new).await?;
        once.store_reply(&mut *work, &record);
        work.commit().await?;
        Ok(Outcome::Done(record))
    }

    /// Returns the customer that a request describes, without its times.
    fn drafted(&self, context: &Context, command: CreateCustomer) -> Customer {
        let (id, undated) = (CustomerId(self.ids.new_id()), DateTime::UNIX_EPOCH);
        let mut customer = Customer {
            preferences: self.settings.default_preferences.clone(),
            account_state: match command.password {
                Some(_) => AccountState::Registered,
                None => AccountState::Guest,
            },
            customer_type: self.settings.default_type,
            registration_source: command.registration_source,
            ..Customer::new(id, context.tenant, command.email, undated)
        };
        customer.merge(command.details.of_a_creation());
        customer
    }

    fn created(&self, record: &CustomerRecord, has_password: bool) -> Change {
        let customer = &record.customer;
        let given = customer.given_fields(&self.settings.default_preferences);
        let password = has_password.then_some("password");
        let mut changes = FieldChange::created(customer, &given);
        changes.extend(password.map(FieldChange::named));
        let event = Event::created(self.event_id(), record);
        let entry = self.audited(customer, AuditKind::ProfileCreate, changes);
        (event, entry).into()
    }

    /// Adds the id of the customer that already has the value. The failed transaction is over, so
    /// this is a separate read, which may no longer find that customer.
    async fn with_holder(
        &self,
        context: &Context,
        customer: &Customer,
        rule: CreateCustomerRule,
    ) -> CreateCustomerRule {
        match rule {
            CreateCustomerRule::EmailTaken(_) => {
                let email = Lookup::Email(customer.email.clone());
                CreateCustomerRule::EmailTaken(self.holder(context, email).await)
            }
            CreateCustomerRule::LegacyIdTaken(_) => {
                CreateCustomerRule::LegacyIdTaken(match customer.legacy_id {
                    Some(id) => self.holder(context, Lookup::Legacy(id)).await,
                    None => None,
                })
            }
            CreateCustomerRule::ExternalIdTaken(_) => {
                CreateCustomerRule::ExternalIdTaken(self.external_holder(context, customer).await)
            }
            other @ (CreateCustomerRule::UnknownGroup | CreateCustomerRule::Hash(_)) => other,
        }
    }

    /// Returns the living customer that has an identifier, if the caller may know it.
    pub(super) async fn holder(&self, context: &Context, lookup: Lookup) -> Option<CustomerId> {
        if !context.may(Permission::Read) {
            return None;
        }
        let found = self.reads.look_up(context, &lookup).await.ok().flatten();
        let living = found.filter(|record| !record.customer.is_deleted());
        living.map(|record| record.customer.id)
    }

    async fn external_holder(&self, context: &Context, customer: &Customer) -> Option<CustomerId> {
        for identifier in customer.identifiers() {
            if let Identifier::External(external) = identifier
                && let Some(id) = self.holder(context, Lookup::External(external)).await
            {
                return Some(id);
            }
        }
        None
    }
}
