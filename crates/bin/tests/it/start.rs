//! Starting and stopping the service.

use crate::client::Client;
use crate::service::{Ended, Folder, Service, eventually, is_alive};
use crate::stored::embedded_admin;
use customer_testkit::pg::TestDatabase;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn the_first_start_shows_a_key_and_the_second_has_the_data() {
    let folder = Folder::new();
    let mut first = Service::start(&folder, &[]);
    let key = first.operator_key().to_owned();
    assert_eq!(first.lines.matches(&key).count(), 1, "{}", first.lines);
    assert!(!first.log().contains(&key), "the log has no secret");
    let state = folder.path().join(".data");
    assert_eq!(first.value_of("state"), state.to_str());
    let database = first.value_of("database").unwrap();
    assert!(database.contains("embedded"), "{database}");
    let created = first.operator().create("ada@example.com").expect(201);
    let postmaster = folder.postmaster().expect("the database runs");
    first.stop(Signal::TERM);
    assert!(!is_alive(postmaster), "the database outlived the service");
    assert_eq!(folder.postmaster(), None);

    let start = Instant::now();
    let mut second = Service::start(&folder, &[]);
    // Far below a second on an idle machine, but the tests keep this one busy.
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(second.value_of("operator key"), None, "{}", second.lines);
    let client = Client::new(&second.base, &key);
    let path = format!("/api/v1/customers/{}", created.id());
    assert_eq!(client.get(&path).expect(200).customer(), created.customer());
    let postmaster = folder.postmaster().expect("the database runs");
    second.stop(Signal::INT);
    assert!(!is_alive(postmaster), "the database outlived the service");
}

#[test]
fn a_second_copy_in_one_folder_names_the_first_and_changes_nothing() {
    let folder = Folder::new();
    let service = Service::start(&folder, &[]);
    let pid = service.pid().as_raw_nonzero();
    let second = folder.run(&[], &[]);
    assert_eq!((second.code, second.stdout.as_str()), (Some(1), ""));
    let message = &second.stderr;
    assert!(message.contains(&format!("process {pid}")), "{message}");
    assert!(message.contains("DATABASE_URL"), "{message}");

    // Commands cannot use the database either, and suggest what to do instead.
    for arguments in [
        &["migrate", "status"][..],
        &["migrate", "down"],
        &["key", "list"],
        &["key", "create", "--name", "x"],
    ] {
        let refused = folder.run(arguments, &[]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
        let message = &refused.stderr;
        for part in [
            &*format!("the service runs in this folder (process {pid})"),
            "API",
            "DATABASE_URL",
        ] {
            assert!(message.contains(part), "{part}\n{message}");
        }
        assert_eq!(message.lines().count(), 1, "{message}");
    }
    service.operator().get("/health/ready").expect(200);
}

#[test]
fn a_port_in_use_is_named_and_nothing_is_started() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (name, setting) in [
        ("CUSTOMER_HTTP_PORT", "CUSTOMER_HTTP_PORT"),
        ("PORT", "CUSTOMER_HTTP_PORT"),
        ("CUSTOMER_HTTP_EXTRA_PORTS", "CUSTOMER_HTTP_EXTRA_PORTS"),
        ("CUSTOMER_METRICS_PORT", "CUSTOMER_METRICS_PORT"),
    ] {
        let folder = Folder::new();
        let mut command = folder.command(&[], &[]);
        if name == "PORT" {
            command.env_remove("CUSTOMER_HTTP_PORT");
        }
        let refused = Ended::from(command.env(name, &port).output().unwrap());
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
        let expected = format!(
            "customer-service: cannot listen on 127.0.0.1:{port}: it is in use; free it or set {setting}\n"
        );
        assert_eq!(refused.stderr, expected);
        assert!(!folder.path().join(".data").exists());
    }
}

/// Adds a password to the URL; a server that trusts everyone accepts any.
fn with_password(url: &str) -> String {
    let mut url: url::Url = url.parse().expect("the URL of a test database");
    if url.password().is_none() {
        url.set_password(Some("hunter2"))
            .expect("a URL with a host");
    }
    url.into()
}

