//! The enumerations of customers: their values in the OpenAPI document and their spellings in
//! requests.

use crate::support::vocabulary::words;
use customer_domain::customer::{AccountState, CustomerType, Status};
use customer_domain::profile::Gender;
use customer_domain::tier::Tier;
use std::sync::LazyLock;

words! {
    /// The status in a customer's lifecycle.
    CustomerStatus: Status::WORDS,
    /// Whether a customer can sign in.
    CustomerAccountState: AccountState::WORDS,
    /// A person or a company.
    CustomerKind: CustomerType::WORDS,
    /// A person or a company; `retail`, `wholesale` and `vip` set the group of that name.
    CustomerKindInput: &KINDS,
    /// Gender.
    CustomerGender: Gender::WORDS,
    /// The value of a customer to the shop.
    CustomerTier: Tier::WORDS,
}

/// A value of `customerType`: a type, or a group (D-15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KindOrGroup {
    Kind(CustomerType),
    Group(&'static str),
}

/// The types, and the groups that `customerType` may name instead.
pub(super) static KINDS: LazyLock<Vec<(&str, KindOrGroup)>> = LazyLock::new(|| {
    let kinds = CustomerType::ALL.map(|kind| (kind.as_str(), KindOrGroup::Kind(kind)));
    let groups = ["retail", "wholesale", "vip"].map(|name| (name, KindOrGroup::Group(name)));
    kinds.into_iter().chain(groups).collect()
});

/// The statuses; `blocked` is a synonym of suspended, and comes after it.
pub(super) static STATUSES: LazyLock<Vec<(&str, Status)>> = LazyLock::new(|| {
    let mut words = Status::WORDS.to_vec();
    words.push(("blocked", Status::Suspended));
    words.sort_by_key(|(_, status)| status.code());
    words
});
