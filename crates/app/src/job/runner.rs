//! Runs jobs: waits until one is due, takes it, and holds on to it while its chunks run.

use super::scheduled::AnyJob;
use super::{JobError, JobObserver, JobStep, RunEnd, ScheduledJob};
use customer_domain::job::{
    Acquisition, HolderId, JobLease, JobLeases, JobName, JobOutcome, Progress,
};
use customer_domain::{IdSource, StoreError};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::Instrument as _;

/// After how long a run that failed is tried again; each further one after twice as long.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// From here on the backoff grows no more.
const MAX_DOUBLINGS: u32 = 12;

/// The jobs of a replica.
pub struct Jobs {
    /// Where the leases are.
    pub leases: Arc<dyn JobLeases>,
    /// Makes the holder's id.
    pub ids: Arc<dyn IdSource>,
    /// Hears of every run.
    pub observer: Arc<dyn JobObserver>,
    /// How long a lease is: after this time at the latest another replica takes over from one that died.
    pub lease: Duration,
    /// What there is to do.
    pub jobs: Vec<ScheduledJob>,
}

impl Jobs {
    /// Runs them, each in a task of its own, until `stop`. Chunks that run then are dropped, and their
    /// leases released.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let holder = self.ids.new_id();
        let (stopping, stopped) = watch::channel(false);
        let mut running = JoinSet::new();
        for ScheduledJob { job, woken } in self.jobs {
            let runner = Runner {
                job,
                woken,
                leases: Arc::clone(&self.leases),
                observer: Arc::clone(&self.observer),
                holder,
                lease: self.lease,
                stopped: stopped.clone(),
            };
            running.spawn(runner.keep());
        }
        tracing::info!(%holder, jobs = running.len(), "jobs run here");
        stop.await;
        stopping.send_replace(true);
        while let Some(ended) = running.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the runner of a job has failed");
            }
        }
    }
}

/// What keeps one job running.
struct Runner {
    job: Arc<dyn AnyJob>,
    woken: Arc<Notify>,
    leases: Arc<dyn JobLeases>,
    observer: Arc<dyn JobObserver>,
    holder: HolderId,
    lease: Duration,
    stopped: watch::Receiver<bool>,
}

/// How the chunks of a run ended.
enum End {
    Done { processed: u64 },
    Failed(JobError),
    Lost,
    Stopped,
}

/// How one chunk ended.
enum Chunk {
    Ended(Result<JobStep<String>, JobError>),
    Lost,
    Stopped,
}

/// A lease, and until when it is good for certain: counted from before it was asked for.
struct Held {
    lease: JobLease,
    until: Instant,
}

impl Runner {
    async fn keep(self) {
        let mut stopped = self.stopped.clone();
        let mut is_woken = false;
        while !*self.stopped.borrow() {
            let pause = self.attempt(&mut is_woken).await;
            tokio::select! {
                biased;
                () = stop(&mut stopped) => {}
                // Once is enough until it runs: more would ask for the lease over and over.
                () = self.woken.notified(), if !is_woken => is_woken = true,
                () = sleep(pause) => {}
            }
        }
    }

    fn name(&self) -> JobName {
        self.job.name()
    }

    /// Takes the job and runs it, if that can be; how long to wait before the next attempt. A job that
    /// begins is woken no more.
    async fn attempt(&self, is_woken: &mut bool) -> Duration {
        let until = Instant::now() + self.lease;
        let (job, holder) = (self.name(), self.holder);
        let asked = if *is_woken {
            self.leases.acquire_early(job, holder, self.lease)
        } else {
            self.leases.acquire(job, holder, self.lease)
        };
        match self.in_time(until, asked).await {
            Ok(Acquisition::Acquired(lease)) => {
                // This run comes after every wake-up so far.
                pin!(self.woken.notified()).enable();
                *is_woken = false;
                self.run(Held { lease, until }).await
            }
            Ok(Acquisition::NotDue { due_in }) => due_in,
            Ok(Acquisition::Held { free_in }) => free_in,
            Err(error) => {
                tracing::warn!(job = %self.name(), %error, "the lease of a job cannot be asked for");
                self.lease / 3
            }
        }
    }

    async fn run(&self, mut held: Held) -> Duration {
        let (job, began) = (self.name(), Instant::now());
        tracing::debug!(%job, holder = %self.holder, token = held.lease.token, "a job begins");
        self.observer.began(job);
        let (end, pause) = match self.chunks(&mut held).await {
            End::Done { processed } => {
                self.observer.processed(job, processed);
                let outcome = JobOutcome::Succeeded { processed };
                self.finish(&held, outcome, self.job.every()).await
            }
            End::Failed(error) => {
                let due_in = backoff(held.lease.failures).min(self.job.every());
                tracing::warn!(%job, %error, failures = held.lease.failures + 1, ?due_in, "a job has failed");
                let outcome = JobOutcome::Failed { code: error.code };
                self.finish(&held, outcome, due_in).await
            }
            End::Lost => {
                tracing::warn!(%job, "the lease of a job was lost; its chunk is dropped");
                (RunEnd::Lost, Duration::ZERO)
            }
            End::Stopped => self.release(&held).await,
        };
        tracing::debug!(%job, end = end.as_str(), "a job has ended");
        self.observer.ended(job, end, began.elapsed());
        pause
    }

