//! The proxy in front of a server that echoes what it receives.

use customer_testkit::chaos::{Behaviour, Direction, Proxy};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Long enough for something to happen, if it were to.
const MOMENT: Duration = Duration::from_millis(80);

struct Echo {
    address: SocketAddr,
    _serving: JoinSet<()>,
}

async fn echo() -> Echo {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await.ok();
            });
        }
    });
    Echo {
        address,
        _serving: serving,
    }
}

struct Line {
    _server: Echo,
    proxy: Proxy,
    client: TcpStream,
}

async fn line() -> Line {
    let server = echo().await;
    let proxy = Proxy::before(server.address.to_string())
        .await
        .expect("a proxy");
    let client = TcpStream::connect(proxy.address()).await.expect("a line");
    Line {
        _server: server,
        proxy,
        client,
    }
}

impl Line {
    async fn ask(&mut self, text: &str) -> std::io::Result<String> {
        self.client.write_all(text.as_bytes()).await?;
        let mut answer = vec![0; text.len()];
        self.client.read_exact(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    async fn is_cut(&mut self) -> bool {
        let mut byte = [0];
        let read = tokio::time::timeout(Duration::from_secs(5), self.client.read(&mut byte)).await;
        matches!(read.expect("the connection ends"), Ok(0) | Err(_))
    }
}

#[tokio::test]
async fn it_passes_everything_on_and_counts_it() {
    let mut line = line().await;
    for text in ["one", "two", "three"] {
        assert_eq!(line.ask(text).await.unwrap(), text);
    }
    let traffic = line.proxy.traffic();
    assert_eq!(traffic.connections, 1);
    assert_eq!(traffic.round_trips, 3);
    assert_eq!(
        (traffic.bytes_from_client, traffic.bytes_from_server),
        (11, 11)
    );
}

#[tokio::test]
async fn a_large_answer_passes_whole() {
    let mut line = line().await;
    let text = "0123456789".repeat(30_000);
    let (mut from, mut to) = line.client.split();
    let mut answer = vec![0; text.len()];
    let (sent, read) = tokio::join!(to.write_all(text.as_bytes()), from.read_exact(&mut answer));
    sent.unwrap();
    read.unwrap();
    assert!(answer == text.as_bytes());
}

#[tokio::test]
async fn an_end_is_passed_on_and_the_rest_still_arrives() {
    let mut line = line().await;
    line.client.write_all(b"last words").await.unwrap();
    line.client.shutdown().await.unwrap();
    let mut answer = String::new();
    line.client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "last words");
}

#[tokio::test]
async fn a_cut_ends_open_connections_and_new_ones() {
    let mut line = line().await;
    line.ask("hello").await.unwrap();
    line.proxy.set(Behaviour::Cut);
    assert!(line.is_cut().await);
    line.client = TcpStream::connect(line.proxy.address()).await.unwrap();
    assert!(line.is_cut().await);

    line.proxy.set(Behaviour::Pass);
    line.client = TcpStream::connect(line.proxy.address()).await.unwrap();
    assert_eq!(line.ask("again").await.unwrap(), "again");
}

#[tokio::test]
async fn a_black_hole_keeps_the_connection_and_says_nothing() {
    let mut line = line().await;
    line.ask("hello").await.unwrap();
    line.proxy.set(Behaviour::BlackHole);
    line.client.write_all(b"anyone?").await.unwrap();
    let mut answer = [0; 7];
    let silence = tokio::time::timeout(MOMENT, line.client.read_exact(&mut answer)).await;
    assert!(silence.is_err(), "no answer and no end");
    assert_eq!(
        line.proxy.traffic().bytes_from_client,
        5,
        "nothing reached the server"
    );

    line.proxy.set(Behaviour::Pass);
    line.client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"anyone?", "what was held back arrives");
}

#[tokio::test]
async fn a_black_hole_can_be_cut() {
    let mut line = line().await;
    line.proxy.set(Behaviour::BlackHole);
    line.client.write_all(b"anyone?").await.unwrap();
    tokio::time::sleep(MOMENT).await;
    line.proxy.set(Behaviour::Cut);
    assert!(line.is_cut().await);
}

#[tokio::test]
async fn a_delay_is_waited_in_both_directions() {
    let mut line = line().await;
    line.proxy.set(Behaviour::Delay(MOMENT));
    let asked = Instant::now();
    assert_eq!(line.ask("slowly").await.unwrap(), "slowly");
    assert!(asked.elapsed() >= 2 * MOMENT);
}

#[tokio::test]
async fn bytes_are_counted_before_a_cut() {
    let mut line = line().await;
    line.proxy
        .set(Behaviour::CutAfter(Direction::FromClient, 8));
    assert_eq!(line.ask("12345").await.unwrap(), "12345");
    line.client.write_all(b"67890").await.unwrap();
    assert!(line.ask("").await.is_ok());
    let mut rest = Vec::new();
    line.client.read_to_end(&mut rest).await.ok();
    assert!(
        b"678".starts_with(&rest),
        "three more were let through at most"
    );
    assert_eq!(line.proxy.traffic().bytes_from_client, 8);
    assert_eq!(line.proxy.behaviour(), Behaviour::Pass, "one cut, no more");
}

#[tokio::test]
async fn a_request_can_arrive_and_its_answer_be_lost() {
    let mut line = line().await;
    line.ask("hello").await.unwrap();
    line.proxy
        .set(Behaviour::CutAfter(Direction::FromServer, 0));
    line.client.write_all(b"commit").await.unwrap();
    assert!(line.is_cut().await);
    let traffic = line.proxy.traffic();
    assert_eq!(
        (traffic.bytes_from_client, traffic.bytes_from_server),
        (11, 5)
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_cut() {
    let server = echo().await;
    let proxy = Proxy::before(server.address.to_string()).await.unwrap();
    drop(server);
    let mut client = TcpStream::connect(proxy.address()).await.unwrap();
    let mut byte = [0];
    assert!(matches!(client.read(&mut byte).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn it_ends_with_everything_that_goes_through_it() {
    let mut line = line().await;
    line.ask("hello").await.unwrap();
    let address = line.proxy.address();
    let Line { proxy, client, .. } = line;
    drop(proxy);
    let mut client = client;
    let mut byte = [0];
    let read = tokio::time::timeout(Duration::from_secs(5), client.read(&mut byte)).await;
    assert!(matches!(read.unwrap(), Ok(0) | Err(_)));
    assert!(TcpStream::connect(address).await.is_err());
}
