//! One connection through the proxy: two loops, one for each direction.

use super::{Behaviour, Counters, Direction};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

pub(super) struct Connection {
    behaviour: watch::Sender<Behaviour>,
    counters: Arc<Counters>,
    /// Whether the client has sent something since the server last did.
    client_spoke: AtomicBool,
}

/// What to do with a piece of data.
enum Verdict {
    Forward,
    /// Forward this many of its bytes, then cut.
    CutBehind(usize),
}

impl Connection {
    pub(super) fn new(behaviour: watch::Sender<Behaviour>, counters: Arc<Counters>) -> Self {
        Self {
            behaviour,
            counters,
            client_spoke: AtomicBool::new(false),
        }
    }

    /// Runs until either side ends, or until it is cut.
    pub(super) async fn run(self, client: TcpStream, server: TcpStream) {
        // Small pieces must not wait for each other: that would distort the measurements.
        let undelayed = client.set_nodelay(true).and(server.set_nodelay(true));
        if undelayed.is_err() {
            return;
        }
        let mut behaviour = self.behaviour.subscribe();
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            () = self.pump(from_client, to_server, Direction::FromClient) => {}
            () = self.pump(from_server, to_client, Direction::FromServer) => {}
            _ = behaviour.wait_for(|now| *now == Behaviour::Cut) => {}
        }
    }

    /// Returns when the connection has to end; a side that only stopped sending keeps it open.
    async fn pump(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, direction: Direction) {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let length = match from.read(&mut buffer).await {
                Ok(0) => break,
                Ok(length) => length,
                Err(_) => return,
            };
            let (passed, cut) = match self.judge(direction, length).await {
                Verdict::Forward => (length, false),
                Verdict::CutBehind(passed) => (passed, true),
            };
            self.count(direction, passed);
            if to.write_all(&buffer[..passed]).await.is_err() || cut {
                return;
            }
        }
        if to.shutdown().await.is_ok() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits as long as the piece has to wait, and returns what to do with it.
    async fn judge(&self, direction: Direction, length: usize) -> Verdict {
        let mut watched = self.behaviour.subscribe();
        loop {
            let now = *watched.borrow_and_update();
            match now {
                Behaviour::Pass => return Verdict::Forward,
                Behaviour::Delay(wait) => {
                    tokio::time::sleep(wait).await;
                    return Verdict::Forward;
                }
                Behaviour::CutAfter(cut, _) if cut != direction => return Verdict::Forward,
                Behaviour::CutAfter(..) => return self.spend(direction, length),
                // `run` ends a cut connection; a piece in a black hole waits for a new behaviour.
                Behaviour::Cut | Behaviour::BlackHole => {
                    if watched.changed().await.is_err() {
                        return Verdict::CutBehind(0);
                    }
                }
            }
        }
    }

    /// Subtracts `length` from the bytes that may still pass.
    fn spend(&self, direction: Direction, length: usize) -> Verdict {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let mut verdict = Verdict::Forward;
        self.behaviour
            .send_if_modified(|behaviour| match behaviour {
                Behaviour::CutAfter(cut, left) if *cut == direction && length <= *left => {
                    *left -= length;
                    false
                }
                Behaviour::CutAfter(cut, left) if *cut == direction => {
                    verdict = Verdict::CutBehind(usize::try_from(*left).unwrap_or(usize::MAX));
                    *behaviour = Behaviour::Pass;
                    true
                }
                Behaviour::CutAfter(..)
                | Behaviour::Pass
                | Behaviour::Cut
                | Behaviour::BlackHole
                | Behaviour::Delay(_) => false,
            });
        verdict
    }

    fn count(&self, direction: Direction, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        match direction {
            Direction::FromClient => {
                if !self.client_spoke.swap(true, Ordering::SeqCst) {
                    self.counters.round_trips.fetch_add(1, Ordering::SeqCst);
                }
                let counter = &self.counters.bytes_from_client;
                counter.fetch_add(bytes, Ordering::SeqCst);
            }
            Direction::FromServer => {
                self.client_spoke.store(false, Ordering::SeqCst);
                let counter = &self.counters.bytes_from_server;
                counter.fetch_add(bytes, Ordering::SeqCst);
            }
        }
    }
}
