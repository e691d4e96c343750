//! A TCP proxy that stands before a port and fails on command: it cuts, stalls, delays, and
//! cuts at a chosen byte. It also counts how often the client had to ask.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use customer_testkit::chaos::{Behaviour, Direction, Proxy};
//!
//! let proxy = Proxy::before("127.0.0.1:5432").await?;
//! // … let the client connect to `proxy.port()` …
//! proxy.set(Behaviour::BlackHole);
//! proxy.set(Behaviour::CutAfter(Direction::FromServer, 0));
//! proxy.set(Behaviour::Pass);
//! # Ok(())
//! # }
//! ```

mod connection;

use connection::Connection;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the proxy does with everything that passes through it, from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Passes it on.
    Pass,
    /// Cuts every connection at once, and every new one as soon as it is made.
    Cut,
    /// Passes nothing on and answers nothing, while connections stay open and new ones are
    /// accepted: what a broken network looks like. What was held back passes when it ends.
    BlackHole,
    /// Passes each piece on after waiting so long.
    Delay(Duration),
    /// Passes so many more bytes of one direction on, over all connections, then cuts the
    /// connection that sends the next. With 0 bytes from the server, a request arrives and
    /// its answer is lost. After the cut, it passes everything on again.
    CutAfter(Direction, u64),
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    FromClient,
    /// From the server to the client.
    FromServer,
}

/// What went through the proxy since it was made. Subtract two to measure what lies between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Connections that clients made.
    pub connections: u64,
    /// Times that a client sent something after an answer, or as the first thing: how often a
    /// request crosses the network, however many pieces it is sent in.
    pub round_trips: u64,
    /// Bytes passed on from clients.
    pub bytes_from_client: u64,
    /// Bytes passed on from the server.
    pub bytes_from_server: u64,
}

/// The proxy. It ends with this value, and so does every connection through it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    behaviour: watch::Sender<Behaviour>,
    counters: Arc<Counters>,
    _accepting: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Counters {
    connections: AtomicU64,
    round_trips: AtomicU64,
    bytes_from_client: AtomicU64,
    bytes_from_server: AtomicU64,
}

impl Proxy {
    /// A proxy on a free local port before `upstream`, such as `127.0.0.1:5432`.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn before(upstream: impl Into<String>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (behaviour, _) = watch::channel(Behaviour::Pass);
        let counters = Arc::new(Counters::default());
        let mut accepting = JoinSet::new();
        let (commands, counted) = (behaviour.clone(), Arc::clone(&counters));
        accepting.spawn(accept(listener, upstream.into(), commands, counted));
        Ok(Self {
            address,
            behaviour,
            counters,
            _accepting: accepting,
        })
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port that clients connect to, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Behaves so from now on, towards open connections too.
    pub fn set(&self, behaviour: Behaviour) {
        self.behaviour.send_replace(behaviour);
    }

    /// How it behaves now.
    pub fn behaviour(&self) -> Behaviour {
        *self.behaviour.borrow()
    }

    /// What went through so far.
    pub fn traffic(&self) -> Traffic {
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        Traffic {
            connections: count(&self.counters.connections),
            round_trips: count(&self.counters.round_trips),
            bytes_from_client: count(&self.counters.bytes_from_client),
            bytes_from_server: count(&self.counters.bytes_from_server),
        }
    }
}

async fn accept(
    listener: TcpListener,
    upstream: String,
    behaviour: watch::Sender<Behaviour>,
    counters: Arc<Counters>,
) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        counters.connections.fetch_add(1, Ordering::SeqCst);
        let upstream = upstream.clone();
        let connection = Connection::new(behaviour.clone(), Arc::clone(&counters));
        connections.spawn(async move {
            let Ok(server) = TcpStream::connect(upstream).await else {
                return;
            };
            connection.run(client, server).await;
        });
        while connections.try_join_next().is_some() {}
    }
}
