use std::{fs, net::TcpListener, path::Path, thread};

use embedded_postgres::{Cluster, Error, Profile, Settings};

use crate::client::{Session, data_dir, is_alive, working_dir};

#[test]
fn data_password_and_port_outlive_a_stop() {
    let folder = working_dir();
    let settings = Settings::new(folder.path());
    let first = Cluster::start(&settings).expect("started");
    let url = first.superuser_url("postgres");
    assert_eq!(first.state_dir_note(), None);
    let mut session = Session::open(&url);
    session.run("CREATE TABLE kept (word text)");
    session.run("INSERT INTO kept VALUES ('still here')");
    first.stop().expect("stopped");

    let second = Cluster::start(&settings).expect("started again");
    assert_eq!(second.superuser_url("postgres"), url);
    assert_eq!(
        Session::open(&url).text("SELECT word FROM kept"),
        "still here"
    );
}

#[test]
fn a_durable_server_is_set_up_for_the_service() {
    let folder = working_dir();
    let cluster = Cluster::start(&Settings::new(folder.path())).expect("started");
    let mut session = Session::open(&cluster.superuser_url("postgres"));
    for (setting, value) in [
        ("SHOW fsync", "on"),
        ("SHOW synchronous_commit", "on"),
        ("SHOW full_page_writes", "on"),
        ("SHOW listen_addresses", "127.0.0.1"),
        ("SHOW unix_socket_directories", ""),
        ("SHOW max_connections", "200"),
        ("SHOW server_encoding", "UTF8"),
        ("SHOW TimeZone", "UTC"),
        ("SHOW password_encryption", "scram-sha-256"),
    ] {
        assert_eq!(session.text(setting), value, "{setting}");
    }
    session.run("CREATE EXTENSION pg_stat_statements");
    session.run("CREATE EXTENSION pg_trgm");
    session.run("CREATE EXTENSION citext");
    assert!(session.count("SELECT count(*) FROM pg_stat_statements") > 0);
    // Case folding beyond ASCII, which a bare C locale would not do.
    assert_eq!(session.text("SELECT lower('ÀÉ')"), "àé");
    assert_eq!(
        session.text("SELECT to_tsvector('simple', 'ÀÉ')::text"),
        "'àé':1"
    );
}

#[test]
fn nobody_gets_in_without_the_password() {
    let cluster = Cluster::start(&Settings::throwaway()).expect("started");
    let port = cluster.port();
    for credentials in ["postgres", "postgres:guess"] {
        let url = format!("postgres://{credentials}@127.0.0.1:{port}/postgres");
        assert!(Session::try_open(&url).is_err(), "{url}");
    }
    assert!(!format!("{cluster:?}").contains("postgres://"));
}

#[test]
fn a_second_start_on_the_same_folder_names_the_process_that_has_it() {
    let folder = working_dir();
    let settings = Settings::new(folder.path());
    let _first = Cluster::start(&settings).expect("started");
    let error = Cluster::start(&settings).expect_err("in use");
    let holder = Some(std::process::id());
    assert!(
        matches!(&error, Error::InUse { pid, .. } if *pid == holder),
        "{error}"
    );
}

#[test]
fn a_wanted_port_is_used_and_when_taken_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = taken.local_addr().expect("address").port();
    let settings = || Settings {
        port: Some(port),
        ..Settings::throwaway()
    };
    let message = Cluster::start(&settings()).expect_err("taken").to_string();
    assert!(message.contains(&format!("port {port}")), "{message}");

    drop(taken);
    let cluster = Cluster::start(&settings()).expect("free now");
    assert_eq!(cluster.port(), port);
}

#[test]
fn a_remembered_port_that_is_taken_is_replaced() {
    let folder = working_dir();
    let settings = Settings::new(folder.path());
    let first = Cluster::start(&settings).expect("started");
    let port = first.port();
    first.stop().expect("stopped");
    let _taken = TcpListener::bind(("127.0.0.1", port)).expect("bind");
    let second = Cluster::start(&settings).expect("started elsewhere");
    assert_ne!(second.port(), port);
}

