//! Clients that send requests over kept-alive connections, each the next one as soon as the last
//! was answered. Requests are written and replies parsed by hand: a client library would take
//! processor time from the programs that are measured.

use crate::Failure;
use crate::case::{Caller, Case, Numbers};
use customer_testkit::builders::Dice;
use futures_util::future::{try_join, try_join_all};
use hdrhistogram::Histogram;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// How long an answer may take.
const REPLY_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of requests of one client in one measurement.
const MAX_REQUESTS: u64 = 10_000_000;
/// The time between two changes of a customer, where a case has them.
const WRITE_EVERY: Duration = Duration::from_millis(100);

/// What to send, with how many clients, and for how long.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) case: Case,
    pub(crate) caller: &'a Caller,
    pub(crate) numbers: &'a Numbers,
    pub(crate) clients: u32,
    pub(crate) time: Duration,
    /// The service, through which customers are changed meanwhile if the case says so.
    pub(crate) writer: SocketAddr,
}

/// The result of a load.
#[derive(Debug)]
pub(crate) struct Answered {
    /// How long the clients sent requests.
    pub(crate) time: Duration,
    /// Latencies in microseconds.
    pub(crate) latencies: Histogram<u64>,
}

impl Load<'_> {
    /// Sends the load to the program at `target`. Fails if an answer has the wrong status.
    pub(crate) async fn run(self, target: SocketAddr) -> Result<Answered, Failure> {
        let mut clients = try_join_all((0..self.clients).map(|_| Client::connect(target))).await?;
        let start = Instant::now();
        let end = start + self.time;
        let running = (1..).zip(&mut clients);
        let latencies = try_join_all(running.map(|(seed, client)| self.drive(client, seed, end)));
        let (latencies, ()) = try_join(latencies, self.write(end)).await?;
        let time = start.elapsed();
        let mut all = Histogram::new(3)?;
        for histogram in latencies {
            all.add(histogram)?;
        }
        Ok(Answered {
            time,
            latencies: all,
        })
    }

    /// Changes a customer now and then.
    async fn write(&self, end: Instant) -> Result<(), Failure> {
        if !self.case.has_writes() {
            return Ok(());
        }
        let mut client = Client::connect(self.writer).await?;
        let mut dice = Dice(0);
        while Instant::now() < end {
            let about = self.numbers.next(Case::Update, &mut dice);
            let request = Case::Update.request(about, self.caller);
            let status = client.send(&request).await?;
            if status != Case::Update.status() {
                return Err(format!("a change was answered {status}").into());
            }
            sleep(WRITE_EVERY.min(end.saturating_duration_since(Instant::now()))).await;
        }
        Ok(())
    }

    async fn drive(
        &self,
        client: &mut Client,
        seed: u64,
        end: Instant,
    ) -> Result<Histogram<u64>, Failure> {
        let mut latencies = Histogram::new(3)?;
        let mut dice = Dice(seed);
        for _ in 0..MAX_REQUESTS {
            let about = self.numbers.next(self.case, &mut dice);
            let request = self.case.request(about, self.caller);
            let sent = Instant::now();
            let status = client.send(&request).await?;
            if status != self.case.status() {
                let answer = String::from_utf8_lossy(&client.answer).into_owned();
                return Err(format!("{:?} was answered {status}: {answer}", self.case).into());
            }
            let now = Instant::now();
            let micros = u64::try_from((now - sent).as_micros())?;
            latencies.record(micros.max(1))?;
            if now >= end {
                break;
            }
        }
        Ok(latencies)
    }
}

/// One kept-alive connection.
pub(crate) struct Client {
    stream: TcpStream,
    /// The last answer, head and body.
    pub(crate) answer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(target: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(target).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            answer: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends a request, reads the whole answer and returns its status.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<u16, Failure> {
        self.stream.write_all(request).await?;
        let answered = timeout(REPLY_TIMEOUT, self.receive()).await;
        answered.map_err(|_| "a request was not answered in 30 s")?
    }

    async fn receive(&mut self) -> Result<u16, Failure> {
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the connection was closed in the middle of an answer".into());
            }
            if let Some(head) = Head::parse(&self.answer)?
                && self.answer.len() >= head.length
            {
                return Ok(head.status);
            }
        }
    }

    /// Returns the body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        let end = head_end(&self.answer).unwrap_or(self.answer.len());
        &self.answer[end..]
    }
}

fn head_end(answer: &[u8]) -> Option<usize> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    Some(end + 4)
}

/// What the benchmark needs from the head of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Length of the whole answer in bytes.
    length: usize,
}

impl Head {
    /// Parses the head; `None` until it is complete. An answer must state its length.
    fn parse(answer: &[u8]) -> Result<Option<Self>, Failure> {
        let Some(end) = head_end(answer) else {
            return Ok(None);
        };
        let head = std::str::from_utf8(&answer[..end])?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let length = lines.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().ok())?
        });
        match (status, length) {
            (Some(status), Some(length)) => Ok(Some(Self {
                status,
                length: end + length,
            })),
            _ => Err(format!("an answer without status or length: {head}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_when_its_length_is_there() {
        let answer = b"HTTP/1.1 201 Created\r\ncontent-type: x\r\nCONTENT-LENGTH: 2\r\n\r\n{}";
        let head = Head::parse(answer).unwrap().unwrap();
        assert_eq!((head.status, head.length), (201, answer.len()));
        assert_eq!(Head::parse(&answer[..40]).unwrap(), None);
    }

    #[test]
    fn an_answer_of_unknown_length_is_refused() {
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
