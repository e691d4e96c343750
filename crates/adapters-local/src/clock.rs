//! The system's clock and ids: the only place that reads them.

use chrono::{DateTime, SubsecRound as _, Utc};
use customer_domain::{Clock, IdSource};
use uuid::Uuid;

/// The system's clock, truncated to microseconds. It steps back if the system's time is set back.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port's adapter")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// Generates UUIDs of version 7. Within the process each is greater than all before it, whichever
/// thread generated them and even if the system's clock steps back.
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidV7Ids;

impl IdSource for UuidV7Ids {
    #[expect(clippy::disallowed_methods, reason = "this is the port's adapter")]
    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::thread;

    #[test]
    fn now_is_the_systems_time_in_whole_microseconds() {
        #[expect(
            clippy::disallowed_methods,
            reason = "what the adapter is compared with"
        )]
        let (before, now, after) = (Utc::now(), SystemClock.now(), Utc::now());
        assert!(before.trunc_subsecs(6) <= now && now <= after);
        assert_eq!(now.timestamp_subsec_nanos() % 1_000, 0);
    }

    #[test]
    fn ids_carry_the_time() {
        let id = UuidV7Ids.new_id();
        assert_eq!(id.get_version_num(), 7);
        let (seconds, _) = id.get_timestamp().unwrap().to_unix();
        let now = SystemClock.now().timestamp();
        assert!(now.abs_diff(i64::try_from(seconds).unwrap()) <= 60);
    }

    #[test]
    fn ids_grow_on_every_thread_and_never_repeat() {
        let draw = || (0..5_000).map(|_| UuidV7Ids.new_id()).collect::<Vec<_>>();
        let made: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(draw)).collect();
            threads.into_iter().map(|one| one.join().unwrap()).collect()
        });
        for ids in &made {
            assert!(ids.is_sorted());
        }
        let distinct: HashSet<_> = made.iter().flatten().collect();
        assert_eq!(distinct.len(), 20_000);
        assert!(made.iter().flatten().max() < Some(&UuidV7Ids.new_id()));
    }
}
