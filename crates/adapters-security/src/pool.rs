//! Threads of their own, and a bounded queue before them, for work that fills a processor.
//!
//! Neither the runtime's workers nor its blocking pool do such work, so nothing else waits for it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use tokio::sync::{Semaphore, oneshot};

type Job = Box<dyn FnOnce() + Send>;

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PoolError {
    /// Every thread is at work and every place in the queue is taken.
    Full,
    /// The work panicked. Its thread lives on.
    Panicked,
}

/// A fixed number of threads. They end when the pool is dropped, each after the work it is at.
pub(crate) struct Pool {
    /// As many as there are threads and places in the queue. The channel has no bound of its
    /// own: one that counted the queue alone would refuse work in the moment before an idle
    /// thread wakes up.
    places: Arc<Semaphore>,
    jobs: Sender<Job>,
}

impl Pool {
    /// Starts `threads` threads, before which `queue` jobs may wait.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(crate) fn start(name: &str, threads: usize, queue: usize) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 1..=threads {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || work_off(&waiting))?;
        }
        Ok(Self {
            places: Arc::new(Semaphore::new(threads + queue)),
            jobs,
        })
    }

    /// Does `work` on one of the threads. Work that has not begun when this future is dropped
    /// is not done.
    ///
    /// # Errors
    /// [`PoolError::Full`] at once, without waiting.
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
            // Before the reply: whoever gets it must find the place free.
            drop(place);
            // The caller may have gone meanwhile; then nobody misses the result.
            drop(reply.send(result));
        });
        // Neither fails before a thread is lost, and no thread is: panics are caught above.
        self.jobs.send(job).map_err(|_| PoolError::Panicked)?;
        let result = result.await.map_err(|_| PoolError::Panicked)?;
        result.map_err(|_| PoolError::Panicked)
    }
}

/// Does one job after the other, until the pool is dropped and the queue is empty.
fn work_off(waiting: &Mutex<Receiver<Job>>) {
    while let Some(job) = next(waiting) {
        job();
    }
}

/// Waits for a job. One idle thread waits at the channel, the others for the lock; it is free
/// again before the job begins.
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

    const PATIENCE: Duration = Duration::from_secs(10);

    /// Hands the job to the pool and leaves it there.
    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Work that says when it has begun and then waits to be let go.
    fn held() -> (
        impl FnOnce() -> u8 + Send + 'static,
        Receiver<()>,
        Sender<()>,
    ) {
        let (begun, has_begun) = mpsc::channel();
        let (let_go, gate) = mpsc::channel();
        let work = move || {
            begun.send(()).unwrap();
            gate.recv_timeout(PATIENCE).unwrap();
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
        has_begun.recv_timeout(PATIENCE).unwrap();
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
        has_begun.recv_timeout(PATIENCE).unwrap();

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
        // Each thread keeps a sender for as long as it lives; the meeting makes it one each.
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
            all_ended.recv_timeout(PATIENCE),
            Err(mpsc::RecvTimeoutError::Disconnected)
        );
    }
}
