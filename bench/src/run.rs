//! The benchmark from start to end.

use crate::case::{CREATED, Caller, Case, Numbers, SEEDED};
use crate::database::{Database, Server};
use crate::load::{Client, Load};
use crate::pgbench::Pgbench;
use crate::plan::{Plan, messages};
use crate::program::{Program, build_service};
use crate::record::Recorder;
use crate::report::{Frame, Measurement, Report, Speed, load_average};
use crate::{Failure, Options, seed};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Before a measurement counts.
const WARM_UP: Duration = Duration::from_secs(1);

/// Measures, and prints the report. A program that is slow is no failure; one that answers
/// wrongly is.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let service = match &options.service {
        Some(file) => fs::canonicalize(file)?,
        None => build_service()?,
    };
    let given = options
        .database_url
        .clone()
        .or_else(|| crate::variable("DATABASE_URL"));
    let server = Server::start(given, options.postgres_bin_dir.clone())?;
    // One thread for all clients: the cores are for what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let bench = Bench {
        options,
        server: &server,
        service,
    };
    let outcome = runtime.block_on(bench.run());
    drop(runtime);
    server.stop()?;
    let report = outcome?;
    if let Some(file) = &options.json {
        fs::write(file, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(write!(io::stdout(), "{report}")?)
}

struct Bench<'a> {
    options: &'a Options,
    server: &'a Server,
    service: PathBuf,
}

/// What the service sent for each kind of request, and what it takes to ask for it.
struct Recorded {
    plan: Plan,
    round_trips: BTreeMap<Case, usize>,
    caller: Caller,
}

impl Bench<'_> {
    async fn run(&self) -> Result<Report, Failure> {
        let load_before = load_average();
        let database = self.server.database().await?;
        let postgres = database.describe().await?;
        let recorded = self.seed_and_record(&database).await?;
        let Options {
            customers,
            seconds,
            repeat,
            ..
        } = *self.options;
        let folder = self.server.folder();
        let mut pgbench = Pgbench::new(&recorded.plan, &database, customers, folder).await?;
        let (service, _) = self.start_service(&database.url(), false).await?;
        let bare = Program::bare(&recorded.plan).await?;
        self.server.checkpoint().await?;
        let idle = service.memory();
        let mut measured = Vec::new();
        let numbers = Numbers::new(customers);
        for repetition in 0..repeat {
            for clients in &self.options.connections {
                for case in &self.options.cases {
                    let load = Load {
                        case: *case,
                        caller: &recorded.caller,
                        numbers: &numbers,
                        clients: *clients,
                        time: Duration::from_secs(seconds),
                    };
                    let programs = [&service, &bare];
                    measured.push(measure(load, programs, repetition, pgbench.as_mut()).await?);
                }
            }
        }
        let frame = Frame {
            postgres,
            customers,
            seconds,
            repetitions: repeat,
            load_before,
            memory: idle.zip(service.memory()),
        };
        service.stop().await?;
        bare.stop().await?;
        let trips = |case| recorded.round_trips.get(&case).copied().unwrap_or_default();
        Ok(Report::new(frame, &measured, trips))
    }

    /// The service's first start, behind a recorder.
    async fn seed_and_record(&self, database: &Database) -> Result<Recorded, Failure> {
        let proxy = Recorder::before(database.server()).await?;
        let url = database.url_through(proxy.address.port());
        let (service, key) = self.start_service(&url, true).await?;
        let tenant = seed::tenant(database).await?;
        let start = Instant::now();
        seed::customers(database, &tenant, self.options.customers).await?;
        let (customers, took) = (self.options.customers, start.elapsed().as_secs_f64());
        crate::say(&format!("{customers} customers seeded in {took:.1} s"));
        let mut recorded = Recorded {
            plan: Plan {
                url: database.url(),
                connections: usize::try_from(self.options.database_connections)?,
                ..Plan::default()
            },
            round_trips: BTreeMap::new(),
            caller: Caller {
                key: key.ok_or("the service told no operator's key")?,
                cursor: String::new(),
            },
        };
        recorded.all(&service, &proxy, tenant.0).await?;
        service.stop().await?;
        Ok(recorded)
    }

    async fn start_service(
        &self,
        url: &str,
        is_first: bool,
    ) -> Result<(Program, Option<String>), Failure> {
        let folder: &Path = self.server.folder();
        let connections = self.options.database_connections;
        Program::service(&self.service, folder, url, connections, is_first).await
    }
}

