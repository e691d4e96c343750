//! `check-config` accepts the same settings for hashing as the hasher does.

use customer_security::Argon2Hasher;

use super::*;
use crate::wire;

/// Returns whether the configuration with these values is accepted and, if so, whether the hasher
/// accepts it.
fn accepted(values: &[(&str, u64)]) -> (bool, bool) {
    let texts: Vec<_> = values
        .iter()
        .map(|(name, value)| (*name, value.to_string()))
        .collect();
    let set: Vec<_> = texts.iter().map(|(name, text)| (*name, &**text)).collect();
    match Place::new().set(&set).load() {
        Ok(loaded) => (
            true,
            Argon2Hasher::new(wire::hashing(&loaded.config)).is_ok(),
        ),
        Err(_) => (false, false),
    }
}

/// Returns the range of an integer, as its kind describes it.
fn range(accepts: &str) -> (u64, u64) {
    let edges = accepts.strip_prefix("an integer from ").unwrap();
    let (min, max) = edges.split_once(" to ").unwrap();
    (min.parse().unwrap(), max.parse().unwrap())
}

#[test]
fn the_edges_of_every_range_are_the_hashers_own() {
    let of_hashing = |setting: &&settings::Declaration| {
        ["security.argon2.", "security.hashing."]
            .iter()
            .any(|section| setting.path.starts_with(section))
    };
    assert_eq!(settings::all().filter(of_hashing).count(), 5);
    for setting in settings::all().filter(of_hashing) {
        let (min, max) = range(&setting.kind.accepts());
        // Enough for a hash of one pass, unless the test sets the memory itself.
        let with = |value| {
            let mut values = vec![(setting.name, value)];
            if setting.name != "CUSTOMER_ARGON2_MEMORY_KIB" {
                values.push(("CUSTOMER_ARGON2_MEMORY_KIB", 47_104));
            }
            accepted(&values)
        };
        for edge in [min, max] {
            assert_eq!(with(edge), (true, true), "{} = {edge}", setting.name);
        }
    }
}

#[test]
fn what_lies_beyond_a_range_no_hasher_takes() {
    let config = Place::new().loaded().config;
    let mut beyond = [wire::hashing(&config); 9];
    beyond[0].memory_kib = 19_455;
    beyond[1].memory_kib = 1_048_577;
    beyond[2].iterations = 0;
    beyond[3].iterations = 33;
    beyond[4].parallelism = 0;
    beyond[5].parallelism = 17;
    beyond[6].threads = 0;
    beyond[7].threads = 257;
    beyond[8].queue = 10_001;
    for settings in beyond {
        assert!(Argon2Hasher::new(settings).is_err(), "{settings:?}");
    }
}

#[test]
fn one_pass_needs_more_memory() {
    let one_pass = |memory| {
        accepted(&[
            ("CUSTOMER_ARGON2_ITERATIONS", 1),
            ("CUSTOMER_ARGON2_MEMORY_KIB", memory),
        ])
    };
    assert_eq!(one_pass(47_103), (false, false));
    assert_eq!(one_pass(47_104), (true, true));
}
