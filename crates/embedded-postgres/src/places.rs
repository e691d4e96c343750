//! Where state and downloaded binaries lie.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::error::{Doing, Error};
#[cfg(unix)]
use crate::identity::Identity;

const APPLICATION: &str = "customer-service";

/// The folder that holds what has to outlive a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRoot {
    /// Exists, and this process may write in it.
    pub path: PathBuf,
    /// Why it is not `.data` in the working folder, as a line to be shown.
    pub note: Option<String>,
}

/// The state root of a working folder, made if need be: `.data` inside it, or
/// a system state folder named after a hash of its path where the user the
/// database runs as cannot enter it (root's home) or nobody can write in it.
///
/// Starts nothing.
///
/// # Errors
/// When neither folder can be made.
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
            Err(cause) => return Err(cause).doing("make the folder", data),
        },
    };
    let parent = system()?;
    make(&parent).doing("make the folder", &parent)?;
    let path = parent.join(short_hash(working_dir));
    make(&path).doing("make the folder", &path)?;
    let note = format!("state lies in {}: {reason}", path.display());
    Ok(StateRoot {
        path,
        note: Some(note),
    })
}

/// Why the database could not work in this folder.
#[cfg(unix)]
fn obstacle(working_dir: &Path) -> Option<String> {
    // With no user to run as there is no database, but other state may lie here.
    let identity = Identity::detect().ok()?;
    match identity.must_enter(working_dir) {
        Err(Error::Unreachable { user, .. }) => Some(format!(
            "the user `{user}`, as whom the database runs, cannot enter {}",
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

/// Enough of the path's SHA-256 to tell working folders apart.
fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    hex::encode(&digest[..8])
}

/// Makes a state folder. Root's is one the database's user may pass through to
/// what is its own; anyone else's is closed to others.
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

/// Where unpacked binaries are kept for every working folder.
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
    reason = "the XDG base directories are the user's, no setting of the service"
)]
fn system_dir(for_root: &str, variable: &str, in_home: &str) -> Result<PathBuf, Error> {
    if is_root() {
        return Ok(Path::new(for_root).join(APPLICATION));
    }
    let named = env::var_os(variable).map(PathBuf::from);
    // The base directory specification has relative paths ignored.
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

/// The parent of every throw-away cluster of this user.
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
