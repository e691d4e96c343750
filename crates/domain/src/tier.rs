//! Tiers: how much a customer is worth to the shop.

use crate::support::vocabulary::vocabulary;

vocabulary! {
    /// The tiers, lowest first.
    #[derive(PartialOrd, Ord, Default)]
    pub enum Tier {
        /// Where everyone begins (SEG-02).
        #[default]
        Regular = 1 "regular",
        /// From 1,000 spent.
        Premium = 2 "premium",
        /// From 10,000 spent.
        Vip = 3 "vip",
        /// From 50,000 spent.
        Enterprise = 4 "enterprise",
    }
}

/// The primary segment of a customer who has just come.
pub const NEW_CUSTOMER_SEGMENT: &str = "new_customer";
