//! The requests that are measured.

use crate::seed::{COMMON_FIRST_NAME, RARE_LAST_NAME};
use crate::template::{About, NUMBER_DIGITS, customer_id, email};
use clap::ValueEnum;
use customer_testkit::builders::Dice;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of the first seeded customer; the others follow.
pub(crate) const SEEDED: u64 = 100_000_000_000;
/// The number of the first customer that is created over HTTP.
pub(crate) const CREATED: u64 = 200_000_000_000;
/// The number of the first customer that pgbench creates.
pub(crate) const CREATED_BY_PGBENCH: u64 = 300_000_000_000;
/// The number of the first address that is added over HTTP.
pub(crate) const ADDED: u64 = 500_000_000_000;
/// The number of the first address that pgbench adds.
pub(crate) const ADDED_BY_PGBENCH: u64 = 600_000_000_000;
/// Addresses are added to customers this far apart; a prime, so that every customer gets one in
/// turn.
pub(crate) const STRIDE: u64 = 7_919;

/// The header that names a request's case to the bare program.
pub(crate) const CASE_HEADER: &str = "x-bench-case";

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Case {
    /// A customer by its id
    Get,
    /// A customer by its id, with its two addresses
    GetAddresses,
    /// A customer by its e-mail address
    Email,
    /// The first 20 customers, with their count
    Page,
    /// The first 20 customers, with their count, by a filter that no other request has
    PageFilter,
    /// The first 20 customers, with their count, while one customer is changed every 100 ms
    PageWrites,
    /// The 20 customers after them, by cursor
    Next,
    /// The customers 7,981 to 8,000 by page number, with their count
    #[value(name = "page-400")]
    Page400,
    /// 20 customers beyond row 50,000, by cursor
    Deep,
    /// The first 20 of the 50 with a rare name, with their count
    Search,
    /// The 10 with a frequent and a rare name, with their count
    SearchTwo,
    /// The first 20 with a frequent tag, with their count
    Tag,
    /// The first 20 of a large group, with their count
    Group,
    /// The first 20 of a frequent status, with their count
    Status,
    /// A new guest customer with its event and its audit entry
    Create,
    /// A new name of a customer, with its event and its audit entry
    Update,
    /// A new address of a customer, with its event and its audit entry
    AddAddress,
}

/// Which customers the requests of a case are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// No single customer: a list.
    Nobody,
    /// Any seeded customer, chosen at random.
    Anybody,
    /// A new customer.
    Newcomer,
    /// All seeded customers in turn.
    EachInTurn,
}

