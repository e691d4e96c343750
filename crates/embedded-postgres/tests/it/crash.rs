use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use embedded_postgres::{Cluster, Error, Settings};

use crate::client::{CREATE_KEPT, Session, data_dir, eventually, is_alive, kill_9, working_dir};
use crate::holder::Holder;

/// Long enough for thousands of commits before the kill.
const BUSY: Duration = Duration::from_millis(500);
const COUNT_KEPT: &str = "SELECT count(*) FROM kept";

#[test]
fn every_acknowledged_row_survives_a_killed_server() {
    let folder = working_dir();
    let mut cluster = Cluster::start(&Settings::new(folder.path())).expect("started");
    let (url, killed) = (cluster.superuser_url("postgres"), cluster.process_id());
    let mut session = Session::open(&url);
    session.run(CREATE_KEPT);
    let writer = thread::spawn(|| session.insert_until_cut_off());
    thread::sleep(BUSY);
    kill_9(killed);
    let acknowledged = writer.join().expect("no panic");
    assert!(acknowledged > 0);
    // Its sessions are cut off a moment before it can be reaped.
    eventually("the server is seen to be dead", || !cluster.is_running());

    cluster.restart().expect("restarted");
    assert!(cluster.is_running());
    assert_ne!(cluster.process_id(), killed);
    assert_eq!(cluster.superuser_url("postgres"), url);
    let kept = Session::open(&url).count(COUNT_KEPT);
    // The last insert may have been committed but not acknowledged.
    assert!(
        (acknowledged..=acknowledged + 1).contains(&kept),
        "{kept} of {acknowledged}"
    );
}

#[test]
fn a_killed_server_comes_back_on_its_port_or_not_at_all() {
    let mut cluster = Cluster::start(&Settings::throwaway()).expect("started");
    let (url, port) = (cluster.superuser_url("postgres"), cluster.port());
    kill_9(cluster.process_id());
    eventually("the server is seen to be dead", || !cluster.is_running());

    // Another test may have a connection from this port for a moment.
    let mut taken = None;
    eventually("the port can be taken", || {
        taken = TcpListener::bind(("127.0.0.1", port)).ok();
        taken.is_some()
    });
    let message = cluster.restart().expect_err("taken").to_string();
    assert!(message.contains(&format!("port {port}")), "{message}");
    assert!(!cluster.is_running());

    drop(taken);
    eventually("the port is free again", || cluster.restart().is_ok());
    assert_eq!(cluster.superuser_url("postgres"), url);
    assert_eq!(Session::open(&url).text("SELECT 'here'"), "here");
}

#[test]
fn every_acknowledged_row_survives_a_killed_parent() {
    let folder = working_dir();
    let mut parent = Holder::start(Some(folder.path()));
    let mut session = Session::open(&parent.url);
    session.run(CREATE_KEPT);
    let writer = thread::spawn(|| session.insert_until_cut_off());
    thread::sleep(BUSY);
    parent.kill();
    if cfg!(target_os = "linux") {
        eventually("the server follows its parent", || {
            !is_alive(parent.server_pid)
        });
    }

    let cluster = Cluster::start(&Settings::new(folder.path())).expect("started");
    let acknowledged = writer.join().expect("no panic");
    assert!(acknowledged > 0);
    let kept = Session::open(&cluster.superuser_url("postgres")).count(COUNT_KEPT);
    assert!(
        (acknowledged..=acknowledged + 1).contains(&kept),
        "{kept} of {acknowledged}"
    );
}

#[test]
fn a_start_right_after_the_parent_was_killed_waits_for_the_server_to_go() {
    let folder = working_dir();
    let mut parent = Holder::start(Some(folder.path()));
    parent.kill();
    let mut cluster = Cluster::start(&Settings::new(folder.path())).expect("started");
    assert!(cluster.is_running());
    assert!(!is_alive(parent.server_pid));
}

#[test]
fn another_process_that_holds_the_folder_is_named() {
    let folder = working_dir();
    let parent = Holder::start(Some(folder.path()));
    let error = Cluster::start(&Settings::new(folder.path())).expect_err("in use");
    let holder = Some(parent.process_id());
    assert!(
        matches!(&error, Error::InUse { pid, .. } if *pid == holder),
        "{error}"
    );
    assert_eq!(
        Session::open(&parent.url).text("SELECT 'untouched'"),
        "untouched"
    );
}

#[test]
fn an_orphan_that_stays_is_stopped_by_the_next_start() {
    let folder = working_dir();
    let settings = Settings::new(folder.path());
    let cluster = Cluster::start(&settings).expect("started");
    let data = data_dir(cluster.state_dir());
    cluster.stop().expect("stopped");
    let mut orphan = start_by_hand(&data);
    let lock_file = data.join("postmaster.pid");
    eventually("the orphan is ready", || {
        fs::read_to_string(&lock_file).is_ok_and(|text| text.contains("ready"))
    });
    // It is our child, so it stays a zombie until it is reaped.
    let reaper = thread::spawn(move || orphan.wait().expect("reaped"));

    let cluster = Cluster::start(&settings).expect("started");
    assert!(reaper.join().expect("no panic").success());
    assert_eq!(
        Session::open(&cluster.superuser_url("postgres")).text("SELECT 'here'"),
        "here"
    );
}

/// Starts the server as it was started last, but not tied to its parent.
fn start_by_hand(data: &Path) -> Child {
    let options = fs::read_to_string(data.join("postmaster.opts")).expect("written at start");
    let (program, arguments) = options
        .split_once(' ')
        .expect("a program and its arguments");
    // Each argument is in quotes.
    let arguments = arguments.split('"').skip(1).step_by(2);
    let owner = fs::metadata(data).expect("metadata");
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir("/")
        .process_group(0)
        .stderr(Stdio::null());
    if owner.uid() != fs::metadata("/proc/self").map_or(owner.uid(), |own| own.uid()) {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command.spawn().expect("postgres runs")
}

#[test]
fn a_restart_of_a_running_server_keeps_port_and_data() {
    let mut cluster = Cluster::start(&Settings::throwaway()).expect("started");
    let (url, pid) = (cluster.superuser_url("postgres"), cluster.process_id());
    Session::open(&url).run(CREATE_KEPT);
    cluster.restart().expect("restarted");
    assert_ne!(cluster.process_id(), pid);
    assert_eq!(cluster.superuser_url("postgres"), url);
    assert_eq!(Session::open(&url).count(COUNT_KEPT), 0);
}
