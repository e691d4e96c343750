use super::state::{CustomerRow, IdentifierKey, State};
use super::unit_of_work::FakeUnitOfWork;
use super::{FakeStore, list};
use async_trait::async_trait;
use customer_domain::customer::{
    Customer, CustomerFilter, CustomerKey, CustomerReads, CustomerRecord, CustomerRef,
    CustomerRepo, CustomerSort, Email, ExternalId, Identifier, KeyRules, LegacyId, Lookup,
    NewCustomer, SeenKeys, search_terms,
};
use customer_domain::profile::PhoneKeys;
use customer_domain::{Conflict, Context, CustomerId, Page, PageRequest, StoreError, TenantId};
use std::sync::Arc;

fn identifier_key(tenant: TenantId, identifier: &Identifier) -> IdentifierKey {
    (tenant, identifier.kind(), identifier.value())
}

fn conflict_of(identifier: &Identifier) -> Conflict {
    match identifier {
        Identifier::Email(_) => Conflict::Email,
        Identifier::Legacy(_) => Conflict::LegacyId,
        Identifier::External(_) => Conflict::ExternalId,
    }
}

/// Returns what the phone number of a customer is compared by.
fn phone_key(context: &Context, customer: &Customer) -> Option<String> {
    let phone = customer.profile.phone.as_ref();
    phone.map(|phone| phone.keys(context.country).key)
}

impl State {
    /// Gives the customer its identifiers, or takes them from a deleted one. Then checks its group,
    /// as a table does with a foreign key.
    fn link(&mut self, tenant: TenantId, customer: &Customer) -> Result<(), StoreError> {
        self.identify(tenant, customer)?;
        if let Some(group) = customer.joined_group()
            && !self.groups.contains_key(&(tenant, group.clone()))
        {
            return Err(StoreError::Conflict(Conflict::UnknownGroup));
        }
        Ok(())
    }

    /// Gives the customer its identifiers. If others have several of them, the first one by its kind
    /// is the conflict.
    fn identify(&mut self, tenant: TenantId, customer: &Customer) -> Result<(), StoreError> {
        self.identifiers
            .retain(|(owner, ..), holder| *owner != tenant || *holder != customer.id);
        if customer.is_deleted() {
            return Ok(());
        }
        let mut identifiers = customer.identifiers();
        identifiers.sort_by_key(Identifier::kind);
        for identifier in identifiers {
            let key = identifier_key(tenant, &identifier);
            if self.identifiers.contains_key(&key) {
                return Err(StoreError::Conflict(conflict_of(&identifier)));
            }
            self.identifiers.insert(key, customer.id);
        }
        Ok(())
    }

    fn insert_customer(&mut self, context: &Context, new: &NewCustomer) -> Result<(), StoreError> {
        let (tenant, customer) = (context.tenant, &new.customer);
        let at = (tenant, customer.id);
        if customer.tenant != tenant || self.customers.contains_key(&at) {
            let rule = "the key of customers".to_owned();
            return Err(StoreError::Conflict(Conflict::Other(rule)));
        }
        self.link(tenant, customer)?;
        let phone_key = phone_key(context, customer);
        let row = CustomerRow {
            record: CustomerRecord {
                customer: customer.clone(),
                summary: new.summary.clone(),
            },
            password_hash: new.password_hash.clone(),
            terms: search_terms(customer, phone_key.as_deref()),
            phone_key,
            key_rules: KeyRules::of(context.country),
        };
        self.customers.insert(at, Arc::new(row));
        Ok(())
    }

    fn save_customer(&mut self, context: &Context, customer: &Customer) -> Result<(), StoreError> {
        let tenant = context.tenant;
        self.link(tenant, customer)?;
        let row = self.customers.get_mut(&(tenant, customer.id));
        let row = Arc::make_mut(row.ok_or(StoreError::NotFound)?);
        row.record.customer = customer.clone();
        row.phone_key = phone_key(context, customer);
        row.terms = search_terms(customer, row.phone_key.as_deref());
        row.key_rules = KeyRules::of_saved(context.country, &row.key_rules, &customer.email);
        Ok(())
    }

    fn holder(&self, tenant: TenantId, identifier: &Identifier) -> Option<CustomerId> {
        self.identifiers
            .get(&identifier_key(tenant, identifier))
            .copied()
    }

    /// Returns the living customer with an identifier, else the deleted one that gave it up last.
    fn last_holder(&self, tenant: TenantId, identifier: &Identifier) -> Option<CustomerId> {
        let gave_up = || {
            self.customers_of(tenant)
                .map(|row| &row.record.customer)
                .filter(|one| one.is_deleted() && one.identifiers().contains(identifier))
                .max_by_key(|one| one.deleted_at)
                .map(|one| one.id)
        };
        self.holder(tenant, identifier).or_else(gave_up)
    }

    pub(super) fn resolve(&self, tenant: TenantId, customer: CustomerRef) -> Option<CustomerId> {
        match customer {
            CustomerRef::Id(id) => Some(id),
            CustomerRef::Legacy(legacy) => self.by_legacy(tenant, legacy),
        }
    }

