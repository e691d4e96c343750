//! The runner of jobs: waits until a job is due, acquires it, and keeps the lease while its chunks
//! run.

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

/// The pause after the first failed run; doubled after each further one.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// The number of failures after which the pause no longer grows.
const MAX_DOUBLINGS: u32 = 12;

/// The jobs of a replica.
pub struct Jobs {
    /// Stores the leases.
    pub leases: Arc<dyn JobLeases>,
    /// The source of the holder's id.
    pub ids: Arc<dyn IdSource>,
    /// Observes every run.
    pub observer: Arc<dyn JobObserver>,
    /// The duration of a lease, after which at the latest another replica takes over from one that
    /// died.
    pub lease: Duration,
    /// The jobs to run.
    pub jobs: Vec<ScheduledJob>,
}

impl Jobs {
    /// Runs each job in its own task until `stop` completes. Chunks that are running then are
    /// aborted, and their leases released.
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
        tracing::info!(%holder, jobs = running.len(), "the jobs have started");
        stop.await;
        stopping.send_replace(true);
        while let Some(ended) = running.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the runner of a job has failed");
            }
        }
    }
}

/// The state of the loop that runs a job.
struct Runner {
    job: Arc<dyn AnyJob>,
    woken: Arc<Notify>,
    leases: Arc<dyn JobLeases>,
    observer: Arc<dyn JobObserver>,
    holder: HolderId,
    lease: Duration,
    stopped: watch::Receiver<bool>,
}

/// The way in which the chunks of a run ended.
enum End {
    Done { processed: u64 },
    Failed(JobError),
    Lost,
    Stopped,
}

/// The way in which a chunk ended.
enum Chunk {
    Ended(Result<JobStep<String>, JobError>),
    Lost,
    Stopped,
}

/// A lease, and the time until which it is certainly valid. That time is counted from before the
/// lease was requested or renewed, because the store starts to count later.
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
                // Once is enough until the job runs: further attempts would only repeat the query
                // of the lease.
                () = self.woken.notified(), if !is_woken => is_woken = true,
                () = sleep(pause) => {}
            }
        }
    }

    fn name(&self) -> JobName {
        self.job.name()
    }

    /// Acquires the job and runs it, if possible. Returns the pause before the next attempt. A run
    /// clears `is_woken`.
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
                // This run covers every wake-up so far.
                pin!(self.woken.notified()).enable();
                *is_woken = false;
                self.run(Held { lease, until }).await
            }
            Ok(Acquisition::NotDue { due_in }) => due_in,
            Ok(Acquisition::Held { free_in }) => free_in,
            Err(error) => {
                tracing::warn!(job = %self.name(), %error, "the lease of a job could not be acquired");
                self.lease / 3
            }
        }
    }

    async fn run(&self, mut held: Held) -> Duration {
        let (job, began) = (self.name(), Instant::now());
        tracing::debug!(%job, holder = %self.holder, token = held.lease.token, "a job has started");
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
                tracing::warn!(%job, "the lease of a job was lost; its chunk was aborted");
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

    /// Runs a chunk in its own task, which may panic, and renews the lease in the meantime.
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
                        // A panic message may contain values; the panic hook logs it safely.
                        detail: if error.is_panic() { "it panicked" } else { "it was aborted" }.to_owned(),
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
        // The chunk must not continue once another holder starts.
        running.shutdown().await;
        broken_off
    }

    /// Stores the cursor and renews the lease.
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
                tracing::warn!(job = %self.name(), %error, "the result of a job could not be stored");
                (RunEnd::Lost, self.lease)
            }
        }
    }

    async fn release(&self, held: &Held) -> (RunEnd, Duration) {
        let released = self.leases.release(&held.lease);
        if let Err(error) = self.in_time(held.until, released).await {
            tracing::warn!(job = %self.name(), %error, "a lease could not be released, and will expire");
        }
        (RunEnd::Stopped, Duration::ZERO)
    }

    /// Returns the result if it arrives before `until` and within a third of a lease: a stalled
    /// connection would never respond.
    async fn in_time<T>(
        &self,
        until: Instant,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let deadline = until.min(Instant::now() + self.lease / 3);
        timeout_at(deadline, asked).await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable(
                "the store did not respond in time".to_owned(),
            ))
        })
    }
}

/// Waits until the replica stops, or its `Jobs` are dropped.
async fn stop(stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_err() {
        tracing::debug!("the jobs of this replica were dropped");
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
