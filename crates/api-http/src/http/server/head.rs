//! Watching request heads go by.

/// `transfer-encoding:` is the longest name looked for.
const LONGEST_NAME: usize = 18;

/// Follows the bytes of one request head, line by line, to see where it ends and how the body is framed. It does not
/// judge: hyper parses.
#[derive(Debug, Default)]
pub(super) struct Head {
    line: [u8; LONGEST_NAME],
    line_length: usize,
    last: u8,
    stage: Stage,
    content_length: bool,
    transfer_encoding: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    BeforeFirstLine,
    Lines,
    Complete,
}

impl Head {
    /// Follows more bytes. What comes after the end of the head is not looked at.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.is_complete() {
                return;
            }
            match byte {
                b'\n' => self.end_line(),
                byte => {
                    if let Some(slot) = self.line.get_mut(self.line_length) {
                        *slot = byte.to_ascii_lowercase();
                    }
                    self.line_length += 1;
                    self.last = *byte;
                }
            }
        }
    }

    fn end_line(&mut self) {
        let ends_with_return = self.line_length > 0 && self.last == b'\r';
        if self.line_length == usize::from(ends_with_return) {
            // Blank lines before a request line are skipped (RFC 9112, 2.2).
            if self.stage == Stage::Lines {
                self.stage = Stage::Complete;
            }
        } else {
            self.content_length |= self.line.starts_with(b"content-length:");
            self.transfer_encoding |= self.line.starts_with(b"transfer-encoding:");
            self.stage = Stage::Lines;
        }
        self.line = [0; LONGEST_NAME];
        self.line_length = 0;
    }

    /// Whether a head has begun and not ended.
    pub(super) fn is_open(&self) -> bool {
        self.stage == Stage::Lines || self.line_length > 0
    }

    /// Whether the blank line was seen.
    pub(super) fn is_complete(&self) -> bool {
        self.stage == Stage::Complete
    }

    /// Whether the body's length is given in two ways.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.is_complete() && self.content_length && self.transfer_encoding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(parts: &[&str]) -> Head {
        let mut head = Head::default();
        for part in parts {
            head.feed(part.as_bytes());
        }
        head
    }

    #[test]
    fn a_head_ends_with_its_blank_line() {
        assert!(!fed(&[]).is_open());
        assert!(fed(&["G"]).is_open());
        assert!(fed(&["GET / HTTP/1.1\r\nHost: a\r\n"]).is_open());
        for whole in [
            &["GET / HTTP/1.1\r\nHost: a\r\n\r\n"][..],
            &["GET / HTTP/1.1\n\n"],
            &["\r\nGET /\r", "\n\r", "\n"],
        ] {
            let head = fed(whole);
            assert!(head.is_complete() && !head.is_open(), "{whole:?}");
        }
        assert!(!fed(&["\r\n\r\n"]).is_complete());
    }

    #[test]
    fn two_lengths_are_seen_in_any_order_case_and_division() {
        for head in [
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nHOST: a\r\nCONTENT-LENGTH: 1\r\n\r\n",
        ] {
            assert!(fed(&[head]).is_ambiguous());
            let (left, right) = head.split_at(30);
            assert!(fed(&[left, right]).is_ambiguous());
        }
    }

    #[test]
    fn one_length_is_not_ambiguous_whatever_the_body_says() {
        let body = "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert!(!fed(&["POST / HTTP/1.1\r\nContent-Length: 49\r\n\r\n", body]).is_ambiguous());
        assert!(
            !fed(&["POST / HTTP/1.1\r\nX-Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"])
                .is_ambiguous()
        );
    }
}
