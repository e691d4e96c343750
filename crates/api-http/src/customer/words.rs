//! The vocabularies of customers: as the document lists them, and as requests may spell them.

use customer_domain::customer::{AccountState, CustomerType, Status};
use customer_domain::profile::Gender;
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($variant:ident),+ $(,)? }),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "the words are their own explanation")]
        pub enum $name { $($variant),+ }
    )+};
}

words! {
    /// Where a customer stands in its life.
    CustomerStatus { Pending, Active, Inactive, Suspended, Deleted },
    /// Whether a customer can sign in.
    CustomerAccountState { Guest, Invited, Registered },
    /// A person or a company.
    CustomerKind { Individual, Business },
    /// A person or a company; `retail`, `wholesale` and `vip` set the group of that name.
    CustomerKindInput { Individual, Business, Retail, Wholesale, Vip },
    /// Gender.
    CustomerGender { Male, Female, Other, PreferNotToSay },
    /// How much a customer is worth to the shop.
    CustomerTier { Regular, Premium, Vip, Enterprise },
}

/// What `customerType` may say: the type itself, or a group (D-15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KindOrGroup {
    Kind(CustomerType),
    Group(&'static str),
}

pub(super) static KINDS: &[(&str, KindOrGroup)] = &[
    ("individual", KindOrGroup::Kind(CustomerType::Individual)),
    ("business", KindOrGroup::Kind(CustomerType::Business)),
    ("retail", KindOrGroup::Group("retail")),
    ("wholesale", KindOrGroup::Group("wholesale")),
    ("vip", KindOrGroup::Group("vip")),
];

pub(super) static STATUSES: &[(&str, Status)] = &[
    ("pending", Status::Pending),
    ("active", Status::Active),
    ("inactive", Status::Inactive),
    ("suspended", Status::Suspended),
    ("blocked", Status::Suspended),
    ("deleted", Status::Deleted),
];

pub(super) static GENDERS: &[(&str, Gender)] = &[
    ("male", Gender::Male),
    ("female", Gender::Female),
    ("other", Gender::Other),
    ("prefer_not_to_say", Gender::PreferNotToSay),
];

/// The account state of this name.
pub(super) fn account_state(word: &str) -> Option<AccountState> {
    AccountState::ALL
        .into_iter()
        .find(|state| state.as_str().eq_ignore_ascii_case(word))
}