    fn record(&self, tenant: TenantId, id: Option<CustomerId>) -> Option<CustomerRecord> {
        let row = self.customers.get(&(tenant, id?))?;
        Some(row.record.clone())
    }

    fn by_email(&self, tenant: TenantId, email: &Email) -> Option<CustomerId> {
        self.holder(tenant, &Identifier::Email(email.clone()))
    }

    fn by_legacy(&self, tenant: TenantId, legacy: LegacyId) -> Option<CustomerId> {
        self.last_holder(tenant, &Identifier::Legacy(legacy))
    }

    fn by_external(&self, tenant: TenantId, external: &ExternalId) -> Option<CustomerId> {
        self.last_holder(tenant, &Identifier::External(external.clone()))
    }

    /// The longest-standing customer with this number: the one that registered first.
    fn by_phone(&self, tenant: TenantId, keys: &PhoneKeys) -> Option<CustomerId> {
        self.customers_of(tenant)
            .filter(|row| row.has_phone(keys) && !row.record.customer.is_deleted())
            .map(|row| {
                (
                    row.phone_key.as_deref() != Some(&*keys.key),
                    &row.record.customer,
                )
            })
            .min_by_key(|(is_other, one)| (*is_other, one.registration_date, one.id))
            .map(|(_, customer)| customer.id)
    }

    fn by_user(&self, tenant: TenantId, user: CustomerId) -> Option<CustomerId> {
        let row = self.customers.get(&(tenant, user))?;
        row.record.customer.user_id()
    }
}

impl FakeUnitOfWork {
    /// Locks a customer; the number of its next event is returned, and not taken yet.
    pub(super) fn lock(&mut self, customer: CustomerRef) -> Result<CustomerRecord, StoreError> {
        let record = self.statement(|state, context| {
            let id = state.resolve(context.tenant, customer);
            let at = (context.tenant, id.ok_or(StoreError::NotFound)?);
            let row = state.customers.get(&at).ok_or(StoreError::NotFound)?;
            let mut record = row.record.clone();
            record.customer.event_seq += 1;
            Ok(record)
        })?;
        self.held.insert(record.customer.id);
        Ok(record)
    }
}

#[async_trait]
impl CustomerRepo for FakeUnitOfWork {
    async fn insert(&mut self, customer: &NewCustomer) -> Result<(), StoreError> {
        self.statement(|state, context| state.insert_customer(context, customer))
    }

    async fn find_for_update(
        &mut self,
        customer: CustomerRef,
    ) -> Result<CustomerRecord, StoreError> {
        self.lock(customer)
    }

    async fn save(&mut self, customer: &Customer) -> Result<(), StoreError> {
        assert!(
            self.held.contains(&customer.id),
            "a unit of work saves only customers that it holds locked: call find_for_update first"
        );
        self.statement(|state, context| state.save_customer(context, customer))
    }
}

#[async_trait]
impl CustomerReads for FakeStore {
    async fn find(
        &self,
        context: &Context,
        customer: CustomerRef,
    ) -> Result<Option<CustomerRecord>, StoreError> {
        let state = self.shared.read()?;
        let id = state.resolve(context.tenant, customer);
        Ok(state.record(context.tenant, id))
    }

    async fn find_many(
        &self,
        context: &Context,
        ids: &[CustomerId],
    ) -> Result<Vec<CustomerRecord>, StoreError> {
        let state = self.shared.read()?;
        let rows = state.customers_of(context.tenant);
        let wanted = rows.filter(|row| ids.contains(&row.record.customer.id));
        Ok(wanted.map(|row| row.record.clone()).collect())
    }

    async fn look_up(
        &self,
        context: &Context,
        lookup: &Lookup,
    ) -> Result<Option<CustomerRecord>, StoreError> {
        let state = self.shared.read()?;
        let tenant = context.tenant;
        let id = match lookup {
            Lookup::Email(email) => state.by_email(tenant, email),
            Lookup::Phone(keys) => state.by_phone(tenant, keys),
            Lookup::Legacy(legacy) => state.by_legacy(tenant, *legacy),
            Lookup::External(external) => state.by_external(tenant, external),
            Lookup::UserId(user) => state.by_user(tenant, *user),
        };
        Ok(state.record(tenant, id))
    }

    async fn list(
        &self,
        context: &Context,
        filter: &CustomerFilter,
        sort: CustomerSort,
        page: &PageRequest<CustomerKey>,
    ) -> Result<Page<CustomerRecord, CustomerKey>, StoreError> {
        let state = self.shared.read()?;
        let rows = state.customers_of(context.tenant);
        Ok(list::page(rows, filter, sort, page))
    }

    async fn outdated_keys(
        &self,
        context: &Context,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<SeenKeys, StoreError> {
        let state = self.shared.read()?;
        let rules = KeyRules::of(context.country);
        let mut seen = SeenKeys::default();
        let rows = state.customers_of(context.tenant);
        let rows = rows.filter(|row| Some(row.record.customer.id) > after);
        for row in rows.take(limit.try_into().unwrap_or(usize::MAX)) {
            seen.add(row.record.customer.id, rules.supersedes(&row.key_rules));
        }
        Ok(seen)
    }
}
