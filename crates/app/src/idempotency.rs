//! Idempotent use cases: a repeated request takes effect only once.

use customer_domain::idempotency::{ClaimError, IdempotencyClaim, StoredReply};
use customer_domain::{Claimed, Context, Transactions, UnitOfWork};

/// The idempotency of a call: the claim, if the caller sent a key, and the function that turns the
/// result into the reply to store.
pub struct Idempotent<'a, T> {
    claim: Option<IdempotencyClaim>,
    render: &'a (dyn Fn(&T) -> StoredReply + Send + Sync),
}

/// The outcome of an idempotent use case.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<T> {
    /// The use case ran now.
    Done(T),
    /// The use case ran before, with this reply.
    Replayed(StoredReply),
}

impl<'a, T> Idempotent<'a, T> {
    /// Creates the idempotency of a call; without `claim`, a repeated request takes effect again.
    pub fn new(
        claim: Option<IdempotencyClaim>,
        render: &'a (dyn Fn(&T) -> StoredReply + Send + Sync),
    ) -> Self {
        Self { claim, render }
    }

    /// Opens the unit of work, or returns the reply of the first request.
    pub(crate) async fn begin(
        &self,
        transactions: &dyn Transactions,
        context: &Context,
    ) -> Result<Claimed, ClaimError> {
        match &self.claim {
            Some(claim) => transactions.begin_idempotent(context, claim).await,
            None => Ok(Claimed::Started(transactions.begin(context).await?)),
        }
    }

    /// Stores the reply to `result` in the unit of work.
    pub(crate) fn store_reply(&self, work: &mut dyn UnitOfWork, result: &T) {
        if let Some(claim) = &self.claim {
            work.store_reply(claim.clone(), (self.render)(result));
        }
    }
}
