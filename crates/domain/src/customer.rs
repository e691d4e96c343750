//! The customer: the aggregate that all other records belong to.

mod changes;
mod email;
mod fields;
mod identifier;
mod key_rules;
mod lifecycle;
mod list;
mod ports;
mod search;
mod status;

pub use crate::support::merge::MAX_METADATA_BYTES;
pub use crate::support::reference::LegacyId;
pub use changes::CustomerChanges;
pub use email::{Email, MAX_EMAIL};
pub use fields::CustomerField;
pub use identifier::{CustomerRef, ExternalId, Identifier, MAX_SYSTEM, MAX_SYSTEM_ID};
pub use key_rules::{KeyRules, SeenKeys};
pub use lifecycle::{StatusChange, TransitionError};
pub use list::{CustomerFilter, CustomerKey, CustomerSort, SortKey, TimeSpan};
pub use ports::{CustomerReads, CustomerRepo, Lookup};
#[cfg(feature = "mocks")]
pub use ports::{MockCustomerReads, MockCustomerRepo};
pub use search::{MAX_SEARCH, MAX_SEARCH_WORDS, MAX_TERMS, SearchQuery, SearchWord, search_terms};
pub use status::{AccountState, CustomerType, Status};

use crate::credential::PasswordHash;
use crate::group::GroupId;
use crate::preference::Preferences;
use crate::profile::Profile;
use crate::statistics::CustomerSummary;
use crate::tag::Tag;
use crate::{CustomerId, TenantId};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::{fmt, iter};

/// The maximum length of a registration source, in characters (DOM-10).
pub const MAX_REGISTRATION_SOURCE: usize = 50;
/// The most systems in which a customer may have an external id.
pub const MAX_EXTERNAL_IDS: usize = 20;

/// A customer, with the parts that are edited together: core, profile, preferences, tags, group and
/// identifiers.
#[derive(Clone, PartialEq)]
pub struct Customer {
    /// The customer's id.
    pub id: CustomerId,
    /// The tenant that the customer belongs to.
    pub tenant: TenantId,
    /// The e-mail address, unique in the tenant among customers that are not deleted.
    pub email: Email,
    /// Whether the customer has proven to own the address.
    pub email_verified: bool,
    /// Whether the customer has proven to own the phone number.
    pub phone_verified: bool,
    /// The personal details.
    pub profile: Profile,
    /// The customer's preferences.
    pub preferences: Preferences,
    /// The status in the customer's lifecycle.
    pub status: Status,
    /// Whether the customer can sign in.
    pub account_state: AccountState,
    /// Whether the customer is an individual or a business.
    pub customer_type: CustomerType,
    /// The group that the customer belongs to; of a deleted customer, the one that it left and joins
    /// again when it is reactivated.
    pub group: Option<GroupId>,
    /// The tags that staff put on the customer.
    pub tags: BTreeSet<Tag>,
    /// The id in Magento.
    pub legacy_id: Option<LegacyId>,
    /// The ids in other systems, by system.
    pub external_ids: BTreeMap<String, String>,
    /// Where the customer registered, such as `WEBSITE`.
    pub registration_source: Option<String>,
    /// Free-form data that the shop stores with the customer.
    pub metadata: Map<String, Value>,
    /// When the customer registered; earlier than `created_at` for an imported customer.
    pub registration_date: DateTime<Utc>,
    /// When the customer last signed in.
    pub last_login_at: Option<DateTime<Utc>>,
    /// The edit token: increases with every change of an editable field.
    pub version: i64,
    /// Increases with every event, and so gives their order.
    pub event_seq: i64,
    /// When the record was created.
    pub created_at: DateTime<Utc>,
    /// When the record last changed.
    pub updated_at: DateTime<Utc>,
    /// When the customer was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Shows the id and the state of the record, but nothing personal.
impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer")
            .field("id", &self.id)
            .field("tenant", &self.tenant)
            .field("status", &self.status)
            .field("account_state", &self.account_state)
            .field("customer_type", &self.customer_type)
            .field("group", &self.group)
            .field("version", &self.version)
            .field("event_seq", &self.event_seq)
            .field("registration_date", &self.registration_date)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .field("deleted_at", &self.deleted_at)
            .finish_non_exhaustive()
    }
}