#[test]
fn dropping_a_cluster_stops_the_server() {
    let cluster = Cluster::start(&Settings::throwaway()).expect("started");
    let server_pid = cluster.process_id();
    assert!(is_alive(server_pid));
    drop(cluster);
    assert!(!is_alive(server_pid));
}

#[test]
fn a_throwaway_cluster_is_fast_and_leaves_nothing() {
    let settings = Settings::throwaway();
    let cluster = Cluster::start(&settings).expect("started");
    let mut session = Session::open(&cluster.superuser_url("postgres"));
    for setting in [
        "SHOW fsync",
        "SHOW synchronous_commit",
        "SHOW full_page_writes",
    ] {
        assert_eq!(session.text(setting), "off", "{setting}");
    }
    assert!(settings.working_dir.exists());
    cluster.stop().expect("stopped");
    assert!(!settings.working_dir.exists());
}

#[test]
fn a_throwaway_cluster_in_a_given_folder_leaves_other_files_there() {
    let folder = working_dir();
    let settings = Settings {
        profile: Profile::Throwaway,
        ..Settings::new(folder.path())
    };
    let cluster = Cluster::start(&settings).expect("started");
    let state_dir = cluster.state_dir().to_owned();
    fs::write(state_dir.join("secret"), "of someone else").expect("write");
    drop(cluster);
    assert!(state_dir.join("secret").exists());
    assert!(!state_dir.join("inst").exists());
}

#[test]
fn a_server_outlives_the_thread_that_started_it() {
    let starter = thread::spawn(|| Cluster::start(&Settings::throwaway()).expect("started"));
    let mut cluster = starter.join().expect("no panic");
    // A parent-death signal of the ended thread would have arrived by now.
    let mut session = Session::open(&cluster.superuser_url("postgres"));
    assert_eq!(session.text("SELECT pg_sleep(0.3)::text"), "");
    assert!(cluster.is_running());
}

#[test]
fn a_server_that_does_not_start_shows_the_end_of_its_log() {
    let folder = working_dir();
    let settings = Settings::new(folder.path());
    let cluster = Cluster::start(&settings).expect("started");
    let config = data_dir(cluster.state_dir()).join("postgresql.auto.conf");
    cluster.stop().expect("stopped");
    fs::write(config, "shared_buffers = 'plenty'\n").expect("write");

    let error = Cluster::start(&settings).expect_err("refused");
    assert!(matches!(error, Error::EarlyExit { .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("shared_buffers"), "{message}");
    assert!(message.contains("postgres.log"), "{message}");
}

#[test]
fn an_installed_server_keeps_its_data_apart_from_the_pinned_one() {
    let installed = Path::new("/usr/lib/postgresql/15/bin");
    if !installed.join("initdb").exists() {
        skipped("no PostgreSQL 15 is installed");
        return;
    }
    let folder = working_dir();
    let settings = Settings {
        bin_dir: Some(installed.to_owned()),
        ..Settings::new(folder.path())
    };
    let cluster = Cluster::start(&settings).expect("started");
    assert!(data_dir(cluster.state_dir()).ends_with("data-15"));
    let mut session = Session::open(&cluster.superuser_url("postgres"));
    assert_eq!(session.text("SHOW lc_ctype"), "C.UTF-8");
    assert_eq!(session.text("SELECT lower('ÀÉ')"), "àé");
    session.run("CREATE EXTENSION pg_stat_statements");
    cluster.stop().expect("stopped");

    // Without the setting the data decides, not the pinned version.
    let again = Cluster::start(&Settings::new(folder.path())).expect("started");
    assert!(data_dir(again.state_dir()).ends_with("data-15"));
}

#[expect(clippy::print_stderr, reason = "a test that checked nothing says so")]
fn skipped(reason: &str) {
    eprintln!("SKIPPED: {reason}");
}
