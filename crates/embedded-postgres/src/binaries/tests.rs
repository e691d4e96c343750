use std::{net::TcpListener, os::unix::fs::PermissionsExt, thread};

use tempfile::TempDir;

use super::*;
use crate::testing::{answer, fake_install, file_server, open, tiny_jar};

/// A separate cache, an archive, and the pin of that archive.
struct Bench {
    root: TempDir,
    cache: PathBuf,
    jar: PathBuf,
    identity: Identity,
    pin: Artifact,
}

impl Bench {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("tempdir");
        open(root.path());
        let jar = root.path().join("tiny.jar");
        tiny_jar(&jar);
        let hash = archive::sha256(&mut File::open(&jar).expect("open")).expect("hash");
        Self {
            cache: root.path().join("cache"),
            jar,
            root,
            identity: Identity::detect().expect("a user to run as"),
            pin: Artifact {
                platform: "test",
                sha256: hash.leak(),
            },
        }
    }

    fn cached_bin_dir(&self) -> PathBuf {
        self.cache.join("postgres-18.6.0-test/bin")
    }

    /// Returns a look-up that has nothing configured, installed or to download
    /// from.
    fn look_up(&self) -> LookUp<'_> {
        LookUp {
            bin_dir: None,
            archive: None,
            download_base: REFUSED,
            cache_dir: &self.cache,
            artifact: Some(self.pin),
            identity: &self.identity,
            data: None,
            installed: &Vec::new,
        }
    }

    fn with_archive(&self) -> LookUp<'_> {
        LookUp {
            archive: Some(&self.jar),
            ..self.look_up()
        }
    }

    fn downloading_from<'a>(&'a self, base: &'a str) -> LookUp<'a> {
        LookUp {
            download_base: base,
            ..self.look_up()
        }
    }
}

/// An address at which nothing listens.
const REFUSED: &str = "http://127.0.0.1:1";

#[test]
fn the_download_is_checked_unpacked_and_then_taken_from_the_cache() {
    let bench = Bench::new();
    let (base, requests) = file_server(fs::read(&bench.jar).expect("read"));

    let found = bench.downloading_from(&base).run().expect("downloaded");
    assert_eq!(found.bin_dir, bench.cached_bin_dir());
    assert_eq!(found.major, platform::MAJOR);
    let program = fs::read(found.bin_dir.join("postgres")).expect("read");
    assert_eq!(program, b"tiny");
    let request = requests.recv().expect("a request");
    let name = "/embedded-postgres-binaries-test-18.6.0.jar";
    assert!(request.contains(name), "{request}");

    assert_eq!(bench.look_up().run().expect("cached"), found);
}

#[test]
fn unpacked_folders_are_open_to_the_database_user() {
    let bench = Bench::new();
    bench.with_archive().run().expect("unpacked");
    let mode = |path: &Path| fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!(mode(&bench.cache), 0o755);
    assert_eq!(mode(&bench.cached_bin_dir()), 0o755);
    assert_eq!(mode(&bench.cached_bin_dir().join("postgres")), 0o755);
}

#[test]
fn the_configured_folder_wins_over_the_cache() {
    let bench = Bench::new();
    bench.with_archive().run().expect("fills the cache");
    let configured = fake_install(bench.root.path(), 16);
    let look_up = LookUp {
        bin_dir: Some(&configured),
        ..bench.look_up()
    };
    let found = look_up.run().expect("configured");
    assert_eq!((found.bin_dir, found.major), (configured, 16));
}

#[test]
fn the_configured_archive_spares_the_download() {
    let bench = Bench::new();
    let (base, requests) = file_server(Vec::new());
    let look_up = LookUp {
        download_base: &base,
        ..bench.with_archive()
    };
    let found = look_up.run().expect("unpacked");
    assert_eq!(found.bin_dir, bench.cached_bin_dir());
    assert!(requests.try_recv().is_err());
}

#[test]
fn another_archive_than_the_pinned_one_is_refused_though_one_is_installed() {
    let bench = Bench::new();
    let other = bench.root.path().join("other.jar");
    fs::write(&other, "something else").expect("write");
    let installed = fake_install(bench.root.path(), 16);
    let look_up = LookUp {
        archive: Some(&other),
        installed: &|| vec![installed.clone()],
        ..bench.look_up()
    };
    let error = look_up.run().expect_err("refused");
    assert!(matches!(error, Error::ArchiveMismatch { .. }), "{error}");
    assert!(error.to_string().contains(bench.pin.sha256), "{error}");
    assert!(!bench.cached_bin_dir().exists());
}

