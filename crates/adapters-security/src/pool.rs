//! A thread pool with a bounded queue for CPU-bound work.
//!
//! It keeps such work off the runtime's workers and its blocking pool, so that nothing else waits
//! for it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use tokio::sync::{Semaphore, oneshot};

type Job = Box<dyn FnOnce() + Send>;

/// The reason why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PoolError {
    /// Every thread is busy and the queue is full.
    Full,
    /// The work panicked. Its thread continues.
    Panicked,
}

/// A fixed number of threads. When the pool is dropped, each ends after its current work.
pub(crate) struct Pool {
    /// One permit for each thread and each place in the queue. The channel is unbounded: a bound on
    /// the queue alone would reject work in the moment before an idle thread wakes up.
    places: Arc<Semaphore>,
    jobs: Sender<Job>,
}

impl Pool {
    /// Starts `threads` threads, for which up to `queue` jobs may wait.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub(crate) fn start(name: &str, threads: usize, queue: usize) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 1..=threads {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || run_jobs(&waiting))?;
        }
        Ok(Self {
            places: Arc::new(Semaphore::new(threads + queue)),
            jobs,
        })
    }

    /// Runs `work` on one of the threads. Work that has not begun when this future is dropped is
    /// skipped.
    ///
    /// # Errors
    /// [`PoolError::Full`] without waiting, [`PoolError::Panicked`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| PoolError::Full)?;
        let (reply, result) = oneshot::channel();
        let job = Box::new(move || {
            if reply.is_closed() {
                return;
            }
            let result = catch_unwind(AssertUnwindSafe(work));
            // Before the reply, so that its receiver finds the place free.
            drop(place);
            // Fails if the caller is gone; the result is not needed then.
            drop(reply.send(result));
        });
        // Both fail only if a thread is lost, which never happens: panics are caught above.
        self.jobs.send(job).map_err(|_| PoolError::Panicked)?;
        let result = result.await.map_err(|_| PoolError::Panicked)?;
        result.map_err(|_| PoolError::Panicked)
    }
}

/// Runs one job after another until the pool is dropped and the queue is empty.
fn run_jobs(waiting: &Mutex<Receiver<Job>>) {
    while let Some(job) = next(waiting) {
        job();
    }
}

/// Waits for a job; `None` if the pool was dropped. One idle thread waits on the channel, the
/// others for the lock, which is released before the job begins.
fn next(waiting: &Mutex<Receiver<Job>>) -> Option<Job> {
    waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .recv()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::pin::{Pin, pin};
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    const TIMEOUT: Duration = Duration::from_secs(10);

    /// Polls once, which hands the job to the pool.
    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Returns work that reports when it has begun and then waits to be released, with the channels
    /// for both.
    fn held() -> (
        impl FnOnce() -> u8 + Send + 'static,
        Receiver<()>,
        Sender<()>,
    ) {
        let (begun, has_begun) = mpsc::channel();
        let (let_go, gate) = mpsc::channel();
        let work = move || {
            begun.send(()).unwrap();
            gate.recv_timeout(TIMEOUT).unwrap();
            1
        };
        (work, has_begun, let_go)
    }

    #[tokio::test]
    async fn a_full_pool_refuses_at_once_and_serves_those_it_took() {
        let pool = Pool::start("test", 1, 1).unwrap();
        let (work, has_begun, let_go) = held();
        let mut running = pin!(pool.run(work));
        assert!(poll_once(running.as_mut()).is_pending());
        has_begun.recv_timeout(TIMEOUT).unwrap();
        let mut queued = pin!(pool.run(|| 2));
        assert!(poll_once(queued.as_mut()).is_pending());

        assert_eq!(
            poll_once(pin!(pool.run(|| 3))),
            Poll::Ready(Err(PoolError::Full))
        );

        let_go.send(()).unwrap();
        assert_eq!(running.await, Ok(1));
        assert_eq!(queued.await, Ok(2));
        assert_eq!(pool.run(|| 4).await, Ok(4));
    }

    #[tokio::test]
    async fn idle_threads_take_a_burst_without_a_queue() {
        let pool = Pool::start("test", 3, 0).unwrap();
        let burst = tokio::join!(pool.run(|| 1), pool.run(|| 2), pool.run(|| 3));
        assert_eq!(burst, (Ok(1), Ok(2), Ok(3)));
    }

    #[tokio::test]
    async fn threads_work_side_by_side() {
        let pool = Pool::start("test", 2, 0).unwrap();
        let here = Arc::new(Barrier::new(2));
        let there = Arc::clone(&here);
        let met = tokio::join!(
            pool.run(move || here.wait().is_leader()),
            pool.run(move || there.wait().is_leader()),
        );
        assert_ne!(met.0.unwrap(), met.1.unwrap());
    }

    #[tokio::test]
    async fn work_whose_caller_went_away_is_not_begun() {
        let pool = Pool::start("test", 1, 2).unwrap();
        let (work, has_begun, let_go) = held();
        let mut running = pin!(pool.run(work));
        assert!(poll_once(running.as_mut()).is_pending());
        has_begun.recv_timeout(TIMEOUT).unwrap();

        let done = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&done);
        let mut abandoned = Box::pin(pool.run(move || mark.store(true, Ordering::SeqCst)));
        assert!(poll_once(abandoned.as_mut()).is_pending());
        drop(abandoned);

        let_go.send(()).unwrap();
        assert_eq!(running.await, Ok(1));
        assert_eq!(
            pool.run(|| 2).await,
            Ok(2),
            "the one thread is past the abandoned job"
        );
        assert!(!done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_panic_costs_no_thread_and_no_place() {
        let pool = Pool::start("test", 1, 0).unwrap();
        for _ in 0..3 {
            let result = pool.run(|| -> u8 { panic!("on purpose") }).await;
            assert_eq!(result, Err(PoolError::Panicked));
        }
        assert_eq!(pool.run(|| 1).await, Ok(1));
    }

    thread_local!(static KEPT: RefCell<Option<Sender<()>>> = const { RefCell::new(None) });

    #[tokio::test]
    async fn threads_end_with_the_pool() {
        let pool = Pool::start("test", 2, 0).unwrap();
        let (alive, all_ended) = mpsc::channel();
        let meeting = Arc::new(Barrier::new(2));
        // Each thread keeps a sender as long as it lives; the barrier ensures that each thread gets
        // one.
        let keep = || {
            let (alive, meeting) = (alive.clone(), Arc::clone(&meeting));
            move || {
                meeting.wait();
                KEPT.set(Some(alive));
            }
        };
        let kept = tokio::join!(pool.run(keep()), pool.run(keep()));
        assert_eq!(kept, (Ok(()), Ok(())));
        drop(alive);

        drop(pool);
        assert_eq!(
            all_ended.recv_timeout(TIMEOUT),
            Err(mpsc::RecvTimeoutError::Disconnected)
        );
    }
}
