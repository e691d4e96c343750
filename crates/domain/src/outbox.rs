//! Events that notify other services. Each is written in the transaction of its change.

use crate::address::{Address, AddressField, BookHolder, Role};
use crate::customer::{Customer, CustomerField, CustomerRecord};
use crate::{AddressId, Context, CustomerId, EventId};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// The source that the events name (D-68).
pub const SOURCE: &str = "customer-service";

/// An event about a customer, in the envelope that subscribers know (EVO-01).
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The event's id, the same in every delivery.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// The customer concerned.
    pub customer: CustomerId,
    /// The event's position in the customer's sequence: from 1, without repetition.
    pub sequence: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The payload, which depends on the kind.
    pub data: Value,
}

/// Declares [`EventKind`] as a table. A line has the variant, its name in the envelope and its topic.
macro_rules! event_kinds {
    ($($(#[$meta:meta])* $kind:ident $event_type:literal $topic:literal;)+) => {
        /// What can happen to a customer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventKind { $($(#[$meta])* $kind),+ }

        impl EventKind {
            /// Every kind, in the order of the table.
            pub const ALL: [Self; [$($event_type),+].len()] = [$(Self::$kind),+];

            /// Returns the name in the envelope.
            pub const fn event_type(self) -> &'static str {
                match self { $(Self::$kind => $event_type),+ }
            }

            /// Returns the topic on which the event is published.
            pub const fn topic(self) -> &'static str {
                match self { $(Self::$kind => $topic),+ }
            }
        }
    };
}

event_kinds! {
    /// The customer was created.
    Created "CustomerCreated" "customers.customer.created";
    /// The customer's record was changed.
    ProfileUpdated "CustomerProfileUpdated" "customers.profile.updated";
    /// The customer was deactivated.
    Deactivated "CustomerDeactivated" "customers.customer.deactivated";
    /// The customer was suspended.
    Suspended "CustomerSuspended" "customers.customer.suspended";
    /// The customer was reactivated.
    Reactivated "CustomerReactivated" "customers.customer.reactivated";
    /// An address was added.
    AddressCreated "CustomerAddressCreated" "customers.address.created";
    /// An address was changed, or became a default.
    AddressUpdated "CustomerAddressUpdated" "customers.address.updated";
    /// An address was deleted.
    AddressDeleted "CustomerAddressDeleted" "customers.address.deleted";
}

impl Event {
    /// Creates `CustomerCreated` (EVO-02).
    pub fn created(id: EventId, record: &CustomerRecord) -> Self {
        let customer = &record.customer;
        let data = json!({
            "customerId": customer.id.to_string(),
            "email": customer.email.as_typed(),
            "profile": {
                "firstName": customer.profile.first_name,
                "lastName": customer.profile.last_name,
            },
            "segment": {
                "tier": record.summary.tier.as_str(),
                "segment": record.summary.segment,
            },
            "registrationDate": rfc3339(customer.registration_date),
        });
        Self::about(id, EventKind::Created, customer, data)
    }

    /// Creates `CustomerProfileUpdated` with the names of the changed fields (EVO-04). It has no
    /// values: subscribers read the customer instead, and never act on outdated ones.
    pub fn profile_updated(id: EventId, customer: &Customer, changed: &[CustomerField]) -> Self {
        let changed: Vec<_> = changed.iter().map(|field| field.as_str()).collect();
        let data = json!({
            "customerId": customer.id.to_string(),
            "changedFields": changed,
            "version": customer.version,
        });
        Self::about(id, EventKind::ProfileUpdated, customer, data)
    }

    /// Creates `CustomerDeactivated`, `CustomerSuspended` or `CustomerReactivated`.
    pub fn status_changed(
        id: EventId,
        kind: EventKind,
        customer: &Customer,
        changed: &[CustomerField],
    ) -> Self {
        let changed: Vec<_> = changed.iter().map(|field| field.as_str()).collect();
        let data = json!({
            "customerId": customer.id.to_string(),
            "status": customer.status.as_str(),
            "changedFields": changed,
            "version": customer.version,
        });
        Self::about(id, kind, customer, data)
    }

    /// Creates `CustomerAddressCreated`, `CustomerAddressUpdated` or `CustomerAddressDeleted` with
    /// the address's id and type and the names of the changed fields. The defaults are those after
    /// the change, so that subscribers also learn of a role that moved to another address.
    pub fn address_changed(
        id: EventId,
        kind: EventKind,
        holder: BookHolder,
        address: &Address,
        defaults: [Option<AddressId>; 2],
        changed: &[AddressField],
    ) -> Self {
        let changed: Vec<_> = changed.iter().map(|field| field.as_str()).collect();
        let [shipping, billing] = defaults.map(|id| id.map(|id| id.to_string()));
        let roles: Vec<_> = address.roles().into_iter().map(Role::as_str).collect();
        let data = json!({
            "customerId": holder.customer.to_string(),
            "addressId": address.id.to_string(),
            "type": address.kind.as_str(),
            "country": address.postal.country.code(),
            "roles": roles,
            "defaults": {"shipping": shipping, "billing": billing},
            "changedFields": changed,
            "version": address.version,
        });
        Self {
            id,
            kind,
            customer: holder.customer,
            sequence: holder.event_seq,
            at: address.updated_at,
            data,
        }
    }

    fn about(id: EventId, kind: EventKind, customer: &Customer, data: Value) -> Self {
        Self {
            id,
            kind,
            customer: customer.id,
            sequence: customer.event_seq,
            at: customer.updated_at,
            data,
        }
    }

    /// Returns the whole message, as subscribers receive it.
    pub fn envelope(&self, context: &Context) -> Value {
        json!({
            "eventId": self.id.to_string(),
            "eventType": self.kind.event_type(),
            "version": "1.0",
            "timestamp": rfc3339(self.at),
            "source": SOURCE,
            "data": self.data,
            "metadata": {
                "correlationId": context.correlation_id,
                "tenantId": context.tenant_slug,
                "sequence": self.sequence,
            },
        })
    }
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
