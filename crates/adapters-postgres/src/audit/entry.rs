//! An audit entry as a row: its sealed values and its digest.

use super::TABLE;
use crate::privacy::WorkKeys;
use chrono::{DateTime, Utc};
use customer_domain::audit::{AuditEntry, FieldChange};
use customer_domain::privacy::SealContext;
use customer_domain::{Context, DigestPurpose, KeyedDigest, StoreError, TenantId};
use serde_json::Value;
use std::borrow::Cow;
use uuid::Uuid;

/// The columns whose values are sealed, in the order in which they are written and read.
pub(super) const SEALED: [&str; 5] = [
    "old_values",
    "new_values",
    "ip_address",
    "user_agent",
    "reason",
];

/// Returns the context to which the sealed value of a column is bound.
pub(super) fn seal_context(tenant: TenantId, entry: Uuid, column: &str) -> SealContext<'_> {
    SealContext {
        tenant,
        table: TABLE,
        row: entry,
        column,
    }
}

/// An entry that is about to be written.
pub(super) struct Written<'a> {
    pub(super) context: &'a Context,
    pub(super) audit: &'a AuditEntry,
    pub(super) changed_fields: Vec<String>,
    /// The sealed values, in the order of [`SEALED`].
    pub(super) sealed: [Option<Vec<u8>>; 5],
}

impl<'a> Written<'a> {
    pub(super) fn new(
        context: &'a Context,
        audit: &'a AuditEntry,
        keys: &WorkKeys,
    ) -> Result<Self, StoreError> {
        let map = |map| Value::Object(map).to_string();
        let values = [
            FieldChange::old_values(&audit.changes).map(map),
            FieldChange::new_values(&audit.changes).map(map),
            context.origin.ip.map(|ip| ip.to_string()),
            context.origin.user_agent.clone(),
            audit.reason.clone(),
        ];
        let mut hidden = [const { None }; 5];
        for ((hidden, value), column) in hidden.iter_mut().zip(values).zip(SEALED) {
            if let Some(value) = value {
                let seal_context = seal_context(context.tenant, audit.id.0, column);
                *hidden = Some(keys.seal(audit.customer, seal_context, value.as_bytes())?);
            }
        }
        let names = audit.changes.iter().map(|change| change.field.clone());
        Ok(Self {
            context,
            audit,
            changed_fields: names.collect(),
            sealed: hidden,
        })
    }

    /// Returns the entry as it will be read back.
    pub(super) fn entry(&self) -> Entry<'_> {
        Entry {
            tenant: self.context.tenant.0,
            id: self.audit.id.0,
            at: self.audit.at,
            event_type: self.audit.kind.event_type(),
            severity: self.audit.kind.severity().as_str(),
            operation: self.audit.kind.operation().as_str(),
            customer: self.audit.customer.map(|customer| customer.0),
            resource: Some(self.audit.resource),
            actor_type: self.context.actor.kind.code(),
            actor_id: &self.context.actor.id,
            session_id: self.context.session_id.as_deref(),
            trace_id: &self.context.trace_id,
            correlation_id: &self.context.correlation_id,
            changed_fields: self.changed_fields.clone(),
            metadata: "{}",
            sealed: self
                .sealed
                .each_ref()
                .map(|value| value.as_deref().map(Cow::Borrowed)),
        }
    }
}

/// An entry with all its columns, as it is stored.
pub(super) struct Entry<'a> {
    pub(super) tenant: Uuid,
    pub(super) id: Uuid,
    pub(super) at: DateTime<Utc>,
    pub(super) event_type: &'a str,
    pub(super) severity: &'a str,
    pub(super) operation: &'a str,
    pub(super) customer: Option<Uuid>,
    pub(super) resource: Option<Uuid>,
    pub(super) actor_type: i16,
    pub(super) actor_id: &'a str,
    pub(super) session_id: Option<&'a str>,
    pub(super) trace_id: &'a str,
    pub(super) correlation_id: &'a str,
    pub(super) changed_fields: Vec<String>,
    pub(super) metadata: &'a str,
    pub(super) sealed: [Option<Cow<'a, [u8]>>; 5],
}

impl Entry<'_> {
    /// Computes the digest of the whole entry.
    pub(super) fn digest(&self, digests: &dyn KeyedDigest) -> [u8; 32] {
        digests.digest(DigestPurpose::AuditEntry, &self.message())
    }

    /// Encodes the whole entry, so that no two entries have the same encoding. The encoding must
    /// never change: digests are kept for years.
    fn message(&self) -> Vec<u8> {
        let mut message = Message(Vec::with_capacity(1024));
        message.part(b"1");
        message.part(self.tenant.as_bytes());
        message.part(self.id.as_bytes());
        message.part(&self.at.timestamp_micros().to_be_bytes());
        message.text(self.event_type);
        message.text(self.severity);
        message.text(self.operation);
        message.optional(self.customer.as_ref().map(|id| id.as_bytes().as_slice()));
        message.optional(self.resource.as_ref().map(|id| id.as_bytes().as_slice()));
        message.part(&self.actor_type.to_be_bytes());
        message.text(self.actor_id);
        message.optional(self.session_id.map(str::as_bytes));
        message.text(self.trace_id);
        message.text(self.correlation_id);
        message.text(&self.changed_fields.len().to_string());
        for field in &self.changed_fields {
            message.text(field);
        }
        message.text(self.metadata);
        for sealed in &self.sealed {
            message.optional(sealed.as_deref());
        }
        message.0
    }
}

/// Parts, each after its length in eight bytes.
struct Message(Vec<u8>);

impl Message {
    fn part(&mut self, part: &[u8]) {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        self.0.extend(length.to_be_bytes());
        self.0.extend(part);
    }

    fn text(&mut self, part: &str) {
        self.part(part.as_bytes());
    }

    fn optional(&mut self, part: Option<&[u8]>) {
        self.0.push(u8::from(part.is_some()));
        if let Some(part) = part {
            self.part(part);
        }
    }
}
