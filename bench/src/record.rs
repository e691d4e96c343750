//! A proxy in front of PostgreSQL that records what a client sends.

use crate::Failure;
use crate::plan::Sent;
use bytes::{Buf, Bytes};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The maximum length of a message, in bytes; a longer one is taken for an error.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// What was sent since the recording was last taken.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// The `-c name=value` settings of connections that were opened.
    pub(crate) settings: Vec<Vec<(String, String)>>,
    /// Everything else, in order.
    pub(crate) sent: Vec<Sent>,
    /// How often the client waited for a response.
    pub(crate) round_trips: usize,
}

/// The proxy. Dropping it stops it.
pub(crate) struct Recorder {
    /// The address for clients, without TLS.
    pub(crate) address: SocketAddr,
    recording: Arc<Mutex<Recording>>,
    _connections: JoinSet<()>,
}

impl Recorder {
    /// Starts a recorder in front of `server`, a host and a port.
    pub(crate) async fn before(server: String) -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let recording = Arc::default();
        let mut connections = JoinSet::new();
        connections.spawn(accept(listener, server, Arc::clone(&recording)));
        Ok(Self {
            address,
            recording,
            _connections: connections,
        })
    }

    /// Returns what was sent since the last call.
    pub(crate) fn take(&self) -> Recording {
        std::mem::take(&mut lock(&self.recording))
    }
}

fn lock(recording: &Mutex<Recording>) -> MutexGuard<'_, Recording> {
    recording.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, server: String, recording: Arc<Mutex<Recording>>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (server, recording) = (server.clone(), Arc::clone(&recording));
        connections.spawn(async move {
            // The client notices a broken connection itself.
            drop(pass(client, server, recording).await);
        });
    }
}

async fn pass(
    client: TcpStream,
    server: String,
    recording: Arc<Mutex<Recording>>,
) -> io::Result<()> {
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_server, to_server) = server.into_split();
    let (from_client, mut to_client) = client.into_split();
    tokio::select! {
        ended = read_along(from_client, to_server, recording) => ended,
        ended = copy(&mut from_server, &mut to_client) => ended.map(drop),
    }
}

async fn read_along(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    recording: Arc<Mutex<Recording>>,
) -> io::Result<()> {
    let mut connection = Connection::default();
    // The first message has no type byte.
    let startup = read_message(&mut client).await?;
    lock(&recording).settings.push(settings(startup.slice(8..)));
    server.write_all(&startup).await?;
    loop {
        let kind = client.read_u8().await?;
        let message = read_message(&mut client).await?;
        connection.note(kind, message.slice(4..), &mut lock(&recording));
        server.write_u8(kind).await?;
        server.write_all(&message).await?;
    }
}

/// Reads a message's length and content.
async fn read_message(client: &mut OwnedReadHalf) -> io::Result<Bytes> {
    let length = client.read_u32().await?;
    let size = usize::try_from(length).unwrap_or(usize::MAX);
    if !(4..=MAX_MESSAGE).contains(&size) {
        return Err(io::Error::other("no message of PostgreSQL's protocol"));
    }
    let mut message = length.to_be_bytes().to_vec();
    message.resize(size, 0);
    client.read_exact(&mut message[4..]).await?;
    Ok(message.into())
}

/// Returns the `-c` settings in a start-up message, whose parameters are pairs of texts.
fn settings(mut parameters: Bytes) -> Vec<(String, String)> {
    while parameters.has_remaining() {
        let (name, value) = (text(&mut parameters), text(&mut parameters));
        if name == "options" {
            let words = words(&value).into_iter();
            let pairs = words.filter_map(|word| {
                let (name, value) = word.split_once('=')?;
                Some((name.to_owned(), value.to_owned()))
            });
            return pairs.collect();
        }
    }
    Vec::new()
}

/// Splits text at spaces; a backslash makes the next character part of the word.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let word = if letter == ' ' {
            None
        } else {
            words.last_mut()
        };
        match (word, letter) {
            (None, _) => words.push(String::new()),
            (Some(word), '\\') => word.extend(letters.next()),
            (Some(word), letter) => word.push(letter),
        }
    }
    words
}

/// The prepared statements of a connection: text and parameter types by name.
#[derive(Default)]
struct Connection(HashMap<String, (String, Vec<u32>)>);

impl Connection {
    fn note(&mut self, kind: u8, mut message: Bytes, recording: &mut Recording) {
        match kind {
            b'Q' => {
                recording.round_trips += 1;
                recording.sent.push(Sent::Simple(text(&mut message)));
            }
            b'P' => {
                let (name, statement) = (text(&mut message), text(&mut message));
                let count = message.try_get_u16().unwrap_or(0);
                let types = (0..count).filter_map(|_| message.try_get_u32().ok());
                self.0.insert(name, (statement, types.collect()));
            }
            b'B' => {
                let (_portal, name) = (text(&mut message), text(&mut message));
                let formats = message.try_get_u16().unwrap_or(0);
                for _ in 0..formats {
                    // Always binary, as sqlx sends them.
                    message.try_get_u16().unwrap_or(1);
                }
                let (text, types) = self.0.get(&name).cloned().unwrap_or_default();
                let count = message.try_get_u16().unwrap_or(0);
                recording.sent.push(Sent::Prepared {
                    text,
                    types,
                    values: (0..count).map(|_| value(&mut message)).collect(),
                });
            }
            b'S' => recording.round_trips += 1,
            _ => {}
        }
    }
}

/// Reads text up to the next zero byte.
fn text(message: &mut Bytes) -> String {
    let end = message
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(message.len());
    let text = String::from_utf8_lossy(&message.split_to(end)).into_owned();
    message.advance(1.min(message.remaining()));
    text
}

/// Reads a length and that many bytes; `None` if the length is negative, which means null.
fn value(message: &mut Bytes) -> Option<Vec<u8>> {
    let length = usize::try_from(message.try_get_i32().ok()?).ok()?;
    Some(message.split_to(length.min(message.remaining())).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_told_with_its_text_each_time_it_is_executed() {
        let (mut connection, mut recording) = (Connection::default(), Recording::default());
        let parse = b"s1\0SELECT $1, $2\0\0\x02\0\0\x0b\x86\0\0\0\x19";
        connection.note(b'P', Bytes::from_static(parse), &mut recording);
        connection.note(b'S', Bytes::new(), &mut recording);
        let bind = b"\0s1\0\0\x01\0\x01\0\x02\0\0\0\x02hi\xff\xff\xff\xff\0\x01\0\x01";
        connection.note(b'B', Bytes::from_static(bind), &mut recording);
        connection.note(b'S', Bytes::new(), &mut recording);
        connection.note(b'Q', Bytes::from_static(b"COMMIT\0"), &mut recording);
        assert_eq!(recording.round_trips, 3);
        let statement = Sent::Prepared {
            text: "SELECT $1, $2".to_owned(),
            types: vec![2950, 25],
            values: vec![Some(b"hi".to_vec()), None],
        };
        assert_eq!(
            recording.sent,
            [statement, Sent::Simple("COMMIT".to_owned())]
        );
    }

    #[test]
    fn settings_are_read_from_the_start_up_message() {
        let startup =
            Bytes::from_static(b"user\0me\0options\0-c role=customer_app -c level=a\\ b\0\0");
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            settings(startup),
            [set("role", "customer_app"), set("level", "a b")]
        );
    }
}
