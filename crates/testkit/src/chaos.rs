//! A TCP proxy in front of a port that fails on command: it cuts, stalls, delays, and cuts after
//! a chosen number of bytes. It also counts the client's round trips.
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

/// What the proxy does from now on with everything that passes through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Passes it on.
    Pass,
    /// Cuts every connection at once, and every new one as soon as it is accepted.
    Cut,
    /// Passes nothing on, while connections stay open and new ones are accepted, like a broken
    /// network. What was held back passes when it ends.
    BlackHole,
    /// Passes each piece on after this delay.
    Delay(Duration),
    /// Passes this many more bytes of one direction on, over all connections, then cuts the
    /// connection that sends the next. With 0 bytes from the server, a request arrives and
    /// its answer is lost. After the cut, everything passes again.
    CutAfter(Direction, u64),
}

/// The direction in which bytes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    FromClient,
    /// From the server to the client.
    FromServer,
}

/// The traffic since the proxy was started. The difference of two is the traffic between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// The number of connections that were accepted.
    pub connections: u64,
    /// How many times a client sent something first or after an answer: the number of requests
    /// that cross the network, however many pieces each is sent in.
    pub round_trips: u64,
    /// The number of bytes passed on from clients.
    pub bytes_from_client: u64,
    /// The number of bytes passed on from the server.
    pub bytes_from_server: u64,
}

/// A running proxy. It stops when this value is dropped, and so does every connection through it.
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
    /// Starts a proxy on a free local port in front of `upstream`, such as `127.0.0.1:5432`.
    ///
    /// # Errors
    /// If no port is free.
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

    /// Returns the address that clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the port that clients connect to, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Sets the behaviour from now on, of open connections too.
    pub fn set(&self, behaviour: Behaviour) {
        self.behaviour.send_replace(behaviour);
    }

    /// Returns the current behaviour.
    pub fn behaviour(&self) -> Behaviour {
        *self.behaviour.borrow()
    }

    /// Returns the traffic so far.
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
    // Dropped with this task, as is every connection.
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