impl Recorded {
    /// Records every case. What a connection sends only once is sent by a request before.
    async fn all(
        &mut self,
        service: &Program,
        proxy: &Recorder,
        tenant: Uuid,
    ) -> Result<(), Failure> {
        let mut client = Client::connect(service.address).await?;
        let from_start = proxy.take();
        let is_serving = |set: &&Vec<(String, String)>| {
            set.contains(&("role".to_owned(), "customer_app".to_owned()))
        };
        let settings = from_start.settings.iter().find(is_serving);
        let settings = settings.ok_or("the service opened no serving connection")?;
        self.plan.settings.clone_from(settings);
        for sent in from_start.sent {
            if let crate::plan::Sent::Simple(text) = sent
                && text.starts_with("PREPARE ")
                && !self.plan.prepare.contains(&text)
            {
                self.plan.prepare.push(text);
            }
        }
        for (case, n) in [
            (Case::Get, SEEDED + 17),
            (Case::Email, SEEDED + 17),
            (Case::Page, SEEDED),
            (Case::Next, SEEDED),
            (Case::Create, CREATED - 1),
        ] {
            for n in [n - 1, n] {
                proxy.take();
                let status = client.send(&case.request(n, &self.caller)).await?;
                if status != case.status() {
                    let body = String::from_utf8_lossy(client.body());
                    return Err(format!("{case:?} was answered {status}: {body}").into());
                }
            }
            let recording = proxy.take();
            self.round_trips.insert(case, recording.round_trips);
            self.plan
                .cases
                .insert(case, messages(&recording.sent, n, tenant));
            if case == Case::Page {
                let page: Value = serde_json::from_slice(client.body())?;
                let cursor = page.pointer("/data/nextCursor").and_then(Value::as_str);
                let cursor = cursor.ok_or("the first page is the only one")?;
                cursor.clone_into(&mut self.caller.cursor);
            }
        }
        Ok(())
    }
}

/// Measures a case on both programs, in turns that begin with either, and then on pgbench.
async fn measure(
    load: Load<'_>,
    [service, bare]: [&Program; 2],
    repetition: u32,
    pgbench: Option<&mut Pgbench>,
) -> Result<Measurement, Failure> {
    let (service, bare) = if repetition.is_multiple_of(2) {
        let service = speed(load, service).await?;
        (service, speed(load, bare).await?)
    } else {
        let bare = speed(load, bare).await?;
        (speed(load, service).await?, bare)
    };
    let pgbench = match pgbench {
        Some(pgbench) => Some(pgbench.run(load.case, load.clients, load.time).await?),
        None => None,
    };
    let (case, clients) = (load.case.name(), load.clients);
    let (rate, ratio) = (service.rate, service.rate / bare.rate);
    crate::say(&format!(
        "{case}, {clients} clients: {rate:.0} req/s, {ratio:.2} of bare"
    ));
    Ok(Measurement {
        case: load.case,
        clients,
        service,
        bare,
        pgbench,
    })
}

async fn speed(load: Load<'_>, program: &Program) -> Result<Speed, Failure> {
    let warm_up = Load {
        time: WARM_UP,
        ..load
    };
    warm_up.run(program.address).await?;
    let before = program.processor_time();
    let answered = load.run(program.address).await?;
    let used = before.zip(program.processor_time());
    let used = used.map(|(before, after)| after.saturating_sub(before));
    Ok(Speed::new(&answered, used))
}
