//! The small vocabularies of a customer.

use crate::support::vocabulary::vocabulary;

vocabulary! {
    /// Where a customer is in its life cycle (D-11, D-14).
    pub enum Status {
        /// Registered, and not yet verified.
        Pending = 1 "pending",
        /// In good standing.
        Active = 2 "active",
        /// Set inactive by hand; keeps everything.
        Inactive = 3 "inactive",
        /// Suspended by staff.
        Suspended = 4 "suspended",
        /// Deactivated; the record stays for orders and staff.
        Deleted = 5 "deleted",
    }
}

vocabulary! {
    /// A person or a company (DOM-08).
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
        /// Known to the shop, without an account.
        Guest = 1 "guest",
        /// Asked to open an account, and has not yet.
        Invited = 2 "invited",
        /// Has an account.
        Registered = 3 "registered",
    }
}
