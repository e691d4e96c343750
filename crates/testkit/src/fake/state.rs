//! The stored state. A unit of work changes a copy of it, which shares the rows that are large and
//! stay as they are.

use super::audit::audit_event;
use super::idempotency::{ClaimKey, KeptReply};
use crate::stored::{StoredAudit, StoredEvent};
use customer_domain::address::Address;
use customer_domain::api_key::ApiKey;
use customer_domain::audit::AuditEvent;
use customer_domain::credential::PasswordHash;
use customer_domain::customer::{CustomerRecord, KeyRules};
use customer_domain::group::{Group, GroupId};
use customer_domain::note::Note;
use customer_domain::profile::PhoneKeys;
use customer_domain::tenant::Tenant;
use customer_domain::{
    ApiKeyId, Change, Conflict, Context, CustomerId, NoteId, StoreError, TenantId,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Tenant, kind and value of an identifier.
pub(super) type IdentifierKey = (TenantId, String, String);

#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) tenants: BTreeMap<TenantId, Tenant>,
    pub(super) groups: BTreeMap<(TenantId, GroupId), Group>,
    pub(super) customers: BTreeMap<(TenantId, CustomerId), Arc<CustomerRow>>,
    pub(super) identifiers: BTreeMap<IdentifierKey, CustomerId>,
    /// Address books, including removed addresses.
    pub(super) addresses: BTreeMap<(TenantId, CustomerId), Vec<AddressRow>>,
    pub(super) notes: BTreeMap<(TenantId, CustomerId, NoteId), Note>,
    pub(super) api_keys: BTreeMap<(TenantId, ApiKeyId), KeyRow>,
    pub(super) replies: HashMap<ClaimKey, KeptReply>,
    pub(super) events: Vec<Arc<StoredEvent>>,
    pub(super) audit: Vec<Arc<StoredAudit>>,
    /// The entries of `audit` as they are read back.
    pub(super) trail: Vec<(TenantId, Arc<AuditEvent>)>,
}

#[derive(Debug, Clone)]
pub(super) struct CustomerRow {
    pub(super) record: CustomerRecord,
    pub(super) password_hash: Option<PasswordHash>,
    pub(super) terms: BTreeSet<String>,
    /// What the phone number is compared by.
    pub(super) phone_key: Option<String>,
    pub(super) key_rules: KeyRules,
}

impl CustomerRow {
    pub(super) fn has_phone(&self, keys: &PhoneKeys) -> bool {
        let key = self.phone_key.as_deref();
        key.is_some_and(|key| key == keys.key || key == keys.digits)
    }
}

#[derive(Debug, Clone)]
pub(super) struct AddressRow {
    pub(super) address: Address,
    pub(super) digest: [u8; 32],
    pub(super) is_deleted: bool,
}

#[derive(Debug, Clone)]
pub(super) struct KeyRow {
    pub(super) key: ApiKey,
    pub(super) digest: [u8; 32],
}

impl State {
    pub(super) fn customers_of(&self, tenant: TenantId) -> impl Iterator<Item = &CustomerRow> {
        let rows = self.customers.iter();
        rows.filter(move |((owner, _), _)| *owner == tenant)
            .map(|(_, row)| &**row)
    }

    pub(super) fn keys_of(&self, tenant: TenantId) -> impl Iterator<Item = &KeyRow> {
        let rows = self.api_keys.iter();
        rows.filter(move |((owner, _), _)| *owner == tenant)
            .map(|(_, row)| row)
    }

    /// Writes events and audit entries. Fails if a customer has two events with the same number.
    pub(super) fn write(
        &mut self,
        context: &Context,
        changes: &[Change],
    ) -> Result<(), StoreError> {
        for change in changes {
            if let Some(event) = change.event() {
                let event = StoredEvent::of(context, event);
                let place = |other: &StoredEvent| (other.tenant, other.customer, other.sequence);
                if self
                    .events
                    .iter()
                    .any(|other| place(other) == place(&event))
                {
                    let rule = "the sequence of a customer's events".to_owned();
                    return Err(StoreError::Conflict(Conflict::Other(rule)));
                }
                self.events.push(Arc::new(event));
            }
            if let Some(entry) = change.audit() {
                self.audit.push(Arc::new(StoredAudit::of(context, entry)));
                self.trail
                    .push((context.tenant, Arc::new(audit_event(context, entry))));
            }
        }
        Ok(())
    }
}
