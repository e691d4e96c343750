//! The server that the tests run on.

use embedded_postgres::{Cluster, Settings};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The variable with the URL of a superuser, if there is a server already.
const GIVEN: &str = "CUSTOMER_TEST_DATABASE_URL";

/// The role that owns every test's schema: no superuser, as in production. It belongs to the tests,
/// which set its password: nothing else on a shared server may use it.
pub(super) const OWNER: &str = "customer_test_owner";

/// The beginning of the name of every test's database.
const PREFIX: &str = "customer_test_";

/// The seconds after which a test is over, whatever became of its process.
const TEST_AGE: u64 = 2 * 3_600;

/// The server, and how to connect as the superuser and as the owner.
#[derive(Debug, Clone)]
pub(super) struct Server {
    superuser: PgConnectOptions,
    /// The owner's password, which is the superuser's, so that exactly the processes that know
    /// the server know it. Empty if the superuser has none.
    pub(super) password: String,
}

impl Server {
    /// Returns the one server of this process.
    pub(super) async fn get() -> Self {
        // Downloading and starting a server blocks, for seconds the first time.
        let url = tokio::task::spawn_blocking(superuser_url).await;
        let superuser: PgConnectOptions = url.expect("PostgreSQL is there").parse().expect(
            "CUSTOMER_TEST_DATABASE_URL is a URL such as postgres://user:password@host/postgres",
        );
        let password = superuser.to_url_lossy().password().map(str::to_owned);
        Self {
            password: password.unwrap_or_default(),
            superuser,
        }
    }

    pub(super) fn superuser(&self) -> PgConnectOptions {
        self.superuser.clone()
    }

    pub(super) fn owner(&self, database: &str) -> PgConnectOptions {
        self.superuser()
            .username(OWNER)
            .password(&self.password)
            .database(database)
    }

    pub(super) async fn run(&self, statement: &str) -> Result<(), sqlx::Error> {
        super::run(&self.superuser, statement).await
    }
}

/// Returns a name that no other database has, with the time, the machine and the process that
/// created it.
pub(super) fn unused_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);

    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let (machine, process) = (machine(), std::process::id());
    format!("{PREFIX}{:x}_{machine:08x}_{process}_{count}", seconds())
}

/// Returns whether this is the name of a database whose test is over.
pub(super) fn is_left_over(name: &str, now: u64) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return false;
    };
    let mut parts = rest.split('_');
    let mut hexadecimal = || u64::from_str_radix(parts.next()?, 16).ok();
    let (Some(made), Some(of_machine)) = (hexadecimal(), hexadecimal()) else {
        return false;
    };
    let is_old = now.saturating_sub(made) > TEST_AGE;
    let is_ours = of_machine == u64::from(machine());
    is_old || (is_ours && parts.next().is_some_and(has_ended))
}

/// Returns whether no process has this number; `false` where processes cannot be seen.
fn has_ended(process: &str) -> bool {
    let processes = Path::new("/proc");
    processes.join("self").exists() && !processes.join(process).exists()
}

/// Returns a number that differs between machines (and containers) that share a server.
fn machine() -> u32 {
    let name = std::fs::read("/proc/sys/kernel/hostname").unwrap_or_default();
    let sum = |sum: u32, byte: &u8| sum.wrapping_mul(31).wrapping_add(u32::from(*byte));
    name.iter().fold(0, sum)
}

/// Returns the seconds since 1970, from which the age of a database is computed.
#[expect(
    clippy::disallowed_methods,
    reason = "the age of a database left behind is real, whatever a test's clock shows"
)]
pub(super) fn seconds() -> u64 {
    let age = SystemTime::now().duration_since(UNIX_EPOCH);
    age.unwrap_or_default().as_secs()
}

fn superuser_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();

    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no configuration; this is the one thing that they are told"
    )]
    let given = || std::env::var(GIVEN).ok().filter(|url| !url.is_empty());
    URL.get_or_init(|| {
        given().unwrap_or_else(|| {
            let cluster = CLUSTER.get_or_init(|| {
                let started = Cluster::start(&Settings::throwaway());
                started.expect("PostgreSQL starts; CUSTOMER_TEST_DATABASE_URL may name another")
            });
            cluster.superuser_url("postgres")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_databases_of_living_tests_are_left_alone() {
        let now = seconds();
        assert!(!is_left_over(&unused_name(), now));
        assert!(is_left_over(&unused_name(), now + TEST_AGE + 60));
        assert_ne!(unused_name(), unused_name());
    }

    #[test]
    fn the_databases_of_ended_processes_are_swept_on_their_own_machine() {
        let now = seconds();
        let (ours, other) = (machine(), machine().wrapping_add(1));
        let ended = has_ended("4194305_no_such_process");
        assert_eq!(
            is_left_over(&format!("{PREFIX}{now:x}_{ours:08x}_999999999_0"), now),
            ended
        );
        assert!(!is_left_over(
            &format!("{PREFIX}{now:x}_{other:08x}_999999999_0"),
            now
        ));
    }

    #[test]
    fn other_databases_are_left_alone() {
        for name in [
            "postgres",
            "customer",
            "customer_test_",
            "customer_test_db",
            "customer_test_zz_1_2",
        ] {
            assert!(!is_left_over(name, u64::MAX), "{name}");
        }
    }
}
