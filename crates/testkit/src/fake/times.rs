//! Two stores whose units of work begin at the same times, so that what they stored can be compared.

use crate::builders::FixedClock;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use customer_domain::idempotency::{ClaimError, IdempotencyClaim};
use customer_domain::{Claimed, Context, StoreError, Transactions, UnitOfWork};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// The times of the units of work that one store has begun and the other has not yet. Clones share
/// them.
#[derive(Debug, Clone, Default)]
pub struct Times(Arc<Mutex<VecDeque<Time>>>);

/// The time of a unit of work, or a horizon; `None` if the store returned none.
type Time = Option<DateTime<Utc>>;

impl Times {
    /// Returns the transactions of a store, whose times are kept.
    pub fn leading(&self, store: Arc<dyn Transactions>) -> Arc<dyn Transactions> {
        let times = self.clone();
        Arc::new(Leading { store, times })
    }

    /// Returns the transactions of a fake with this clock, which shows each of the kept times in
    /// turn. They panic if the other store has begun fewer units of work.
    pub fn following(
        &self,
        store: Arc<dyn Transactions>,
        clock: &Arc<FixedClock>,
    ) -> Arc<dyn Transactions> {
        let (times, clock) = (self.clone(), Arc::clone(clock));
        Arc::new(Following {
            store,
            times,
            clock,
        })
    }

    /// Returns the number of units of work that only the leading store has begun.
    pub fn left(&self) -> usize {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.len()
    }

    fn push(&self, time: Time) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.push_back(time);
    }

    fn pop(&self) -> Time {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times
            .pop_front()
            .expect("a unit of work that the leading store began too")
    }
}

struct Leading {
    store: Arc<dyn Transactions>,
    times: Times,
}

struct Following {
    store: Arc<dyn Transactions>,
    times: Times,
    clock: Arc<FixedClock>,
}

#[async_trait]
impl Transactions for Leading {
    async fn begin(&self, context: &Context) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let begun = self.store.begin(context).await;
        self.times.push(begun.as_ref().ok().map(|work| work.now()));
        begun
    }

    async fn begin_idempotent(
        &self,
        context: &Context,
        claim: &IdempotencyClaim,
    ) -> Result<Claimed, ClaimError> {
        let claimed = self.store.begin_idempotent(context, claim).await;
        self.times.push(match &claimed {
            Ok(Claimed::Started(work)) => Some(work.now()),
            Ok(Claimed::Replay(_)) | Err(_) => None,
        });
        claimed
    }

    async fn horizon(&self, context: &Context) -> Result<DateTime<Utc>, StoreError> {
        let horizon = self.store.horizon(context).await;
        self.times.push(horizon.as_ref().ok().copied());
        horizon
    }
}

impl Following {
    /// Sets the clock to this much before the next time, if there is one.
    fn set_clock(&self, before: TimeDelta) {
        if let Some(time) = self.times.pop() {
            self.clock.set(time - before);
        }
    }
}

#[async_trait]
impl Transactions for Following {
    async fn begin(&self, context: &Context) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.set_clock(TimeDelta::zero());
        self.store.begin(context).await
    }

    async fn begin_idempotent(
        &self,
        context: &Context,
        claim: &IdempotencyClaim,
    ) -> Result<Claimed, ClaimError> {
        self.set_clock(TimeDelta::zero());
        self.store.begin_idempotent(context, claim).await
    }

    /// The horizon of a fake is a microsecond later than its clock.
    async fn horizon(&self, context: &Context) -> Result<DateTime<Utc>, StoreError> {
        self.set_clock(TimeDelta::microseconds(1));
        self.store.horizon(context).await
    }
}
