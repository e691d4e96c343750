//! The folder `inst` of a state root: one data folder, its password, its log,
//! and the lock of the process that runs it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::{
    Profile,
    binaries::Binaries,
    error::{Doing, Error},
    files,
    identity::Identity,
};

/// The folder's name inside a state root.
pub(crate) const FOLDER: &str = "inst";
pub(crate) const LOCK: &str = ".lock";

/// An instance that this process has locked; dropping it releases the lock.
pub(crate) struct Instance {
    pub(crate) dir: PathBuf,
    pub(crate) identity: Identity,
    profile: Profile,
    _lock: File,
}

impl Instance {
    /// Creates the folder if it is missing, and locks it against other
    /// processes.
    pub(crate) fn open(
        state_root: &Path,
        identity: Identity,
        profile: Profile,
    ) -> Result<Self, Error> {
        let dir = state_root.join(FOLDER);
        match DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => identity.own(&dir)?,
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                let owner = fs::metadata(&dir).doing("look at", &dir)?.uid();
                let uid = identity.uid();
                if owner != uid {
                    return Err(Error::WrongOwner {
                        path: dir,
                        owner,
                        uid,
                    });
                }
            }
            Err(cause) => return Err(cause).doing("create the folder", dir),
        }
        Ok(Self {
            _lock: lock(&dir)?,
            dir,
            identity,
            profile,
        })
    }

    /// Returns the newest data folder and the major version that created it.
    pub(crate) fn data(&self) -> Result<Option<(PathBuf, u32)>, Error> {
        let entries = fs::read_dir(&self.dir).doing("list", &self.dir)?;
        let newest = entries
            .filter_map(Result::ok)
            .filter_map(|entry| {
                let name = entry.file_name();
                let major = name.to_str()?.strip_prefix("data-")?.parse().ok()?;
                Some((entry.path(), major))
            })
            .max_by_key(|(_, major)| *major);
        Ok(newest)
    }

    /// Returns the superuser's password, which is created on first use.
    pub(crate) fn password(&self) -> Result<String, Error> {
        let path = self.password_file();
        match files::read_to_string(&path) {
            Ok(password) => Ok(password.trim_end().to_owned()),
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause).doing("read", path),
            Err(_) if self.data()?.is_some() => Err(Error::PasswordMissing { path }),
            Err(_) => self.make_password(&path),
        }
    }

    fn make_password(&self, path: &Path) -> Result<String, Error> {
        let mut random = [0; 24];
        getrandom::fill(&mut random).map_err(Error::Random)?;
        let password = hex::encode(random);
        // Moved into place, so that an interrupted run leaves no part of it.
        let unfinished = path.with_extension("new");
        let file = write_private(&unfinished, &password).doing("write", &unfinished)?;
        self.identity.own_file(&file, &unfinished)?;
        fs::rename(&unfinished, path).doing("move into place", path)?;
        Ok(password)
    }

    fn password_file(&self) -> PathBuf {
        self.dir.join("password")
    }

    /// Creates a data folder with `initdb`.
    pub(crate) fn create_data(&self, binaries: &Binaries) -> Result<PathBuf, Error> {
        self.password()?;
        let data = self.dir.join(format!("data-{}", binaries.major));
        let unfinished = self.dir.join("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).doing("remove", &unfinished)?;
        }
        let mut initdb = self.identity.command(binaries.bin_dir.join("initdb"));
        initdb
            .args([
                "--username=postgres",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
            ])
            .args(locale_options(binaries.major))
            .arg("--pwfile")
            .arg(self.password_file())
            .arg("--pgdata")
            .arg(&unfinished);
        if self.profile == Profile::Throwaway {
            initdb.arg("--no-sync");
        }
        let output = initdb
            .output()
            .doing("run", binaries.bin_dir.join("initdb"))?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            return Err(Error::Initdb {
                status: output.status,
                output: String::from_utf8_lossy(&said).trim().to_owned(),
            });
        }
        fs::rename(&unfinished, &data).doing("move into place", &data)?;
        Ok(data)
    }

    /// Returns the port of the last run, so that noted addresses stay valid.
    pub(crate) fn last_port(&self) -> Option<u16> {
        files::read_to_string(&self.dir.join("port"))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    pub(crate) fn remember_port(&self, port: u16) -> Result<(), Error> {
        let path = self.dir.join("port");
        files::not_following()
            .create(true)
            .truncate(true)
            .write(true)
            .open(&path)
            .and_then(|mut file| write!(file, "{port}"))
            .doing("write", path)
    }
}

/// Returns the options for the provider and locale of the first databases.
///
/// The builtin provider (17 and later) makes the data independent of the
/// machine's locale data. Character classes, which full-text search uses, still
/// come from the system; macOS before 15 has no C.UTF-8.
fn locale_options(major: u32) -> &'static [&'static str] {
    match (major, cfg!(target_os = "macos")) {
        (17.., false) => &["--locale-provider=builtin", "--locale=C.UTF-8"],
        (17.., true) => &[
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=en_US.UTF-8",
        ],
        (_, false) => &["--locale=C.UTF-8"],
        (_, true) => &["--locale=en_US.UTF-8"],
    }
}

