use secrecy::SecretString;

use super::setting;
use crate::config::kind::{COUNT, ServerUrl, integer};

section! {
    "import from Magento";

    /// URL of the MySQL database of the shop that customers are imported from.
    CUSTOMER_MAGENTO_DB_URL: SecretString =
        setting("migration.magento_db_url", &ServerUrl(&["mysql"])).also(&["MAGENTO_DB_URL"]), not_built;

    /// Number of customers imported in one transaction.
    CUSTOMER_MIGRATION_BATCH_SIZE: usize =
        setting("migration.batch_size", &COUNT).or("1000").also(&["MIGRATION_BATCH_SIZE"]), not_built;

    /// Number of batches that are imported concurrently.
    CUSTOMER_MIGRATION_WORKERS: u32 =
        setting("migration.workers", &integer(1, 256)).or("4").also(&["MIGRATION_WORKERS"]), not_built;
}
