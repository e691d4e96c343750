//! Chooses the PostgreSQL to run: the first of the configured folder, the cache, the configured
//! archive, the download, and an installed one.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use crate::{
    archive,
    error::{Doing, Error, MajorFound},
    identity::Identity,
    installed,
    platform::{self, Artifact},
};

/// The last file written to an unpacked archive; contains the archive's hash.
const MARKER: &str = ".ok";

/// The programs of one PostgreSQL.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Binaries {
    pub(crate) bin_dir: PathBuf,
    pub(crate) major: u32,
}

/// Everything the look-up depends on.
#[derive(Clone, Copy)]
pub(crate) struct LookUp<'a> {
    pub(crate) bin_dir: Option<&'a Path>,
    pub(crate) archive: Option<&'a Path>,
    pub(crate) download_base: &'a str,
    pub(crate) cache_dir: &'a Path,
    pub(crate) artifact: Option<Artifact>,
    pub(crate) identity: &'a Identity,
    /// An existing data folder and the major version that created it.
    pub(crate) data: Option<(&'a Path, u32)>,
    /// Returns where installed ones may be; called only if the others do not fit.
    pub(crate) installed: &'a dyn Fn() -> Vec<PathBuf>,
}

impl LookUp<'_> {
    pub(crate) fn run(&self) -> Result<Binaries, Error> {
        if let Some(folder) = self.bin_dir {
            let found = installed::inspect(folder, self.identity)?;
            return match self.data {
                Some((path, data)) if data != found.major => Err(Error::OtherMajor {
                    path: path.to_owned(),
                    data,
                    found: MajorFound::Configured(found.major),
                }),
                _ => Ok(found),
            };
        }
        // Data created by an installed PostgreSQL stays with its major version.
        if let Some((path, data)) = self.data
            && data != platform::MAJOR
        {
            return self
                .newest_installed(Some(data))
                .ok_or_else(|| Error::OtherMajor {
                    path: path.to_owned(),
                    data,
                    found: MajorFound::None,
                });
        }
        match self.pinned() {
            Err(cause) if self.archive.is_none() => self.fall_back(cause),
            found_or_bad_archive => found_or_bad_archive,
        }
    }

    fn fall_back(&self, cause: Error) -> Result<Binaries, Error> {
        let data_major = self.data.map(|(_, major)| major);
        let Some(found) = self.newest_installed(data_major) else {
            let cause = Box::new(cause);
            return Err(Error::NoBinaries { cause });
        };
        tracing::warn!(
            bin_dir = %found.bin_dir.display(),
            major = found.major,
            %cause,
            "using the installed PostgreSQL, as the pinned one is not available"
        );
        Ok(found)
    }

    fn newest_installed(&self, major: Option<u32>) -> Option<Binaries> {
        installed::newest((self.installed)(), self.identity, major)
    }

    /// Returns the pinned release from the cache, after adding it if it is missing.
    fn pinned(&self) -> Result<Binaries, Error> {
        let artifact = self.artifact.ok_or(Error::UnsupportedPlatform {
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
        })?;
        let name = format!("postgres-{}-{}", platform::VERSION, artifact.platform);
        let home = self.cache_dir.join(name);
        make_open(self.cache_dir)?;
        // Before the download, because this would otherwise fail only after it.
        self.identity.must_enter(self.cache_dir)?;
        // A finished folder appears by a rename, so it can be used without the lock.
        if !is_complete(&home, &artifact) {
            let lock_path = self.cache_dir.join(".lock");
            let lock = File::create(&lock_path).doing("open", &lock_path)?;
            lock.lock().doing("lock", &lock_path)?;
            if !is_complete(&home, &artifact) {
                self.fill(&home, &artifact)?;
            }
        }
        Ok(Binaries {
            bin_dir: home.join("bin"),
            major: platform::MAJOR,
        })
    }

    /// Unpacks next to the final folder and moves the result there. The caller holds the lock, so
    /// leftovers of a killed run can be removed.
    fn fill(&self, home: &Path, artifact: &Artifact) -> Result<(), Error> {
        let work = self.cache_dir.join("unpacking");
        for leftover in [&*work, home] {
            if leftover.exists() {
                fs::remove_dir_all(leftover).doing("remove", leftover)?;
            }
        }
        let unpacked = work.join("unpacked");
        fs::create_dir_all(&unpacked).doing("create the folder", &unpacked)?;
        let jar = match self.archive {
            Some(path) => local_archive(path, artifact)?,
            None => self.download(&work.join("archive.jar"), artifact)?,
        };
        tracing::info!(to = %home.display(), "unpacking PostgreSQL {}", platform::VERSION);
        archive::unpack(jar, &unpacked)?;
        let marker = unpacked.join(MARKER);
        fs::write(&marker, artifact.sha256).doing("write", marker)?;
        fs::rename(&unpacked, home).doing("move into place", home)?;
        fs::remove_dir_all(&work).doing("remove", &work)
    }

    fn download(&self, to: &Path, artifact: &Artifact) -> Result<File, Error> {
        let url = artifact.url(self.download_base);
        let shown = platform::shown(&url);
        tracing::info!(
            url = shown,
            "downloading PostgreSQL {}, once",
            platform::VERSION
        );
        archive::download(&url, to)?;
        let mut jar = File::open(to).doing("open", to)?;
        match archive::sha256(&mut jar).doing("read", to)? {
            hash if hash == artifact.sha256 => Ok(jar),
            actual => Err(Error::DownloadMismatch {
                url: shown,
                expected: artifact.sha256,
                actual,
            }),
        }
    }
}

fn local_archive(path: &Path, artifact: &Artifact) -> Result<File, Error> {
    let mut jar = File::open(path).doing("open the archive", path)?;
    match archive::sha256(&mut jar).doing("read the archive", path)? {
        hash if hash == artifact.sha256 => Ok(jar),
        actual => Err(Error::ArchiveMismatch {
            path: path.to_owned(),
            version: platform::VERSION,
            platform: artifact.platform,
            expected: artifact.sha256,
            actual,
        }),
    }
}

fn is_complete(home: &Path, artifact: &Artifact) -> bool {
    fs::read_to_string(home.join(MARKER)).is_ok_and(|hash| hash == artifact.sha256)
}

/// Creates a folder that others may enter, whatever our umask.
fn make_open(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;

    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).doing("create the folder", folder)?;
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder, open).doing("set the mode of", folder)
}

#[cfg(test)]
mod tests;
