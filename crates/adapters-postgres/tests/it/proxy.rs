//! A proxy in front of the server that records which statements are sent, and how often the
//! client waits for an answer.

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

/// What the proxy has recorded.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Messages that the server answers: simple queries and Syncs.
    pub(crate) round_trips: usize,
    /// The texts of simple queries and of statements to be prepared.
    pub(crate) statements: Vec<String>,
}

pub(crate) struct Proxy {
    url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Proxy {
    /// Starts a proxy to the server of this URL, which must accept clients without TLS.
    pub(crate) async fn before(url: &str) -> Self {
        let server: PgConnectOptions = url.parse().expect("a URL");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let target = format!("{}:{}", server.get_host(), server.get_port());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let witness = Arc::clone(&seen);
        let connections = TaskTracker::new();
        connections.clone().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&target).await.expect("the server");
                client.set_nodelay(true).expect("a socket");
                server.set_nodelay(true).expect("a socket");
                let (mut from_server, to_server) = server.into_split();
                let (from_client, mut to_client) = client.into_split();
                connections.spawn(read_along(from_client, to_server, Arc::clone(&witness)));
                connections.spawn(async move { copy(&mut from_server, &mut to_client).await });
            }
        });
        let options = server.host("127.0.0.1").port(port);
        let options = options.ssl_mode(PgSslMode::Disable);
        Self {
            url: options.to_url_lossy().to_string(),
            seen,
        }
    }

    /// Returns the URL that connects through the proxy.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns what was recorded since the last call.
    pub(crate) fn take(&self) -> Seen {
        std::mem::take(&mut self.seen.lock().expect("no panic"))
    }
}

/// Forwards and records the client's messages, until either side closes the connection.
async fn read_along(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    seen: Arc<Mutex<Seen>>,
) -> std::io::Result<()> {
    // The first message has no type.
    let start = body(&mut client).await?;
    server.write_all(&start).await?;
    loop {
        let kind = client.read_u8().await?;
        let message = body(&mut client).await?;
        note(&mut seen.lock().expect("no panic"), kind, &message[4..]);
        server.write_u8(kind).await?;
        server.write_all(&message).await?;
    }
}

/// Reads a message: its length and what follows.
async fn body(client: &mut OwnedReadHalf) -> std::io::Result<Vec<u8>> {
    let length = client.read_u32().await?;
    let mut message = length.to_be_bytes().to_vec();
    message.resize(usize::try_from(length).expect("64 bits"), 0);
    client.read_exact(&mut message[4..]).await?;
    Ok(message)
}

fn note(seen: &mut Seen, kind: u8, message: &[u8]) {
    let mut texts = message
        .split(|byte| *byte == 0)
        .map(|text| String::from_utf8_lossy(text).into_owned());
    match kind {
        b'Q' => {
            seen.round_trips += 1;
            seen.statements.extend(texts.next());
        }
        // The statement's name comes first.
        b'P' => seen.statements.extend(texts.nth(1)),
        b'S' => seen.round_trips += 1,
        _ => {}
    }
}
