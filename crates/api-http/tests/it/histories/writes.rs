//! What is done to the customers of a history: every operation that writes.

use super::pair::{Pair, Request, TENANTS};
use super::words::{
    self, CHANGED_ADDRESS, CHANGED_CUSTOMER, CHANGED_GROUP, CHANGED_NOTE, GROUPS, NEW_ADDRESS,
    NEW_CUSTOMER, NEW_GROUP, NEW_NOTE, OWN, PREFERENCES, REASON, ROLE, TAG_WORDS, TAGS, WANTED,
};
use crate::support::{CUSTOMERS, Reply};
use customer_domain::CustomerId;
use customer_testkit::builders::Dice;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// A record that was created: its id, and the entity tag that was last seen of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    pub(super) id: String,
    etag: Option<String>,
}

/// A customer that was created, with its addresses and notes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Person {
    pub(super) record: Known,
    pub(super) addresses: Vec<Known>,
    pub(super) notes: Vec<Known>,
}

/// The record that a request is about.
#[derive(Debug, Clone, Copy)]
enum About {
    NewPerson,
    Person(usize),
    NewAddress(usize),
    Address(usize, usize),
    NewNote(usize),
    Note(usize, usize),
    Nobody,
}

/// Somebody who does one random operation after the other.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) dice: Dice,
    pub(super) people: Vec<Person>,
}

impl Writer {
    pub(super) fn new(seed: u32) -> Self {
        Self {
            dice: Dice(seed.into()),
            people: Vec::new(),
        }
    }

    /// Creates this many customers, and writes about five times as often.
    pub(super) async fn write(&mut self, pair: &mut Pair<'_>, customers: usize) {
        let mut steps = 0;
        while self.people.len() < customers || steps < customers * 5 {
            let (request, about) = self.next(pair.slug(), self.people.len() < customers);
            let request = self.guarded(request, about);
            let reply = pair.send(&request).await;
            self.learn(about, &reply);
            // One that was refused may still hold its key: its unit of work ends in the background.
            let is_kept = request.idempotency_key.is_some() && reply.status < 300;
            if is_kept && self.dice.chance(50) {
                pair.send(&self.repeated(request)).await;
            }
            steps += 1;
        }
    }

    fn next(&mut self, tenant: &str, may_create: bool) -> (Request, About) {
        let dice = &mut self.dice;
        if may_create && dice.chance(40) {
            let body = words::object(dice, NEW_CUSTOMER);
            return (
                Request::new(Method::POST, CUSTOMERS).body(body),
                About::NewPerson,
            );
        }
        if dice.chance(10) {
            return (shared(dice, tenant), About::Nobody);
        }
        let Some(at) = self.dice.index(self.people.len()) else {
            let body = json!({"email": "first@example.com"});
            return (
                Request::new(Method::POST, CUSTOMERS).body(body),
                About::NewPerson,
            );
        };
        match self.dice.below(10) {
            0..=4 => (self.on_person(at), About::Person(at)),
            5..=7 => self.on_address(at),
            8 => self.on_note(at),
            _ => (self.by_person(at), About::Person(at)),
        }
    }

    /// Returns the path of a customer, by its id or any legacy id.
    fn path(&mut self, at: usize) -> String {
        let id = &self.people[at].record.id;
        match self.dice.below(12) {
            0 => format!("{CUSTOMERS}/{}", words::legacy_id(&mut self.dice)),
            1 => format!("{CUSTOMERS}/cust_{id}"),
            _ => format!("{CUSTOMERS}/{id}"),
        }
    }

    fn on_person(&mut self, at: usize) -> Request {
        let path = self.path(at);
        let dice = &mut self.dice;
        let to = |method, last: &str| Request::new(method, format!("{path}{last}"));
        match dice.below(18) {
            0..=2 => to(Method::PUT, "").body(words::object(dice, CHANGED_CUSTOMER)),
            3..=6 => to(Method::PATCH, "").body(words::object(dice, CHANGED_CUSTOMER)),
            7..=8 => to(Method::DELETE, "").body(words::object(dice, REASON)),
            9 => to(Method::POST, "/suspend").body(words::object(dice, REASON)),
            10 => to(Method::POST, "/reactivate").body(words::object(dice, REASON)),
            11..=12 => to(Method::PUT, "/preferences").body(words::object(dice, PREFERENCES)),
            13 => to(Method::PUT, "/tags").body(words::object(dice, TAGS)),
            14 => to(Method::POST, "/tags").body(words::object(dice, TAGS)),
            15..=16 => to(Method::PATCH, "").body(words::object(dice, WANTED)),
            _ => {
                let tag = dice.pick(&TAG_WORDS);
                let tag = utf8_percent_encode(tag, NON_ALPHANUMERIC);
                to(Method::DELETE, &format!("/tags/{tag}"))
            }
        }
    }

    fn on_address(&mut self, at: usize) -> (Request, About) {
        let path = format!("{}/addresses", self.path(at));
        let known = self.dice.index(self.people[at].addresses.len());
        let is_new = self.dice.chance(40);
        let dice = &mut self.dice;
        let Some(number) = known.filter(|_| !is_new) else {
            let body = words::address(dice, NEW_ADDRESS, 97);
            return (
                Request::new(Method::POST, path).body(body),
                About::NewAddress(at),
            );
        };
        let path = format!("{path}/{}", self.people[at].addresses[number].id);
        let request = match dice.below(7) {
            0..=1 => {
                Request::new(Method::PUT, path).body(words::address(dice, CHANGED_ADDRESS, 30))
            }
            2..=3 => {
                Request::new(Method::PATCH, path).body(words::address(dice, CHANGED_ADDRESS, 30))
            }
            4 => Request::new(Method::DELETE, path),
            _ => {
                let path = format!("{path}/set-default");
                Request::new(Method::POST, path).body(words::object(dice, ROLE))
            }
        };
        (request, About::Address(at, number))
    }

