//! Identifiers. Each kind has its own type, so that a customer's id cannot be passed as a tenant's.

use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// A customer, within its tenant.
    CustomerId,
    /// A tenant's internal id. In the API a tenant is identified by its slug.
    TenantId,
    /// An entry of a customer's address book.
    AddressId,
    /// A note about a customer.
    NoteId,
    /// An API key; not the secret of it.
    ApiKeyId,
    /// An event, the same in every delivery.
    EventId,
    /// An entry of the audit trail.
    AuditEventId,
    /// A key that seals values; not the key itself.
    KeyId,
}
