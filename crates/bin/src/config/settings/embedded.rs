use std::path::PathBuf;

use super::setting;
use crate::config::Effective;
use crate::config::kind::{FIXED_PORT, HTTP_URL, TEXT};

section! {
    "embedded PostgreSQL (development, when no database is configured)";

    /// Port of the embedded PostgreSQL on 127.0.0.1. By default that of the last run if it is free,
    /// otherwise any free port.
    CUSTOMER_POSTGRES_PORT: u16 = setting("embedded.postgres.port", &FIXED_PORT);

    /// Folder with initdb and postgres of an installed PostgreSQL (version 15 or later), which is
    /// used instead of a downloaded one.
    CUSTOMER_POSTGRES_BIN_DIR: String = setting("embedded.postgres.bin_dir", &TEXT);

    /// Path of the PostgreSQL archive that would otherwise be downloaded, for machines without
    /// access to the network.
    CUSTOMER_POSTGRES_ARCHIVE: String = setting("embedded.postgres.archive", &TEXT);

    /// Maven repository from which PostgreSQL is downloaded, such as a mirror of the default one.
    CUSTOMER_POSTGRES_DOWNLOAD_BASE: String = setting("embedded.postgres.download_base", &HTTP_URL);
}

#[derive(Debug)]
pub(crate) struct Embedded {
    /// `None` for the port of the last run if it is free, otherwise any free port.
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
