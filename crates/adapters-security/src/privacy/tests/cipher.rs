use super::*;
use customer_domain::privacy::SealedError;
use proptest::prelude::*;

fn place(parts: &(u128, String, u128, String)) -> SealContext<'_> {
    SealContext {
        tenant: TenantId(Uuid::from_u128(parts.0)),
        table: &parts.1,
        row: Uuid::from_u128(parts.2),
        column: &parts.3,
    }
}

/// Computed by another implementation. It must never change: stored values must open for years.
#[test]
fn a_known_sealed_value_opens() {
    let sealed = [
        "01",
        "00000000000000000000000000000005",
        NONCE,
        "bac20834fa37804d7f",
        "cd05d54f4a7b11468b59cb5cedd2a0af",
    ]
    .concat();
    let value = AeadCipher.open(&known_key(), PLACE, &bytes(&sealed));
    assert_eq!(value.unwrap(), "Ada Löwe".as_bytes());
}

#[test]
fn a_sealed_value_is_its_version_its_key_a_nonce_and_no_more_than_needed() {
    let sealed = AeadCipher.seal(&known_key(), PLACE, b"value");
    assert_eq!(sealed.len(), 1 + 16 + 24 + 5 + 16);
    assert_eq!(sealed.capacity(), sealed.len());
    assert_eq!(sealed[0], 1);
    assert_eq!(&sealed[1..17], ID.0.as_bytes());
}

#[test]
fn equal_values_are_sealed_differently() {
    let key = known_key();
    let seal = || AeadCipher.seal(&key, PLACE, b"value");
    let (one, other) = (seal(), seal());
    assert_ne!(one[17..41], other[17..41], "the nonces");
    assert_ne!(one[41..], other[41..], "what is encrypted");
}

#[test]
fn generated_keys_differ_and_bear_their_name() {
    let (one, other) = (new_key(), new_key());
    assert_eq!((one.id, other.id), (ID, ID));
    assert_ne!(one.expose(), other.expose());
}

#[test]
fn a_key_of_another_name_or_of_other_bytes_opens_nothing() {
    let sealed = AeadCipher.seal(&known_key(), PLACE, b"value");
    let renamed = DataKey::new(KeyId(Uuid::from_u128(6)), |key| *key = counting(32));
    for other in [renamed, new_key()] {
        assert_eq!(AeadCipher.open(&other, PLACE, &sealed), Err(SealedError));
    }
}

/// The key id in the value is authenticated too: changing it does not make a value of another key.
#[test]
fn a_value_that_names_another_key_opens_with_neither() {
    let mut sealed = AeadCipher.seal(&known_key(), PLACE, b"value");
    sealed[16] = 6;
    let other = KeyId(Uuid::from_u128(6));
    assert_eq!(AeadCipher.key_of(&sealed), Ok(other));
    for id in [ID, other] {
        let key = DataKey::new(id, |key| *key = counting(32));
        assert_eq!(AeadCipher.open(&key, PLACE, &sealed), Err(SealedError));
    }
}

#[test]
fn each_part_of_the_place_is_bound() {
    let key = known_key();
    let sealed = AeadCipher.seal(&key, PLACE, b"value");
    let elsewhere = [
        SealContext {
            tenant: TenantId(Uuid::from_u128(8)),
            ..PLACE
        },
        SealContext {
            table: "audit_event",
            ..PLACE
        },
        SealContext {
            row: Uuid::from_u128(10),
            ..PLACE
        },
        SealContext {
            column: "reason",
            ..PLACE
        },
        SealContext {
            tenant: TenantId(PLACE.row),
            row: PLACE.tenant.0,
            ..PLACE
        },
        SealContext {
            table: PLACE.column,
            column: PLACE.table,
            ..PLACE
        },
    ];
    for other in elsewhere {
        assert_eq!(
            AeadCipher.open(&key, other, &sealed),
            Err(SealedError),
            "{other:?}"
        );
    }
}

/// All bytes of table, row and column are `a`, and equally many at both places: only the lengths of
/// the parts differ.
#[test]
fn the_boundaries_between_the_parts_of_the_place_are_bound() {
    let with = |table, column| SealContext {
        table,
        row: Uuid::from_bytes([b'a'; 16]),
        column,
        ..PLACE
    };
    let sealed = AeadCipher.seal(&known_key(), with("a", "aa"), b"value");
    let opened = AeadCipher.open(&known_key(), with("aa", "a"), &sealed);
    assert_eq!(opened, Err(SealedError));
}

