//! The permissions of callers.

use super::vocabulary::vocabulary;

vocabulary! {
    /// A permission of a caller. Each includes those before it.
    #[derive(PartialOrd, Ord)]
    pub enum Permission {
        /// To read customers.
        Read = 1 "customers:read",
        /// To change customers.
        Write = 2 "customers:write",
        /// To administer the service.
        Admin = 3 "customers:admin",
    }
}
