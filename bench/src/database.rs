//! The PostgreSQL server and the database that are measured.

use crate::{Failure, say};
use embedded_postgres::{Cluster, Profile, Settings};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::process::Command;
use uuid::Uuid;

/// The prefix of the databases on a private server.
const NAME: &str = "customer_bench";
/// The role that owns them.
const OWNER: &str = "customer_bench_owner";

/// The server used by the benchmark: the one named by the user, or a private one that forces every
/// commit to disk, as in production.
pub(crate) struct Server {
    given: Option<String>,
    // Declared, and so dropped, before its folder.
    cluster: Option<Cluster>,
    folder: TempDir,
}

impl Server {
    /// Starts a private server unless one is given. Blocks, for seconds the first time.
    pub(crate) fn start(given: Option<String>, bin_dir: Option<PathBuf>) -> Result<Self, Failure> {
        // When this runs as root, the server runs as another user, who must be able to enter.
        let passable = Permissions::from_mode(0o711);
        let folder = tempfile::Builder::new()
            .prefix("customer-bench-")
            .permissions(passable)
            .tempdir()?;
        let cluster = match &given {
            Some(_) => None,
            None => Some(Cluster::start(&Settings {
                bin_dir: bin_dir.or_else(|| path("CUSTOMER_POSTGRES_BIN_DIR")),
                archive: path("CUSTOMER_POSTGRES_ARCHIVE"),
                download_base: crate::variable("CUSTOMER_POSTGRES_DOWNLOAD_BASE"),
                profile: Profile::Durable,
                ..Settings::new(folder.path())
            })?),
        };
        Ok(Self {
            given,
            cluster,
            folder,
        })
    }

    /// Returns the folder for files that belong to this benchmark.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Returns an empty database for this many customers, as its owner sees it.
    pub(crate) async fn database(&self, customers: u64) -> Result<Database, Failure> {
        let url = match (&self.cluster, &self.given) {
            (Some(cluster), _) => {
                let superuser = SecretString::from(cluster.superuser_url("postgres"));
                // Known only to this process and those that it starts; the server is removed
                // afterwards.
                let password = SecretString::from(superuser_password(&superuser)?);
                let name = format!("{NAME}_{customers}");
                let url = customer_postgres::provision(&superuser, OWNER, &name, &password).await?;
                url.expose_secret().to_owned()
            }
            (None, Some(url)) => url.clone(),
            (None, None) => return Err("there is no server".into()),
        };
        let database = Database::at(&url)?;
        let mut connection = database.connect().await?;
        let is_used: bool = sqlx::query_scalar("SELECT to_regclass('customers') IS NOT NULL")
            .fetch_one(&mut connection)
            .await?;
        if is_used {
            return Err("the database is not empty: the benchmark fills one that is, and does not empty it afterwards".into());
        }
        Ok(database)
    }

    /// Returns whether the server is private, so that there can be several databases.
    pub(crate) fn is_private(&self) -> bool {
        self.cluster.is_some()
    }

    /// Writes everything to disk, so that earlier work does not slow down what is measured.
    pub(crate) async fn checkpoint(&self) -> Result<(), Failure> {
        self.as_superuser(&["CHECKPOINT"]).await
    }

    /// Turns off forced writes to disk while customers are seeded, and on again: if the machine
    /// stops meanwhile, the benchmark starts over. A server named by the user is left unchanged.
    pub(crate) async fn forgo_durability(&self, forgo: bool) -> Result<(), Failure> {
        if forgo {
            return self
                .as_superuser(&[
                    "ALTER SYSTEM SET fsync = off",
                    "ALTER SYSTEM SET full_page_writes = off",
                    "ALTER SYSTEM SET max_wal_size = '16GB'",
                    "SELECT pg_reload_conf()",
                ])
                .await;
        }
        self.as_superuser(&[
            "ALTER SYSTEM RESET ALL",
            "SELECT pg_reload_conf()",
            "CHECKPOINT",
        ])
        .await?;
        // The system may still hold back what the server wrote without forcing it to disk.
        if self.is_private() {
            Command::new("sync").status().await?;
        }
        Ok(())
    }