#[tokio::test]
async fn with_a_database_of_its_own_nothing_embedded_is_started() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let url = with_password(&database.owner_url());
    let service = Service::start(&folder, &[("DATABASE_URL", &url)]);
    assert!(!folder.instance().exists());
    let shown = service.value_of("database").unwrap();
    assert!(shown.contains(database.name()), "{shown}");
    assert!(shown.contains(":***@"), "{shown}");
    service.operator().get("/health/ready").expect(200);
    assert!(folder.path().join(".data/root-secret").exists());
}

#[test]
fn production_refuses_to_start_without_a_database_and_keys() {
    let folder = Folder::new();
    let refused = folder.run(&[], &[("ENVIRONMENT", "production")]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    for part in [
        "3 faults",
        "production needs CUSTOMER_DATABASE_URL",
        "production needs CUSTOMER_SECRET_KEY",
        "production needs CUSTOMER_MASTER_KEYS",
    ] {
        assert!(refused.stderr.contains(part), "{part}\n{}", refused.stderr);
    }
    assert!(!folder.path().join(".data").exists());
}

#[test]
fn wrong_settings_stop_the_start_with_every_fault_named() {
    let folder = Folder::new();
    let variables = [
        ("CUSTOMER_HTTP_PORT", "80033"),
        ("DATABASE_URL", "mysql://u:hunter2@localhost/c"),
        ("CUSTOMER_LOG_FORMAT", "xml"),
        ("CUSTOMER_HTPP_PORT", "8003"),
    ];
    let refused = folder.run(&[], &variables);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("4 faults"), "{}", refused.stderr);
    for (name, _) in variables {
        assert!(refused.stderr.contains(name), "{name}\n{}", refused.stderr);
    }
    assert!(!refused.stderr.contains("hunter2"), "{}", refused.stderr);
    assert!(!folder.path().join(".data").exists());
}

#[tokio::test]
async fn settings_whose_part_is_not_built_are_named_at_the_start() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let variables = [
        ("DATABASE_URL", &*database.owner_url()),
        ("REDIS_URL", "redis://:hunter2@localhost:6379"),
        ("SEGMENT_UPDATE_INTERVAL", "3600"),
    ];
    let service = Service::start(&folder, &variables);
    let log = service.log();
    let line = log.lines().find(|line| line.contains("not used yet"));
    let line = line.unwrap_or_else(|| panic!("{log}"));
    for name in ["CUSTOMER_REDIS_URL", "CUSTOMER_SEGMENT_UPDATE_INTERVAL"] {
        assert!(line.contains(name), "{line}");
    }
    assert!(!log.contains("hunter2"), "{log}");
}