impl Case {
    /// Returns the name in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get by id",
            Self::GetAddresses => "get with 2 addresses",
            Self::Email => "get by e-mail",
            Self::Page => "list, first page",
            Self::PageFilter => "list, first page, another filter each time",
            Self::PageWrites => "list, first page, with writes",
            Self::Next => "list, by cursor",
            Self::Page400 => "list, page 400",
            Self::Deep => "list, by cursor beyond 50,000",
            Self::Search => "search, a rare word",
            Self::SearchTwo => "search, a frequent and a rare word",
            Self::Tag => "list, of a tag",
            Self::Group => "list, of a group",
            Self::Status => "list, of a status",
            Self::Create => "create",
            Self::Update => "update",
            Self::AddAddress => "add address",
        }
    }

    /// Returns whether a customer is changed now and then meanwhile.
    pub(crate) fn has_writes(self) -> bool {
        self == Self::PageWrites
    }

    /// Returns the status of a correct answer.
    pub(crate) fn status(self) -> u16 {
        let is_new = matches!(self, Self::Create | Self::AddAddress);
        if is_new { 201 } else { 200 }
    }

    /// Returns which customers the requests are about.
    pub(crate) fn subject(self) -> Subject {
        match self {
            Self::Get | Self::GetAddresses | Self::Email => Subject::Anybody,
            Self::Create => Subject::Newcomer,
            Self::Update | Self::AddAddress => Subject::EachInTurn,
            Self::Page
            | Self::PageFilter
            | Self::PageWrites
            | Self::Next
            | Self::Page400
            | Self::Deep
            | Self::Search
            | Self::SearchTwo
            | Self::Tag
            | Self::Group
            | Self::Status => Subject::Nobody,
        }
    }

    /// Returns the requests per second that are fast enough, whatever the bare program reaches;
    /// `None` if there is no such rate.
    pub(crate) fn enough(self) -> Option<f64> {
        match self {
            Self::Page | Self::Next | Self::Page400 | Self::Deep => Some(4_000.0),
            Self::AddAddress => Some(3_000.0),
            Self::Get
            | Self::GetAddresses
            | Self::Email
            | Self::PageFilter
            | Self::PageWrites
            | Self::Search
            | Self::SearchTwo
            | Self::Tag
            | Self::Group
            | Self::Status
            | Self::Create
            | Self::Update => None,
        }
    }

    /// Returns the index among the cases, by which the bare program knows it.
    fn number(self) -> usize {
        let cases = Self::value_variants().iter();
        cases.take_while(|case| **case != self).count()
    }

    /// Returns a request of this case as bytes.
    pub(crate) fn request(self, about: About, caller: &Caller) -> Vec<u8> {
        let (target, body) = self.target_and_body(about, caller);
        let content = if body.is_empty() {
            String::new()
        } else {
            format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            )
        };
        let (key, number) = (&caller.key, self.number());
        format!(
            "{target} HTTP/1.1\r\nHost: bench\r\n{CASE_HEADER}: {number}\r\nX-API-Key: {key}\r\n{content}\r\n{body}"
        )
        .into()
    }

    fn target_and_body(self, about: About, caller: &Caller) -> (String, String) {
        let n = about.customer;
        let list = |query: &str| {
            let target = format!("GET /api/v1/customers?page_size=20{query}");
            (target, String::new())
        };
        match self {
            Self::Get => (
                format!("GET /api/v1/customers/{}", customer_id(n)),
                String::new(),
            ),
            Self::GetAddresses => (
                format!("GET /api/v1/customers/{}?expand=addresses", customer_id(n)),
                String::new(),
            ),
            Self::Email => (
                "POST /api/v1/customers/lookup".to_owned(),
                format!(r#"{{"email":"{}"}}"#, email(n)),
            ),
            Self::Page | Self::PageWrites => list(""),
            Self::PageFilter => {
                let micros = about.serial % 1_000_000;
                list(&format!("&created_after=2000-01-01T00:00:00.{micros:06}Z"))
            }
            Self::Next => list(&format!("&cursor={}", caller.cursor)),
            Self::Page400 => list("&page=400"),
            Self::Deep => list(&format!("&cursor={}", caller.deep)),
            Self::Search => list(&format!("&search={RARE_LAST_NAME}")),
            Self::SearchTwo => list(&format!("&search={COMMON_FIRST_NAME}+{RARE_LAST_NAME}")),
            Self::Tag => list("&tag=b2b"),
            Self::Group => list("&group=retail"),
            Self::Status => list("&status=active"),
            Self::Create => ("POST /api/v1/customers".to_owned(), new_customer(n)),
            Self::Update => (
                format!("PATCH /api/v1/customers/{}", customer_id(n)),
                format!(r#"{{"firstName":"Zoë {}"}}"#, about.serial),
            ),
            Self::AddAddress => (
                format!("POST /api/v1/customers/{}/addresses", customer_id(n)),
                new_address(about.serial),
            ),
        }
    }
}

/// What every request carries, and where lists begin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// The operator's key.
    pub(crate) key: String,
    /// The cursor at the end of the first page; empty until it is read.
    pub(crate) cursor: String,
    /// A cursor deep in the list; empty until it is found.
    pub(crate) deep: String,
}

/// Returns a new customer as a shop's form would send it.
fn new_customer(n: u64) -> String {
    let email = email(n);
    format!(
        r#"{{"email":"{email}","profile":{{"firstName":"Zoë","lastName":"García Márquez","phone":"+1-555-0125","dateOfBirth":"1985-06-15","gender":"female"}},"preferences":{{"language":"en","currency":"USD","timezone":"America/New_York","marketing":{{"emailOptIn":true}}}},"tags":["b2b","newsletter-2025"],"registrationSource":"WEBSITE"}}"#
    )
}

