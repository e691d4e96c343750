//! Jobs run once across replicas, survive their holders, and report their results. The runtime's
//! clock is paused, and advances when all tasks are waiting.

mod audit_partitions;
mod cursor;
mod idempotency_purge;
mod keys_refresh;
mod wake;

use customer_app::job::{
    Cursor, Job, JobError, JobObserver, JobStep, JobWaker, Jobs, RunEnd, ScheduledJob,
};
use customer_domain::StoreError;
use customer_domain::job::{JobName, JobState};
use customer_testkit::fake::Step as FailAt;
use customer_testkit::{FakeStore, SeededIds};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const LEASE: Duration = Duration::from_secs(15);
const EVERY: Duration = Duration::from_mins(10);
const NAME: JobName = JobName("test.job");

/// What a chunk does after a given time.
#[derive(Clone)]
struct Plan(Duration, Do);

#[derive(Clone, Copy)]
enum Do {
    More(&'static str, u64),
    Done(u64),
    Fail,
    Panic,
}

/// A job that follows a plan and then repeats its last step.
#[derive(Default)]
struct Planned {
    plans: Mutex<VecDeque<Plan>>,
    /// When each chunk was started, and from which cursor.
    begun: Mutex<Vec<(Duration, Option<String>)>>,
    ended: Mutex<usize>,
    start: Mutex<Option<Instant>>,
}

impl Planned {
    fn new(plans: &[Plan]) -> Arc<Self> {
        let plans = Mutex::new(plans.iter().cloned().collect());
        let start = Mutex::new(Some(Instant::now()));
        Arc::new(Self {
            plans,
            start,
            ..Self::default()
        })
    }

    /// Returns the chunks that were started: the second and the cursor.
    fn begun(&self) -> Vec<(u64, Option<String>)> {
        let begun = self.begun.lock().unwrap();
        begun
            .iter()
            .map(|(at, cursor)| (at.as_secs(), cursor.clone()))
            .collect()
    }

    fn ended(&self) -> usize {
        *self.ended.lock().unwrap()
    }
}

/// A cursor with a single field.
struct Place(String);

impl Cursor for Place {
    fn to_fields(&self) -> Vec<String> {
        vec![self.0.clone()]
    }

    fn from_fields(fields: &[String]) -> Option<Self> {
        let [place] = fields else { return None };
        Some(Self(place.clone()))
    }
}

#[async_trait::async_trait]
impl Job for Planned {
    type Cursor = Place;

    fn name(&self) -> JobName {
        NAME
    }

    fn every(&self) -> Duration {
        EVERY
    }

    async fn run(&self, cursor: Option<Place>) -> Result<JobStep<Place>, JobError> {
        let cursor = cursor.map(|place| place.0);
        let start = self.start.lock().unwrap().unwrap();
        self.begun.lock().unwrap().push((start.elapsed(), cursor));
        let Plan(time, what) = {
            let mut plans = self.plans.lock().unwrap();
            let next = plans.front().unwrap().clone();
            if plans.len() > 1 {
                plans.pop_front();
            }
            next
        };
        sleep(time).await;
        *self.ended.lock().unwrap() += 1;
        match what {
            Do::More(cursor, processed) => Ok(JobStep::More {
                cursor: Place(cursor.to_owned()),
                processed,
            }),
            Do::Done(processed) => Ok(JobStep::Done { processed }),
            Do::Fail => Err(StoreError::TooSlow.into()),
            Do::Panic => panic!("as planned"),
        }
    }
}

/// Records the events of the observer.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn taken(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl JobObserver for Notes {
    fn began(&self, job: JobName) {
        self.0.lock().unwrap().push(format!("{job} began"));
    }

    fn processed(&self, _job: JobName, records: u64) {
        self.0.lock().unwrap().push(format!("{records} processed"));
    }

    fn ended(&self, _job: JobName, end: RunEnd, took: Duration) {
        let note = format!("{} after {} s", end.as_str(), took.as_secs());
        self.0.lock().unwrap().push(note);
    }
}

/// Replicas on the same store.
struct Replicas {
    store: FakeStore,
    job: Arc<Planned>,
    notes: Arc<Notes>,
    /// One waker for each replica.
    wakers: Vec<JobWaker>,
    running: JoinSet<()>,
}

/// Stops a replica.
type Stop = oneshot::Sender<()>;