impl Customer {
    /// Returns an active guest with an e-mail address and nothing else.
    pub fn new(id: CustomerId, tenant: TenantId, email: Email, now: DateTime<Utc>) -> Self {
        Self {
            id,
            tenant,
            email,
            email_verified: false,
            phone_verified: false,
            profile: Profile::default(),
            preferences: Preferences::default(),
            status: Status::Active,
            account_state: AccountState::Guest,
            customer_type: CustomerType::default(),
            group: None,
            tags: BTreeSet::new(),
            legacy_id: None,
            external_ids: BTreeMap::new(),
            registration_source: None,
            metadata: Map::new(),
            registration_date: now,
            last_login_at: None,
            version: 1,
            event_seq: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// Returns whether the customer is deleted.
    pub fn is_deleted(&self) -> bool {
        self.status == Status::Deleted
    }

    /// Notes that something that people edit has changed: the edit token rises, and the time of the
    /// last change moves to `now` unless that would turn it back.
    pub fn touch(&mut self, now: DateTime<Utc>) {
        self.version += 1;
        self.updated_at = self.updated_at.max(now);
    }

    /// Returns the group of which the customer is a member: a deleted customer has left it.
    pub fn joined_group(&self) -> Option<&GroupId> {
        self.group.as_ref().filter(|_| !self.is_deleted())
    }

    /// Returns the customer's identifiers. A deleted customer has given them up: they are free for
    /// others, and claimed again when it is reactivated.
    pub fn identifiers(&self) -> Vec<Identifier> {
        let email = Identifier::Email(self.email.clone());
        let legacy = self.legacy_id.map(Identifier::Legacy);
        let external = self.external_ids.iter().map(|(system, id)| {
            Identifier::External(ExternalId {
                system: system.clone(),
                id: id.clone(),
            })
        });
        iter::once(email).chain(legacy).chain(external).collect()
    }

    /// Returns the user that signs in as this customer: the customer's own id, if it has an
    /// account.
    pub fn user_id(&self) -> Option<CustomerId> {
        (self.account_state == AccountState::Registered).then_some(self.id)
    }
}

/// The customer whose part is read or changed, such as its notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The customer's id.
    pub customer: CustomerId,
    /// The customer's status.
    pub status: Status,
}

/// A customer together with its summary, as it is read and returned.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerRecord {
    /// The aggregate.
    pub customer: Customer,
    /// The tier, the segment and the totals.
    pub summary: CustomerSummary,
}

/// A new customer, with everything that is stored along with it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCustomer {
    /// The aggregate, with version 1 and event sequence 1.
    pub customer: Customer,
    /// The hash of the password; `None` for a guest.
    pub password_hash: Option<PasswordHash>,
    /// The initial statistics and tier.
    pub summary: CustomerSummary,
}

#[cfg(test)]
fn sample() -> Customer {
    let id = CustomerId(uuid::Uuid::from_u128(1));
    let tenant = TenantId(uuid::Uuid::from_u128(2));
    let email = Email::parse("ada@example.com").unwrap();
    Customer {
        email_verified: true,
        phone_verified: true,
        ..Customer::new(id, tenant, email, DateTime::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Patch;
    use crate::preference::{OptIn, PreferenceChanges};
    use crate::profile::{Phone, ProfileChanges};

    #[test]
    fn a_merge_names_exactly_what_changed() {
        let mut customer = sample();
        let changed = customer.merge(CustomerChanges {
            profile: ProfileChanges {
                first_name: Patch::Set("Ada".to_owned()),
                last_name: Patch::Clear,
                ..ProfileChanges::default()
            },
            preferences: PreferenceChanges {
                opt_ins: [
                    (OptIn::EmailMarketing, Some(true)),
                    (OptIn::SmsMarketing, Some(false)),
                ]
                .into(),
                ..PreferenceChanges::default()
            },
            ..CustomerChanges::default()
        });
        assert_eq!(
            changed
                .into_iter()
                .map(CustomerField::as_str)
                .collect::<Vec<_>>(),
            ["profile.firstName", "preferences.marketing.emailOptIn"]
        );
        assert!(customer.merge(CustomerChanges::default()).is_empty());
    }

    #[test]
    fn a_changed_address_or_number_is_unproven_and_another_spelling_of_it_is_not() {
        let mut customer = sample();
        customer.merge(CustomerChanges {
            email: Email::parse("ADA@example.com").ok(),
            ..CustomerChanges::default()
        });
        assert!(customer.email_verified && customer.email.as_typed() == "ADA@example.com");
        customer.merge(CustomerChanges {
            email: Email::parse("eve@example.com").ok(),
            profile: ProfileChanges {
                phone: Patch::Set(Phone::parse("5550100").unwrap().unwrap()),
                ..ProfileChanges::default()
            },
            ..CustomerChanges::default()
        });
        assert!(!customer.email_verified && !customer.phone_verified);
    }

    #[test]
    fn an_address_that_is_sent_back_stays_as_it_is_stored() {
        let stored = Email::from_store("Ada@Bücher.example".to_owned(), "old key".to_owned());
        let mut customer = sample();
        customer.email = stored.clone();
        let changed = customer.merge(CustomerChanges {
            email: Email::parse(stored.as_typed()).ok(),
            ..CustomerChanges::default()
        });
        assert_eq!((changed, &customer.email), (vec![], &stored));
        assert!(customer.email_verified);
    }

    #[test]
    fn the_time_of_the_last_change_never_turns_back() {
        let mut customer = sample();
        let later = customer.updated_at + chrono::TimeDelta::seconds(3);
        customer.touch(later);
        customer.touch(later - chrono::TimeDelta::seconds(1));
        assert_eq!((customer.version, customer.updated_at), (3, later));
    }

    #[test]
    fn only_an_account_has_a_user() {
        let mut customer = sample();
        assert_eq!(customer.user_id(), None);
        customer.account_state = AccountState::Registered;
        assert_eq!(customer.user_id(), Some(customer.id));
    }
}