    async fn chunks(&self, held: &mut Held) -> End {
        loop {
            match self.chunk(held).await {
                Chunk::Ended(Ok(JobStep::More { cursor, processed })) => {
                    held.lease.cursor = Some(cursor);
                    self.observer.processed(self.name(), processed);
                    match self.advance(held, processed).await {
                        Ok(true) if *self.stopped.borrow() => return End::Stopped,
                        Ok(true) => {}
                        Ok(false) => return End::Lost,
                        Err(error) => return End::Failed(error.into()),
                    }
                }
                Chunk::Ended(Ok(JobStep::Done { processed })) => return End::Done { processed },
                Chunk::Ended(Err(error)) => return End::Failed(error),
                Chunk::Lost => return End::Lost,
                Chunk::Stopped => return End::Stopped,
            }
        }
    }

    /// Runs a chunk in a task of its own, where it can panic, and renews the lease meanwhile.
    async fn chunk(&self, held: &mut Held) -> Chunk {
        let mut running = JoinSet::new();
        let (job, cursor) = (Arc::clone(&self.job), held.lease.cursor.clone());
        let span = tracing::debug_span!("app.job.run", job = %self.name());
        running.spawn(async move { job.run(cursor).await }.instrument(span));
        let mut stopped = self.stopped.clone();
        let mut renewal = held.until - self.lease * 2 / 3;
        let broken_off = loop {
            tokio::select! {
                biased;
                Some(ended) = running.join_next() => {
                    return Chunk::Ended(ended.unwrap_or_else(|error| Err(JobError {
                        code: "panic",
                        // The words of a panic may quote values; the hook of panics knows which.
                        detail: if error.is_panic() { "it panicked" } else { "it was ended" }.to_owned(),
                    })));
                }
                () = stop(&mut stopped) => break Chunk::Stopped,
                () = sleep_until(renewal) => match self.advance(held, 0).await {
                    Ok(true) => renewal = held.until - self.lease * 2 / 3,
                    Ok(false) => break Chunk::Lost,
                    Err(_) if Instant::now() >= held.until => break Chunk::Lost,
                    Err(error) => {
                        tracing::warn!(job = %self.name(), %error, "a lease could not be renewed");
                        renewal = held.until.min(Instant::now() + self.lease / 12);
                    }
                },
            }
        };
        // Nothing of it runs on when somebody else begins.
        running.shutdown().await;
        broken_off
    }

    /// Keeps the cursor, and renews the lease.
    async fn advance(&self, held: &mut Held, processed: u64) -> Result<bool, StoreError> {
        let until = Instant::now() + self.lease;
        let cursor = held.lease.cursor.clone();
        let progress = Progress { cursor, processed };
        let advanced = self.leases.advance(&held.lease, progress, self.lease);
        let advanced = self.in_time(held.until, advanced).await?;
        if advanced {
            held.until = until;
        }
        Ok(advanced)
    }

    async fn finish(
        &self,
        held: &Held,
        outcome: JobOutcome,
        due_in: Duration,
    ) -> (RunEnd, Duration) {
        let finished = self.leases.finish(&held.lease, outcome, due_in);
        match self.in_time(held.until, finished).await {
            Ok(true) => match outcome {
                JobOutcome::Succeeded { .. } => (RunEnd::Succeeded, due_in),
                JobOutcome::Failed { .. } => (RunEnd::Failed, due_in),
            },
            Ok(false) => (RunEnd::Lost, Duration::ZERO),
            Err(error) => {
                tracing::warn!(job = %self.name(), %error, "the end of a job could not be kept");
                (RunEnd::Lost, self.lease)
            }
        }
    }

    async fn release(&self, held: &Held) -> (RunEnd, Duration) {
        let released = self.leases.release(&held.lease);
        if let Err(error) = self.in_time(held.until, released).await {
            tracing::warn!(job = %self.name(), %error, "a lease could not be released, and ends by itself");
        }
        (RunEnd::Stopped, Duration::ZERO)
    }

    /// An answer that comes before `until` and within a third of a lease: a connection that is
    /// frozen answers never.
    async fn in_time<T>(
        &self,
        until: Instant,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let patience = until.min(Instant::now() + self.lease / 3);
        timeout_at(patience, asked).await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable(
                "the store did not answer in time".to_owned(),
            ))
        })
    }
}

/// Waits until the replica stops; one whose `Jobs` is gone has stopped.
async fn stop(stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_err() {
        tracing::debug!("the jobs of this replica are gone");
    }
}

fn backoff(failures: u32) -> Duration {
    FIRST_BACKOFF * 2_u32.pow(failures.min(MAX_DOUBLINGS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backoff_doubles_and_stays_bounded() {
        let seconds: Vec<_> = [0, 1, 2, 12, 13, u32::MAX]
            .map(|failures| backoff(failures).as_secs())
            .to_vec();
        assert_eq!(seconds, [1, 2, 4, 4096, 4096, 4096]);
    }
}
