//! What the service sends for each kind of request, recorded at its first start.

use crate::Failure;
use crate::case::{ADDED, CREATED, Caller, Case, SEEDED, Subject};
use crate::database::Database;
use crate::load::Client;
use crate::plan::{Plan, Sent, messages};
use crate::program::Program;
use crate::record::{Recorder, Recording};
use crate::seed;
use crate::template::{About, customer_id};
use serde_json::Value;
use sqlx::Connection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// How far down the list the deep page is, if the list is that long.
const DEEP: u64 = 50_000;
/// Rows per page on the way there.
const STEP: u64 = 100;

/// More than the event sequence of any seeded customer.
const BEYOND: u64 = 1_000;

/// Where the recording takes place.
pub(crate) struct Place<'a> {
    pub(crate) database: &'a Database,
    pub(crate) tenant: Uuid,
    pub(crate) customers: u64,
}

impl Place<'_> {
    /// Sets the event sequence of the customer that the recorded request changes, so that the next
    /// event gets the request's own number, which the template replaces.
    async fn number_events(&self, case: Case, last: u64) -> Result<(), Failure> {
        if case.subject() != Subject::EachInTurn {
            return Ok(());
        }
        let mut inside = self.database.connect_inside(self.tenant).await?;
        sqlx::query("UPDATE customers SET event_seq = $1 WHERE id = $2::uuid")
            .bind(i64::try_from(last)?)
            .bind(customer_id(example(case).customer))
            .execute(&mut inside)
            .await?;
        Ok(inside.close().await?)
    }
}

/// What the service sent, and what is needed to send the requests again.
pub(crate) struct Recorded {
    pub(crate) plan: Plan,
    pub(crate) round_trips: BTreeMap<Case, usize>,
    pub(crate) caller: Caller,
}

impl Recorded {
    /// Records the cases, on a service whose connections go through the recorder.
    pub(crate) async fn all(
        cases: &[Case],
        service: &Program,
        proxy: &Recorder,
        caller: Caller,
        place: &Place<'_>,
    ) -> Result<Self, Failure> {
        let mut recorded = Self {
            plan: Plan::default(),
            round_trips: BTreeMap::new(),
            caller,
        };
        recorded.start_up(proxy.take())?;
        let mut client = Client::connect(service.address).await?;
        let customers = place.customers;
        recorded.find_places(&mut client, cases, customers).await?;
        for case in cases {
            let about = example(*case);
            place.number_events(*case, about.serial - 1).await?;
            // The request before the recorded one sends what a connection sends only once.
            for distance in [1, 0] {
                proxy.take();
                let about = About {
                    customer: about.customer - distance,
                    serial: about.serial - distance,
                };
                let request = case.request(about, &recorded.caller);
                recorded.expect(&mut client, *case, &request).await?;
            }
            let recording = proxy.take();
            recorded.round_trips.insert(*case, recording.round_trips);
            let messages = messages(&recording.sent, about, place.tenant);
            recorded.plan.cases.insert(*case, messages);
            place.number_events(*case, BEYOND).await?;
        }
        Ok(recorded)
    }

    /// Takes over what is set and prepared on connections that serve requests.
    fn start_up(&mut self, from_start: Recording) -> Result<(), Failure> {
        let is_serving = |set: &&Vec<(String, String)>| {
            set.contains(&("role".to_owned(), "customer_app".to_owned()))
        };
        let settings = from_start.settings.iter().find(is_serving);
        let settings = settings.ok_or("the service opened no serving connection")?;
        self.plan.settings.clone_from(settings);
        let prepare = from_start.sent.into_iter().filter_map(|sent| match sent {
            Sent::Simple(text) if text.starts_with("PREPARE ") => Some(text),
            Sent::Simple(_) | Sent::Prepared { .. } => None,
        });
        // The connections of jobs prepare less.
        let prepare = prepare.max_by_key(String::len);
        self.plan.prepare = Vec::from_iter(prepare);
        Ok(())
    }

    /// Finds the cursors as a client does: page by page.
    async fn find_places(
        &mut self,
        client: &mut Client,
        cases: &[Case],
        customers: u64,
    ) -> Result<(), Failure> {
        let first = Case::Page.request(About::only(SEEDED), &self.caller);
        self.expect(client, Case::Page, &first).await?;
        self.caller.cursor = next(client)?;
        if !cases.contains(&Case::Deep) {
            return Ok(());
        }
        self.caller.deep.clone_from(&self.caller.cursor);
        for _ in 0..DEEP.min(customers / 2) / STEP {
            let request = Case::Deep.request(About::only(SEEDED), &self.caller);
            let request = String::from_utf8(request)?;
            let larger = request.replace("page_size=20", &format!("page_size={STEP}"));
            self.expect(client, Case::Deep, larger.as_bytes()).await?;
            self.caller.deep = next(client)?;
        }
        Ok(())
    }

    async fn expect(&self, client: &mut Client, case: Case, request: &[u8]) -> Result<(), Failure> {
        let status = client.send(request).await?;
        if status == case.status() {
            return Ok(());
        }
        let body = String::from_utf8_lossy(client.body());
        Err(format!("{case:?} was answered {status}: {body}").into())
    }
}

/// Returns what the recorded request of a case is about.
fn example(case: Case) -> About {
    match case.subject() {
        Subject::Nobody => About::only(SEEDED + 1),
        Subject::Anybody => About::only(SEEDED + 17),
        Subject::Newcomer => About::only(CREATED - 1),
        // Each case has different numbers: no event of a customer has the number of another.
        Subject::EachInTurn => About {
            customer: SEEDED + seed::without_other_ids(),
            serial: if case == Case::Update {
                ADDED - 11
            } else {
                ADDED - 1
            },
        },
    }
}

/// Returns the cursor at the end of the page that was just read.
fn next(client: &Client) -> Result<String, Failure> {
    let page: Value = serde_json::from_slice(client.body())?;
    let cursor = page.pointer("/data/nextCursor").and_then(Value::as_str);
    Ok(cursor.ok_or("the list ended too early")?.to_owned())
}
