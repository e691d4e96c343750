//! The enumerations of a customer.

use crate::support::vocabulary::vocabulary;

vocabulary! {
    /// The status in a customer's lifecycle (D-11, D-14).
    pub enum Status {
        /// Registered, but not verified yet.
        Pending = 1 "pending",
        /// In good standing.
        Active = 2 "active",
        /// Set inactive by staff; keeps all data.
        Inactive = 3 "inactive",
        /// Suspended by staff.
        Suspended = 4 "suspended",
        /// Deactivated; the record stays for orders and staff.
        Deleted = 5 "deleted",
    }
}

vocabulary! {
    /// The type of a customer (DOM-08).
    #[derive(Default)]
    pub enum CustomerType {
        /// A person.
        #[default]
        Individual = 1 "individual",
        /// A company.
        Business = 2 "business",
    }
}

vocabulary! {
    /// Whether a customer can sign in.
    pub enum AccountState {
        /// Has no account.
        Guest = 1 "guest",
        /// Requested an account, but has not opened it yet.
        Invited = 2 "invited",
        /// Has an account.
        Registered = 3 "registered",
    }
}
