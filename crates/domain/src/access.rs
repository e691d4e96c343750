//! Callers: their identities, and the port that authenticates them.

use crate::{Actor, ActorKind, ApiKeyId, CustomerId, Permission, StoreError, TenantId};
use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The caller's identity.
    pub identity: Identity,
    /// The tenant that the caller belongs to.
    pub tenant: TenantId,
    /// Whether the caller may act in every tenant.
    pub all_tenants: bool,
    /// The strongest permission of the caller; `None` for a customer, who may only access their own
    /// record.
    pub permission: Option<Permission>,
    /// The session of the caller, if any.
    pub session: Option<String>,
    /// When the caller last authenticated with a password or a second factor; `None` if that is not
    /// known, as for an API key.
    pub proved_at: Option<DateTime<Utc>>,
}

/// The identity of a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A service or an operator with an API key.
    ApiKey(ApiKeyId),
    /// A customer with a token that this service issued.
    Customer(CustomerId),
    /// The subject of a token that another issuer signed.
    Foreign {
        /// The issuer's name in the configuration.
        issuer: String,
        /// The subject, as in the token.
        subject: String,
        /// The customer that the subject is mapped to, if any.
        customer: Option<CustomerId>,
    },
}

impl Caller {
    /// Returns whether the caller holds `wanted` or a stronger permission.
    pub fn may(&self, wanted: Permission) -> bool {
        self.permission >= Some(wanted)
    }

    /// Returns the customer, if the caller is one.
    pub fn customer(&self) -> Option<CustomerId> {
        match &self.identity {
            Identity::Customer(customer) => Some(*customer),
            Identity::Foreign { customer, .. } => *customer,
            Identity::ApiKey(_) => None,
        }
    }

    /// Returns the actor for events and the audit trail. A foreign subject that is not a customer
    /// is a service or a member of staff, and counts as the holder of an API key. Its id is
    /// `issuer:subject`; a colon in the issuer is written `%3A`, so that no two subjects share an
    /// id.
    pub fn actor(&self) -> Actor {
        let (kind, id) = match &self.identity {
            Identity::ApiKey(key) => (ActorKind::ApiKey, key.to_string()),
            Identity::Customer(customer)
            | Identity::Foreign {
                customer: Some(customer),
                ..
            } => (ActorKind::Customer, customer.to_string()),
            Identity::Foreign {
                issuer,
                subject,
                customer: None,
            } => {
                let issuer = issuer.replace('%', "%25").replace(':', "%3A");
                (ActorKind::ApiKey, format!("{issuer}:{subject}"))
            }
        };
        Actor { kind, id }
    }
}

/// Authenticates callers by one kind of credential.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuthProvider: Send + Sync {
    /// Returns the caller behind a credential, which is an API key or a token as it was presented.
    /// `None` if it is of another kind, unknown, revoked or expired.
    ///
    /// # Errors
    /// MUST return [`StoreError::Unavailable`] if the credential cannot be checked.
    async fn prove(&self, credential: &str) -> Result<Option<Caller>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn caller(identity: Identity, permission: Option<Permission>) -> Caller {
        Caller {
            identity,
            tenant: TenantId(Uuid::nil()),
            all_tenants: false,
            permission,
            session: None,
            proved_at: None,
        }
    }

    fn subject(issuer: &str, subject: &str, customer: Option<CustomerId>) -> Identity {
        Identity::Foreign {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            customer,
        }
    }

    #[test]
    fn a_permission_includes_the_weaker_ones_and_a_customer_has_none() {
        let key = Identity::ApiKey(ApiKeyId(Uuid::nil()));
        for (held, may) in [
            (None, [false, false, false]),
            (Some(Permission::Read), [true, false, false]),
            (Some(Permission::Write), [true, true, false]),
            (Some(Permission::Admin), [true, true, true]),
        ] {
            let caller = caller(key.clone(), held);
            assert_eq!(Permission::ALL.map(|wanted| caller.may(wanted)), may);
        }
    }

    #[test]
    fn the_record_names_a_foreign_subject_by_its_customer_or_its_issuer() {
        let customer = CustomerId(Uuid::from_u128(7));
        let foreign = |customer| subject("staff", "ada", customer);
        for (identity, kind, id) in [
            (
                Identity::Customer(customer),
                ActorKind::Customer,
                customer.to_string(),
            ),
            (
                foreign(Some(customer)),
                ActorKind::Customer,
                customer.to_string(),
            ),
            (foreign(None), ActorKind::ApiKey, "staff:ada".to_owned()),
        ] {
            let caller = caller(identity, None);
            assert_eq!(caller.actor(), Actor { kind, id });
        }
    }

    #[test]
    fn no_two_foreign_subjects_share_a_name() {
        for (issuer, name, id) in [
            ("a:b", "c", "a%3Ab:c"),
            ("a", "b:c", "a:b:c"),
            ("a%3Ab", "c", "a%253Ab:c"),
            ("a", "%3Ab:c", "a:%3Ab:c"),
        ] {
            let caller = caller(subject(issuer, name, None), None);
            assert_eq!(caller.actor().id, id);
        }
    }
}