impl Replicas {
    fn of(plans: &[Plan]) -> Self {
        Self {
            store: FakeStore::seeded(),
            job: Planned::new(plans),
            notes: Arc::new(Notes::default()),
            wakers: Vec::new(),
            running: JoinSet::new(),
        }
    }

    /// Starts another replica; `number` is its holder's id.
    fn start(&mut self, number: u64) -> Stop {
        let job = ScheduledJob::new(self.job.clone());
        self.wakers.push(job.waker());
        let jobs = Jobs {
            leases: self.store.jobs(),
            ids: Arc::new(SeededIds::from(number)),
            observer: self.notes.clone(),
            lease: LEASE,
            jobs: vec![job],
        };
        let (stop, stopped) = oneshot::channel();
        self.running.spawn(jobs.run(async {
            stopped.await.unwrap_or_default();
        }));
        stop
    }

    /// Returns when the chunks were started.
    fn times(&self) -> Vec<u64> {
        self.job.begun().iter().map(|(at, _)| *at).collect()
    }

    async fn state(&self) -> JobState {
        let mut states = self.store.jobs().states().await.unwrap();
        states.pop().expect("the job was begun")
    }
}

async fn pass(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn three_replicas_run_a_job_once_each_time_that_it_is_due() {
    let mut replicas = Replicas::of(&[Plan(seconds(3), Do::Done(2))]);
    let _stops = [1, 2, 3].map(|number| replicas.start(number));
    pass(3 * 600 + 100).await;
    let times: Vec<_> = replicas.job.begun().iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [0, 603, 1206, 1809]);
    let state = replicas.state().await;
    assert_eq!((state.runs, state.processed, state.failures), (4, 8, 0));
    assert!(!state.is_held && state.last_error.is_none());
    assert_eq!(
        replicas.notes.taken()[..3],
        ["test.job began", "2 processed", "succeeded after 3 s"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_for_as_long_as_a_chunk_runs() {
    let mut replicas = Replicas::of(&[Plan(seconds(100), Do::Done(0))]);
    let _stops = [1, 2, 3].map(|number| replicas.start(number));
    pass(99).await;
    assert!(replicas.state().await.is_held);
    assert_eq!(replicas.job.begun().len(), 1);
    pass(2).await;
    assert_eq!((replicas.state().await.runs, replicas.job.ended()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_dies_is_replaced_within_its_lease_and_its_cursor_is_gone_on_from() {
    let plans = [
        Plan(seconds(1), Do::More("first", 10)),
        Plan(seconds(60), Do::Done(0)),
        Plan(seconds(1), Do::Done(5)),
    ];
    let mut replicas = Replicas::of(&plans);
    let _stop = replicas.start(1);
    pass(4).await;
    let died = replicas.state().await;
    assert_eq!(died.cursor.as_deref(), Some(r#"["first"]"#));
    let dying = std::mem::take(&mut replicas.running);
    let _others = [2, 3].map(|number| replicas.start(number));
    pass(1).await;
    // The tasks are dropped abruptly: nothing is released.
    drop(dying);
    pass(17).await;
    let begun = replicas.job.begun();
    assert_eq!(begun.len(), 3, "{begun:?}");
    assert_eq!(begun[2].1.as_deref(), Some("first"));
    assert!(begun[2].0 <= 5 + LEASE.as_secs() + 1, "{begun:?}");
    let state = replicas.state().await;
    assert_ne!(died.holder, state.holder);
    assert_eq!((state.runs, state.processed), (1, 15));
}

#[tokio::test(start_paused = true)]
async fn who_stops_drops_its_chunk_and_another_begins_at_once() {
    let mut replicas = Replicas::of(&[
        Plan(seconds(1), Do::More("half", 1)),
        Plan(seconds(60), Do::Done(0)),
        Plan(seconds(1), Do::Done(0)),
    ]);
    let first = replicas.start(1);
    pass(3).await;
    first.send(()).unwrap();
    replicas.running.join_next().await.unwrap().unwrap();
    let state = replicas.state().await;
    assert_eq!((state.holder, state.is_held, state.runs), (None, false, 0));
    let _second = replicas.start(2);
    pass(2).await;
    assert_eq!(replicas.job.begun()[2], (3, Some("half".to_owned())));
    assert_eq!(replicas.job.ended(), 2, "what was dropped never ended");
    assert_eq!(replicas.state().await.runs, 1);
    assert!(replicas.notes.taken()[2].starts_with("stopped"));
}

#[tokio::test(start_paused = true)]
async fn a_chunk_whose_lease_was_lost_is_dropped() {
    let mut replicas = Replicas::of(&[
        Plan(seconds(1_000), Do::Done(0)),
        Plan(seconds(1), Do::Done(0)),
    ]);
    let _stop = replicas.start(1);
    pass(1).await;
    // The lease cannot be renewed before it expires, so another replica acquires it.
    replicas.store.set_down(true);
    pass(16).await;
    replicas.store.set_down(false);
    assert_eq!(replicas.notes.taken().last().unwrap(), "lost after 15 s");
    assert_eq!(replicas.job.ended(), 0);
    let _other = replicas.start(2);
    pass(20).await;
    assert_eq!((replicas.job.begun().len(), replicas.job.ended()), (2, 1));
    assert_eq!(replicas.state().await.runs, 1);
}

#[tokio::test(start_paused = true)]
async fn a_short_outage_breaks_no_chunk_off() {
    let mut replicas = Replicas::of(&[Plan(seconds(30), Do::Done(0))]);
    let _stop = replicas.start(1);
    pass(1).await;
    replicas.store.set_down(true);
    pass(9).await;
    replicas.store.set_down(false);
    pass(21).await;
    assert_eq!((replicas.job.ended(), replicas.job.begun().len()), (1, 1));
    assert_eq!(replicas.state().await.runs, 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_is_tried_again_ever_later_and_not_later_than_it_is_due() {
    let mut replicas = Replicas::of(&[Plan(Duration::ZERO, Do::Fail)]);
    let _stops = [1, 2].map(|number| replicas.start(number));
    pass(2_000).await;
    let times: Vec<_> = replicas.job.begun().iter().map(|(at, _)| *at).collect();
    let pauses: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses[..10], [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    assert_eq!(pauses[10], EVERY.as_secs());
    let state = replicas.state().await;
    assert_eq!(state.last_error.as_deref(), Some("too_slow"));
    assert_eq!(u64::from(state.failures), state.runs);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_like_any_other() {
    let plans = [
        Plan(seconds(1), Do::Panic),
        Plan(Duration::ZERO, Do::Done(0)),
    ];
    let mut replicas = Replicas::of(&plans);
    let _stop = replicas.start(1);
    pass(1).await;
    tokio::time::advance(Duration::from_millis(100)).await;
    let state = replicas.state().await;
    assert_eq!((state.failures, state.runs), (1, 1));
    assert_eq!(state.last_error.as_deref(), Some("panic"));
    pass(3).await;
    let state = replicas.state().await;
    assert_eq!((state.failures, state.runs), (0, 2));
    assert!(replicas.notes.taken()[1].starts_with("failed"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_asked_again() {
    let mut replicas = Replicas::of(&[Plan(Duration::ZERO, Do::Done(0))]);
    replicas.store.set_down(true);
    let _stop = replicas.start(1);
    pass(60).await;
    replicas.store.set_down(false);
    pass(6).await;
    assert_eq!(replicas.state().await.runs, 1);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_kept_leads_to_another_run() {
    let mut replicas = Replicas::of(&[Plan(seconds(1), Do::Done(0))]);
    let _stop = replicas.start(1);
    tokio::task::yield_now().await;
    replicas
        .store
        .fail_next_at(FailAt::Statement, StoreError::Unavailable("x".to_owned()));
    pass(30).await;
    let times: Vec<_> = replicas.job.begun().iter().map(|(at, _)| *at).collect();
    assert!(times.len() == 2 && times[1] >= 15, "{times:?}");
    assert_eq!(replicas.state().await.runs, 1);
}

#[tokio::test(start_paused = true)]
async fn without_jobs_it_waits_to_be_stopped() {
    let mut replicas = Replicas::of(&[Plan(Duration::ZERO, Do::Done(0))]);
    let (stop, stopped) = oneshot::channel::<()>();
    let jobs = Jobs {
        leases: replicas.store.jobs(),
        ids: Arc::new(SeededIds::from(1)),
        observer: replicas.notes.clone(),
        lease: LEASE,
        jobs: Vec::new(),
    };
    replicas.running.spawn(jobs.run(async {
        stopped.await.unwrap_or_default();
    }));
    pass(60).await;
    assert!(replicas.running.try_join_next().is_none());
    stop.send(()).unwrap();
    replicas.running.join_next().await.unwrap().unwrap();
}