    /// Runs statements on a private server; does nothing on one named by the user.
    async fn as_superuser(&self, statements: &'static [&'static str]) -> Result<(), Failure> {
        if let Some(cluster) = &self.cluster {
            let superuser: PgConnectOptions = cluster.superuser_url("postgres").parse()?;
            let mut connection = superuser.connect().await?;
            for statement in statements {
                sqlx::raw_sql(*statement).execute(&mut connection).await?;
            }
            connection.close().await?;
        }
        Ok(())
    }

    /// Stops a private server and removes its files.
    pub(crate) fn stop(self) -> Result<(), Failure> {
        if let Some(cluster) = self.cluster {
            cluster.stop()?;
        }
        Ok(self.folder.close()?)
    }
}

fn path(variable: &str) -> Option<PathBuf> {
    crate::variable(variable).map(PathBuf::from)
}

fn superuser_password(url: &SecretString) -> Result<String, Failure> {
    let options: PgConnectOptions = url.expose_secret().parse()?;
    let url = options.to_url_lossy();
    Ok(url
        .password()
        .ok_or("a superuser without a password")?
        .to_owned())
}

/// How the owner connects to the database.
#[derive(Clone)]
pub(crate) struct Database(PgConnectOptions);

impl Database {
    pub(crate) fn at(url: &str) -> Result<Self, Failure> {
        let options: PgConnectOptions = url.parse()?;
        let plain = options.ssl_mode(PgSslMode::Disable);
        Ok(Self(plain.disable_statement_logging()))
    }

    pub(crate) async fn connect(&self) -> Result<PgConnection, Failure> {
        Ok(self.0.connect().await?)
    }

    /// Opens a connection that serves a tenant, and sees nothing else.
    pub(crate) async fn connect_inside(&self, tenant: Uuid) -> Result<PgConnection, Failure> {
        let options = self.0.clone();
        let options = options.options([
            ("role", "customer_app".to_owned()),
            ("app.tenant_id", tenant.to_string()),
        ]);
        Ok(options.connect().await?)
    }

    /// Deletes the addresses added since `start`, so that each measurement adds to books of two.
    pub(crate) async fn remove_addresses(&self, start: &str) -> Result<(), Failure> {
        let mut connection = self.connect().await?;
        let remove = format!(
            "BEGIN; ALTER TABLE customer_addresses NO FORCE ROW LEVEL SECURITY; \
             DELETE FROM customer_addresses WHERE created_at >= '{start}'; \
             ALTER TABLE customer_addresses FORCE ROW LEVEL SECURITY; COMMIT"
        );
        sqlx::raw_sql(AssertSqlSafe(remove))
            .execute(&mut connection)
            .await?;
        sqlx::raw_sql("VACUUM customer_addresses")
            .execute(&mut connection)
            .await?;
        Ok(connection.close().await?)
    }

    /// Returns the server's time.
    pub(crate) async fn now(&self) -> Result<String, Failure> {
        let mut connection = self.connect().await?;
        let now = sqlx::query_scalar("SELECT now()::text");
        Ok(now.fetch_one(&mut connection).await?)
    }

    /// Returns the URL.
    pub(crate) fn url(&self) -> String {
        self.0.to_url_lossy().to_string()
    }

    /// Returns the URL through a proxy on this machine.
    pub(crate) fn url_through(&self, port: u16) -> String {
        let options = self.0.clone().host("127.0.0.1").port(port);
        options.to_url_lossy().to_string()
    }

    /// Returns the URL in the form that PostgreSQL's programs read.
    pub(crate) fn libpq_url(&self) -> String {
        let mut url = self.0.to_url_lossy();
        url.set_query(Some("sslmode=disable"));
        url.to_string()
    }

    /// Returns host and port of the server.
    pub(crate) fn server(&self) -> String {
        format!("{}:{}", self.0.get_host(), self.0.get_port())
    }

    /// Returns the server's version and durability; warns if commits are not forced to disk.
    pub(crate) async fn describe(&self) -> Result<String, Failure> {
        let mut connection = self.connect().await?;
        let (version, durable): (String, bool) = sqlx::query_as(
            "SELECT current_setting('server_version'), \
             current_setting('fsync')::boolean AND current_setting('synchronous_commit') = 'on'",
        )
        .fetch_one(&mut connection)
        .await?;
        connection.close().await?;
        let durability = if durable { "fsync on" } else { "fsync OFF" };
        if !durable {
            say("WARNING: this server does not force commits to disk; writes are too fast");
        }
        Ok(format!("PostgreSQL {version}, {durability}"))
    }
}
