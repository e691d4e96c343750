//! Claims, which are held while a unit of work is open, and the replies that outlive it.

use super::state::State;
use super::{FakeStore, Step, locked};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use customer_domain::idempotency::{
    ClaimError, IdempotencyClaim, IdempotencyPurge, Purged, ReplyKey, StoredReply,
};
use customer_domain::{Conflict, Context, StoreError, TenantId};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// Tenant, caller, route and key.
pub(super) type ClaimKey = (TenantId, String, String, String);

pub(super) fn claim_key(context: &Context, claim: &IdempotencyClaim) -> ClaimKey {
    let IdempotencyClaim {
        caller, route, key, ..
    } = claim.clone();
    (context.tenant, caller, route, key)
}

#[derive(Debug, Default)]
pub(super) struct ClaimsHeld(Mutex<HashSet<ClaimKey>>);

/// A claim that excludes all others of its key until it is dropped.
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
    /// Keeps a reply. Fails if a reply that has not expired is kept already.
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

#[async_trait]
impl IdempotencyPurge for FakeStore {
    async fn purge(
        &self,
        tenant: TenantId,
        after: Option<ReplyKey>,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Purged, StoreError> {
        self.shared.failures.check(Step::Statement)?;
        let mut committed = locked(&self.shared.committed);
        let replies = &mut Arc::make_mut(&mut committed).replies;
        let of_tenant = replies.keys().filter(|(owner, ..)| *owner == tenant);
        let mut keys: Vec<_> = of_tenant
            .map(|(_, caller, route, key)| ReplyKey {
                caller: caller.clone(),
                route: route.clone(),
                key: key.clone(),
            })
            .filter(|key| after.as_ref().is_none_or(|after| key > after))
            .collect();
        keys.sort();
        keys.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let mut purged = Purged::default();
        for key in keys {
            let full = (
                tenant,
                key.caller.clone(),
                key.route.clone(),
                key.key.clone(),
            );
            purged.seen += 1;
            if replies.get(&full).is_some_and(|reply| !reply.is_alive(now)) {
                replies.remove(&full);
                purged.deleted += 1;
            }
            purged.last = Some(key);
        }
        Ok(purged)
    }
}
