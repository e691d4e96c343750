//! The requests that are measured.

use crate::template::{NUMBER_DIGITS, customer_id, email};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of the first seeded customer; the others follow.
pub(crate) const SEEDED: u64 = 100_000_000_000;
/// The number of the first customer that is created over HTTP.
pub(crate) const CREATED: u64 = 200_000_000_000;
/// The number of the first customer that pgbench creates.
pub(crate) const CREATED_BY_PGBENCH: u64 = 300_000_000_000;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Case {
    /// A customer by its id.
    Get,
    /// A customer by its e-mail address.
    Email,
    /// The first 20 customers, with their count.
    Page,
    /// The 20 customers after them, by cursor.
    Next,
    /// A new guest customer with its event and its audit entry.
    Create,
}

impl Case {
    /// Its name in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get by id",
            Self::Email => "get by e-mail",
            Self::Page => "list, first page",
            Self::Next => "list, by cursor",
            Self::Create => "create",
        }
    }

    /// What a good answer's status is.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Create => 201,
            Self::Get | Self::Email | Self::Page | Self::Next => 200,
        }
    }

    /// The list of requests of a service in this state.
    pub(crate) fn request(self, n: u64, caller: &Caller) -> Vec<u8> {
        let (target, body) = match self {
            Self::Get => (
                format!("GET /api/v1/customers/{}", customer_id(n)),
                String::new(),
            ),
            Self::Email => (
                "POST /api/v1/customers/lookup".to_owned(),
                format!(r#"{{"email":"{}"}}"#, email(n)),
            ),
            Self::Page => (
                "GET /api/v1/customers?page_size=20".to_owned(),
                String::new(),
            ),
            Self::Next => (
                format!(
                    "GET /api/v1/customers?page_size=20&cursor={}",
                    caller.cursor
                ),
                String::new(),
            ),
            Self::Create => ("POST /api/v1/customers".to_owned(), new_customer(n)),
        };
        let content = if body.is_empty() {
            String::new()
        } else {
            format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            )
        };
        let key = &caller.key;
        format!("{target} HTTP/1.1\r\nHost: bench\r\nX-API-Key: {key}\r\n{content}\r\n{body}")
            .into()
    }
}

/// What every request carries, and what the next page begins with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// The operator's key.
    pub(crate) key: String,
    /// The end of the first page; empty until it was read.
    pub(crate) cursor: String,
}

/// A person as a shop's form would send it.
fn new_customer(n: u64) -> String {
    let email = email(n);
    format!(
        r#"{{"email":"{email}","profile":{{"firstName":"Zoë","lastName":"García Márquez","phone":"+1-555-0125","dateOfBirth":"1985-06-15","gender":"female"}},"preferences":{{"language":"en","currency":"USD","timezone":"America/New_York","marketing":{{"emailOptIn":true}}}},"tags":["b2b","newsletter-2025"],"registrationSource":"WEBSITE"}}"#
    )
}

/// The number of the customer that a path or body names: its last run of so many digits.
pub(crate) fn number_in(bytes: &[u8]) -> Option<u64> {
    let digits = |window: &&[u8]| window.iter().all(u8::is_ascii_digit);
    let found = bytes.windows(NUMBER_DIGITS).rev().find(digits)?;
    std::str::from_utf8(found).ok()?.parse().ok()
}

/// Which customers the requests of a measurement are about.
#[derive(Debug)]
pub(crate) struct Numbers {
    customers: u64,
    created: AtomicU64,
}

impl Numbers {
    pub(crate) fn new(customers: u64) -> Self {
        Self {
            customers,
            created: AtomicU64::new(CREATED),
        }
    }

    /// The next customer of a client: a new one to create, a random one to read.
    pub(crate) fn next(&self, case: Case, dice: &mut Dice) -> u64 {
        match case {
            Case::Create => self.created.fetch_add(1, Ordering::Relaxed),
            Case::Get | Case::Email | Case::Page | Case::Next => {
                SEEDED + dice.next() % self.customers
            }
        }
    }
}

/// `SplitMix64`: the same numbers for the same seed.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_about_one_customer_names_its_number() {
        let caller = Caller::default();
        for case in [Case::Get, Case::Email, Case::Create] {
            let request = case.request(SEEDED + 42, &caller);
            let head = request.iter().rposition(|byte| *byte == b'\n').unwrap();
            let (head, body) = request.split_at(head);
            assert_eq!(
                number_in(body).or(number_in(head)),
                Some(SEEDED + 42),
                "{case:?}"
            );
        }
    }

    #[test]
    fn what_is_created_is_new_and_what_is_read_is_there() {
        let numbers = Numbers::new(100);
        let mut dice = Dice(1);
        assert_ne!(
            numbers.next(Case::Create, &mut dice),
            numbers.next(Case::Create, &mut dice)
        );
        assert!(
            (0..1000)
                .all(|_| { (SEEDED..SEEDED + 100).contains(&numbers.next(Case::Get, &mut dice)) })
        );
    }
}
