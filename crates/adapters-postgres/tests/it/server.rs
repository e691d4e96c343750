//! The server that the tests run on, and a database for each of them.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;
use uuid::Uuid;

/// The folder of the PostgreSQL that is the floor, as Debian lays it out.
const BIN: &str = "/usr/lib/postgresql/15/bin";

/// The server: what was configured, else one of our own, started once.
pub(crate) fn server() -> PgConnectOptions {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no configuration of its own"
    )]
    let configured = std::env::var("CUSTOMER_TEST_DATABASE_URL");
    match configured {
        Ok(url) => PgConnectOptions::from_str(&url).expect("CUSTOMER_TEST_DATABASE_URL is a URL"),
        Err(_) => own_server(),
    }
}

/// Starts a server that ends with this process: it lives as long as the pipe to the shell that
/// started it, whatever way the process goes.
fn own_server() -> PgConnectOptions {
    static STARTED: OnceLock<(PgConnectOptions, ChildStdin)> = OnceLock::new();
    let (options, _) = STARTED.get_or_init(|| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let script = format!(
            "dir=$(mktemp -d) && cd \"$dir\" && trap 'rm -rf \"$dir\"' EXIT
             {BIN}/initdb -D data -A trust -U postgres -E UTF8 --locale=C.UTF-8 >initdb.log 2>&1 || exit 1
             {BIN}/postgres -D data -p {port} -k \"$dir\" -c listen_addresses=127.0.0.1 \\
                 -c fsync=off -c max_connections=200 >server.log 2>&1 &
             server=$!
             read -r _; kill -INT $server; wait $server"
        );
        // The server refuses to run as root.
        let is_root = Path::new("/root/.").read_dir().is_ok();
        let mut command = Command::new(if is_root { "setpriv" } else { "sh" });
        if is_root {
            let postgres = ["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"];
            command.args(postgres);
        }
        let mut shell = command
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .spawn()
            .expect("a shell");
        let pipe = shell.stdin.take().expect("a pipe");
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(port)
            .username("postgres")
            .database("postgres");
        (options, pipe)
    });
    options.clone()
}

/// A database of one test, dropped with it.
pub(crate) struct Database {
    server: PgConnectOptions,
    name: String,
}

impl Database {
    /// A database with all migrations.
    pub(crate) async fn migrated() -> Self {
        let template = template(&server()).await;
        Self::create(&format!("TEMPLATE {template}")).await
    }

    /// A database with nothing in it.
    pub(crate) async fn empty() -> Self {
        Self::create("TEMPLATE template0").await
    }

    async fn create(from: &str) -> Self {
        let server = server();
        let name = format!("customer_it_{}", Uuid::from_u128(random()).simple());
        let mut admin = connect(&server).await;
        run(&mut admin, &format!("CREATE DATABASE {name} {from}")).await;
        Self { server, name }
    }

    /// Where it is.
    pub(crate) fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A connection of its owner.
    pub(crate) async fn owner(&self) -> PgConnection {
        connect(&self.options()).await
    }

    /// A connection to the server, outside of this database.
    pub(crate) async fn admin(&self) -> PgConnection {
        connect(&self.server).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let mut admin = connect(&server).await;
                run(&mut admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
            });
        });
        dropping.join().expect("the test's database is dropped");
    }
}

/// A migrated database to copy from, made once for these migrations by whoever comes first.
async fn template(server: &PgConnectOptions) -> String {
    let name = format!("customer_it_template_{:016x}", fingerprint());
    let mut admin = connect(server).await;
    run(&mut admin, "SELECT pg_advisory_lock(7345001)").await;
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut admin)
            .await
            .expect("the catalogue");
    if !exists {
        let building = format!("{name}_building");
        run(&mut admin, &format!("DROP DATABASE IF EXISTS {building}")).await;
        run(&mut admin, &format!("CREATE DATABASE {building}")).await;
        let url = url(&server.clone().database(&building));
        customer_postgres::migrate(&url).await.expect("migrations");
        run(&mut admin, &format!("ALTER DATABASE {building} RENAME TO {name}")).await;
    }
    run(&mut admin, "SELECT pg_advisory_unlock(7345001)").await;
    name
}

/// The URL of these options.
pub(crate) fn url(options: &PgConnectOptions) -> secrecy::SecretString {
    options.to_url_lossy().to_string().into()
}

/// Runs statements whose result does not matter.
pub(crate) async fn run(connection: &mut PgConnection, sql: &str) {
    connection
        .execute(AssertSqlSafe(sql))
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Connects, and waits for a server that is coming up.
async fn connect(options: &PgConnectOptions) -> PgConnection {
    for _ in 0..300 {
        match PgConnection::connect_with(options).await {
            Ok(connection) => return connection,
            Err(error) if error.as_database_error().is_some_and(|e| e.code().as_deref() != Some("57P03")) => {
                panic!("{error}")
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    panic!("no PostgreSQL: set CUSTOMER_TEST_DATABASE_URL, or install PostgreSQL 15 in {BIN}");
}

fn fingerprint() -> u64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let entries = std::fs::read_dir(folder).expect("the migrations");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        hasher.write(&std::fs::read(file).expect("a migration"));
    }
    hasher.finish()
}

/// Unlike any other process's and call's.
fn random() -> u128 {
    use std::hash::{BuildHasher, RandomState};
    let half = || u128::from(RandomState::new().hash_one(std::thread::current().id()));
    half() << 64 | half()
}
