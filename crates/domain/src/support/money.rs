//! Amounts of money.

use iso_currency::Currency;
use rust_decimal::Decimal;

const DEFAULT_DECIMALS: u32 = 2;

/// Returns the number of decimals of a currency (ISO 4217); 2 if the currency is unknown.
pub fn decimals(currency: &str) -> u32 {
    let known = Currency::from_code(currency);
    known
        .and_then(Currency::exponent)
        .map_or(DEFAULT_DECIMALS, u32::from)
}

/// Rounds an amount to the decimals of its currency, halves away from zero.
pub fn in_currency(amount: Decimal, currency: &str) -> Decimal {
    let places = decimals(currency);
    let mut rounded =
        amount.round_dp_with_strategy(places, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(places);
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_take_the_decimals_of_their_currency() {
        for (amount, currency, shown) in [
            ("0", "USD", "0.00"),
            ("5420.5", "USD", "5420.50"),
            ("235.675", "EUR", "235.68"),
            ("1234.5", "JPY", "1235"),
            ("1.5", "KWD", "1.500"),
            ("1.5", "???", "1.50"),
        ] {
            let amount: Decimal = amount.parse().unwrap();
            assert_eq!(in_currency(amount, currency).to_string(), shown);
        }
    }
}
