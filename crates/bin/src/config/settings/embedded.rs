use std::path::PathBuf;

use super::setting;
use crate::config::Effective;
use crate::config::kind::{FIXED_PORT, HTTP_URL, TEXT};

section! {
    "embedded PostgreSQL (development, when no database is configured)";

    /// Port of the embedded PostgreSQL; by default any free one.
    CUSTOMER_POSTGRES_PORT: u16 = setting("embedded.postgres.port", &FIXED_PORT);

    /// Folder of an installed PostgreSQL (with initdb and postgres) to use instead of a download.
    CUSTOMER_POSTGRES_BIN_DIR: String = setting("embedded.postgres.bin_dir", &TEXT);

    /// Archive of PostgreSQL that was fetched by other means, for machines without access to the network.
    CUSTOMER_POSTGRES_ARCHIVE: String = setting("embedded.postgres.archive", &TEXT);

    /// Repository from which PostgreSQL is downloaded, such as a mirror of the default one.
    CUSTOMER_POSTGRES_DOWNLOAD_BASE: String = setting("embedded.postgres.download_base", &HTTP_URL);
}

#[derive(Debug)]
pub(crate) struct Embedded {
    /// `None` lets the system choose a free port.
    pub(crate) port: Option<u16>,
    pub(crate) bin_dir: Option<PathBuf>,
    pub(crate) archive: Option<PathBuf>,
    pub(crate) download_base: Option<String>,
}

impl Embedded {
    pub(in crate::config) fn read(from: &Effective) -> Self {
        Self {
            port: from.find(&CUSTOMER_POSTGRES_PORT),
            bin_dir: from.find(&CUSTOMER_POSTGRES_BIN_DIR).map(PathBuf::from),
            archive: from.find(&CUSTOMER_POSTGRES_ARCHIVE).map(PathBuf::from),
            download_base: from.find(&CUSTOMER_POSTGRES_DOWNLOAD_BASE),
        }
    }
}
