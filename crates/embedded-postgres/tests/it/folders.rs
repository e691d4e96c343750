use std::{fs, os::unix::fs::PermissionsExt};

use embedded_postgres::{Cluster, Profile, Settings, state_root};

use crate::client::{Session, eventually, is_alive, working_dir};
use crate::holder::Holder;

#[test]
fn a_folder_closed_to_the_database_user_gets_its_state_elsewhere() {
    let folder = working_dir();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("chmod");
    let settings = Settings {
        profile: Profile::Throwaway,
        ..Settings::new(folder.path())
    };
    let cluster = Cluster::start(&settings).expect("started");
    let mut session = Session::open(&cluster.superuser_url("postgres"));
    assert_eq!(session.text("SELECT 'here'"), "here");

    let root = state_root(folder.path()).expect("made");
    assert_eq!(root.path, cluster.state_dir());
    assert_eq!(root.note.as_deref(), cluster.state_dir_note());
    // Only root runs the database as another user.
    match cluster.state_dir_note() {
        Some(note) => {
            assert!(!root.path.starts_with(folder.path()));
            assert!(note.contains(&*root.path.to_string_lossy()), "{note}");
            drop(cluster);
            fs::remove_dir(&root.path).expect("nothing of ours is left there");
        }
        None => assert!(root.path.ends_with(".data")),
    }
}

#[test]
fn what_a_killed_test_run_left_is_swept_by_the_next() {
    let mut dead = Holder::start(None);
    let alive = Holder::start(None);
    dead.kill();
    let left = dead.state_dir.clone();
    assert!(left.exists());

    let _sweeper = Cluster::start(&Settings::throwaway()).expect("started");
    eventually("the dead run's server is gone", || {
        !is_alive(dead.server_pid)
    });
    assert!(!left.exists());
    assert!(alive.state_dir.exists());
    assert_eq!(Session::open(&alive.url).text("SELECT 'here'"), "here");
}
