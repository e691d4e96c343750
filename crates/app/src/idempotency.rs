//! One effect for a request that is sent twice.

use customer_domain::idempotency::{ClaimError, Claimed, IdempotencyClaim, StoredReply};
use customer_domain::{Context, Transactions, UnitOfWork};

/// How a use case is run once: the claim, if the caller made one, and how the reply that is
/// kept for the next time is made from the result.
pub struct Idempotent<'a, T> {
    claim: Option<IdempotencyClaim>,
    render: &'a (dyn Fn(&T) -> StoredReply + Send + Sync),
}

/// What a use case that runs once came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<T> {
    /// It was done now.
    Done(T),
    /// It was done before, and this was the reply.
    Replayed(StoredReply),
}

impl<'a, T> Idempotent<'a, T> {
    /// With `claim`, or without: then the same request twice is done twice.
    pub fn new(
        claim: Option<IdempotencyClaim>,
        render: &'a (dyn Fn(&T) -> StoredReply + Send + Sync),
    ) -> Self {
        Self { claim, render }
    }

    /// Opens the unit of work, or finds the reply of the first time.
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

    /// Keeps the reply to `result` with the work.
    pub(crate) fn store_reply(&self, work: &mut dyn UnitOfWork, result: &T) {
        if let Some(claim) = &self.claim {
            work.store_reply(claim.clone(), (self.render)(result));
        }
    }
}
