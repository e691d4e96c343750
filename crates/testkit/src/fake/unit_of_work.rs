//! A transaction: it changes a copy of the state, which a commit puts in place of the original.

use super::idempotency::{Claim, KeptReply, claim_key};
use super::state::State;
use super::{FakeStore, Role, Shared, Step, locked};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use customer_domain::address::AddressRepo;
use customer_domain::api_key::ApiKeyRepo;
use customer_domain::audit::AuditRepo;
use customer_domain::customer::CustomerRepo;
use customer_domain::group::GroupRepo;
use customer_domain::idempotency::{ClaimError, IdempotencyClaim, StoredReply};
use customer_domain::note::NoteRepo;
use customer_domain::tenant::TenantRepo;
use customer_domain::{
    Change, Claimed, Clock as _, Context, CustomerId, StoreError, Transactions, UnitOfWork,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;

pub(super) struct FakeUnitOfWork {
    pub(super) context: Context,
    pub(super) role: Role,
    now: DateTime<Utc>,
    /// The customers that this unit of work has locked, and so may save.
    pub(super) held: BTreeSet<CustomerId>,
    shared: Arc<Shared>,
    state: Arc<State>,
    changes: Vec<Change>,
    replies: Vec<(IdempotencyClaim, StoredReply)>,
    spoilt: bool,
    _claim: Option<Claim>,
    /// The last field, so that the next unit of work begins after all others are dropped.
    _turn: OwnedMutexGuard<()>,
}

impl FakeUnitOfWork {
    /// Runs a statement. After one that fails, the unit of work rejects all others and the commit.
    pub(super) fn statement<T>(
        &mut self,
        run: impl FnOnce(&mut State, &Context) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.usable()?;
        let outcome = self
            .shared
            .failures
            .check(Step::Statement)
            .and_then(|()| run(Arc::make_mut(&mut self.state), &self.context));
        self.spoilt = outcome.is_err();
        outcome
    }

    /// Reads the state as the statements so far have left it.
    pub(super) fn peek<T>(&self, look: impl FnOnce(&State, &Context) -> T) -> T {
        look(&self.state, &self.context)
    }

    fn usable(&self) -> Result<(), StoreError> {
        if self.spoilt {
            let reason = "a failed statement spoilt this unit of work";
            return Err(StoreError::Unavailable(reason.to_owned()));
        }
        Ok(())
    }
}

impl FakeStore {
    async fn open(&self, context: &Context, claim: Option<Claim>) -> FakeUnitOfWork {
        let turn = Arc::clone(&self.shared.turn).lock_owned().await;
        FakeUnitOfWork {
            context: context.clone(),
            role: self.role,
            now: self.shared.clock.now(),
            held: BTreeSet::new(),
            shared: Arc::clone(&self.shared),
            state: self.shared.committed(),
            changes: Vec::new(),
            replies: Vec::new(),
            spoilt: false,
            _claim: claim,
            _turn: turn,
        }
    }
}

#[async_trait]
impl Transactions for FakeStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.shared.failures.check(Step::Begin)?;
        Ok(Box::new(self.open(context, None).await))
    }

    async fn begin_idempotent(
        &self,
        context: &Context,
        claim: &IdempotencyClaim,
    ) -> Result<Claimed, ClaimError> {
        self.shared.failures.check(Step::Begin)?;
        let key = claim_key(context, claim);
        let held = Claim::hold(&self.shared.claims, key.clone())?;
        let work = self.open(context, Some(held)).await;
        match work.state.replies.get(&key) {
            Some(kept) if kept.is_alive(claim.now) => kept.answer(claim).map(Claimed::Replay),
            _ => Ok(Claimed::Started(Box::new(work))),
        }
    }

    /// One unit of work is open at a time and commits in no time: everything up to now is committed.
    async fn horizon(&self, _: &Context) -> Result<DateTime<Utc>, StoreError> {
        self.shared.failures.check(Step::Read)?;
        Ok(self.shared.clock.now() + TimeDelta::microseconds(1))
    }
}

#[async_trait]
impl UnitOfWork for FakeUnitOfWork {
    fn now(&self) -> DateTime<Utc> {
        self.now
    }

    fn customers(&mut self) -> &mut dyn CustomerRepo {
        self
    }

    fn addresses(&mut self) -> &mut dyn AddressRepo {
        self
    }

    fn groups(&mut self) -> &mut dyn GroupRepo {
        self
    }

    fn notes(&mut self) -> &mut dyn NoteRepo {
        self
    }

    fn tenants(&mut self) -> &mut dyn TenantRepo {
        self
    }

    fn api_keys(&mut self) -> &mut dyn ApiKeyRepo {
        self
    }

    fn audit(&mut self) -> &mut dyn AuditRepo {
        self
    }

    fn record(&mut self, change: Change) {
        self.changes.push(change);
    }

    fn store_reply(&mut self, claim: IdempotencyClaim, reply: StoredReply) {
        self.replies.push((claim, reply));
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        self.usable()?;
        self.shared.failures.check(Step::Commit)?;
        let state = Arc::make_mut(&mut self.state);
        state.write(&self.context, &self.changes)?;
        for (claim, reply) in self.replies.drain(..) {
            state.keep(
                claim_key(&self.context, &claim),
                KeptReply::new(&claim, reply),
                claim.now,
            )?;
        }
        *locked(&self.shared.committed) = Arc::clone(&self.state);
        Ok(())
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}
