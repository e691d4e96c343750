//! A cursor outlives the version that wrote it.

use super::{Do, LEASE, NAME, Plan, Replicas, pass};
use customer_domain::job::{Acquisition, Progress};
use customer_testkit::builders::seeded_id;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_cursor_of_another_program_begins_anew() {
    for other in ["page 7", "", "[7]", r#"["a","b"]"#] {
        let mut replicas = Replicas::of(&[Plan(Duration::ZERO, Do::Done(1))]);
        let leases = replicas.store.jobs();
        let acquired = leases.acquire(NAME, seeded_id(9), LEASE).await;
        let Ok(Acquisition::Acquired(lease)) = acquired else {
            panic!("{acquired:?}");
        };
        let progress = Progress {
            cursor: Some(other.to_owned()),
            processed: 0,
        };
        assert_eq!(leases.advance(&lease, progress, LEASE).await, Ok(true));
        assert_eq!(leases.release(&lease).await, Ok(true));
        let _stop = replicas.start(1);
        pass(1).await;
        assert_eq!(replicas.job.begun(), [(0, None)], "{other}");
        let state = replicas.state().await;
        assert_eq!((state.runs, state.processed), (1, 1), "{other}");
    }
}
