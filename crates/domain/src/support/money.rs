//! Amounts and the decimals of their currencies.

use rust_decimal::Decimal;

/// Currencies without a minor unit (ISO 4217).
const NO_DECIMALS: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV",
    "XAF", "XOF", "XPF",
];
/// Currencies whose minor unit is a thousandth (ISO 4217).
const THREE_DECIMALS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// How many decimals amounts in this currency have.
pub fn decimals(currency: &str) -> u32 {
    match currency {
        code if NO_DECIMALS.contains(&code) => 0,
        code if THREE_DECIMALS.contains(&code) => 3,
        _ => 2,
    }
}

/// An amount with exactly the decimals of its currency; halves go away from zero.
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
        ] {
            let amount: Decimal = amount.parse().unwrap();
            assert_eq!(in_currency(amount, currency).to_string(), shown);
        }
    }
}
