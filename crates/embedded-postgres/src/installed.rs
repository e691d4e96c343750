//! Finds a PostgreSQL that is installed on the system, the last resort.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{binaries::Binaries, error::Error, identity::Identity};

/// The oldest major version that the service's schema works on.
const OLDEST_MAJOR: u32 = 15;

/// Returns the binaries in a folder if they are complete and recent enough.
pub(crate) fn inspect(folder: &Path, identity: &Identity) -> Result<Binaries, Error> {
    let unfit = |problem: String| Error::BinDir {
        path: folder.to_owned(),
        problem,
    };
    if !folder.join("initdb").is_file() {
        return Err(unfit("there is no `initdb`".to_owned()));
    }
    identity.must_enter(folder)?;
    let output = identity
        .command(folder.join("postgres"))
        .arg("--version")
        .output()
        .map_err(|cause| unfit(format!("`postgres` does not run: {cause}")))?;
    let said = String::from_utf8_lossy(&output.stdout);
    match major_version(&said) {
        Some(major) if major >= OLDEST_MAJOR => Ok(Binaries {
            bin_dir: folder.to_owned(),
            major,
        }),
        Some(major) => Err(unfit(format!("it is PostgreSQL {major}"))),
        None => Err(unfit(format!("`postgres --version` says {said:?}"))),
    }
}

/// Returns the newest usable binaries of the candidates, of `major` if given.
pub(crate) fn newest(
    candidates: impl IntoIterator<Item = PathBuf>,
    identity: &Identity,
    major: Option<u32>,
) -> Option<Binaries> {
    candidates
        .into_iter()
        .filter_map(|folder| inspect(&folder, identity).ok())
        .filter(|found| major.is_none_or(|major| found.major == major))
        .max_by_key(|found| found.major)
}

/// Returns folders where distributions, Homebrew and `pg_config` put binaries.
pub(crate) fn candidates() -> Vec<PathBuf> {
    let layouts = [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/usr/libexec", "postgresql", ""),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ];
    layouts
        .into_iter()
        .flat_map(|(parent, prefix, inner)| versions_in(Path::new(parent), prefix, inner))
        .chain(pg_config_bin_dir())
        .collect()
}

fn versions_in(parent: &Path, prefix: &str, inner: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| name.strip_prefix(prefix));
            version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        })
        .map(|entry| entry.path().join(inner))
        .collect()
}

fn pg_config_bin_dir() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(said.trim())).filter(|folder| folder.is_absolute())
}

/// Parses `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` or `…
/// 19beta1`.
fn major_version(said: &str) -> Option<u32> {
    let (_, version) = said.split_once("(PostgreSQL) ")?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fake_install;

    #[test]
    fn the_major_version_is_read_from_releases_and_betas_alike() {
        assert_eq!(major_version("postgres (PostgreSQL) 18.6\n"), Some(18));
        assert_eq!(
            major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(major_version("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major_version("bash: postgres: not found"), None);
    }

    #[test]
    fn the_newest_recent_enough_installation_is_taken() {
        let root = tempfile::tempdir().expect("tempdir");
        let candidates: Vec<_> = [14, 16, 15]
            .map(|major| fake_install(root.path(), major))
            .into_iter()
            .chain([root.path().join("missing")])
            .collect();
        let identity = Identity::detect().expect("a user to run as");
        let major = |wanted| newest(candidates.clone(), &identity, wanted).map(|found| found.major);
        assert_eq!(major(None), Some(16));
        assert_eq!(major(Some(15)), Some(15));
        assert_eq!(major(Some(14)), None);
    }

    #[test]
    fn an_unfit_folder_says_what_is_wrong_with_it() {
        let root = tempfile::tempdir().expect("tempdir");
        let identity = Identity::detect().expect("a user to run as");
        let complaint = |folder: &Path| inspect(folder, &identity).expect_err("unfit").to_string();
        let old = complaint(&fake_install(root.path(), 14));
        assert!(old.contains("it is PostgreSQL 14"), "{old}");
        let empty = complaint(root.path());
        assert!(empty.contains("there is no `initdb`"), "{empty}");
        assert!(empty.contains("CUSTOMER_POSTGRES_BIN_DIR"), "{empty}");
    }

    #[test]
    fn only_names_that_go_on_with_a_version_are_looked_into() {
        let root = tempfile::tempdir().expect("tempdir");
        for name in ["pgsql-16", "pgsql-common", "other-16"] {
            fs::create_dir(root.path().join(name)).expect("create");
        }
        assert_eq!(
            versions_in(root.path(), "pgsql-", "bin"),
            [root.path().join("pgsql-16/bin")]
        );
    }
}