#[test]
fn a_wrapped_key_comes_out_again_and_only_a_key_does() {
    let (under, key) = (known_key(), AeadCipher.generate(KeyId(Uuid::from_u128(6))));
    let wrapped = AeadCipher.wrap(&under, PLACE, &key);
    assert_eq!(AeadCipher.key_of(&wrapped), Ok(under.id));
    let out = AeadCipher.unwrap(&under, PLACE, key.id, &wrapped).unwrap();
    assert_eq!((out.id, out.expose()), (key.id, key.expose()));

    let elsewhere = SealContext {
        column: "reason",
        ..PLACE
    };
    for refused in [
        AeadCipher.unwrap(&under, elsewhere, key.id, &wrapped),
        AeadCipher.unwrap(&key, PLACE, key.id, &wrapped),
        AeadCipher.unwrap(&under, PLACE, key.id, &wrapped[1..]),
    ] {
        assert_eq!(refused.unwrap_err(), SealedError);
    }
    for length in [0, 31, 33] {
        let value = AeadCipher.seal(&under, PLACE, &vec![1; length]);
        let refused = AeadCipher.unwrap(&under, PLACE, key.id, &value);
        assert_eq!(refused.unwrap_err(), SealedError, "{length} bytes");
    }
}

#[test]
fn what_is_too_short_or_of_another_version_is_no_sealed_value() {
    let sealed = AeadCipher.seal(&known_key(), PLACE, b"");
    assert_eq!(AeadCipher.key_of(&sealed), Ok(ID));
    for length in 0..sealed.len() {
        let short = &sealed[..length];
        assert_eq!(AeadCipher.key_of(short), Err(SealedError), "{length}");
    }
    for version in [0, 2, b'{'] {
        let mut other = sealed.clone();
        other[0] = version;
        assert_eq!(AeadCipher.key_of(&other), Err(SealedError), "{version}");
        assert_eq!(
            AeadCipher.open(&known_key(), PLACE, &other),
            Err(SealedError)
        );
    }
}

prop_compose! {
    /// Generates the parts of a place, each from few values, so that two places often have some of
    /// them in common.
    fn parts()(tenant in 0u128..3, table in "[ab]{0,3}", row in 0u128..3, column in "[ab]{0,3}")
        -> (u128, String, u128, String)
    {
        (tenant, table, row, column)
    }
}

proptest! {
    #[test]
    fn what_was_sealed_opens(value: Vec<u8>, at in (any::<u128>(), ".*", any::<u128>(), ".*")) {
        let key = new_key();
        let sealed = AeadCipher.seal(&key, place(&at), &value);
        prop_assert_eq!(AeadCipher.key_of(&sealed), Ok(ID));
        prop_assert_eq!(AeadCipher.open(&key, place(&at), &sealed), Ok(value));
    }

    #[test]
    fn a_value_opens_at_its_own_place_alone(own in parts(), other in parts()) {
        let key = known_key();
        let sealed = AeadCipher.seal(&key, place(&own), b"value");
        let opened = AeadCipher.open(&key, place(&other), &sealed);
        prop_assert_eq!(opened.is_ok(), own == other);
    }

    #[test]
    fn a_flipped_bit_anywhere_fails(value: Vec<u8>, at: prop::sample::Index, bit in 0..8) {
        let key = known_key();
        let mut sealed = AeadCipher.seal(&key, PLACE, &value);
        let at = at.index(sealed.len());
        sealed[at] ^= 1u8 << bit;
        prop_assert_eq!(AeadCipher.open(&key, PLACE, &sealed), Err(SealedError));
    }

    #[test]
    fn more_or_fewer_bytes_fail(value: Vec<u8>, more in prop::collection::vec(any::<u8>(), 1..40)) {
        let key = known_key();
        let sealed = AeadCipher.seal(&key, PLACE, &value);
        let longer = [sealed.as_slice(), &more].concat();
        let shorter = &sealed[..sealed.len() - more.len()];
        for other in [longer.as_slice(), shorter] {
            prop_assert_eq!(AeadCipher.open(&key, PLACE, other), Err(SealedError));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(mut bytes: Vec<u8>, marked: bool) {
        if marked {
            bytes.splice(..0, [&[1][..], ID.0.as_bytes()].concat());
        }
        let key = known_key();
        prop_assert_eq!(AeadCipher.open(&key, PLACE, &bytes), Err(SealedError));
        prop_assert!(AeadCipher.unwrap(&key, PLACE, ID, &bytes).is_err());
    }
}
