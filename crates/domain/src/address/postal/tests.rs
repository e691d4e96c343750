use super::*;

fn postal(country: &str, city: &str, region: &str, code: &str) -> PostalAddress {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    PostalAddress {
        street: "1 Main Street".to_owned(),
        city: given(city),
        region: given(region),
        postal_code: given(code),
        ..PostalAddress::blank(Country::parse(country).unwrap())
    }
}

#[test]
fn a_country_needs_what_its_post_needs() {
    use AddressField::{City, PostalCode, Region};
    use ProblemKind::{Malformed, Missing, Unknown};
    for (country, city, region, code, expected) in [
        ("US", "New York", "NY", "10001", &[][..]),
        (
            "US",
            "",
            "",
            "",
            &[(City, Missing), (Region, Missing), (PostalCode, Missing)],
        ),
        (
            "US",
            "New York",
            "Bavaria",
            "1000",
            &[(Region, Unknown), (PostalCode, Malformed)],
        ),
        ("HK", "", "九龍", "", &[]),
        ("HK", "中環", "香港島", "anything", &[]),
        ("DE", "Köln", "Nordrhein-Westfalen", "50667", &[]),
        ("DE", "Köln", "", "5066", &[(PostalCode, Malformed)]),
        ("IE", "Dublin", "", "", &[]),
    ] {
        let problems = postal(country, city, region, code).check();
        let found: Vec<_> = problems.iter().map(|one| (one.field, one.kind)).collect();
        assert_eq!(found, expected, "{country} {city} {region} {code}");
    }
}

#[test]
fn a_region_is_advice_and_everything_else_is_required() {
    let problems = postal("US", "", "Bavaria", "1").check();
    let fatal: Vec<_> = problems.iter().map(AddressProblem::is_fatal).collect();
    assert_eq!(fatal, [true, false, true]);
    assert!(problems[2].detail.contains("such as 95014"), "{problems:?}");
    let faults: Vec<_> = problems.iter().map(|one| one.refusal().fault).collect();
    assert_eq!(
        faults,
        [
            ValueFault::Required,
            ValueFault::Invalid,
            ValueFault::Invalid
        ]
    );
}

#[test]
fn an_address_without_a_street_is_found_out() {
    let nowhere = PostalAddress::blank(Country::parse("HK").unwrap());
    let problems = nowhere.check();
    assert!(
        problems
            .iter()
            .any(|one| one.field == AddressField::Street && one.is_fatal())
    );
}

#[test]
fn what_the_post_would_write_is_tidy() {
    let typed = PostalAddress {
        company: Some(" Engines  & Co ".to_owned()),
        ..postal("GB", "London ", "", " sw1a  1aa")
    };
    let tidy = typed.normalised();
    assert_eq!(tidy.company.as_deref(), Some("Engines & Co"));
    assert_eq!(tidy.postal_code.as_deref(), Some("SW1A 1AA"));
    assert_eq!(tidy.normalised(), tidy);
    let tidy = postal("CA", "Montréal", "québec", "h3z2y7").normalised();
    assert_eq!(tidy.region.as_deref(), Some("QC"));
}

#[test]
fn spellings_of_one_place_are_compared_as_one() {
    let known = postal("US", "New York", "NY", "10001-1234").comparable();
    let same = PostalAddress {
        street: "1  MAIN street.".to_owned(),
        ..postal("US", "new york,", "New York", "100011234")
    };
    assert_eq!(same.comparable(), known);
    for other in [
        postal("US", "New York", "NY", "10001"),
        postal("US", "Yonkers", "NY", "10001-1234"),
        postal("CA", "New York", "NY", "10001-1234"),
        PostalAddress {
            first_name: Some("Ada".to_owned()),
            ..postal("US", "New York", "NY", "10001-1234")
        },
        PostalAddress {
            street2: Some("2nd floor".to_owned()),
            ..postal("US", "New York", "NY", "10001-1234")
        },
    ] {
        assert_ne!(other.comparable(), known, "{other:?}");
    }
    // Letters that a folding comparison treats as equal can name different streets.
    let [one, other] = ["が", "か"].map(|street| PostalAddress {
        street: street.to_owned(),
        ..postal("JP", "港区", "東京都", "154-0023")
    });
    assert_ne!(one.comparable(), other.comparable());
}
