//! Totals of a customer's orders.

use crate::tier::Tier;
use rust_decimal::Decimal;

/// The tier, primary segment and order totals of a customer, in the tenant's currency. It is read
/// together with the profile, but written by other use cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerSummary {
    /// The tier.
    pub tier: Tier,
    /// The slug of the primary segment.
    pub segment: String,
    /// The loyalty points, as last reported by the loyalty service.
    pub loyalty_points: i64,
    /// The currency of the amounts: the tenant's.
    pub currency: String,
    /// The sum of all completed orders, net of refunds.
    pub total_spent: Decimal,
    /// The number of completed orders.
    pub order_count: i64,
}

impl CustomerSummary {
    /// Returns the summary of a new customer: no orders, the lowest tier, the segment of new
    /// customers.
    pub fn initial(tier: Tier, segment: &str, currency: &str) -> Self {
        Self {
            tier,
            segment: segment.to_owned(),
            loyalty_points: 0,
            currency: currency.to_owned(),
            total_spent: Decimal::ZERO,
            order_count: 0,
        }
    }

    /// Returns the average value of an order; zero if there are no orders.
    pub fn average_order_value(&self) -> Decimal {
        if self.order_count == 0 {
            Decimal::ZERO
        } else {
            self.total_spent / Decimal::from(self.order_count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_needs_an_order() {
        let mut summary = CustomerSummary::initial(Tier::Regular, "new_customer", "USD");
        assert_eq!(summary.average_order_value(), Decimal::ZERO);
        summary.total_spent = Decimal::new(500, 2);
        summary.order_count = 2;
        assert_eq!(summary.average_order_value(), Decimal::new(250, 2));
    }
}