#[test]
fn a_download_that_misses_its_pin_is_never_unpacked() {
    let bench = Bench::new();
    let (base, _requests) = file_server(b"tampered".to_vec());
    let base = base.replace("://", "://user:hunter2@");
    let error = bench.downloading_from(&base).run().expect_err("refused");
    let message = error.to_string();
    assert!(message.contains("://***@127.0.0.1"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
    assert!(
        message.contains("another file than the pinned one"),
        "{message}"
    );
    assert!(!bench.cached_bin_dir().exists());
}

#[test]
fn a_cache_made_for_another_pin_is_made_anew() {
    let bench = Bench::new();
    let stale = bench.cached_bin_dir().join("stale");
    fs::create_dir_all(&stale).expect("create");
    let marker = bench.cache.join("postgres-18.6.0-test/.ok");
    fs::write(marker, "another hash").expect("write");
    bench.with_archive().run().expect("made anew");
    assert!(!stale.exists());
}

#[test]
fn what_a_killed_run_left_half_unpacked_is_no_hindrance() {
    let bench = Bench::new();
    let half_done = bench.cache.join("unpacking/unpacked/bin/postgres");
    fs::create_dir_all(half_done).expect("create");
    fs::create_dir_all(bench.cached_bin_dir().join("postgres")).expect("create");
    let found = bench.with_archive().run().expect("unpacked");
    let program = fs::read(found.bin_dir.join("postgres")).expect("read");
    assert_eq!(program, b"tiny");
}

#[test]
fn many_starting_at_once_download_once() {
    let bench = Bench::new();
    let (base, requests) = file_server(fs::read(&bench.jar).expect("read"));
    let start = || bench.downloading_from(&base).run().expect("found").bin_dir;
    thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        for started in starts {
            assert_eq!(started.join().expect("no panic"), bench.cached_bin_dir());
        }
    });
    assert_eq!(requests.try_iter().count(), 1);
}

#[test]
fn an_installed_one_is_the_last_resort() {
    let bench = Bench::new();
    let installed = fake_install(bench.root.path(), 16);
    let look_up = LookUp {
        installed: &|| vec![installed.clone()],
        ..bench.look_up()
    };
    assert_eq!(look_up.run().expect("installed").bin_dir, installed);
}

#[test]
fn with_nothing_to_run_every_remedy_is_named() {
    let bench = Bench::new();
    let message = bench.look_up().run().expect_err("nothing").to_string();
    for remedy in [
        "DATABASE_URL",
        "CUSTOMER_POSTGRES_BIN_DIR",
        "CUSTOMER_POSTGRES_ARCHIVE",
        "CUSTOMER_POSTGRES_DOWNLOAD_BASE",
        REFUSED,
    ] {
        assert!(message.contains(remedy), "{remedy} is not in: {message}");
    }
}

#[test]
fn a_platform_without_a_published_build_still_runs_an_installed_one() {
    let bench = Bench::new();
    let installed = fake_install(bench.root.path(), 17);
    let look_up = LookUp {
        artifact: None,
        installed: &|| vec![installed.clone()],
        ..bench.look_up()
    };
    assert_eq!(look_up.run().expect("installed").major, 17);
}

#[test]
fn data_of_another_major_is_only_given_to_binaries_of_that_major() {
    let bench = Bench::new();
    bench.with_archive().run().expect("fills the cache");
    let sixteen = fake_install(bench.root.path(), 16);
    let seventeen = fake_install(bench.root.path(), 17);
    let with_data = LookUp {
        data: Some((Path::new("/state/inst/data-16"), 16)),
        ..bench.look_up()
    };

    let both_installed = LookUp {
        installed: &|| vec![sixteen.clone(), seventeen.clone()],
        ..with_data
    };
    assert_eq!(both_installed.run().expect("its own").major, 16);

    let other_installed = LookUp {
        installed: &|| vec![seventeen.clone()],
        ..with_data
    };
    let message = other_installed.run().expect_err("refused").to_string();
    assert!(message.contains("made by PostgreSQL 16"), "{message}");

    let other_configured = LookUp {
        bin_dir: Some(&seventeen),
        ..with_data
    };
    let message = other_configured.run().expect_err("refused").to_string();
    assert!(message.contains("binaries are PostgreSQL 17"), "{message}");
}

#[test]
fn an_offline_start_does_not_give_pinned_data_to_an_older_installed_one() {
    let bench = Bench::new();
    let installed = fake_install(bench.root.path(), 16);
    let look_up = LookUp {
        data: Some((Path::new("/state/inst/data-18"), 18)),
        installed: &|| vec![installed.clone()],
        ..bench.look_up()
    };
    let error = look_up.run().expect_err("refused");
    assert!(matches!(error, Error::NoBinaries { .. }), "{error}");
}

#[test]
fn a_cache_closed_to_the_database_user_is_noticed_before_the_download() {
    let bench = Bench::new();
    let closed = bench.root.path().join("closed");
    fs::create_dir(&closed).expect("create");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("chmod");
    let (base, requests) = file_server(fs::read(&bench.jar).expect("read"));
    let look_up = LookUp {
        cache_dir: &closed,
        identity: &Identity::dropped("stranger", 61_777, 61_777),
        ..bench.downloading_from(&base)
    };
    let message = look_up.run().expect_err("unreachable").to_string();
    assert!(message.contains("`stranger`"), "{message}");
    assert!(requests.try_recv().is_err());
}

#[test]
fn an_overloaded_mirror_is_asked_again() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let base = format!("http://{}", listener.local_addr().expect("address"));
    let jar = fs::read(&bench.jar).expect("read");
    let answers = [("503 Busy", Vec::new()), ("200 OK", jar)];
    thread::spawn(move || {
        for (status, content) in answers {
            let (connection, _) = listener.accept().expect("accept");
            answer(connection, status, &content);
        }
    });
    let found = bench.downloading_from(&base).run().expect("second try");
    assert_eq!(found.bin_dir, bench.cached_bin_dir());
}
