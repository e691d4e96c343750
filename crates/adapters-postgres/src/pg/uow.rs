//! Units of work.

use super::metrics;
use super::pool::PgPool;
use super::scope::Statements;
use super::sql::Branches;
use super::tx::Tx;
use crate::{audit, idempotency, outbox};
use async_trait::async_trait;
use customer_domain::address::AddressRepo;
use customer_domain::api_key::ApiKeyRepo;
use customer_domain::customer::CustomerRepo;
use customer_domain::group::GroupRepo;
use customer_domain::idempotency::{ClaimError, Claimed, IdempotencyClaim, StoredReply};
use customer_domain::tenant::TenantRepo;
use customer_domain::{Conflict, Fact, Scope, StoreError, Transactions, UnitOfWork};
use sqlx::postgres::PgRow;

/// Opens units of work on one pool.
pub(crate) struct PgTransactions {
    pool: PgPool,
}

impl PgTransactions {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    async fn open(
        &self,
        scope: &Scope,
        then: Statements<'_>,
    ) -> Result<(PgUnitOfWork, Vec<PgRow>), StoreError> {
        let (tx, rows) = Tx::begin(&self.pool, scope.tenant, then).await?;
        let work = PgUnitOfWork {
            tx,
            scope: scope.clone(),
            facts: Vec::new(),
            reply: None,
        };
        Ok((work, rows))
    }
}

#[async_trait]
impl Transactions for PgTransactions {
    /// One round trip.
    async fn begin(&self, scope: &Scope) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let (work, _) = self.open(scope, &[]).await?;
        Ok(Box::new(work))
    }

    /// Two round trips; a third ends the transaction of a claim that is not to be had.
    async fn begin_idempotent(
        &self,
        scope: &Scope,
        claim: &IdempotencyClaim,
    ) -> Result<Claimed, ClaimError> {
        let lock = [idempotency::try_lock(scope.tenant, claim)];
        let (mut work, rows) = self.open(scope, &lock).await?;
        if !idempotency::has_lock(&rows)? {
            work.tx.roll_back().await?;
            return Err(ClaimError::InFlight);
        }
        match idempotency::find(&mut work.tx, claim).await? {
            None => Ok(Claimed::Fresh(Box::new(work))),
            Some((digest, reply)) => {
                work.tx.roll_back().await?;
                if digest == claim.body_digest {
                    Ok(Claimed::Replay(reply))
                } else {
                    Err(ClaimError::KeyReused)
                }
            }
        }
    }
}

/// One open unit of work: the transaction, and what is written right before COMMIT. The slices
/// implement their ports on it.
pub(crate) struct PgUnitOfWork {
    pub(crate) tx: Tx,
    scope: Scope,
    facts: Vec<Fact>,
    reply: Option<(IdempotencyClaim, StoredReply)>,
}

#[async_trait]
impl UnitOfWork for PgUnitOfWork {
    fn customers(&mut self) -> &mut dyn CustomerRepo {
        self
    }

    fn addresses(&mut self) -> &mut dyn AddressRepo {
        self
    }

    fn groups(&mut self) -> &mut dyn GroupRepo {
        self
    }

    fn tenants(&mut self) -> &mut dyn TenantRepo {
        self
    }

    fn api_keys(&mut self) -> &mut dyn ApiKeyRepo {
        self
    }

    fn record(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    fn remember(&mut self, claim: IdempotencyClaim, reply: StoredReply) {
        self.reply = Some((claim, reply));
    }

    /// Two round trips; one when there is nothing to write.
    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        let written = self.write_facts().await;
        let Self { tx, facts, .. } = *self;
        let committed = match written {
            Ok(()) => tx.commit().await,
            Err(error) => Err(error),
        };
        metrics::count(&facts, &committed);
        committed
    }

    /// One round trip.
    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        self.tx.roll_back().await
    }
}

impl PgUnitOfWork {
    /// Events, audit entries and the reply as one statement. The reply's INSERT, when there is
    /// one, is the main one: its count says whether the key was still free.
    async fn write_facts(&mut self) -> Result<(), StoreError> {
        let mut branches = Branches::new(&[self.scope.tenant.0]);
        let events: Vec<_> = self
            .facts
            .iter()
            .filter_map(|fact| fact.event.as_ref())
            .collect();
        if !events.is_empty() {
            outbox::values(branches.branch(outbox::INSERT), &self.scope, &events);
        }
        let entries: Vec<_> = self.facts.iter().map(|fact| &fact.audit).collect();
        match &self.reply {
            Some((claim, reply)) => {
                if !entries.is_empty() {
                    audit::values(branches.branch(audit::INSERT), &self.scope, &entries);
                }
                idempotency::values(branches.main(idempotency::INSERT), claim, reply);
            }
            None if entries.is_empty() => return Ok(()),
            None => audit::values(branches.main(audit::INSERT), &self.scope, &entries),
        }
        let written = self.tx.execute(branches.finish().build()).await?;
        if self.reply.is_some() && written == 0 {
            let taken = StoreError::Conflict(Conflict::IdempotencyKey);
            return Err(self.tx.fail(taken).await);
        }
        Ok(())
    }
}