#[tokio::test]
async fn a_database_that_cannot_be_had_is_one_sentence_without_the_password() {
    let database = TestDatabase::fresh().await;
    let good = with_password(&database.owner_url());
    let (start, end) = good.rsplit_once('/').unwrap();
    let (scheme, rest) = start.split_once("://").unwrap();
    let (_, host) = rest.rsplit_once('@').unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    for (url, reason) in [
        (
            format!("{scheme}://customer_owner:hunter2@{host}/{end}"),
            "\"customer_owner\"",
        ),
        (format!("{start}/no_such_database"), "does not exist"),
        (
            format!("{scheme}://u:hunter2@127.0.0.1:{port}/c"),
            "refused",
        ),
    ] {
        let folder = Folder::new();
        let start = Instant::now();
        let refused = folder.run(&[], &[("DATABASE_URL", &url)]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
        let message = &refused.stderr;
        assert!(message.contains(reason), "{reason}\n{message}");
        assert!(message.contains("***@127.0.0.1"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}

#[test]
fn a_signal_during_the_first_start_ends_it_and_leaves_nothing_running() {
    let folder = Folder::new();
    let mut command = folder.command(&[], &[]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let instance = folder.instance();
    eventually(Duration::from_mins(2), "the database is being made", || {
        instance.exists()
    });
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).unwrap();
    let status = child.wait().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(folder.postmaster(), None);

    let service = Service::start(&folder, &[]);
    service.operator().create("ada@example.com").expect(201);
}

#[tokio::test]
async fn a_start_that_fails_late_stops_what_it_started() {
    let folder = Folder::new();
    let mut service = Service::start(&folder, &[]);
    let mut admin = embedded_admin(&folder.instance()).await;
    let changed = r"UPDATE _sqlx_migrations SET checksum = '\x00' WHERE version = 1";
    sqlx::query(changed).execute(&mut admin).await.unwrap();
    drop(admin);
    service.stop(Signal::TERM);

    let refused = folder.run(&[], &[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    let reason = "migration 1 was previously applied but has been modified";
    assert!(refused.stderr.contains(reason), "{}", refused.stderr);
    assert_eq!(refused.stderr.lines().count(), 1, "{}", refused.stderr);
    assert_eq!(folder.postmaster(), None);
}

#[tokio::test]
async fn a_request_in_flight_at_the_signal_is_answered() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let mut service = Service::start(&folder, &[("DATABASE_URL", &database.owner_url())]);
    let address = service.base.strip_prefix("http://").unwrap().to_owned();
    let body = r#"{"email":"ada@example.com"}"#;
    let (begun, rest) = body.split_at(10);
    let mut client = TcpStream::connect(&address).unwrap();
    write!(
        client,
        "POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{begun}",
        service.operator_key(),
        body.len()
    )
    .unwrap();
    // Time for the server to read what was sent, before the signal.
    std::thread::sleep(Duration::from_millis(200));
    service.signal(Signal::TERM);
    eventually(Duration::from_secs(5), "nobody else is let in", || {
        TcpStream::connect(&address).is_err()
    });
    write!(client, "{rest}").unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 201 Created\r\n"), "{reply}");
    let status = service.wait(Duration::from_secs(10)).expect("it stops");
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_second_signal_ends_a_service_that_waits() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let variables = [
        ("DATABASE_URL", &*database.owner_url()),
        ("CUSTOMER_SHUTDOWN_DELAY", "1m"),
    ];
    let mut service = Service::start(&folder, &variables);
    service.signal(Signal::TERM);
    eventually(Duration::from_secs(5), "the first is noted", || {
        service.log().contains("a second signal")
    });
    assert_eq!(service.wait(Duration::from_millis(300)), None);
    service.signal(Signal::INT);
    let status = service.wait(Duration::from_secs(5)).expect("it ends");
    assert_eq!(status.code(), Some(130));
}

#[tokio::test]
async fn it_serves_with_nobody_reading_what_it_writes() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let variables = [
        ("DATABASE_URL", &*database.owner_url()),
        ("CUSTOMER_HTTP_PORT", &port),
        ("CUSTOMER_LOG_LEVEL", "debug"),
    ];
    let mut command = folder.command(&[], &variables);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    let client = Client::new(&format!("http://127.0.0.1:{port}"), "none");
    eventually(Duration::from_mins(1), "it answers", || {
        let ready = client.send("GET", "/health/ready", &[], None);
        ready.is_ok_and(|reply| reply.status == 200)
    });
    client.get("/api/v1/customers").expect(401);
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn further_ports_serve_the_same() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = free
        .each_ref()
        .map(|free| free.local_addr().unwrap().port());
    drop(free);
    let extra = ports.map(|port| port.to_string()).join(",");
    let variables = [
        ("DATABASE_URL", &*database.owner_url()),
        ("CUSTOMER_HTTP_EXTRA_PORTS", &extra),
    ];
    let service = Service::start(&folder, &variables);
    let created = service.operator().create("ada@example.com").expect(201);
    for port in ports {
        let base = format!("http://127.0.0.1:{port}");
        assert!(service.lines.contains(&base), "{}", service.lines);
        let client = Client::new(&base, service.operator_key());
        client
            .get(&format!("/api/v1/customers/{}", created.id()))
            .expect(200);
    }
}
