use super::super::kind::Kind;
use super::{Section, setting};

pub(super) static SECTION: Section = Section {
    title: "import from Magento",
    settings: &[
        setting(
            "CUSTOMER_MAGENTO_DB_URL",
            "migration.magento_db_url",
            Kind::Url(&["mysql"]),
            "database of the shop that customers are imported from",
        )
        .also(&["MAGENTO_DB_URL"])
        .not_built(),
        setting(
            "CUSTOMER_MIGRATION_BATCH_SIZE",
            "migration.batch_size",
            Kind::COUNT,
            "customers imported in one transaction",
        )
        .or("1000")
        .also(&["MIGRATION_BATCH_SIZE"])
        .not_built(),
        setting(
            "CUSTOMER_MIGRATION_WORKERS",
            "migration.workers",
            Kind::Integer { min: 1, max: 256 },
            "imports at once",
        )
        .or("4")
        .also(&["MIGRATION_WORKERS"])
        .not_built(),
    ],
};
