//! A private PostgreSQL for development and tests.
//!
//! Downloads a pinned build of the real server on first use, keeps it in the user's cache, runs it
//! as a child process on 127.0.0.1 and stops it with this process. Nothing is downloaded at build
//! time, and this crate reads no configuration: the caller passes [`Settings`]. Production uses its
//! own server instead.

use std::path::PathBuf;

#[cfg(unix)]
mod archive;
#[cfg(unix)]
mod binaries;
#[cfg(unix)]
mod cluster;
mod error;
#[cfg(unix)]
mod files;
#[cfg(unix)]
mod identity;
#[cfg(unix)]
mod installed;
#[cfg(unix)]
mod instance;
#[cfg(unix)]
mod orphan;
#[cfg(unix)]
mod os;
mod places;
#[cfg(unix)]
mod platform;
#[cfg(unix)]
mod server;
#[cfg(all(test, unix))]
mod testing;
#[cfg(unix)]
mod throwaway;
#[cfg(not(unix))]
mod unsupported;

#[cfg(unix)]
pub use cluster::Cluster;
pub use error::{Error, MajorFound};
pub use places::{StateRoot, state_root};
#[cfg(not(unix))]
pub use unsupported::Cluster;

/// The repository from which pinned archives are downloaded by default.
pub const DEFAULT_DOWNLOAD_BASE: &str = "https://repo1.maven.org/maven2";

/// Where binaries and clusters are stored, and which binaries are used.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder, which must exist, with the state in `.data`; see [`state_root`].
    pub working_dir: PathBuf,
    /// The `bin` folder of an installed PostgreSQL (15 or later); if set, no other is used.
    pub bin_dir: Option<PathBuf>,
    /// The pinned archive, already downloaded, for machines without a network. Not read once its
    /// content is in the cache.
    pub archive: Option<PathBuf>,
    /// A mirror to download from instead of [`DEFAULT_DOWNLOAD_BASE`].
    pub download_base: Option<String>,
    /// The port to listen on; by default the port of the last run if it is free, else any free
    /// port.
    pub port: Option<u16>,
    pub profile: Profile,
}

/// The choice between durability and speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Commits survive a crash of the machine.
    Durable,
    /// Nothing is forced to disk, and stopping deletes the cluster.
    Throwaway,
}

impl Settings {
    /// Returns settings of a durable cluster in this folder, otherwise defaults.
    pub fn new(working_dir: impl Into<PathBuf>) -> Self {
        Self {
            working_dir: working_dir.into(),
            bin_dir: None,
            archive: None,
            download_base: None,
            port: None,
            profile: Profile::Durable,
        }
    }

    /// Returns settings of a cluster for one test run, in a new folder below the system's temporary
    /// one. Each start removes clusters of dead processes.
    #[cfg(unix)]
    pub fn throwaway() -> Self {
        Self {
            profile: Profile::Throwaway,
            ..Self::new(throwaway::fresh_working_dir())
        }
    }

    /// Returns settings of a cluster for one test run; this platform starts none.
    #[cfg(not(unix))]
    pub fn throwaway() -> Self {
        Self {
            profile: Profile::Throwaway,
            ..Self::new(std::env::temp_dir())
        }
    }
}
