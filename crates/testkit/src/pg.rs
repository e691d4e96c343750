//! A PostgreSQL database for each test.
//!
//! The server is the one that `CUSTOMER_TEST_DATABASE_URL` names (the URL of a superuser), or
//! else a temporary one that the first test starts and that ends with the process.
//! On a given server, the tests alter no role but `customer_test_owner`, which is theirs and
//! has the superuser's password; `customer_app` and `customer_worker` are created if missing, as
//! by every migration, and granted to it.
//! The schema is migrated once, into a template; a test gets a copy, which takes a fraction of
//! the time and shares nothing, so that tests need no order and no cleaning up.

mod harness;
mod sealed;
mod server;
mod template;

pub use harness::PgHarness;
pub use sealed::{newest_tenant_key, opened, opened_event, sealing_key};

use crate::builders::sealing;
use customer_domain::TenantId;
use customer_postgres::{PgSettings, Postgres, ServiceRole};
use secrecy::SecretString;
use server::Server;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};

/// The connections for requests, and those for operators and jobs: enough to queue, few enough for many tests at once.
const POOL: usize = 4;

/// A separate, migrated database, which is dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    server: Server,
    name: String,
}

impl TestDatabase {
    /// Creates a database, migrated and empty.
    pub async fn fresh() -> Self {
        let server = Server::get().await;
        let template = template::of(&server).await;
        let name = server::unused_name();
        let statement = format!(
            "CREATE DATABASE {name} OWNER {} TEMPLATE {template}",
            server::OWNER
        );
        server.run(&statement).await.expect("a database is made");
        Self { server, name }
    }

    /// Copies the database as it is now. Fails while anything is connected to it.
    pub async fn copy(&self) -> Self {
        let name = server::unused_name();
        let statement = format!(
            "CREATE DATABASE {name} OWNER {} TEMPLATE {}",
            server::OWNER,
            self.name
        );
        self.server.run(&statement).await.expect("a copy is made");
        Self {
            server: self.server.clone(),
            name,
        }
    }

    /// Returns the name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the URL as the superuser, to whom row-level security does not apply.
    pub fn url(&self) -> String {
        url(&self.superuser())
    }

    /// Returns the URL as the role that owns the schema, which is no superuser: what an operator
    /// would give the service as `DATABASE_URL`.
    pub fn owner_url(&self) -> String {
        url(&self.server.owner(&self.name))
    }

    /// Returns [`owner_url`](Self::owner_url) through a [proxy](crate::chaos::Proxy) in front of
    /// [`upstream`](Self::upstream).
    pub fn owner_url_through(&self, proxy: &crate::chaos::Proxy) -> String {
        let owner = self.server.owner(&self.name);
        url(&owner.host("127.0.0.1").port(proxy.port()))
    }

    /// Returns the host and port of the server, for a proxy.
    pub fn upstream(&self) -> String {
        let options = self.superuser();
        format!("{}:{}", options.get_host(), options.get_port())
    }

    /// Connects the adapter to this database, with small pools.
    pub async fn postgres(&self) -> Postgres {
        self.postgres_of(POOL).await
    }

    /// Connects the adapter to this database, with this many connections in each pool.
    pub async fn postgres_of(&self, connections: usize) -> Postgres {
        connect(&self.owner_url(), connections).await
    }

    /// Connects the adapter to this database, with small pools, through a proxy.
    pub async fn postgres_through(&self, proxy: &crate::chaos::Proxy) -> Postgres {
        connect(&self.owner_url_through(proxy), POOL).await
    }

    /// Connects as the superuser, to read rows and to prepare what no port can.
    pub async fn admin(&self) -> PgConnection {
        let connected = self.superuser().connect().await;
        connected.expect("the test database can be reached")
    }

    /// Opens a connection that sees what a request of this tenant sees, and nothing else.
    pub async fn inside(&self, tenant: TenantId) -> PgConnection {
        let owner = self.server.owner(&self.name);
        let role = ServiceRole::App.as_str().to_owned();
        let serving = owner.options([("role", role), ("app.tenant_id", tenant.to_string())]);
        let connected = serving.connect().await;
        connected.expect("the test database can be reached")
    }

    /// Drops the database while it is in use: open connections end, new ones are refused.
    pub async fn take_down(&self) {
        let statement = drop_statement(&self.name);
        self.server
            .run(&statement)
            .await
            .expect("the database is dropped");
    }

    fn superuser(&self) -> PgConnectOptions {
        self.server.superuser().database(&self.name)
    }
}

impl Drop for TestDatabase {
    /// Drops the database. If that fails, a later run does it.
    fn drop(&mut self) {
        let (server, statement) = (self.server.clone(), drop_statement(&self.name));
        // On a thread: the test's own runtime may be ending, and cannot be blocked from inside.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            match runtime.map(|runtime| runtime.block_on(server.run(&statement))) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a test database is left over"),
                Err(error) => tracing::warn!(%error, "a test database is left over"),
            }
        });
        if dropping.join().is_err() {
            tracing::warn!("a test database is left over");
        }
    }
}

async fn connect(url: &str, connections: usize) -> Postgres {
    let settings = |role| PgSettings {
        max_connections: connections,
        ..PgSettings::new(SecretString::from(url), role)
    };
    let (app, worker) = (settings(ServiceRole::App), settings(ServiceRole::Worker));
    let connected = Postgres::connect(&app, &worker, sealing()).await;
    connected.expect("the test database can be reached")
}

fn drop_statement(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
}

fn url(options: &PgConnectOptions) -> String {
    options.to_url_lossy().to_string()
}

/// Runs one statement without parameters, on a separate connection.
async fn run(options: &PgConnectOptions, statement: &str) -> Result<(), sqlx::Error> {
    let mut connection = options
        .clone()
        .disable_statement_logging()
        .connect()
        .await?;
    connection.execute(AssertSqlSafe(statement)).await?;
    connection.close().await
}
