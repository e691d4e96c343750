//! Customers.

use super::clock::{at, seeded_id};
use super::frame::tenant;
use super::hasher::PlainHasher;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use customer_domain::credential::PasswordHash;
use customer_domain::customer::{
    AccountState, Customer, CustomerRecord, CustomerType, Email, ExternalId, LegacyId, NewCustomer,
    Status,
};
use customer_domain::group::{Group, GroupId};
use customer_domain::preference::{OptIn, Preferences};
use customer_domain::profile::{Gender, Phone, PhoneKeys, Profile};
use customer_domain::statistics::CustomerSummary;
use customer_domain::tag::Tag;
use customer_domain::tenant::Tenant;
use customer_domain::tier::{NEW_CUSTOMER_SEGMENT, Tier};
use customer_domain::{CustomerId, TenantId};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Parses an e-mail address. Panics if it is invalid.
pub fn email(text: &str) -> Email {
    Email::parse(text).expect("an e-mail address")
}

/// Parses a phone number. Panics if it is invalid or empty.
pub fn phone(text: &str) -> Phone {
    Phone::parse(text)
        .expect("a phone number")
        .expect("not empty")
}

/// Returns what a phone number is compared by in the country of [`context`](super::context).
pub fn phone_keys(text: &str) -> PhoneKeys {
    Phone::from_store(text.to_owned()).keys(super::context().country)
}

/// Parses a tag. Panics if it is invalid.
pub fn tag(text: &str) -> Tag {
    Tag::parse(text).expect("a tag")
}

/// Parses the id of a group. Panics if it is invalid.
pub fn group(text: &str) -> GroupId {
    GroupId::parse(text).expect("a group id")
}

/// Returns groups with these ids, which are also their names.
pub fn groups(ids: &[&str]) -> Vec<Group> {
    let group = |id: &&str| Group::new(group(id), (*id).to_owned(), at(0));
    ids.iter().map(group).collect()
}

/// Returns a legacy id. Panics if it is invalid.
pub fn legacy(id: i64) -> LegacyId {
    LegacyId::new(id).expect("a legacy id")
}

/// Parses an external id. Panics if it is invalid.
pub fn external(system: &str, id: &str) -> ExternalId {
    ExternalId::parse(system, id).expect("an external id")
}

/// Returns a builder of customer 1: an active guest of [`tenant`] with a name, an e-mail address
/// and nothing else.
pub fn customer() -> CustomerBuilder {
    let customer = Customer {
        id: CustomerId(seeded_id(0)),
        tenant: tenant().id,
        email: email("customer@example.com"),
        email_verified: false,
        phone_verified: false,
        profile: Profile {
            first_name: Some("Ada".to_owned()),
            last_name: Some("Lovelace".to_owned()),
            ..Profile::default()
        },
        preferences: Preferences::default(),
        status: Status::Active,
        account_state: AccountState::Guest,
        customer_type: CustomerType::Individual,
        group: None,
        tags: BTreeSet::new(),
        legacy_id: None,
        external_ids: BTreeMap::new(),
        registration_source: None,
        metadata: Map::new(),
        registration_date: at(0),
        last_login_at: None,
        version: 1,
        event_seq: 1,
        created_at: at(0),
        updated_at: at(0),
        deleted_at: None,
    };
    let currency = tenant().settings.currency;
    CustomerBuilder {
        customer,
        password_hash: None,
        summary: CustomerSummary::initial(Tier::Regular, NEW_CUSTOMER_SEGMENT, &currency),
    }
    .number(1)
}

/// Returns [`customer`] as it is first stored.
pub fn new_customer() -> NewCustomer {
    customer().build_new()
}

/// Builds a customer from what a test sets; the rest has defaults.
#[derive(Debug, Clone)]
#[must_use]
pub struct CustomerBuilder {
    customer: Customer,
    password_hash: Option<PasswordHash>,
    summary: CustomerSummary,
}

impl CustomerBuilder {
    /// Sets the id and the e-mail address; customers with different numbers share neither.
    pub fn number(self, n: u64) -> Self {
        self.with(|customer| {
            customer.id = CustomerId(seeded_id(0xc_0000 + n));
            customer.email = email(&format!("customer-{n}@example.com"));
        })
    }

    /// Sets the tenant.
    pub fn of(self, tenant: &Tenant) -> Self {
        self.with(|customer| customer.tenant = tenant.id)
    }

    /// Sets the e-mail address.
    pub fn email(self, text: &str) -> Self {
        self.with(|customer| customer.email = email(text))
    }

    /// Sets the first and the last name.
    pub fn named(self, first: &str, last: &str) -> Self {
        self.with(|customer| {
            customer.profile.first_name = Some(first.to_owned());
            customer.profile.last_name = Some(last.to_owned());
        })
    }

    /// Sets the phone number.
    pub fn phone(self, text: &str) -> Self {
        self.with(|customer| customer.profile.phone = Some(phone(text)))
    }

