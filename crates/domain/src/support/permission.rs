//! What callers may do.

use super::vocabulary::vocabulary;

vocabulary! {
    /// What a caller may do. Each permission includes those before it.
    #[derive(PartialOrd, Ord)]
    pub enum Permission {
        /// Reads customers.
        Read = 1 "customers:read",
        /// Changes customers.
        Write = 2 "customers:write",
        /// Administers the service.
        Admin = 3 "customers:admin",
    }
}
