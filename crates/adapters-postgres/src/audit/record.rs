//! Decodes stored audit entries, and opens their sealed values.

use super::TABLE;
use super::entry::{Entry, SEALED, seal_context};
use crate::pg::row::{RowReader, corrupt};
use crate::pg::sql::Sql;
use crate::privacy::{KeyRing, TenantKeys, open_key, wrapped_under};
use customer_domain::audit::AuditEvent;
use customer_domain::privacy::{Cipher, DataKey, SealedError};
use customer_domain::{ActorKind, AuditEventId, CustomerId, KeyId, StoreError, TenantId};
use serde_json::{Map, Value};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use std::borrow::Cow;
use std::collections::HashMap;

/// The columns of an entry `e` that [`read`] decodes.
pub(super) const COLUMNS: Sql = Sql::text(
    "e.id, e.tenant_id, e.created_at, e.event_type, e.severity, e.operation, \
     e.customer_id, e.resource_id, e.actor_type, e.actor_id, e.session_id, e.trace_id, e.correlation_id, \
     to_json(e.changed_fields) AS changed_fields, e.metadata::text AS metadata, e.old_values, e.new_values, e.ip_address, \
     e.user_agent, e.reason",
);

/// Decodes [`COLUMNS`].
pub(super) fn read<'r>(row: &RowReader<'r>) -> Result<Entry<'r>, StoreError> {
    let mut sealed = [const { None }; 5];
    for (sealed, column) in sealed.iter_mut().zip(SEALED) {
        let bytes: Option<Vec<u8>> = row.column(column)?;
        *sealed = bytes.map(Cow::Owned);
    }
    Ok(Entry {
        id: row.column("id")?,
        tenant: row.column("tenant_id")?,
        at: row.column("created_at")?,
        event_type: row.column("event_type")?,
        severity: row.column("severity")?,
        operation: row.column("operation")?,
        customer: row.column("customer_id")?,
        resource: row.column("resource_id")?,
        actor_type: row.column("actor_type")?,
        actor_id: row.column("actor_id")?,
        session_id: row.column("session_id")?,
        trace_id: row.column("trace_id")?,
        correlation_id: row.column("correlation_id")?,
        changed_fields: row.column::<Json<_>>("changed_fields")?.0,
        metadata: row.column("metadata")?,
        sealed,
    })
}

/// An entry as it was read, and the wrapped keys of its customer.
pub(super) struct Stored<'r> {
    entry: Entry<'r>,
    held: Vec<Vec<u8>>,
}

impl<'r> Stored<'r> {
    /// Decodes [`COLUMNS`] and `held_keys`, the customer's keys in hexadecimal digits.
    pub(super) fn read(row: &'r PgRow) -> Result<Self, StoreError> {
        let row = &RowReader::new(row, TABLE);
        let entry = read(row)?;
        let held: Option<Json<Vec<String>>> = row.column("held_keys")?;
        let held = held.into_iter().flat_map(|held| held.0);
        let held = held.map(|held| hex::decode(held).map_err(|_| corrupt(TABLE, entry.id)));
        Ok(Self {
            held: held.collect::<Result<_, _>>()?,
            entry,
        })
    }

    /// Returns the ids of the tenant's keys that are needed to open the entry.
    pub(super) fn under(&self, cipher: &dyn Cipher) -> Result<Vec<KeyId>, StoreError> {
        let found: Result<_, _> = if self.entry.customer.is_some() {
            let held = self.held.iter();
            held.map(|held| wrapped_under(cipher, held)).collect()
        } else {
            let sealed = self.entry.sealed.iter().flatten();
            sealed.map(|sealed| cipher.key_of(sealed)).collect()
        };
        found.map_err(|SealedError| corrupt(TABLE, self.entry.id))
    }
}

/// Opens the sealed values of entries of one tenant.
pub(super) struct Opener<'a> {
    pub(super) ring: &'a KeyRing,
    pub(super) tenant: &'a TenantKeys,
    /// The customers' keys that were unwrapped so far.
    pub(super) keys: HashMap<KeyId, DataKey>,
}

impl Opener<'_> {
    /// Converts a stored entry into an event with its values opened.
    pub(super) fn event(&mut self, stored: Stored<'_>) -> Result<AuditEvent, StoreError> {
        let Stored { entry, held } = stored;
        let unreadable = |_: SealedError| corrupt(TABLE, entry.id);
        self.take(&entry, &held).map_err(unreadable)?;
        let [old, new, ip, agent, reason] = self.open(&entry).map_err(unreadable)?;
        let map = |text: String| serde_json::from_str::<Map<String, Value>>(&text).ok();
        let parsed = |text: Option<String>| match text {
            Some(text) => map(text).map(Some).ok_or(SealedError),
            None => Ok(None),
        };
        let ip = ip.map(|ip| ip.parse().map_err(|_| SealedError)).transpose();
        let actor_kind = ActorKind::from_code(entry.actor_type);
        Ok(AuditEvent {
            id: AuditEventId(entry.id),
            event_type: entry.event_type.to_owned(),
            severity: entry.severity.to_owned(),
            operation: entry.operation.to_owned(),
            customer: entry.customer.map(CustomerId),
            resource: entry.resource,
            old_values: parsed(old).map_err(unreadable)?,
            new_values: parsed(new).map_err(unreadable)?,
            reason,
            actor_kind: actor_kind.ok_or_else(|| corrupt(TABLE, entry.id))?,
            actor_id: entry.actor_id.to_owned(),
            session_id: entry.session_id.map(str::to_owned),
            trace_id: entry.trace_id.to_owned(),
            correlation_id: entry.correlation_id.to_owned(),
            ip: ip.map_err(unreadable)?,
            user_agent: agent,
            at: entry.at,
            changed_fields: entry.changed_fields,
        })
    }

    /// Unwraps the keys of the entry's customer.
    fn take(&mut self, entry: &Entry<'_>, held: &[Vec<u8>]) -> Result<(), SealedError> {
        let Some(customer) = entry.customer.map(CustomerId) else {
            return Ok(());
        };
        for held in held {
            if self
                .tenant
                .is_lost(wrapped_under(self.ring.cipher(), held)?)
            {
                continue;
            }
            let key = open_key(self.ring.cipher(), self.tenant, customer, held)?;
            self.keys.insert(key.id, key);
        }
        Ok(())
    }

    /// Opens the sealed values of an entry; each is `None` if absent or if its key was deleted or is
    /// lost.
    fn open(&self, entry: &Entry<'_>) -> Result<[Option<String>; 5], SealedError> {
        let mut opened = [const { None }; 5];
        let cipher = self.ring.cipher();
        let tenant = TenantId(entry.tenant);
        for ((opened, sealed), column) in opened.iter_mut().zip(&entry.sealed).zip(SEALED) {
            let Some(sealed) = sealed else {
                continue;
            };
            let id = cipher.key_of(sealed)?;
            let key = match entry.customer {
                Some(_) => self.keys.get(&id),
                None if self.tenant.is_lost(id) => None,
                None => Some(self.tenant.get(id)?),
            };
            let Some(key) = key else {
                continue;
            };
            let value = cipher.open(key, seal_context(tenant, entry.id, column), sealed)?;
            *opened = Some(String::from_utf8(value).map_err(|_| SealedError)?);
        }
        Ok(opened)
    }
}
