use super::super::kind::Kind;
use super::{Section, setting};

pub(super) static SECTION: Section = Section {
    title: "embedded PostgreSQL (development, when no database is configured)",
    settings: &[
        setting(
            "CUSTOMER_POSTGRES_PORT",
            "embedded.postgres.port",
            Kind::Integer {
                min: 1,
                max: 65_535,
            },
            "port of the embedded PostgreSQL; by default any free one",
        ),
        setting(
            "CUSTOMER_POSTGRES_BIN_DIR",
            "embedded.postgres.bin_dir",
            Kind::Text,
            "folder of an installed PostgreSQL (with initdb and postgres) to use instead of a download",
        ),
        setting(
            "CUSTOMER_POSTGRES_ARCHIVE",
            "embedded.postgres.archive",
            Kind::Text,
            "archive of PostgreSQL that was fetched by other means, for machines without access to the network",
        ),
        setting(
            "CUSTOMER_POSTGRES_DOWNLOAD_BASE",
            "embedded.postgres.download_base",
            Kind::HttpUrl,
            "repository from which PostgreSQL is downloaded, such as a mirror of the default one",
        ),
    ],
};
