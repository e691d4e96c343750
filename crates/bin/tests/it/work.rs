//! Background jobs in separate processes: each runs once across all of them, whichever is killed.

use crate::client::Client;
use crate::service::{Folder, Service, eventually};
use customer_testkit::pg::TestDatabase;
use rustix::process::Signal;
use serde_json::Value;
use sqlx::types::Uuid;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};
use std::time::{Duration, Instant};

const LEASE: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_mins(1);
/// The processes of one database share it.
const SECRET_KEY: &str = "0dr+C7NsvMMBuoW2yl6tr+3bMcY99Ev56c1PiREKmFc=";
const PURGE: &str = "idempotency.purge";

/// Processes that only run jobs, on one database.
struct Workers {
    database: TestDatabase,
    folders: Vec<Folder>,
    running: Vec<Service>,
}

/// The row of the purge in `job_leases`.
#[derive(Debug)]
struct Job {
    holder: Option<Uuid>,
    token: i64,
    runs: i64,
    processed: i64,
}

impl Workers {
    async fn new() -> Self {
        Self {
            database: TestDatabase::fresh().await,
            folders: Vec::new(),
            running: Vec::new(),
        }
    }

    fn start(&mut self, interval: &str) {
        let folder = Folder::new();
        let url = self.database.owner_url();
        let variables = [
            ("DATABASE_URL", &*url),
            ("CUSTOMER_SECRET_KEY", SECRET_KEY),
            ("CUSTOMER_WORK_PORT", "0"),
            ("CUSTOMER_JOB_LEASE", "3s"),
            ("CUSTOMER_IDEMPOTENCY_PURGE_INTERVAL", interval),
        ];
        self.running
            .push(Service::run(&folder, &["work"], &variables));
        self.folders.push(folder);
    }

    /// Returns the index of the process that logged this id.
    fn position(&self, holder: Uuid) -> Option<usize> {
        let id = holder.to_string();
        self.running
            .iter()
            .position(|worker| worker.log().contains(&id))
    }
}

async fn run(admin: &mut PgConnection, sql: &str) {
    admin.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
}

async fn job(admin: &mut PgConnection) -> Option<Job> {
    let found = "SELECT holder, token, runs, processed FROM job_leases WHERE name = $1";
    let row = sqlx::query(found).bind(PURGE).fetch_optional(admin).await;
    row.unwrap().map(|row| Job {
        holder: row.get(0),
        token: row.get(1),
        runs: row.get(2),
        processed: row.get(3),
    })
}

