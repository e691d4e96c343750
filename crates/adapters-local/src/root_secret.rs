//! The root secret's file on a development machine, where none has to be configured.

use secrecy::{ExposeSecret as _, SecretString};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::NamedTempFile;

/// Returns the secret in the file at `path`, whose folder must exist. If there is no such file, it
/// is created first with the result of `generate` and mode 0600. Processes that start at the same
/// time agree on one secret: the file appears complete and is never overwritten.
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`] if other users can access the file,
/// [`io::ErrorKind::InvalidData`] if it is empty or not text, or any error of the file system.
/// Every message contains the path.
pub fn load_or_create(
    path: &Path,
    generate: impl FnOnce() -> SecretString,
) -> io::Result<SecretString> {
    let secret = match load(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(path, &generate()).and_then(|()| load(path))
        }
        loaded => loaded,
    };
    secret.map_err(|error| {
        let message = format!("the root secret's file {}: {error}", path.display());
        io::Error::new(error.kind(), message)
    })
}

fn load(path: &Path) -> io::Result<SecretString> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!(
                "its mode {mode:04o} lets other users access it, so they may know the secret. \
                 Set mode 0600 if they do not, or delete the file so that a new secret is created"
            ),
        ));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    match text.trim() {
        "" => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is empty; delete it so that a new secret is created",
        )),
        text => Ok(text.into()),
    }
}

/// Writes the secret to a new file at `path`, with mode 0600. If the file exists by now, because
/// another process was faster, it is left unchanged and `Ok` is returned. The file is written under
/// a temporary name first, so that it is never seen incomplete.
fn create(path: &Path, secret: &SecretString) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    writeln!(file, "{}", secret.expose_secret())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(lost) if lost.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(failed) => Err(failed.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::sync::Barrier;
    use std::thread;
    use tempfile::TempDir;

    fn folder() -> TempDir {
        tempfile::tempdir().unwrap()
    }

    fn unasked() -> SecretString {
        panic!("no secret was to be made")
    }

    #[test]
    fn a_secret_is_made_once_and_then_found() {
        let folder = folder();
        let path = folder.path().join("root-secret");
        let made = load_or_create(&path, || "abc=".into()).unwrap();
        let found = load_or_create(&path, unasked).unwrap();

        assert_eq!(made.expose_secret(), "abc=");
        assert_eq!(found.expose_secret(), "abc=");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let files = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 1, "no temporary file stays");
    }

    #[test]
    fn racing_starts_agree_on_one_secret() {
        let folder = folder();
        let path = folder.path().join("root-secret");
        let start = Barrier::new(8);
        let begin = |number: u32| {
            start.wait();
            load_or_create(&path, || format!("secret-{number}").into())
                .unwrap()
                .expose_secret()
                .to_owned()
        };
        let had: Vec<_> = thread::scope(|scope| {
            let begin = &begin;
            let threads: Vec<_> = (0..8)
                .map(|number| scope.spawn(move || begin(number)))
                .collect();
            threads.into_iter().map(|one| one.join().unwrap()).collect()
        });

        assert!(had.iter().all(|secret| *secret == had[0]), "{had:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_came_first_is_not_overwritten() {
        let folder = folder();
        let path = folder.path().join("root-secret");
        create(&path, &"first".into()).unwrap();
        create(&path, &"second".into()).unwrap();
        assert_eq!(load(&path).unwrap().expose_secret(), "first");
    }

    #[test]
    fn a_file_that_others_can_reach_is_refused() {
        let folder = folder();
        let path = folder.path().join("root-secret");
        fs::write(&path, "abc=\n").unwrap();
        for mode in [0o644, 0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = load_or_create(&path, unasked).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
            let message = error.to_string();
            assert!(message.contains(&format!("{mode:04o}")), "{message}");
            assert!(message.contains("root-secret") && message.contains("0600"));
            assert!(!message.contains("abc="));
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert!(load_or_create(&path, unasked).is_ok(), "{mode:o}");
        }
    }

    #[test]
    fn an_empty_or_binary_file_is_refused_and_left_as_it_is() {
        let folder = folder();
        let path = folder.path().join("root-secret");
        for content in [b"".as_slice(), b" \n", b"\xff\xfe"] {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            let error = load_or_create(&path, unasked).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert_eq!(fs::read(&path).unwrap(), content);
        }
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_the_path() {
        let folder = folder();
        let path = folder.path().join("missing/root-secret");
        let error = load_or_create(&path, || "abc=".into()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains("missing/root-secret"), "{error}");
    }
}
