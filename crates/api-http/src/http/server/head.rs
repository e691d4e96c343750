//! Watching requests go by: where a head ends, how its body is framed, and so where the next head begins.

/// What is looked at of a line. The length of a body or a chunk fits in well; one that is longer is none that a client
/// means seriously.
const LOOKED_AT: usize = 64;

/// Follows the bytes of a connection from request to request. It does not judge: hyper parses, and ends the connection
/// when it cannot. Both therefore stand at the same request, however the bytes are divided and whether or not anybody
/// reads the bodies.
#[derive(Debug, Default)]
pub(super) struct Requests {
    stage: Stage,
    line: Line,
    /// The head so far.
    head: Framed,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    BeforeHead,
    Head,
    /// So many bytes are left.
    Body(u64),
    ChunkSize,
    /// So many bytes are left, with the end of the line behind them.
    Chunk(u64),
    Trailers,
    /// Nothing sensible can follow.
    Lost,
}

/// How a head says that its body is framed.
#[derive(Debug, Default)]
struct Framed {
    content_length: bool,
    /// As the former tells it; none when that is no number.
    length: Option<u64>,
    transfer_encoding: bool,
}

/// The beginning of a line, in lower case.
#[derive(Debug)]
struct Line {
    start: [u8; LOOKED_AT],
    length: usize,
    last: u8,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            start: [0; LOOKED_AT],
            length: 0,
            last: 0,
        }
    }
}

impl Line {
    fn extend(&mut self, bytes: &[u8]) {
        let free = self.start.get_mut(self.length..).unwrap_or_default();
        for (slot, byte) in free.iter_mut().zip(bytes) {
            *slot = byte.to_ascii_lowercase();
        }
        self.length += bytes.len();
        self.last = bytes.last().copied().unwrap_or(self.last);
    }

    fn is_blank(&self) -> bool {
        self.length == 0 || (self.length == 1 && self.last == b'\r')
    }

    /// As much of it as is known.
    fn known(&self) -> &[u8] {
        self.start.get(..self.length).unwrap_or(&self.start)
    }

    /// Whether all of it is known.
    fn is_whole(&self) -> bool {
        self.length <= LOOKED_AT
    }

    /// The number that it begins with, if the end of that is known: whatever comes behind it (an extension of the
    /// chunk) says nothing about the size.
    fn chunk_size(&self) -> Option<u64> {
        let is_end = |byte: &u8| matches!(byte, b';' | b' ' | b'\t' | b'\r');
        let known = self.known();
        let end = match known.iter().position(is_end) {
            Some(end) => end,
            None if self.is_whole() => known.len(),
            None => return None,
        };
        let digits = std::str::from_utf8(known.get(..end)?).ok()?;
        u64::from_str_radix(digits, 16).ok()
    }
}

impl Requests {
    /// Follows more bytes. At the end of each head it tells whether the body's length is given in two ways, or in one
    /// that cannot be followed.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut head_ended: impl FnMut(bool)) {
        while !bytes.is_empty() {
            bytes = match self.stage {
                Stage::Lost => return,
                Stage::Body(left) => self.skip(bytes, left, Stage::Body, Stage::BeforeHead),
                Stage::Chunk(left) => self.skip(bytes, left, Stage::Chunk, Stage::ChunkSize),
                Stage::BeforeHead | Stage::Head | Stage::ChunkSize | Stage::Trailers => {
                    self.read_line(bytes, &mut head_ended)
                }
            };
        }
    }

    /// Passes over what is left of a body or chunk; what comes behind it.
    fn skip<'b>(
        &mut self,
        bytes: &'b [u8],
        left: u64,
        stage: fn(u64) -> Stage,
        next: Stage,
    ) -> &'b [u8] {
        let here = usize::try_from(left).ok();
        if let Some((_, rest)) = here.and_then(|here| bytes.split_at_checked(here)) {
            self.stage = next;
            return rest;
        }
        let passed = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.stage = stage(left.saturating_sub(passed));
        &[]
    }

    /// Reads to the end of the line, if it is there; what comes behind it.
    fn read_line<'b>(&mut self, bytes: &'b [u8], head_ended: &mut impl FnMut(bool)) -> &'b [u8] {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            self.line.extend(bytes);
            return &[];
        };
        let (line, rest) = bytes.split_at(end);
        self.line.extend(line);
        if let Some(is_ambiguous) = self.end_line() {
            head_ended(is_ambiguous);
        }
        self.line = Line::default();
        rest.get(1..).unwrap_or_default()
    }

    /// Whether the line was the last of a head, and if so whether the head is ambiguous.
    fn end_line(&mut self) -> Option<bool> {
        let is_blank = self.line.is_blank();
        match self.stage {
            // Blank lines before a request line are skipped (RFC 9112, 2.2).
            Stage::BeforeHead if is_blank => {}
            Stage::Head if is_blank => return Some(self.end_head()),
            Stage::BeforeHead | Stage::Head => {
                self.stage = Stage::Head;
                self.head.read(&self.line);
            }
            Stage::ChunkSize => self.stage = self.chunk(),
            Stage::Trailers if is_blank => self.stage = Stage::BeforeHead,
            Stage::Trailers | Stage::Body(_) | Stage::Chunk(_) | Stage::Lost => {}
        }
        None
    }

    fn end_head(&mut self) -> bool {
        let head = std::mem::take(&mut self.head);
        self.stage = match (head.content_length, head.length) {
            _ if head.transfer_encoding => Stage::ChunkSize,
            (false, _) | (true, Some(0)) => Stage::BeforeHead,
            (true, Some(length)) => Stage::Body(length),
            (true, None) => Stage::Lost,
        };
        self.stage == Stage::Lost || (head.transfer_encoding && head.content_length)
    }

    fn chunk(&self) -> Stage {
        match self.line.chunk_size() {
            Some(0) => Stage::Trailers,
            Some(size) => Stage::Chunk(size.saturating_add(2)),
            None => Stage::Lost,
        }
    }

    /// Whether a head has begun and not ended.
    pub(super) fn is_open(&self) -> bool {
        self.stage == Stage::Head || (self.stage == Stage::BeforeHead && self.line.length > 0)
    }
}

