//! Refused access, on record: once a minute for each caller and route.

use super::{Audit, alone, told};
use chrono::{DateTime, Utc};
use customer_domain::audit::AuditKind;
use customer_domain::{Scope, StoreError};
use serde_json::json;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Refusals of one minute that are put on record: as many entries one replica adds at most,
/// however many callers with keys try however many routes.
const MOST: usize = 1_000;

/// Seconds of the span in which a refusal is put on record once.
const SPAN_SECONDS: i64 = 60;

/// A route that was refused to a caller.
#[derive(Debug, Clone, Copy)]
pub struct Denial<'a> {
    /// Method and template of the route.
    pub route: &'a str,
    /// What the caller would have needed.
    pub needed: &'a str,
}

/// The refusals that went on record in the present minute. Bounded.
#[derive(Debug, Default)]
pub struct RecentDenials(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    number: i64,
    seen: HashSet<(String, String)>,
}

impl RecentDenials {
    /// Whether this is the first refusal of the route to the actor in this minute, and there is
    /// room for it.
    fn is_first(&self, actor: &str, route: &str, now: DateTime<Utc>) -> bool {
        // Nothing panics while it is held, and half a set would be as good as any.
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.timestamp().div_euclid(SPAN_SECONDS);
        if minute.number != number {
            *minute = Minute {
                number,
                seen: HashSet::new(),
            };
        }
        if minute.seen.len() >= MOST {
            return false;
        }
        let is_first = minute.seen.insert((actor.to_owned(), route.to_owned()));
        if is_first && minute.seen.len() == MOST {
            tracing::warn!("so much access was refused that no more goes on record in this minute");
        }
        is_first
    }
}

impl Audit {
    /// Puts on record that a route was refused, unless the same was in this minute.
    ///
    /// # Errors
    /// When the store fails; the refusal counts as on record all the same, so that a store in
    /// trouble is not asked again for each.
    pub async fn denied(&self, scope: &Scope, denial: Denial<'_>) -> Result<(), StoreError> {
        let Denial { route, needed } = denial;
        let now = self.clock.now();
        if !self.denials.is_first(&scope.actor.id, route, now) {
            return Ok(());
        }
        let changes = vec![told("scope", json!(needed)), told("route", json!(route))];
        let entry = self.entry(scope, AuditKind::AccessDenied, changes);
        let mut work = self.transactions.begin(scope).await?;
        work.record(alone(&entry));
        work.commit().await
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
        let denials = RecentDenials::default();
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
            let told = denials.is_first(actor, route, second(at));
            assert_eq!(told, is_first, "{actor} {route} at {at}");
        }
    }

    #[test]
    fn no_more_are_told_in_a_minute_than_there_is_room_for() {
        let denials = RecentDenials::default();
        for round in 0..2 {
            let told = (0..3 * MOST).filter(|n| {
                let actor = format!("key-{n}");
                denials.is_first(&actor, "GET /x", second(60 * round))
            });
            assert_eq!(told.count(), MOST);
            assert_eq!(denials.0.lock().unwrap().seen.len(), MOST);
        }
    }
}
