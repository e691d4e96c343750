//! How large the proofs are.

/// Returns how many times as large as in the suite a proof is made. `CUSTOMER_TEST_SCALE=10` makes
/// it whole.
///
/// # Panics
/// Panics if the variable is set to something that is no number.
pub fn scale() -> u32 {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no configuration; this is what the machine tells them"
    )]
    let scale = std::env::var("CUSTOMER_TEST_SCALE");
    scale.map_or(1, |scale| scale.parse().expect("a number"))
}
