//! A process serves only the database whose secrets it has.

use crate::client::Client;
use crate::service::{Folder, Service, eventually};
use customer_testkit::pg::TestDatabase;
use std::time::Duration;

const ROOT: &str = "ONhs4A24Wg9OureceBC0LWMCsLfqn2aYS5Db9Pgtnq4=";
const OTHER_ROOT: &str = "0dr+C7NsvMMBuoW2yl6tr+3bMcY99Ev56c1PiREKmFc=";
const MASTER: &str = "2026-11=Ybun5UGCb4zcFWIKGiPkrFc7OxovmRz+xC8K9Gf3T/U=";
const TIMEOUT: Duration = Duration::from_secs(30);

/// A replica's folder, and its variables.
struct Replica(Folder, [(&'static str, String); 3]);

impl Replica {
    fn new(database: &TestDatabase, root: &str, masters: &str) -> Self {
        let variables = [
            ("DATABASE_URL", database.owner_url()),
            ("CUSTOMER_SECRET_KEY", root.to_owned()),
            ("CUSTOMER_MASTER_KEYS", masters.to_owned()),
        ];
        Self(Folder::new(), variables)
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        let variables = self.1.iter();
        variables.map(|(name, value)| (*name, &**value)).collect()
    }

    fn start(&self) -> Service {
        Service::start(&self.0, &self.variables())
    }

    /// Fails to start, and returns what was said about it.
    fn refusal(&self) -> String {
        let Err(ended) = Service::try_start(&self.0, &self.variables()) else {
            panic!("it started");
        };
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        ended.stderr
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_with_other_secrets_does_not_start_and_those_that_serve_go_on() {
    let database = TestDatabase::fresh().await;
    let right = Replica::new(&database, ROOT, MASTER);
    let service = right.start();
    let client = service.operator();
    client.create("one@example.com").expect(201);
    let key = MASTER.split_once('=').unwrap().1;
    let other_key = OTHER_ROOT;
    for (root, masters, said) in [
        (
            OTHER_ROOT,
            MASTER.to_owned(),
            "give CUSTOMER_SECRET_KEY its earlier value",
        ),
        (
            ROOT,
            format!("2026-11={other_key}"),
            "the master key 2026-11 is not the one",
        ),
        (
            ROOT,
            format!("2027-02={other_key}"),
            "there is no master key 2026-11",
        ),
        (
            ROOT,
            format!("renamed={key}"),
            "there is no master key 2026-11",
        ),
    ] {
        let refusal = Replica::new(&database, root, &masters).refusal();
        assert!(refusal.contains(said), "{refusal}");
        assert!(refusal.contains("--adopt"), "{refusal}");
        assert!(
            !refusal.contains(key) && !refusal.contains(other_key),
            "{refusal}"
        );
    }
    assert_eq!(client.get("/health/ready").status, 200);
    client.create("two@example.com").expect(201);
    // A new key beside the earlier one is what a rotation looks like.
    let rotated = format!("2027-02={other_key},{MASTER}");
    let rotating = Replica::new(&database, ROOT, &rotated).start();
    assert_eq!(
        Client::new(&rotating.base, "").get("/health/ready").status,
        200
    );
    drop((rotating, service));
    let verified = right.0.run(&["audit", "verify"], &right.variables());
    assert_eq!((verified.code, &*verified.stderr), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_adopts_other_secrets_serves_and_the_others_become_unready() {
    let database = TestDatabase::fresh().await;
    let service = Replica::new(&database, ROOT, MASTER).start();
    let client = service.operator();
    client.create("one@example.com").expect(201);
    let masters = format!("2027-02={ROOT}");
    let other = Replica::new(&database, OTHER_ROOT, &masters);
    let adopting = Service::run(&other.0, &["serve", "--adopt"], &other.variables());
    let probe = Client::new(&adopting.base, "");
    assert_eq!(probe.get("/health/ready").status, 200);
    let writing = Client::new(&adopting.base, service.operator_key());
    writing.create("two@example.com").expect(201);
    eventually(TIMEOUT, "the first is unready", || {
        client.get("/health/ready").status == 503
    });
    let unready = client.get("/health/ready").text;
    assert!(unready.contains(r#""secrets":"down""#), "{unready}");
    assert!(!unready.contains("cannot be reached"), "{unready}");
    drop(adopting);
    // From now on the other root secret is the right one.
    let refusal = Replica::new(&database, ROOT, MASTER).refusal();
    assert!(refusal.contains("CUSTOMER_SECRET_KEY"), "{refusal}");
}
