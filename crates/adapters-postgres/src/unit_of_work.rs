//! Units of work.

use crate::pg::builder::Branches;
use crate::pg::pool::PgPool;
use crate::pg::sql::Sql;
use crate::pg::totals::{EndOfTotals, Totals};
use crate::pg::tx::Tx;
use crate::pg::{clock, metrics};
use crate::privacy::{KeyRing, WorkKeys};
use crate::{audit, idempotency, outbox};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use customer_domain::address::{AddressRepo, Country};
use customer_domain::api_key::ApiKeyRepo;
use customer_domain::audit::AuditRepo;
use customer_domain::customer::{Customer, CustomerRepo, KeyRules};
use customer_domain::group::GroupRepo;
use customer_domain::idempotency::{ClaimError, IdempotencyClaim, StoredReply};
use customer_domain::note::NoteRepo;
use customer_domain::tenant::TenantRepo;
use customer_domain::{
    Change, Claimed, Conflict, Context, CustomerId, StoreError, Transactions, UnitOfWork,
};
use sqlx::postgres::PgRow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tracing::instrument;

/// Opens units of work on one pool.
pub(crate) struct PgTransactions {
    pub(crate) pool: PgPool,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) totals: Arc<Totals>,
}

impl PgTransactions {
    /// Opens a unit of work, and runs the given statements, whose rows it returns. One round trip.
    async fn open(
        &self,
        context: &Context,
        then: &[Sql],
    ) -> Result<(PgUnitOfWork, Vec<PgRow>), StoreError> {
        // Read first, so that no connection is held while waiting for the keys.
        let keys = WorkKeys::of(&self.ring, context.tenant).await?;
        let begin = [clock::begin(context.tenant)];
        let (tx, mut rows) = Tx::begin(&self.pool, context.tenant, &[&begin, then]).await?;
        let rest = rows.split_off(1.min(rows.len()));
        let work = PgUnitOfWork {
            tx,
            now: clock::begun(rows.first())?,
            keys,
            context: context.clone(),
            stored: HashMap::new(),
            changes: Vec::new(),
            sent: 0,
            reply: None,
            end_of_totals: self.totals.end_with_write(context.tenant),
        };
        Ok((work, rest))
    }
}

#[async_trait]
impl Transactions for PgTransactions {
    /// One round trip.
    #[instrument(name = "db.begin", level = "debug", skip_all)]
    async fn begin(&self, context: &Context) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let (work, _) = self.open(context, &[]).await?;
        Ok(Box::new(work))
    }

    /// Two round trips; a third rolls back if the claim is not granted.
    #[instrument(name = "db.begin_idempotent", level = "debug", skip_all)]
    async fn begin_idempotent(
        &self,
        context: &Context,
        claim: &IdempotencyClaim,
    ) -> Result<Claimed, ClaimError> {
        let lock = [idempotency::try_lock(context.tenant, claim)];
        let (mut work, rows) = self.open(context, &lock).await?;
        if !idempotency::has_lock(&rows)? {
            work.tx.roll_back().await?;
            return Err(ClaimError::InFlight);
        }
        match idempotency::find(&mut work.tx, claim).await? {
            None => Ok(Claimed::Started(Box::new(work))),
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

    /// One round trip.
    #[instrument(name = "db.horizon", level = "debug", skip_all)]
    async fn horizon(&self, context: &Context) -> Result<DateTime<Utc>, StoreError> {
        clock::horizon(&self.pool, context.tenant).await
    }
}

/// An open unit of work: the transaction, and what is written with its statements or right before
/// COMMIT. The slices implement their ports on it.
pub(crate) struct PgUnitOfWork {
    pub(crate) tx: Tx,
    now: DateTime<Utc>,
    pub(crate) keys: WorkKeys,
    /// The customers that are locked.
    pub(crate) stored: HashMap<CustomerId, Stored>,
    context: Context,
    changes: Vec<Change>,
    /// How many of the changes are written.
    sent: usize,
    reply: Option<(IdempotencyClaim, StoredReply)>,
    end_of_totals: EndOfTotals,
}

/// A locked customer as it is stored.
pub(crate) struct Stored {
    pub(crate) customer: Customer,
    /// Its search terms, made by the rules of their time.
    pub(crate) terms: BTreeSet<String>,
    pub(crate) key_rules: KeyRules,
}

#[async_trait]
impl UnitOfWork for PgUnitOfWork {
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
        self.reply = Some((claim, reply));
    }

    /// One round trip; two if something was recorded after the last statement that took it along, or
    /// a reply is stored.
    #[instrument(name = "db.commit", level = "debug", skip_all)]
    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        let written = self.write_rest().await;
        let Self {
            tx,
            changes,
            end_of_totals,
            ..
        } = *self;
        let committed = match written {
            Ok(()) => tx.commit().await,
            Err(error) => Err(error),
        };
        drop(end_of_totals);
        match &committed {
            Ok(()) => metrics::count_committed(&changes),
            Err(error) => metrics::count_lost(&changes, error),
        }
        committed
    }

    /// One round trip.
    #[instrument(name = "db.rollback", level = "debug", skip_all)]
    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        self.tx.roll_back().await
    }
}

impl PgUnitOfWork {
    /// Returns the country of the tenant.
    pub(crate) fn country(&self) -> Option<Country> {
        self.context.country
    }

    /// Adds the events and audit entries that were recorded and not yet written to a statement. No
    /// round trip, unless they are about customers that this unit of work has not locked.
    pub(crate) async fn add_changes(&mut self, branches: &mut Branches) -> Result<(), StoreError> {
        let changes = self.changes.get(self.sent..).unwrap_or_default();
        let about = changes.iter().flat_map(|change| {
            let event = change.event().map(|event| event.customer);
            let entry = change.audit().and_then(|entry| entry.customer);
            [event, entry].into_iter().flatten()
        });
        let about: Vec<_> = about.collect();
        self.keys.find(&mut self.tx, about).await?;
        let events: Vec<_> = changes.iter().filter_map(Change::event).collect();
        if !events.is_empty() {
            let insert = branches.branch(outbox::INSERT);
            outbox::values(insert, &self.context, &events, &self.keys)?;
        }
        let entries: Vec<_> = changes.iter().filter_map(Change::audit).collect();
        if !entries.is_empty() {
            let insert = branches.branch(audit::INSERT);
            audit::values(insert, &self.context, &entries, &self.keys)?;
        }
        self.sent = self.changes.len();
        Ok(())
    }

    /// Runs a statement that takes changes along.
    pub(crate) async fn write(&mut self, branches: Branches) -> Result<u64, StoreError> {
        let written = self.tx.execute(branches.finish().build()).await;
        if let Err(error) = &written {
            metrics::count_lost(&self.changes, error);
        }
        written
    }

    /// Writes what no statement took along, and the reply. The INSERT of the reply, if any, is the
    /// main one: its count shows whether the key was free.
    async fn write_rest(&mut self) -> Result<(), StoreError> {
        if self.sent == self.changes.len() && self.reply.is_none() {
            return Ok(());
        }
        let mut branches = Branches::new(&[self.context.tenant.0]);
        self.add_changes(&mut branches).await?;
        match &self.reply {
            Some((claim, reply)) => {
                idempotency::values(branches.main(idempotency::INSERT), claim, reply);
            }
            None => {
                branches.main("SELECT 1");
            }
        }
        let written = self.tx.execute(branches.finish().build()).await?;
        if self.reply.is_some() && written == 0 {
            let taken = StoreError::Conflict(Conflict::IdempotencyKey);
            return Err(self.tx.fail(taken).await);
        }
        Ok(())
    }
}