/// Returns the number that a path or body contains: its last run of that many digits.
pub(crate) fn number_in(bytes: &[u8]) -> Option<u64> {
    let digits = |window: &&[u8]| window.iter().all(u8::is_ascii_digit);
    let found = bytes.windows(NUMBER_DIGITS).rev().find(digits)?;
    std::str::from_utf8(found).ok()?.parse().ok()
}

/// Returns a new address as a shop's form would send it; no two are equal.
fn new_address(serial: u64) -> String {
    format!(
        r#"{{"type":"shipping","firstName":"Zoë","lastName":"García Márquez","street":"{serial} Market Street","city":"San Francisco","state":"CA","zipCode":"94105","country":"US","phone":"+1-555-0125"}}"#
    )
}

/// Chooses the customers that the requests of a measurement are about.
#[derive(Debug)]
pub(crate) struct Numbers {
    customers: u64,
    created: AtomicU64,
    added: AtomicU64,
    listed: AtomicU64,
}

impl Numbers {
    pub(crate) fn new(customers: u64) -> Self {
        Self {
            customers,
            created: AtomicU64::new(0),
            added: AtomicU64::new(0),
            listed: AtomicU64::new(0),
        }
    }

    /// Returns what the next request of a client is about.
    pub(crate) fn next(&self, case: Case, dice: &mut Dice) -> About {
        match case.subject() {
            Subject::Nobody => About {
                customer: SEEDED,
                serial: self.listed.fetch_add(1, Ordering::Relaxed),
            },
            Subject::Anybody => About::only(SEEDED + dice.roll() % self.customers),
            Subject::Newcomer => {
                About::only(CREATED + self.created.fetch_add(1, Ordering::Relaxed))
            }
            Subject::EachInTurn => {
                let turn = self.added.fetch_add(1, Ordering::Relaxed);
                About {
                    customer: SEEDED + turn * STRIDE % self.customers,
                    serial: ADDED + turn,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_request_about_one_customer_names_its_number() {
        let caller = Caller::default();
        for case in [Case::Get, Case::GetAddresses, Case::Email, Case::Create] {
            let request = case.request(About::only(SEEDED + 42), &caller);
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
    fn no_two_requests_have_the_same_filter() {
        let (numbers, mut dice) = (Numbers::new(100), Dice(1));
        let requests: HashSet<_> = (0..1_000)
            .map(|_| {
                let about = numbers.next(Case::PageFilter, &mut dice);
                Case::PageFilter.request(about, &Caller::default())
            })
            .collect();
        assert_eq!(requests.len(), 1_000);
    }

    #[test]
    fn a_request_says_which_case_it_is_of() {
        for case in Case::value_variants() {
            let request = case.request(About::only(SEEDED), &Caller::default());
            let request = String::from_utf8(request).unwrap();
            let header = request
                .lines()
                .find_map(|line| line.strip_prefix(CASE_HEADER));
            let number: usize = header.unwrap().trim_start_matches(": ").parse().unwrap();
            assert_eq!(Case::value_variants()[number], *case);
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
        assert!((0..1000).all(|_| {
            let about = numbers.next(Case::Get, &mut dice);
            (SEEDED..SEEDED + 100).contains(&about.customer)
        }));
    }

    #[test]
    fn every_customer_gets_an_address_before_anyone_gets_a_second() {
        let numbers = Numbers::new(1_000);
        let mut dice = Dice(1);
        let mut next = || numbers.next(Case::AddAddress, &mut dice);
        let turns: Vec<_> = (0..1_000).map(|_| next()).collect();
        let customers: HashSet<_> = turns.iter().map(|about| about.customer).collect();
        let serials: HashSet<_> = turns.iter().map(|about| about.serial).collect();
        assert_eq!((customers.len(), serials.len()), (1_000, 1_000));
        assert!(customers.contains(&next().customer));
    }
}
