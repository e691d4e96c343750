//! Where state and downloaded binaries are stored.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::error::{Doing, Error};
#[cfg(unix)]
use crate::identity::Identity;

const APPLICATION: &str = "customer-service";

/// The folder for everything that outlives a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRoot {
    /// The folder, which exists and which this process may write to.
    pub path: PathBuf,
    /// A line for the user that explains why it is not `.data` in the working
    /// folder; `None` if it is.
    pub note: Option<String>,
}

/// Returns the state root of a working folder, which is created if missing:
/// `.data` inside it, or a system state folder named after a hash of its path
/// if the database's user cannot enter the working folder (such as root's home)
/// or it is read-only.
///
/// Starts no server.
///
/// # Errors
/// If the working folder does not exist or the state root cannot be created.
pub fn state_root(working_dir: &Path) -> Result<StateRoot, Error> {
    let working_dir = fs::canonicalize(working_dir).doing("find the folder", working_dir)?;
    choose(&working_dir, obstacle(&working_dir), system_state_dir)
}

fn choose(
    working_dir: &Path,
    obstacle: Option<String>,
    system: impl FnOnce() -> Result<PathBuf, Error>,
) -> Result<StateRoot, Error> {
    let data = working_dir.join(".data");
    let reason = match obstacle {
        Some(reason) => reason,
        None => match make(&data) {
            Ok(()) => {
                return Ok(StateRoot {
                    path: data,
                    note: None,
                });
            }
            Err(cause) if read_only(&cause) => format!("{}: {cause}", data.display()),
            Err(cause) => return Err(cause).doing("create the folder", data),
        },
    };
    let parent = system()?;
    make(&parent).doing("create the folder", &parent)?;
    let path = parent.join(short_hash(working_dir));
    make(&path).doing("create the folder", &path)?;
    let note = format!("state is stored in {}: {reason}", path.display());
    Ok(StateRoot {
        path,
        note: Some(note),
    })
}

/// Returns why the database cannot work in this folder; `None` if it can.
#[cfg(unix)]
fn obstacle(working_dir: &Path) -> Option<String> {
    // Without a user to run as there is no database, but other state may be
    // stored here.
    let identity = Identity::detect().ok()?;
    match identity.must_enter(working_dir) {
        Err(Error::Unreachable { user, .. }) => Some(format!(
            "the user `{user}`, which the database runs as, cannot enter {}",
            working_dir.display()
        )),
        _ => None,
    }
}

#[cfg(not(unix))]
fn obstacle(_working_dir: &Path) -> Option<String> {
    None
}

fn read_only(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// Returns enough of the path's SHA-256 to distinguish working folders.
fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    hex::encode(&digest[..8])
}

/// Creates a state folder. The database's user may pass through root's to its
/// own files; any other user's is closed to others.
fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let mode = if is_root() { 0o711 } else { 0o700 };
        fs::set_permissions(folder, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

fn system_state_dir() -> Result<PathBuf, Error> {
    system_dir("/var/lib", "XDG_STATE_HOME", ".local/state")
}

/// Returns the folder of unpacked binaries, shared by all working folders.
#[cfg(unix)]
pub(crate) fn cache_dir() -> Result<PathBuf, Error> {
    let in_home = match env::consts::OS {
        "macos" => "Library/Caches",
        _ => ".cache",
    };
    system_dir("/var/cache", "XDG_CACHE_HOME", in_home)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the XDG base directories are settings of the user, not of the service"
)]
fn system_dir(for_root: &str, variable: &str, in_home: &str) -> Result<PathBuf, Error> {
    if is_root() {
        return Ok(Path::new(for_root).join(APPLICATION));
    }
    let named = env::var_os(variable).map(PathBuf::from);
    // The base directory specification requires relative paths to be ignored.
    let base = match named.filter(|path| path.is_absolute()) {
        Some(base) => base,
        None => env::home_dir()
            .filter(|home| home.is_absolute())
            .ok_or(io::ErrorKind::NotFound.into())
            .doing("find the home folder; set", format!("${variable}"))?
            .join(in_home),
    };
    Ok(base.join(APPLICATION))
}

/// Returns the parent of all throw-away clusters of this user.
#[cfg(unix)]
pub(crate) fn throwaway_base() -> PathBuf {
    let name = format!("{APPLICATION}-throwaway-{}", crate::os::effective_uid());
    let temporary = env::temp_dir();
    // Root's own temporary folder may be closed to the database's user.
    let closed = Identity::detect().is_ok_and(|user| user.must_enter(&temporary).is_err());
    if closed {
        Path::new("/tmp").join(name)
    } else {
        temporary.join(name)
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    crate::os::effective_uid() == 0
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_lies_in_the_working_folder_when_nothing_is_in_the_way() {
        let working = tempfile::tempdir().expect("tempdir");
        let root = choose(working.path(), None, || unreachable!("not needed")).expect("made");
        assert_eq!(root.path, working.path().join(".data"));
        assert_eq!(root.note, None);
        assert!(root.path.is_dir());
    }

    #[test]
    fn an_unreachable_working_folder_gets_a_system_folder_of_its_own_and_a_note() {
        let system = tempfile::tempdir().expect("tempdir");
        let elsewhere = |working: &str| {
            let reason = Some("nobody cannot enter it".to_owned());
            choose(Path::new(working), reason, || Ok(system.path().to_owned())).expect("made")
        };
        let (one, other) = (elsewhere("/closed/one"), elsewhere("/closed/other"));
        assert_ne!(one.path, other.path);
        assert_eq!(one, elsewhere("/closed/one"));
        assert!(one.path.starts_with(system.path()) && one.path.is_dir());
        let note = one.note.expect("a note");
        assert!(note.contains("nobody cannot enter it"), "{note}");
        assert!(note.contains(&*one.path.to_string_lossy()), "{note}");
    }

    #[cfg(unix)]
    #[test]
    fn a_closed_working_folder_is_an_obstacle_for_root_alone() {
        use std::os::unix::fs::PermissionsExt;

        let working = tempfile::tempdir().expect("tempdir");
        fs::set_permissions(working.path(), fs::Permissions::from_mode(0o700)).expect("chmod");
        assert_eq!(obstacle(working.path()).is_some(), is_root());
    }

    #[cfg(unix)]
    #[test]
    fn throwaway_clusters_lie_where_the_database_may_go() {
        let base = throwaway_base();
        let identity = Identity::detect().expect("a user to run as");
        let parent = base.parent().expect("a parent");
        assert!(identity.must_enter(parent).is_ok(), "{}", base.display());
    }

    #[test]
    fn a_missing_working_folder_is_named() {
        let message = state_root(Path::new("/no/such/folder"))
            .expect_err("missing")
            .to_string();
        assert!(message.contains("/no/such/folder"), "{message}");
    }
}