    /// Sets the group.
    pub fn group(self, id: &str) -> Self {
        self.with(|customer| customer.group = Some(group(id)))
    }

    /// Sets the tags.
    pub fn tags(self, tags: &[&str]) -> Self {
        self.with(|customer| customer.tags = tags.iter().copied().map(tag).collect())
    }

    /// Sets the legacy id.
    pub fn legacy(self, id: i64) -> Self {
        self.with(|customer| customer.legacy_id = Some(legacy(id)))
    }

    /// Adds the id in an external system.
    pub fn external(self, system: &str, id: &str) -> Self {
        let ExternalId { system, id } = external(system, id);
        self.with(|customer| {
            customer.external_ids.insert(system, id);
        })
    }

    /// Sets the status; a deleted customer was deleted when it last changed.
    pub fn status(self, status: Status) -> Self {
        self.with(|customer| {
            customer.status = status;
            customer.deleted_at = customer.is_deleted().then_some(customer.updated_at);
        })
    }

    /// Adds an account and a password.
    pub fn registered(mut self) -> Self {
        self.password_hash = Some(PlainHasher::hash_of("correct horse battery staple"));
        self.with(|customer| customer.account_state = AccountState::Registered)
    }

    /// Sets the time of creation, of registration and of the last change.
    pub fn since(self, time: DateTime<Utc>) -> Self {
        self.with(|customer| {
            customer.created_at = time;
            customer.updated_at = time;
            customer.registration_date = time;
        })
    }

    /// Clears the profile, so that every optional field is empty.
    pub fn bare(self) -> Self {
        self.with(|customer| customer.profile = Profile::default())
    }

    /// Sets every field to a value that no blank customer has, and fills the summary.
    pub fn full(mut self) -> Self {
        self.summary = CustomerSummary {
            tier: Tier::Premium,
            loyalty_points: 4_711,
            total_spent: Decimal::new(12_345_678, 4),
            order_count: 17,
            ..self.summary
        };
        let Customer { id, tenant, .. } = self.customer;
        self.registered()
            .with(|customer| *customer = filled(id, tenant))
    }

    /// Applies any other change.
    pub fn with(mut self, change: impl FnOnce(&mut Customer)) -> Self {
        change(&mut self.customer);
        self
    }

    /// Returns the customer.
    pub fn build(self) -> Customer {
        self.customer
    }

    /// Returns the customer as it is read.
    pub fn build_record(self) -> CustomerRecord {
        CustomerRecord {
            customer: self.customer,
            summary: self.summary,
        }
    }

    /// Returns the customer as it is first stored.
    pub fn build_new(self) -> NewCustomer {
        NewCustomer {
            customer: self.customer,
            password_hash: self.password_hash,
            summary: self.summary,
        }
    }
}

fn filled(id: CustomerId, tenant: TenantId) -> Customer {
    let external_ids = [("crm", "C-17"), ("erp", "00042")];
    Customer {
        id,
        tenant,
        email: email("Grace.Hopper+navy@Bücher.example"),
        email_verified: true,
        phone_verified: true,
        profile: Profile {
            first_name: Some("Grace".to_owned()),
            last_name: Some("Hopper".to_owned()),
            date_of_birth: NaiveDate::from_ymd_opt(1906, 12, 9),
            gender: Some(Gender::Female),
            phone: Some(phone("+1 (555) 010-0199")),
            avatar: Some("https://cdn.example.com/grace.jpg?size=2#top".to_owned()),
            data: object(&json!({"shoe": {"size": 38.5}, "newsletterName": "Amazing Grace"})),
        },
        preferences: Preferences {
            language: Some("pt-BR".to_owned()),
            currency: Some("EUR".to_owned()),
            timezone: Some("America/New_York".to_owned()),
            opt_ins: OptIn::ALL.into(),
            custom: object(&json!({"theme": "dark", "grid": {"columns": 3}})),
        },
        status: Status::Suspended,
        account_state: AccountState::Registered,
        customer_type: CustomerType::Business,
        group: Some(group("wholesale")),
        tags: ["navy", "VIP", "vip"].into_iter().map(tag).collect(),
        legacy_id: Some(legacy(4_294_967_295)),
        external_ids: external_ids
            .map(|(system, id)| (system.to_owned(), id.to_owned()))
            .into(),
        registration_source: Some("WEBSITE".to_owned()),
        metadata: object(&json!({"campaign": "spring", "scores": [1, 2.5, null, true]})),
        registration_date: at(-86_400),
        last_login_at: Some(at(-1) + TimeDelta::microseconds(123_456)),
        version: 1,
        event_seq: 1,
        created_at: at(1),
        updated_at: at(2) + TimeDelta::microseconds(1),
        deleted_at: None,
    }
}

/// Returns the members of a JSON object. Panics if `value` is another value.
pub(crate) fn object(value: &Value) -> Map<String, Value> {
    let members = value.as_object().cloned();
    members.expect("an object")
}
