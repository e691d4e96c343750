//! Errors, whose messages say what to do.

use std::{fmt, io, path::PathBuf, process::ExitStatus};

/// Why a private PostgreSQL could not be fetched, started or stopped.
///
/// A message is complete, including its causes: operators read it when the
/// service does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("cannot {action} {}: {cause}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        cause: io::Error,
    },

    #[error("the operating system gave no random bytes for a password: {0}")]
    Random(getrandom::Error),

    #[error(
        "no private PostgreSQL can be run on {os} {arch}; set DATABASE_URL to a PostgreSQL server"
    )]
    UnsupportedPlatform {
        os: &'static str,
        arch: &'static str,
    },

    #[error(
        "PostgreSQL refuses to run as root and /etc/passwd has neither `postgres` nor `nobody` to run it as; \
         start as another user, or set DATABASE_URL"
    )]
    NoUnprivilegedUser,

    #[error(
        "the user `{user}`, which PostgreSQL runs as, cannot enter {}; open that folder to it, \
         start as another user, or set DATABASE_URL",
        path.display()
    )]
    Unreachable { user: String, path: PathBuf },

    #[error(
        "{} belongs to another user (uid {owner}) than the one PostgreSQL runs as (uid {uid}); \
         start as that user, or move the folder away for a fresh database",
        path.display()
    )]
    WrongOwner { path: PathBuf, owner: u32, uid: u32 },

    #[error(
        "{} holds no PostgreSQL 15 or later ({problem}); CUSTOMER_POSTGRES_BIN_DIR must name a folder with \
         `postgres` and `initdb`",
        path.display()
    )]
    BinDir { path: PathBuf, problem: String },

    #[error(
        "{} is not the pinned PostgreSQL {version} for {platform}: SHA-256 is {actual}, must be {expected}; \
         CUSTOMER_POSTGRES_ARCHIVE must name exactly that file",
        path.display()
    )]
    ArchiveMismatch {
        path: PathBuf,
        version: &'static str,
        platform: &'static str,
        expected: &'static str,
        actual: String,
    },

    #[error("{url} sent another file than the pinned one: SHA-256 is {actual}, must be {expected}")]
    DownloadMismatch {
        url: String,
        expected: &'static str,
        actual: String,
    },

    #[error("cannot download {url}: {cause}")]
    Download { url: String, cause: String },

    #[error("cannot unpack the PostgreSQL archive: {0}")]
    Unpack(String),

    #[error(
        "no PostgreSQL to run: {cause}; and none of version 15 or later is installed. Do one of: set DATABASE_URL to \
         a server; set CUSTOMER_POSTGRES_BIN_DIR to the folder of an installed one; set CUSTOMER_POSTGRES_ARCHIVE to \
         a downloaded archive; set CUSTOMER_POSTGRES_DOWNLOAD_BASE to a mirror"
    )]
    NoBinaries { cause: Box<Error> },

    #[error(
        "{} was made by PostgreSQL {data} and {found}; set CUSTOMER_POSTGRES_BIN_DIR to PostgreSQL {data}, or move \
         the folder away for a fresh database",
        path.display()
    )]
    OtherMajor {
        path: PathBuf,
        data: u32,
        found: MajorFound,
    },

    #[error(
        "the database in {} is in use by {}; stop it first, or set DATABASE_URL",
        path.display(),
        Holder(*pid)
    )]
    InUse { path: PathBuf, pid: Option<u32> },

    #[error(
        "PostgreSQL (process {pid}), left by an earlier run on {}, does not stop; stop it by hand",
        path.display()
    )]
    Orphan { path: PathBuf, pid: u32 },

    #[error(
        "{} has data but no password file; restore it, or move the folder away for a fresh database",
        path.display()
    )]
    PasswordMissing { path: PathBuf },

    #[error("port {port} of 127.0.0.1 cannot be used: {cause}; free it, set another, or set none")]
    Port { port: u16, cause: io::Error },

    #[error("initdb failed ({status}): {output}")]
    Initdb { status: ExitStatus, output: String },

    #[error("PostgreSQL stopped while starting ({status}); end of {}:\n{tail}", log.display())]
    EarlyExit {
        status: ExitStatus,
        log: PathBuf,
        tail: String,
    },

    #[error("PostgreSQL was not ready after {seconds} s; end of {}:\n{tail}", log.display())]
    NotReady {
        seconds: u64,
        log: PathBuf,
        tail: String,
    },
}

/// The PostgreSQL that was found for a data folder of another major version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MajorFound {
    /// No installed PostgreSQL has the wanted major version.
    None,
    /// The configured binaries have this major version.
    Configured(u32),
}

impl fmt::Display for MajorFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no installed PostgreSQL has that version"),
            Self::Configured(major) => write!(f, "the binaries are PostgreSQL {major}"),
        }
    }
}

struct Holder(Option<u32>);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(pid) => write!(f, "process {pid}"),
            None => f.write_str("another process"),
        }
    }
}

/// Adds the action and the path to an error of the operating system.
pub(crate) trait Doing<T> {
    fn doing(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T, Error>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T, Error> {
        self.map_err(|cause| Error::Io {
            action,
            path: path.into(),
            cause,
        })
    }
}
