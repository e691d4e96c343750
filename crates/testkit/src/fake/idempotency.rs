//! Claims that are held while a unit of work is open, and the replies that outlive it.

use super::locked;
use super::state::State;
use chrono::{DateTime, Utc};
use customer_domain::idempotency::{ClaimError, IdempotencyClaim, StoredReply};
use customer_domain::{Conflict, Scope, StoreError, TenantId};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// Tenant, caller, route and key.
pub(super) type ClaimKey = (TenantId, String, String, String);

pub(super) fn claim_key(scope: &Scope, claim: &IdempotencyClaim) -> ClaimKey {
    let IdempotencyClaim {
        caller, route, key, ..
    } = claim.clone();
    (scope.tenant, caller, route, key)
}

#[derive(Debug, Default)]
pub(super) struct ClaimsHeld(Mutex<HashSet<ClaimKey>>);

/// A claim that nobody else can have until it is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    key: ClaimKey,
    held: Arc<ClaimsHeld>,
}

impl Claim {
    pub(super) fn hold(held: &Arc<ClaimsHeld>, key: ClaimKey) -> Result<Self, ClaimError> {
        if !locked(&held.0).insert(key.clone()) {
            return Err(ClaimError::InFlight);
        }
        let held = Arc::clone(held);
        Ok(Self { key, held })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        locked(&self.held.0).remove(&self.key);
    }
}

#[derive(Debug, Clone)]
pub(super) struct KeptReply {
    body_digest: [u8; 32],
    expires_at: DateTime<Utc>,
    reply: StoredReply,
}

impl KeptReply {
    pub(super) fn new(claim: &IdempotencyClaim, reply: StoredReply) -> Self {
        Self {
            body_digest: claim.body_digest,
            expires_at: claim.expires_at,
            reply,
        }
    }

    pub(super) fn is_alive(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }

    pub(super) fn answer(&self, claim: &IdempotencyClaim) -> Result<StoredReply, ClaimError> {
        if self.body_digest == claim.body_digest {
            Ok(self.reply.clone())
        } else {
            Err(ClaimError::KeyReused)
        }
    }
}

impl State {
    /// Keeps a reply where none is kept that is still alive.
    pub(super) fn keep(
        &mut self,
        key: ClaimKey,
        reply: KeptReply,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self
            .replies
            .get(&key)
            .is_some_and(|kept| kept.is_alive(now))
        {
            return Err(StoreError::Conflict(Conflict::IdempotencyKey));
        }
        self.replies.insert(key, reply);
        Ok(())
    }
}
