//! A database with a number of customers, and the programs that run on it.

use crate::case::{Caller, Case, Numbers};
use crate::database::{Database, Server};
use crate::export::{self, Export, Format};
use crate::load::{Client, Load};
use crate::pgbench::Pgbench;
use crate::program::{Memory, Program};
use crate::record::Recorder;
use crate::recorded::{Place, Recorded};
use crate::report::{Measurement, Speed};
use crate::{Failure, Options, say, seed};
use customer_domain::TenantId;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long a program is sent requests before a measurement begins.
const WARM_UP: Duration = Duration::from_secs(1);

/// A database with so many customers, and the programs that are measured on it.
pub(crate) struct Site {
    pub(crate) customers: u64,
    database: Database,
    tenant: Uuid,
    recorded: Recorded,
    service: Program,
    bare: Program,
    /// The other build of the service, if one is compared.
    other: Option<Program>,
    pgbench: Option<Pgbench>,
    numbers: Numbers,
    /// Memory of the service before the first request.
    idle: Option<Memory>,
    /// The server's time when seeding had ended.
    start: String,
}

/// One measurement: its case, the number of clients, how long, and which repetition.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) case: Case,
    pub(crate) clients: u32,
    pub(crate) time: Duration,
    pub(crate) repetition: u32,
    /// The folder for the recordings of `perf`; `None` to record nothing.
    pub(crate) profile: Option<&'a Path>,
}

impl Site {
    /// Seeds a database, records what the service sends for the cases, and starts the programs.
    pub(crate) async fn open(
        server: &Server,
        service: &Path,
        options: &Options,
        cases: &[Case],
        customers: u64,
    ) -> Result<Self, Failure> {
        let database = server.database(customers).await?;
        let folder = server.folder().join(customers.to_string());
        fs::create_dir(&folder)?;
        let connections = options.database_connections;
        let proxy = Recorder::before(database.server()).await?;
        let url = database.url_through(proxy.address.port());
        let (first, key) = Program::service(service, &folder, &url, connections, true).await?;
        let tenant = seed::tenant(&database).await?;
        let begun = Instant::now();
        seed::customers(server, &database, tenant, customers).await?;
        let took = begun.elapsed().as_secs_f64();
        say(&format!("{customers} customers seeded in {took:.1} s"));
        let caller = Caller {
            key: key.ok_or("the service printed no operator's key")?,
            ..Caller::default()
        };
        // Checked before anything is added that was not seeded.
        let mut client = Client::connect(first.address).await?;
        seed::check(&mut client, &caller, TenantId(tenant), customers).await?;
        let start = database.now().await?;
        let place = Place {
            database: &database,
            tenant,
            customers,
        };
        let mut recorded = Recorded::all(cases, &first, &proxy, caller, &place).await?;
        recorded.plan.url = database.url();
        recorded.plan.connections = usize::try_from(connections)?;
        first.stop().await?;
        let pgbench = Pgbench::new(&recorded.plan, &database, customers, &folder).await?;
        let (service, _) =
            Program::service(service, &folder, &database.url(), connections, false).await?;
        let bare = Program::bare(&recorded.plan).await?;
        let other = match &options.against {
            Some(file) => {
                let file = fs::canonicalize(file)?;
                let url = database.url();
                Some(
                    Program::service(&file, &folder, &url, connections, false)
                        .await?
                        .0,
                )
            }
            None => None,
        };
        Ok(Self {
            customers,
            database,
            tenant,
            recorded,
            idle: service.memory(),
            service,
            bare,
            other,
            pgbench,
            numbers: Numbers::new(customers),
            start,
        })
    }

    /// Describes the database's server.
    pub(crate) async fn describe(&self) -> Result<String, Failure> {
        self.database.describe().await
    }

    /// Returns the round trips of a request.
    pub(crate) fn round_trips(&self, case: Case) -> usize {
        let trips = self.recorded.round_trips.get(&case);
        trips.copied().unwrap_or_default()
    }

    /// Measures a case on all programs, in alternating order, and then on pgbench.
    pub(crate) async fn measure(&mut self, run: Run<'_>) -> Result<Measurement, Failure> {
        let (service, bare, other);
        if run.repetition.is_multiple_of(2) {
            service = self.speed(run, &self.service, run.profile).await?;
            bare = self.speed(run, &self.bare, None).await?;
            other = self.speed_of_other(run).await?;
        } else {
            other = self.speed_of_other(run).await?;
            bare = self.speed(run, &self.bare, None).await?;
            service = self.speed(run, &self.service, run.profile).await?;
        }
        let pgbench = match &mut self.pgbench {
            Some(pgbench) => Some(pgbench.run(run.case, run.clients, run.time).await?),
            None => None,
        };
        self.tidy(run.case).await?;
        let (customers, case, clients) = (self.customers, run.case.name(), run.clients);
        let (rate, ratio) = (service.rate, service.rate / bare.rate);
        say(&format!(
            "{customers} customers, {case}, {clients} clients: {rate:.0} req/s, {ratio:.2} of bare"
        ));
        Ok(Measurement {
            customers,
            case: run.case,
            clients,
            service,
            bare,
            other,
            pgbench,
        })
    }

    async fn speed_of_other(&self, run: Run<'_>) -> Result<Option<Speed>, Failure> {
        match &self.other {
            Some(other) => Ok(Some(self.speed(run, other, None).await?)),
            None => Ok(None),
        }
    }

    async fn speed(
        &self,
        run: Run<'_>,
        program: &Program,
        profile: Option<&Path>,
    ) -> Result<Speed, Failure> {
        let load = Load {
            case: run.case,
            caller: &self.recorded.caller,
            numbers: &self.numbers,
            clients: run.clients,
            time: run.time,
            writer: self.service.address,
        };
        let warm_up = Load {
            time: WARM_UP,
            ..load
        };
        warm_up.run(program.address).await?;
        let file = profile.map(|folder| self.profile_file(folder, run));
        let profiler = file.map(|file| program.profile(&file, run.time));
        let mut profiler = profiler.transpose()?;
        let before = program.processor_time();
        let answered = load.run(program.address).await?;
        let used = before.zip(program.processor_time());
        if let Some(profiler) = &mut profiler {
            profiler.wait().await?;
        }
        self.tidy(run.case).await?;
        let used = used.map(|(before, after)| after.saturating_sub(before));
        Ok(Speed::new(&answered, used))
    }

    fn profile_file(&self, folder: &Path, run: Run<'_>) -> PathBuf {
        let (case, clients, customers) = (run.case, run.clients, self.customers);
        folder.join(format!("{case:?}-{clients}-of-{customers}.perf"))
    }

    /// Removes added addresses.
    async fn tidy(&self, case: Case) -> Result<(), Failure> {
        if case == Case::AddAddress {
            self.database.remove_addresses(&self.start).await?;
        }
        Ok(())
    }

    /// Exports every customer, and copies the same rows with `COPY`.
    pub(crate) async fn export(&self, format: Format) -> Result<Export, Failure> {
        let key = &self.recorded.caller.key;
        let mut connection = self.database.connect_inside(self.tenant).await?;
        let export = export::measure(&self.service, key, format, &mut connection).await?;
        say(&format!("{} customers, {export}", self.customers));
        Ok(export)
    }

    /// Stops the programs. Returns the memory of the service before the first request, and now.
    pub(crate) async fn close(self) -> Result<Option<(Memory, Memory)>, Failure> {
        let memory = self.idle.zip(self.service.memory());
        self.service.stop().await?;
        self.bare.stop().await?;
        if let Some(other) = self.other {
            other.stop().await?;
        }
        Ok(memory)
    }
}