impl Framed {
    fn read(&mut self, line: &Line) {
        if let Some(value) = line.known().strip_prefix(b"content-length:") {
            let value = std::str::from_utf8(value).ok();
            let length = value.and_then(|value| value.trim().parse().ok());
            self.content_length = true;
            self.length = length.filter(|_| line.is_whole());
        }
        self.transfer_encoding |= line.known().starts_with(b"transfer-encoding:");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether each head that ended was ambiguous, and whether another one has begun.
    fn fed<T: AsRef<[u8]>>(parts: &[T]) -> (Vec<bool>, bool) {
        let mut requests = Requests::default();
        let mut ended = Vec::new();
        for part in parts {
            requests.feed(part.as_ref(), |is_ambiguous| ended.push(is_ambiguous));
        }
        (ended, requests.is_open())
    }

    /// The same, with every division into two parts.
    #[track_caller]
    fn heads(bytes: &str) -> Vec<bool> {
        let whole = fed(&[bytes]);
        assert!(!whole.1, "{bytes}");
        for at in 0..bytes.len() {
            let (left, right) = bytes.as_bytes().split_at(at);
            assert_eq!(fed(&[left, right]), whole, "divided at {at}: {bytes}");
        }
        whole.0
    }

    const TWO_LENGTHS: &str =
        "POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

    #[test]
    fn a_head_ends_with_its_blank_line() {
        assert_eq!(fed::<&str>(&[]), (vec![], false));
        assert_eq!(fed(&["G"]), (vec![], true));
        assert_eq!(fed(&["GET / HTTP/1.1\r\nHost: a\r\n"]), (vec![], true));
        for whole in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\n\n",
            "\r\nGET /\r\n\r\n",
        ] {
            assert_eq!(heads(whole), [false]);
        }
        assert_eq!(fed(&["\r\n\r\n"]), (vec![], false));
    }

    #[test]
    fn two_lengths_are_seen_in_any_order_and_case() {
        assert_eq!(heads(TWO_LENGTHS), [true]);
        let other = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nHOST: a\r\nCONTENT-LENGTH: 1\r\n\r\n0\r\n\r\n";
        assert_eq!(heads(other), [true]);
        let padded = format!(
            "POST / HTTP/1.1\r\nContent-Length:{}1\r\n\r\n",
            " ".repeat(64)
        );
        assert_eq!(heads(&padded), [true]);
    }

    #[test]
    fn one_length_is_not_ambiguous_whatever_the_body_says() {
        let body = "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let length = body.len();
        let head = format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
        assert_eq!(heads(&format!("{head}{body}")), [false]);
        let chunk = format!("{length:X};a=b\r\n{body}\r\n0\r\nContent-Length: 1\r\n\r\n");
        let head = "POST / HTTP/1.1\r\nX-Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(heads(&format!("{head}{chunk}")), [false]);
    }

    #[test]
    fn every_head_is_seen_behind_bodies_of_any_framing() {
        for before in [
            "GET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 7\r\n\r\n{}\r\n\r\n\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n1\r\n\n\r\n0\r\n\r\n",
        ] {
            assert_eq!(heads(&format!("{before}{TWO_LENGTHS}")), [false, true]);
            assert_eq!(heads(&format!("{before}{before}")), [false, false]);
        }
    }

    /// A request with this line before its one chunk `{}`, and another request behind it.
    fn chunked(size: &str) -> String {
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        format!("{head}{size}\r\n{{}}\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    }

    #[test]
    fn after_a_chunk_without_a_size_nothing_is_believed() {
        for size in ["x", "", ";a", "2x"] {
            assert_eq!(heads(&chunked(size)), [false], "{size}");
        }
    }

    #[test]
    fn a_size_whose_end_is_not_looked_at_is_not_believed() {
        let zeros = |count| "0".repeat(count);
        for (size, expected) in [
            // With the line's end these are as many bytes as are looked at.
            (zeros(62) + "2", &[false, false][..]),
            (zeros(63) + "2", &[false]),
            (zeros(64) + "2", &[false]),
            (zeros(65) + "2", &[false]),
            (zeros(62) + "2;a", &[false, false]),
            (zeros(63) + "2;a", &[false]),
        ] {
            assert_eq!(heads(&chunked(&size)), expected, "{size}");
        }
    }

    #[test]
    fn an_extension_of_a_chunk_may_be_long_and_of_any_bytes() {
        let long = "ü".repeat(100);
        for size in ["2;ü", "2 ;a=b", "2\t", &format!("2;{long}")] {
            assert_eq!(heads(&chunked(size)), [false, false], "{size}");
        }
    }
}