    fn on_note(&mut self, at: usize) -> (Request, About) {
        let path = format!("{}/notes", self.path(at));
        let known = self.dice.index(self.people[at].notes.len());
        let is_new = self.dice.chance(40);
        let dice = &mut self.dice;
        let Some(number) = known.filter(|_| !is_new) else {
            let body = words::object(dice, NEW_NOTE);
            return (
                Request::new(Method::POST, path).body(body),
                About::NewNote(at),
            );
        };
        let path = format!("{path}/{}", self.people[at].notes[number].id);
        let request = match dice.below(4) {
            0 => Request::new(Method::PUT, path).body(words::object(dice, CHANGED_NOTE)),
            1..=2 => Request::new(Method::PATCH, path).body(words::object(dice, CHANGED_NOTE)),
            _ => Request::new(Method::DELETE, path),
        };
        (request, About::Note(at, number))
    }

    /// Returns what a customer does to its own record.
    fn by_person(&mut self, at: usize) -> Request {
        let id = self.people[at].record.id.clone();
        let path = format!("{CUSTOMERS}/{id}");
        let dice = &mut self.dice;
        let request = match dice.below(10) {
            0 => Request::new(Method::DELETE, path),
            1..=6 => Request::new(Method::PATCH, path).body(words::object(dice, OWN)),
            7..=8 => Request::new(Method::PUT, format!("{path}/preferences"))
                .body(words::object(dice, PREFERENCES)),
            _ => Request::new(Method::POST, format!("{path}/addresses")).body(words::address(
                dice,
                NEW_ADDRESS,
                97,
            )),
        };
        let id = CustomerId(id.parse().expect("an id"));
        Request {
            customer: Some((id, dice.pick(&[10, 1_000]))),
            ..request
        }
    }

    /// Adds a version that has to be the current one, or a key of idempotency.
    fn guarded(&mut self, mut request: Request, about: About) -> Request {
        let seen = self.known(about).and_then(|known| known.etag.clone());
        if self.dice.chance(20) {
            request.if_match = seen;
        } else if request.method == Method::POST && self.dice.chance(20) {
            let number = self.dice.below(1_000_000);
            request.idempotency_key = Some(format!("key-{number}"));
        }
        request
    }

    /// Returns a request that is sent again, or another one under its key.
    fn repeated(&mut self, mut request: Request) -> Request {
        if self.dice.chance(20) {
            request.body = Some(json!({"reason": "another"}));
        }
        request
    }

    fn known(&mut self, about: About) -> Option<&mut Known> {
        match about {
            About::Person(at) => Some(&mut self.people[at].record),
            About::Address(at, number) => Some(&mut self.people[at].addresses[number]),
            About::Note(at, number) => Some(&mut self.people[at].notes[number]),
            About::NewPerson | About::NewAddress(_) | About::NewNote(_) | About::Nobody => None,
        }
    }

    fn learn(&mut self, about: About, reply: &Reply) {
        if reply.status >= 300 {
            return;
        }
        let etag = reply.header("etag").map(str::to_owned);
        let made = |kind: &str| Known {
            id: text(&reply.data(kind)["id"]),
            etag: etag.clone(),
        };
        match about {
            About::NewPerson => self.people.push(Person {
                record: made("customer"),
                addresses: Vec::new(),
                notes: Vec::new(),
            }),
            About::NewAddress(at) if reply.status == 201 => {
                self.people[at].addresses.push(made("address"));
            }
            About::NewNote(at) => self.people[at].notes.push(made("note")),
            About::Person(_)
            | About::NewAddress(_)
            | About::Address(..)
            | About::Note(..)
            | About::Nobody => {
                if let (Some(known), Some(_)) = (self.known(about), &etag) {
                    known.etag = etag;
                }
            }
        }
    }
}

/// Returns a change of what the customers of a tenant share, or the end of whoever has what others
/// want.
fn shared(dice: &mut Dice, tenant: &str) -> Request {
    let groups = format!("{CUSTOMERS}/groups");
    let group = format!("{groups}/{}", dice.pick(&GROUPS));
    match dice.below(16) {
        0..=2 => Request::new(Method::POST, groups).body(words::object(dice, NEW_GROUP)),
        3..=4 => Request::new(Method::PUT, group).body(words::object(dice, CHANGED_GROUP)),
        5..=6 => Request::new(Method::DELETE, group),
        7..=14 => {
            let holder = words::wanted_id(dice);
            Request::new(Method::DELETE, format!("{CUSTOMERS}/{holder}"))
        }
        _ => {
            let settings = json!({
                "country": dice.pick(&["US", "DE", "JP"]),
                "currency": dice.pick(&["USD", "USD", "EUR"]),
                "maxAddresses": dice.pick(&[3, 10]),
            });
            Request::new(Method::PUT, format!("{TENANTS}/{tenant}"))
                .body(json!({"settings": settings}))
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}
