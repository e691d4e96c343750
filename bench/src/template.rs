//! Recorded bytes in which the numbers of another request can be filled in.
//!
//! Everything that distinguishes one customer of the benchmark from another, and one request from
//! the next, is derived from a number of twelve digits, so that a recorded statement can be used
//! for any of them, and so that pgbench, whose only values are numbers, can refer to them too.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The number of digits of a number, and of the last group of a UUID.
pub(crate) const NUMBER_DIGITS: usize = 12;

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct About {
    /// The number of the customer.
    pub(crate) customer: u64,
    /// The request's own number, from which the ids are derived that the service would create for
    /// it. The same as the customer's if there is at most one request about each customer.
    pub(crate) serial: u64,
}

impl About {
    /// The only request about a customer, or one that creates nothing.
    pub(crate) fn only(customer: u64) -> Self {
        Self {
            customer,
            serial: customer,
        }
    }
}

/// Returns the id of customer `n`: a UUID of version 7 whose last group is the number.
pub(crate) fn customer_id(n: u64) -> String {
    id(0, n)
}

/// Returns the e-mail address of customer `n`.
pub(crate) fn email(n: u64) -> String {
    format!("bench-{n}@example.com")
}

/// Returns the id of this kind for number `n`.
pub(crate) fn id(kind: u8, n: u64) -> String {
    format!("019000{kind:02x}-0000-7000-8000-{n}")
}

/// Returns [`id`] as a UUID, which every number of twelve digits yields.
fn id_bytes(kind: u8, n: u64) -> Uuid {
    Uuid::try_parse(&id(kind, n)).unwrap_or_default()
}

/// A piece of recorded bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Piece {
    /// The same for every request.
    Fixed(Vec<u8>),
    /// A number.
    Number(Whose),
    /// The digits of a number, each as two hexadecimal digits.
    HexOfNumber(Whose),
    /// The digits of the request's number, two in a byte.
    DigitPairs,
    /// The request's number as a `bigint`.
    SerialBytes,
    /// The customer's id as 16 bytes; as text it is a number after fixed digits.
    CustomerIdBytes,
    /// An id of this kind as text.
    Id(u8),
    /// An id of this kind as 16 bytes.
    IdBytes(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Whose {
    Customer,
    Serial,
}

impl Whose {
    fn number(self, about: About) -> String {
        match self {
            Self::Customer => about.customer.to_string(),
            Self::Serial => about.serial.to_string(),
        }
    }
}

/// Recorded bytes with places for other numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Template(Vec<Piece>);

impl Template {
    /// Creates a template of bytes that were recorded for a request; `made` are the ids that the
    /// service created for it.
    pub(crate) fn new(recorded: &[u8], about: About, made: &[Uuid]) -> Self {
        let mut places = Vec::new();
        for whose in [Whose::Serial, Whose::Customer] {
            let number = whose.number(about);
            let hexadecimal = hex::encode(&number).into_bytes();
            places.push((hexadecimal, Piece::HexOfNumber(whose)));
            places.push((number.into_bytes(), Piece::Number(whose)));
        }
        places.push((about.serial.to_be_bytes().to_vec(), Piece::SerialBytes));
        for (kind, id) in (0..).zip(made) {
            places.push((id.to_string().into_bytes(), Piece::Id(kind)));
            places.push((id.as_bytes().to_vec(), Piece::IdBytes(kind)));
        }
        let customer = id_bytes(0, about.customer);
        places.push((customer.as_bytes().to_vec(), Piece::CustomerIdBytes));
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

    /// Creates a template of a digest: its end becomes the request's number, so that no two
    /// requests have the same.
    pub(crate) fn digest(recorded: &[u8]) -> Self {
        let kept = recorded.len().saturating_sub(NUMBER_DIGITS / 2);
        Self(vec![
            Piece::Fixed(recorded[..kept].to_vec()),
            Piece::DigitPairs,
        ])
    }

    /// Creates a template of a sealed value, with the same bytes for every request: its content is
    /// not read, and the ids of keys in it must not be replaced.
    pub(crate) fn sealed(recorded: &[u8]) -> Self {
        Self(vec![Piece::Fixed(recorded.to_vec())])
    }

    /// Returns the bytes for another request.
    pub(crate) fn fill(&self, about: About) -> Vec<u8> {
        let mut filled = Vec::with_capacity(1024);
        for piece in &self.0 {
            match piece {
                Piece::Fixed(bytes) => filled.extend_from_slice(bytes),
                Piece::Number(whose) => filled.extend_from_slice(whose.number(about).as_bytes()),
                Piece::HexOfNumber(whose) => {
                    filled.extend_from_slice(hex::encode(whose.number(about)).as_bytes());
                }
                // The last group of an id is the number, two digits in a byte.
                Piece::DigitPairs => {
                    filled.extend_from_slice(&id_bytes(0, about.serial).as_bytes()[10..]);
                }
                Piece::SerialBytes => filled.extend_from_slice(&about.serial.to_be_bytes()),
                Piece::CustomerIdBytes => {
                    filled.extend_from_slice(id_bytes(0, about.customer).as_bytes());
                }
                Piece::Id(kind) => filled.extend_from_slice(id(*kind, about.serial).as_bytes()),
                Piece::IdBytes(kind) => {
                    filled.extend_from_slice(id_bytes(*kind, about.serial).as_bytes());
                }
            }
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: About = About {
        customer: 100_000_000_001,
        serial: 500_000_000_001,
    };
    const OTHER: About = About {
        customer: 100_000_000_777,
        serial: 500_000_000_778,
    };

    #[test]
    fn every_spelling_of_a_number_is_replaced() {
        let spellings = |about: About| {
            let text = email(about.customer);
            let serial = about.serial;
            let digits = hex::encode(&text);
            let id = customer_id(about.customer);
            let mut bytes = format!("{id} {text} {serial} '\\x{digits}' ").into_bytes();
            bytes.extend_from_slice(&serial.to_be_bytes());
            bytes
        };
        let template = Template::new(&spellings(RECORDED), RECORDED, &[]);
        assert_eq!(template.fill(OTHER), spellings(OTHER));
    }

    #[test]
    fn ids_that_were_made_for_the_request_are_replaced_in_text_and_in_binary() {
        let made = [Uuid::from_u128(7), Uuid::from_u128(8)];
        let text = Template::new(format!("<{}>", made[1]).as_bytes(), RECORDED, &made);
        let binary = Template::new(made[1].as_bytes(), RECORDED, &made);
        let id = Uuid::parse_str(&id(1, OTHER.serial)).unwrap();
        assert_eq!(text.fill(OTHER), format!("<{id}>").into_bytes());
        assert_eq!(binary.fill(OTHER), id.as_bytes());
    }

    #[test]
    fn the_customers_id_is_replaced_in_binary() {
        let id = |about: About| Uuid::parse_str(&customer_id(about.customer)).unwrap();
        let template = Template::new(id(RECORDED).as_bytes(), RECORDED, &[]);
        assert_eq!(template.fill(OTHER), id(OTHER).as_bytes());
    }

    #[test]
    fn every_request_has_a_digest_of_its_own() {
        let template = Template::digest(&[0xab; 32]);
        let (one, other) = (template.fill(RECORDED), template.fill(OTHER));
        assert_eq!((one.len(), other.len()), (32, 32));
        assert_ne!(one, other);
    }

    #[test]
    fn an_id_is_a_uuid_of_version_7() {
        let id = Uuid::parse_str(&customer_id(RECORDED.customer)).unwrap();
        assert_eq!(id.get_version_num(), 7);
    }
}
