//! Recorded bytes with places for the number of another customer.
//!
//! Everything that tells one customer of the benchmark from another is made of a number of
//! twelve digits, so that a recorded statement serves for any of them, and so that pgbench, whose
//! only values are numbers, can name them too.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The length of a number, and of the last group of a UUID.
pub(crate) const NUMBER_DIGITS: usize = 12;

/// The id of customer `n`: a UUID of version 7 whose last group is the number.
pub(crate) fn customer_id(n: u64) -> String {
    id(0, n)
}

/// The e-mail address of customer `n`.
pub(crate) fn email(n: u64) -> String {
    format!("bench-{n}@example.com")
}

/// An id that belongs to customer `n`: its own, or one of several kinds beside it.
fn id(kind: u8, n: u64) -> String {
    format!("019000{kind:02x}-0000-7000-8000-{n}")
}

/// A piece of recorded bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Piece {
    /// The same for every customer.
    Fixed(Vec<u8>),
    /// The number.
    Number,
    /// The number's digits, each as two hexadecimal digits.
    HexOfNumber,
    /// An id of this kind as text.
    Id(u8),
    /// An id of this kind as 16 bytes.
    IdBytes(u8),
}

/// Recorded bytes with places for another number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Template(Vec<Piece>);

impl Template {
    /// These bytes, recorded for customer `n`; `made` are the ids that were made for it.
    pub(crate) fn new(recorded: &[u8], n: u64, made: &[Uuid]) -> Self {
        let number = n.to_string();
        let mut places = vec![
            (hex::encode(&number).into_bytes(), Piece::HexOfNumber),
            (number.into_bytes(), Piece::Number),
        ];
        for (kind, id) in (0..).zip(made) {
            places.push((id.to_string().into_bytes(), Piece::Id(kind)));
            places.push((id.as_bytes().to_vec(), Piece::IdBytes(kind)));
        }
        let mut pieces = Vec::new();
        let mut fixed = Vec::new();
        let mut rest = recorded;
        while let Some((first, behind)) = rest.split_first() {
            let found = places.iter().find(|(text, _)| rest.starts_with(text));
            if let Some((text, piece)) = found {
                pieces.push(Piece::Fixed(std::mem::take(&mut fixed)));
                pieces.push(piece.clone());
                rest = &rest[text.len()..];
            } else {
                fixed.push(*first);
                rest = behind;
            }
        }
        pieces.push(Piece::Fixed(fixed));
        pieces.retain(|piece| *piece != Piece::Fixed(Vec::new()));
        Self(pieces)
    }

    /// The bytes for customer `n`.
    pub(crate) fn fill(&self, n: u64) -> Vec<u8> {
        let number = n.to_string();
        let mut filled = Vec::with_capacity(1024);
        for piece in &self.0 {
            match piece {
                Piece::Fixed(bytes) => filled.extend_from_slice(bytes),
                Piece::Number => filled.extend_from_slice(number.as_bytes()),
                Piece::HexOfNumber => filled.extend_from_slice(hex::encode(&number).as_bytes()),
                Piece::Id(kind) => filled.extend_from_slice(id(*kind, n).as_bytes()),
                Piece::IdBytes(kind) => {
                    // A number of twelve digits always makes a UUID.
                    let id = Uuid::try_parse(&id(*kind, n)).unwrap_or_default();
                    filled.extend_from_slice(id.as_bytes());
                }
            }
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: u64 = 200_000_000_001;
    const OTHER: u64 = 200_000_000_777;

    #[test]
    fn every_spelling_of_the_number_is_replaced() {
        let spellings = |n: u64| {
            let text = email(n);
            format!("{} {text} '\\x{}' end", customer_id(n), hex::encode(&text))
        };
        let template = Template::new(spellings(RECORDED).as_bytes(), RECORDED, &[]);
        assert_eq!(template.fill(OTHER), spellings(OTHER).into_bytes());
    }

    #[test]
    fn ids_that_were_made_for_the_request_are_replaced_in_text_and_in_binary() {
        let made = [Uuid::from_u128(7), Uuid::from_u128(8)];
        let text = Template::new(format!("<{}>", made[1]).as_bytes(), RECORDED, &made);
        let binary = Template::new(made[1].as_bytes(), RECORDED, &made);
        let id = Uuid::parse_str(&id(1, OTHER)).unwrap();
        assert_eq!(text.fill(OTHER), format!("<{id}>").into_bytes());
        assert_eq!(binary.fill(OTHER), id.as_bytes());
    }

    #[test]
    fn an_id_is_a_uuid_of_version_7() {
        assert_eq!(
            Uuid::parse_str(&customer_id(RECORDED))
                .unwrap()
                .get_version_num(),
            7
        );
    }
}
