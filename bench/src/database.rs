//! The PostgreSQL that is measured on.

use crate::{Failure, say};
use embedded_postgres::{Cluster, Profile, Settings};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

/// The database on a private server, and who owns it.
const NAME: &str = "customer_bench";
const OWNER: &str = "customer_bench_owner";

/// A server for the length of the benchmark: one that was named, or a private one that forces
/// every commit to disk, as in production.
pub(crate) struct Server {
    given: Option<String>,
    // Before its folder, which is removed last.
    cluster: Option<Cluster>,
    folder: TempDir,
}

impl Server {
    /// Blocks, for seconds the first time.
    pub(crate) fn start(given: Option<String>, bin_dir: Option<PathBuf>) -> Result<Self, Failure> {
        // The server runs as another user when we are root, and has to pass through.
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

    /// A folder for whoever works on this database.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The owner's view of an empty database on it.
    pub(crate) async fn database(&self) -> Result<Database, Failure> {
        let url = match (&self.cluster, &self.given) {
            (Some(cluster), _) => {
                let superuser = SecretString::from(cluster.superuser_url("postgres"));
                // Known to this process and those that it starts; the server is gone with it.
                let password = SecretString::from(superuser_password(&superuser)?);
                let url = customer_postgres::provision(&superuser, OWNER, NAME, &password).await?;
                url.expose_secret().to_owned()
            }
            (None, Some(url)) => url.clone(),
            (None, None) => return Err("there is no server".into()),
        };
        let options: PgConnectOptions = url.parse()?;
        let database = Database(
            options
                .ssl_mode(PgSslMode::Disable)
                .disable_statement_logging(),
        );
        let mut connection = database.connect().await?;
        let is_used: bool = sqlx::query_scalar("SELECT to_regclass('customers') IS NOT NULL")
            .fetch_one(&mut connection)
            .await?;
        if is_used {
            return Err("the database is not empty: the benchmark fills one of its own, and leaves it to be dropped".into());
        }
        Ok(database)
    }

    /// Writes everything to disk, so that what was done so far is not paid for later.
    pub(crate) async fn checkpoint(&self) -> Result<(), Failure> {
        if let Some(cluster) = &self.cluster {
            let superuser: PgConnectOptions = cluster.superuser_url("postgres").parse()?;
            let mut connection = superuser.connect().await?;
            sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await?;
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

/// How the owner reaches the database.
#[derive(Clone)]
pub(crate) struct Database(PgConnectOptions);

impl Database {
    pub(crate) async fn connect(&self) -> Result<PgConnection, Failure> {
        Ok(self.0.connect().await?)
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        self.0.to_url_lossy().to_string()
    }

    /// Its URL through a proxy on this machine.
    pub(crate) fn url_through(&self, port: u16) -> String {
        let options = self.0.clone().host("127.0.0.1").port(port);
        options.to_url_lossy().to_string()
    }

    /// Its URL as PostgreSQL's own programs read it.
    pub(crate) fn libpq_url(&self) -> String {
        let mut url = self.0.to_url_lossy();
        url.set_query(Some("sslmode=disable"));
        url.to_string()
    }

    /// Host and port of its server.
    pub(crate) fn server(&self) -> String {
        format!("{}:{}", self.0.get_host(), self.0.get_port())
    }

    /// The server's version, with a loud word when commits are not forced to disk.
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
