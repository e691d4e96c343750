//! Tiers, which customers reach by the amount they spent.

use crate::support::vocabulary::vocabulary;

vocabulary! {
    /// The tiers, lowest first.
    #[derive(PartialOrd, Ord, Default)]
    pub enum Tier {
        /// The tier of every new customer (SEG-02).
        #[default]
        Regular = 1 "regular",
        /// From an amount of 1,000.
        Premium = 2 "premium",
        /// From an amount of 10,000.
        Vip = 3 "vip",
        /// From an amount of 50,000.
        Enterprise = 4 "enterprise",
    }
}

/// The primary segment of new customers.
pub const NEW_CUSTOMER_SEGMENT: &str = "new_customer";
