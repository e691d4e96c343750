//! Units of work.

use crate::pg::builder::{Branches, Builder};
use crate::pg::metrics;
use crate::pg::pool::PgPool;
use crate::pg::sql::Sql;
use crate::pg::tx::Tx;
use crate::privacy::{CustomerKeys, KeyRing, TenantKeys};
use crate::{audit, idempotency, outbox};
use async_trait::async_trait;
use customer_domain::address::AddressRepo;
use customer_domain::api_key::ApiKeyRepo;
use customer_domain::audit::AuditRepo;
use customer_domain::customer::CustomerRepo;
use customer_domain::group::GroupRepo;
use customer_domain::idempotency::{ClaimError, Claimed, IdempotencyClaim, StoredReply};
use customer_domain::tenant::TenantRepo;
use customer_domain::{Conflict, Fact, Scope, StoreError, Transactions, UnitOfWork};
use sqlx::postgres::PgRow;
use std::sync::Arc;

/// Opens units of work on one pool.
pub(crate) struct PgTransactions {
    pool: PgPool,
    ring: Arc<KeyRing>,
}

impl PgTransactions {
    pub(crate) fn new(pool: PgPool, ring: Arc<KeyRing>) -> Self {
        Self { pool, ring }
    }

    pub(crate) async fn open(
        &self,
        scope: &Scope,
        then: &[Sql],
    ) -> Result<(PgUnitOfWork, Vec<PgRow>), StoreError> {
        // Before there is a connection that would wait for it.
        let tenant_keys = self.ring.of(scope.tenant).await?;
        let (tx, rows) = Tx::begin(&self.pool, scope.tenant, then).await?;
        let work = PgUnitOfWork {
            tx,
            ring: Arc::clone(&self.ring),
            tenant_keys,
            keys: CustomerKeys::default(),
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
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) tenant_keys: Arc<TenantKeys>,
    pub(crate) keys: CustomerKeys,
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

    fn audit(&mut self) -> &mut dyn AuditRepo {
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
        if self.facts.is_empty() && self.reply.is_none() {
            return Ok(());
        }
        let facts = self.facts.iter();
        let about = facts.flat_map(|fact| {
            let event = fact.event.as_ref().map(|event| event.customer);
            [event, fact.audit.customer].into_iter().flatten()
        });
        let about: Vec<_> = about.collect();
        self.find_keys(about).await?;
        let mut statement = self.facts_statement()?;
        let written = self.tx.execute(statement.build()).await?;
        if self.reply.is_some() && written == 0 {
            let taken = StoreError::Conflict(Conflict::IdempotencyKey);
            return Err(self.tx.fail(taken).await);
        }
        Ok(())
    }

    fn facts_statement(&self) -> Result<Builder, StoreError> {
        let (scope, sealer) = (&self.scope, self.sealer());
        let mut branches = Branches::new(&[scope.tenant.0]);
        self.add_made_keys(&mut branches)?;
        let events = self.facts.iter().filter_map(|fact| fact.event.as_ref());
        let events: Vec<_> = events.collect();
        if !events.is_empty() {
            outbox::values(branches.branch(outbox::INSERT), scope, &events, &sealer)?;
        }
        let entries: Vec<_> = self.facts.iter().map(|fact| &fact.audit).collect();
        match &self.reply {
            Some((claim, reply)) => {
                if !entries.is_empty() {
                    audit::values(branches.branch(audit::INSERT), scope, &entries, &sealer)?;
                }
                idempotency::values(branches.main(idempotency::INSERT), claim, reply);
            }
            None => audit::values(branches.main(audit::INSERT), scope, &entries, &sealer)?,
        }
        Ok(branches.finish())
    }
}
