//! Refusals in the audit trail: recorded once a minute for each caller and operation.

use super::failed::Failed;
use chrono::{DateTime, Utc};
use customer_domain::audit::{AuditEntry, AuditKind, FieldChange};
use customer_domain::{Actor, Clock, Context, IdSource, Permission, StoreError, Transactions};
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::instrument;

/// The most refusals that a replica records in a minute, however many callers try however many
/// operations.
const MAX_PER_MINUTE: usize = 1_000;

/// The seconds in which a refusal is recorded only once.
const SPAN_SECONDS: i64 = 60;

/// What a caller lacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// A permission.
    Permission(Permission),
    /// `customers:admin` in all tenants.
    AllTenants,
    /// Being the customer that the call concerns.
    Customer,
    /// An authentication in the last five minutes.
    StepUp,
}

impl Needed {
    /// Returns the text in the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permission(permission) => permission.as_str(),
            Self::AllTenants => "customers:admin in all tenants",
            Self::Customer => "the customer itself",
            Self::StepUp => "step-up",
        }
    }
}

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refused operation. Only [`Refusals`] creates it, so that no operation is refused without being
/// passed to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    needed: Needed,
    audit_failed: bool,
}

impl Refusal {
    /// Returns what the caller lacked.
    pub fn needed(self) -> Needed {
        self.needed
    }

    /// Returns whether writing the audit entry failed. `false` also if no entry was due, because
    /// the same call was refused before in this minute or the limit was reached.
    pub fn audit_failed(self) -> bool {
        self.audit_failed
    }
}

/// Records refusals in the audit trail, up to a limit per minute.
pub struct Refusals {
    transactions: Arc<dyn Transactions>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    recent: Mutex<Minute>,
}

#[derive(Debug, Default)]
struct Minute {
    /// Minutes since 1970.
    number: i64,
    /// The refusals in that minute: actor and operation.
    seen: HashSet<(String, String)>,
}

impl Refusals {
    /// Creates a recorder that has seen no refusals yet.
    pub fn new(
        transactions: Arc<dyn Transactions>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self {
            transactions,
            clock,
            ids,
            recent: Mutex::default(),
        }
    }

    /// Records that the context's operation was refused to its actor, unless it already was in this
    /// minute. If the store fails, the refusal still counts as recorded, so that a failing store is
    /// not called again for each.
    #[instrument(name = "app.access.record_refusal", level = "debug", skip_all)]
    pub async fn record(&self, context: &Context, needed: Needed) -> Refusal {
        let now = self.clock.now();
        let mut audit_failed = false;
        if self.is_first(&context.actor, &context.operation, now)
            && let Err(error) = self.write(context, needed).await
        {
            audit_failed = true;
            let (actor, operation) = (&context.actor, &context.operation);
            tracing::error!(%error, %actor, operation, "a refusal could not be recorded");
        }
        Refusal {
            needed,
            audit_failed,
        }
    }

    /// Returns a refusal that cannot be recorded, because the caller's tenant is not available.
    pub(crate) fn without_tenant(
        operation: &str,
        needed: Needed,
        error: &impl fmt::Display,
    ) -> Refusal {
        tracing::error!(%error, operation, "a refusal could not be recorded without its tenant");
        Refusal {
            needed,
            audit_failed: true,
        }
    }

    /// Records a refusal by a use case, and returns the error with it. Other errors are returned
    /// unchanged.
    pub(crate) async fn recorded<R>(&self, context: &Context, error: Failed<R>) -> Failed<R> {
        let Failed::Lacking { needed, fields } = error else {
            return error;
        };
        let refusal = self.record(context, needed).await;
        Failed::Forbidden { refusal, fields }
    }

    async fn write(&self, context: &Context, needed: Needed) -> Result<(), StoreError> {
        let mut work = self.transactions.begin(context).await?;
        let (kind, now) = (AuditKind::AccessDenied, work.now());
        let entry = AuditEntry::new(&*self.ids, kind, context.tenant.0, now);
        let changes = vec![
            FieldChange::given("scope", needed.as_str()),
            FieldChange::given("route", context.operation.as_str()),
        ];
        work.record(entry.with(changes).into());
        work.commit().await
    }

    fn is_first(&self, actor: &Actor, operation: &str, now: DateTime<Utc>) -> bool {
        // Nothing panics while the lock is held, and an incomplete set would do no harm.
        let mut minute = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        minute.is_first(actor.to_string(), operation, now)
    }
}

impl Minute {
    /// Returns whether this is the first refusal of the operation to the actor in this minute and
    /// the limit is not reached.
    fn is_first(&mut self, actor: String, operation: &str, now: DateTime<Utc>) -> bool {
        let number = now.timestamp().div_euclid(SPAN_SECONDS);
        if self.number != number {
            *self = Self {
                number,
                seen: HashSet::new(),
            };
        }
        if self.seen.len() >= MAX_PER_MINUTE {
            return false;
        }
        let is_first = self.seen.insert((actor, operation.to_owned()));
        if is_first && self.seen.len() == MAX_PER_MINUTE {
            tracing::warn!("too many refusals: no more are recorded in this minute");
        }
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(number, 0).unwrap()
    }

    #[test]
    fn the_first_of_a_minute_is_told_from_the_rest() {
        let mut minute = Minute::default();
        for (actor, route, at, is_first) in [
            ("a", "GET /x", 120, true),
            ("a", "GET /x", 121, false),
            ("a", "GET /y", 121, true),
            ("b", "GET /x", 122, true),
            ("a", "GET /x", 179, false),
            ("a", "GET /x", 180, true),
            ("a", "GET /x", 239, false),
            ("a", "GET /x", 119, true),
        ] {
            let first = minute.is_first(actor.to_owned(), route, second(at));
            assert_eq!(first, is_first, "{actor} {route} at {at}");
        }
    }

    #[test]
    fn no_more_are_told_in_a_minute_than_there_is_room_for() {
        let mut minute = Minute::default();
        for round in 0..2 {
            let told = (0..3 * MAX_PER_MINUTE).filter(|n| {
                let actor = format!("key-{n}");
                minute.is_first(actor, "GET /x", second(60 * round))
            });
            assert_eq!(told.count(), MAX_PER_MINUTE);
            assert_eq!(minute.seen.len(), MAX_PER_MINUTE);
        }
    }
}