/// Waits until the row of the purge satisfies `is`.
async fn when(admin: &mut PgConnection, what: &str, is: impl Fn(&Job) -> bool) -> Job {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let found = job(admin).await;
        if let Some(found) = found.filter(&is) {
            return found;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Inserts expired replies; a trigger slows down the deletion of each chunk.
async fn fill(admin: &mut PgConnection, replies: u32) {
    run(
        admin,
        &format!(
            "INSERT INTO tenants VALUES ('00000000-0000-7000-8000-000000000001', 'shop', 'Shop', \
             '{{\"currency\": \"EUR\", \"country\": \"FI\"}}', 1, now(), now()); \
             INSERT INTO idempotency_keys SELECT '00000000-0000-7000-8000-000000000001', 'key', 'POST /x', n::text, \
             decode(repeat('00', 32), 'hex'), 200, NULL, NULL, '', now() - interval '2 days', now() - interval '1 day' \
             FROM generate_series(1, {replies}) n; \
             CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$; \
             CREATE TRIGGER slow AFTER DELETE ON idempotency_keys FOR EACH STATEMENT EXECUTE FUNCTION slow()"
        ),
    )
    .await;
}

fn health(worker: &Service) -> Value {
    let reply = Client::new(&worker.base, "none").get("/health").expect(200);
    reply.json()["data"]["health"]["jobs"].clone()
}

/// Sums the samples of a metric whose labels contain `label`.
fn counted(worker: &Service, name: &str, label: &str) -> f64 {
    let text = Client::new(&worker.base, "none").get("/metrics").text;
    let lines = text.lines().filter(|line| line.starts_with(name));
    let lines = lines.filter(|line| line.contains(label));
    lines
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_three_processes_a_killed_holder_is_replaced_within_its_lease() {
    let mut workers = Workers::new().await;
    let admin = &mut workers.database.admin().await;
    fill(admin, 60_000).await;
    for _ in 0..3 {
        workers.start("1h");
    }
    let held = when(admin, "it works", |job| job.processed > 2_000).await;
    let holder = held.holder.expect("it is held");
    let position = workers.position(holder).expect("one of the three");
    let shown = health(&workers.running[(position + 1) % 3]);
    let shown = shown.as_array().unwrap().iter();
    let shown: Vec<_> = shown.filter(|job| job["name"] == PURGE).collect();
    assert_eq!(shown[0]["state"], "running", "{shown:?}");

    workers.running.remove(position).kill();
    let killed = Instant::now();
    let next = when(admin, "another has it", |job| job.token > held.token).await;
    let took = killed.elapsed();
    // The lease, and some seconds for a busy machine.
    assert!(took < LEASE + Duration::from_secs(2), "{took:?}");
    assert_eq!(next.token, held.token + 1, "one of the two");
    assert!(workers.position(next.holder.expect("it is held")).is_some());
    assert_ne!(next.holder, Some(holder));

    run(admin, "DROP TRIGGER slow ON idempotency_keys").await;
    let done = when(admin, "the end", |job| job.runs > 0).await;
    assert_eq!((done.runs, done.holder), (1, None));
    // A chunk that was deleted when its holder was killed is not counted.
    assert!((59_000..=60_000).contains(&done.processed), "{done:?}");
    let left = "SELECT count(*) FROM idempotency_keys";
    let left: i64 = sqlx::query_scalar(left)
        .fetch_one(&mut *admin)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_run_a_job_once_each_time_that_it_is_due() {
    let mut workers = Workers::new().await;
    let admin = &mut workers.database.admin().await;
    for _ in 0..3 {
        workers.start("1s");
    }
    let begun = when(admin, "the first runs", |job| job.runs > 1).await;
    let start = Instant::now();
    let later = when(admin, "five more", |job| job.runs >= begun.runs + 5).await;
    // Five intervals of a second: no run happened twice.
    let passed = start.elapsed();
    assert!(passed > Duration::from_millis(3_900), "{passed:?}");
    assert_eq!(later.runs, later.token - i64::from(later.holder.is_some()));

    for worker in &mut workers.running {
        let label = format!("job=\"{PURGE}\"");
        eventually(TIMEOUT, "the gauges are there", || {
            counted(
                worker,
                "customer_job_last_success_timestamp_seconds",
                &label,
            ) > 1e9
        });
        assert!(counted(worker, "customer_job_failures_in_a_row", &label) < 0.5);
        Client::new(&worker.base, "none")
            .get("/health/ready")
            .expect(200);
        Client::new(&worker.base, "none")
            .get("/api/v1/customers")
            .expect(404);
    }
    let runs = |label: &str| -> f64 {
        let workers = workers.running.iter();
        workers
            .map(|worker| counted(worker, "customer_job_runs_total", label))
            .sum()
    };
    assert!(runs("outcome=\"succeeded\"") >= 7.0);
    assert!(runs("outcome=\"failed\"") + runs("outcome=\"lost\"") < 0.5);
    for worker in &mut workers.running {
        worker.stop(Signal::TERM);
    }
    let held = "SELECT count(*) FROM job_leases WHERE holder IS NOT NULL";
    let held: i64 = sqlx::query_scalar(held)
        .fetch_one(&mut *admin)
        .await
        .unwrap();
    assert_eq!(held, 0, "who stops gives everything back");
}

#[tokio::test]
async fn a_service_works_beside_what_it_serves_unless_it_is_told_not_to() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let url = database.owner_url();
    let variables = [("DATABASE_URL", &*url)];
    let mut idle = Service::run(&folder, &["serve", "--no-jobs"], &variables);
    // Longer than a job that is due would wait.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(health(&idle), serde_json::json!([]));
    idle.stop(Signal::TERM);
    let service = Service::start(&folder, &variables);
    eventually(TIMEOUT, "every job has run", || {
        let jobs = health(&service);
        let jobs = jobs.as_array().unwrap();
        let has_run = |job: &Value| job["lastSuccessAt"].is_string() && job["state"] == "idle";
        jobs.len() == 4 && jobs.iter().all(has_run)
    });
}

#[tokio::test]
async fn a_process_that_only_works_needs_no_port() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let url = database.owner_url();
    let mut command = folder.command(&["work"], &[("DATABASE_URL", &url)]);
    let mut child = command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let admin = &mut database.admin().await;
    when(admin, "it works", |job| job.runs == 1).await;
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
}