/// Locks the instance for this process, and writes its id for others to read.
fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join(LOCK);
    let mut file = files::not_following()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .doing("open", &path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = files::read_to_string(&path).ok();
            return Err(Error::InUse {
                path: dir.to_owned(),
                pid: holder.and_then(|pid| pid.trim().parse().ok()),
            });
        }
        Err(TryLockError::Error(cause)) => return Err(cause).doing("lock", path),
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .doing("write", path)?;
    Ok(file)
}

fn write_private(path: &Path, content: &str) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::testing::open;

    fn state_root() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("tempdir");
        open(root.path());
        root
    }

    fn open_instance(root: &Path) -> Result<Instance, Error> {
        Instance::open(root, Identity::detect()?, Profile::Durable)
    }

    #[test]
    fn the_second_to_open_is_told_who_the_first_is() {
        let root = state_root();
        let first = open_instance(root.path()).expect("free");
        let message = open_instance(root.path())
            .map(|_| ())
            .expect_err("held")
            .to_string();
        let holder = format!("process {}", std::process::id());
        assert!(message.contains(&holder), "{message}");
        assert!(message.contains("DATABASE_URL"), "{message}");
        drop(first);
        assert!(open_instance(root.path()).is_ok());
    }

    #[test]
    fn the_password_is_random_stays_and_is_private_to_the_database_user() {
        let (root, other) = (state_root(), state_root());
        let instance = open_instance(root.path()).expect("free");
        let password = instance.password().expect("made");
        assert_eq!(password.len(), 48);
        assert_eq!(instance.password().expect("kept"), password);
        let elsewhere = open_instance(other.path()).expect("free");
        assert_ne!(elsewhere.password().expect("made"), password);

        let meta = fs::metadata(instance.password_file()).expect("metadata");
        assert_eq!(meta.mode() & 0o777, 0o600);
        assert_eq!(meta.uid(), instance.identity.uid());
    }

    #[test]
    fn data_without_its_password_is_not_given_a_new_one() {
        let root = state_root();
        let instance = open_instance(root.path()).expect("free");
        fs::create_dir(instance.dir.join("data-18")).expect("create");
        let error = instance.password().expect_err("missing");
        assert!(matches!(error, Error::PasswordMissing { .. }), "{error}");
    }

    #[test]
    fn the_folder_is_closed_to_everyone_but_the_database_user() {
        let root = state_root();
        let instance = open_instance(root.path()).expect("free");
        let meta = fs::metadata(&instance.dir).expect("metadata");
        assert_eq!(meta.mode() & 0o777, 0o700);
        assert_eq!(meta.uid(), instance.identity.uid());
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        let root = state_root();
        drop(open_instance(root.path()).expect("free"));
        let stranger = Identity::dropped("stranger", 61_777, 61_777);
        let refused = Instance::open(root.path(), stranger, Profile::Durable).map(|_| ());
        assert!(matches!(
            refused,
            Err(Error::WrongOwner { uid: 61_777, .. })
        ));
    }

    #[test]
    fn a_symlink_in_place_of_a_file_is_refused_and_not_followed() {
        let root = state_root();
        let target = root.path().join("target");
        fs::write(&target, "of someone else").expect("write");
        let instance = open_instance(root.path()).expect("free");
        let dir = instance.dir.clone();
        for name in ["port", "password"] {
            symlink(&target, dir.join(name)).expect("symlink");
        }
        assert_eq!(instance.last_port(), None);
        assert!(instance.remember_port(45_432).is_err());
        assert!(instance.password().is_err());

        drop(instance);
        fs::remove_file(dir.join(LOCK)).expect("remove");
        symlink(&target, dir.join(LOCK)).expect("symlink");
        let message = open_instance(root.path())
            .map(|_| ())
            .expect_err("refused")
            .to_string();
        assert!(message.contains(LOCK), "{message}");
        let kept = fs::read_to_string(&target).expect("read");
        assert_eq!(kept, "of someone else");
    }

    #[test]
    fn the_newest_data_folder_and_the_last_port_are_found() {
        let root = state_root();
        let instance = open_instance(root.path()).expect("free");
        assert_eq!(instance.data().expect("listed"), None);
        assert_eq!(instance.last_port(), None);
        for name in ["data-15", "data-18", "data-old", "unfinished"] {
            fs::create_dir(instance.dir.join(name)).expect("create");
        }
        instance.remember_port(45_432).expect("written");
        let newest = (instance.dir.join("data-18"), 18);
        assert_eq!(instance.data().expect("listed"), Some(newest));
        assert_eq!(instance.last_port(), Some(45_432));
    }
}
