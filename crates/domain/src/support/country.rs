//! Countries, and what their post needs: which parts an address has, the form of the postal
//! code, the regions and their names.
//!
//! The table `data/countries.tsv` is made by `cargo xtask address-data` from the address data
//! that libaddressinput publishes (CC-BY 4.0), one line for each country: code, parts that are
//! used, parts that are required, form of the postal code, an example of it, regions. The
//! letters of parts are `A` street, `C` city, `S` region, `Z` postal code.

use crate::{InvalidValue, ValueFault, text};
use regex_lite::{Regex, RegexBuilder};
use std::borrow::Cow;
use std::fmt;
use std::sync::{LazyLock, OnceLock};

static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    include_str!("../../data/countries.tsv")
        .lines()
        .map(Entry::read)
        .collect()
});

/// Every code of two letters, for those that addresses are stored with and [`TABLE`] does not have.
static CODES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let letters = || 'A'..='Z';
    letters()
        .flat_map(|first| letters().map(move |second| Entry::bare(format!("{first}{second}"))))
        .collect()
});

/// A country as the post's data list it: those of ISO 3166-1, and three codes beside them (`AC`
/// Ascension, `TA` Tristan da Cunha, `XK` Kosovo); or one of which a stored address has the code.
#[derive(Clone, Copy)]
pub struct Country(&'static Entry);

struct Entry {
    code: Cow<'static, str>,
    used: &'static str,
    required: &'static str,
    postal_code: &'static str,
    example: &'static str,
    regions: Vec<Region>,
    form: OnceLock<Option<Regex>>,
}

/// A region of a country: a state, province, prefecture or the like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// As addresses write it, such as `NY`.
    pub key: &'static str,
    /// Folded: the key, its other names, and its ISO 3166-2 code without the country.
    names: Vec<String>,
}

/// A part of an address that one country needs and another does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    City,
    Region,
    PostalCode,
}

impl Part {
    fn letter(self) -> char {
        match self {
            Self::City => 'C',
            Self::Region => 'S',
            Self::PostalCode => 'Z',
        }
    }
}

impl Country {
    /// The country with this code; lower case is accepted.
    ///
    /// # Errors
    /// When no country has it.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let code = text.trim().to_ascii_uppercase();
        Self::find(&TABLE, &code).ok_or_else(|| {
            InvalidValue::new(
                ValueFault::Invalid,
                "the code of a country (ISO 3166-1, two letters) is accepted",
            )
        })
    }

    /// Rebuilds a country from its code in the store. One that the data does not know, or no longer,
    /// has no more than its code: its post takes any address. `None` if it is no code, which is two
    /// capital letters. Not for input.
    pub fn from_store(code: &str) -> Option<Self> {
        Self::find(&TABLE, code).or_else(|| Self::find(&CODES, code))
    }

    fn find(table: &'static [Entry], code: &str) -> Option<Self> {
        let found = table.binary_search_by(|entry| (*entry.code).cmp(code)).ok();
        found.and_then(|index| table.get(index)).map(Self)
    }

    /// Every country, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(Self)
    }

    /// The code, in upper case.
    pub fn code(self) -> &'static str {
        &self.0.code
    }

    /// Whether ISO 3166-1 has its code too.
    pub(crate) fn is_of_iso(self) -> bool {
        !matches!(self.code(), "AC" | "TA" | "XK")
    }

    /// Whether its addresses have this part.
    pub(crate) fn uses(self, part: Part) -> bool {
        self.0.used.contains(part.letter())
    }

    /// Whether its addresses cannot do without it.
    pub(crate) fn requires(self, part: Part) -> bool {
        self.0.required.contains(part.letter())
    }

    /// Whether a postal code has the form of this country; any has where none is known.
    pub fn accepts_postal_code(self, code: &str) -> bool {
        let form = self.0.form.get_or_init(|| {
            let whole = format!("^(?:{})$", self.0.postal_code);
            let known = !self.0.postal_code.is_empty();
            let form = known.then(|| RegexBuilder::new(&whole).case_insensitive(true).build());
            form.and_then(Result::ok)
        });
        form.as_ref().is_none_or(|form| form.is_match(code.trim()))
    }

    /// A postal code of this country, if it has any.
    pub fn example_postal_code(self) -> Option<&'static str> {
        (!self.0.example.is_empty()).then_some(self.0.example)
    }

    /// Its regions, if addresses name them; empty when they are not known.
    pub fn regions(self) -> &'static [Region] {
        &self.0.regions
    }

    /// The region of this name or code, however it is spelt.
    pub fn region(self, name: &str) -> Option<&'static Region> {
        let wanted = text::fold(name.trim());
        let mut regions = self.0.regions.iter();
        regions.find(|region| region.names.contains(&wanted))
    }
}

impl PartialEq for Country {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code()
    }
}

impl Eq for Country {}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Entry {
    fn read(line: &'static str) -> Self {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        Self {
            code: Cow::Borrowed(next()),
            used: next(),
            required: next(),
            postal_code: next(),
            example: next(),
            regions: next().split(';').filter_map(Region::read).collect(),
            form: OnceLock::new(),
        }
    }

    /// A code of whose country nothing is known: any part may be there, and none has to.
    fn bare(code: String) -> Self {
        Self {
            code: Cow::Owned(code),
            used: "ACSZ",
            required: "",
            postal_code: "",
            example: "",
            regions: Vec::new(),
            form: OnceLock::new(),
        }
    }
}

impl Region {
    fn read(entry: &'static str) -> Option<Self> {
        let key = entry.split('|').next().filter(|key| !key.is_empty())?;
        Some(Self {
            key,
            names: entry.split('|').map(text::fold).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_form_takes_its_own_example() {
        assert!(TABLE.is_sorted_by(|a, b| a.code < b.code));
        assert_eq!(TABLE.len(), 252);
        for country in Country::all() {
            let form = country.0.postal_code;
            assert!(
                form.is_empty() || Regex::new(form).is_ok(),
                "{country:?}: {form}"
            );
            if let Some(example) = country.example_postal_code() {
                assert!(country.accepts_postal_code(example), "{country:?}");
                assert!(
                    form.is_empty() || !country.accepts_postal_code("?"),
                    "{country:?}"
                );
            }
        }
    }

    #[test]
    fn postal_codes_follow_their_country() {
        for (country, code, fits) in [
            ("US", "10001", true),
            ("US", "10001-1234", true),
            ("US", "1000", false),
            ("GB", "sw1a 1aa", true),
            ("CA", "H3Z2Y7", true),
            ("DE", "1011", false),
            ("NL", "1012 AB", true),
            ("JP", "154-0023", true),
            ("HK", "anything", true),
        ] {
            let country = Country::parse(country).unwrap();
            assert_eq!(
                country.accepts_postal_code(code),
                fits,
                "{country:?} {code}"
            );
        }
    }

    #[test]
    fn regions_are_found_by_code_and_by_name() {
        for (country, name, key) in [
            ("US", "new york", "NY"),
            ("us", "NY", "NY"),
            ("CA", "Québec", "QC"),
            ("CA", "Colombie-Britannique", "BC"),
            ("JP", "Tokyo", "東京都"),
            ("JP", "東京都", "東京都"),
        ] {
            let country = Country::parse(country).unwrap();
            let region = country.region(name).map(|region| region.key);
            assert_eq!(region, Some(key), "{name}");
        }
        assert_eq!(Country::parse("US").unwrap().region("Bavaria"), None);
    }

    #[test]
    fn a_stored_country_that_the_data_does_not_know_is_its_code_and_no_more() {
        let lost = Country::from_store("ZZ").unwrap();
        assert_eq!(lost.code(), "ZZ");
        assert!(Country::parse("ZZ").is_err());
        assert!(lost.accepts_postal_code("anything") && lost.regions().is_empty());
        assert!(!lost.requires(Part::City) && lost.uses(Part::Region));
        assert_eq!(Country::from_store("US"), Country::parse("US").ok());
        assert!(!Country::from_store("US").unwrap().regions().is_empty());
        for bad in ["", "Z", "ZZZ", "us", "Z1", "ÄÖ"] {
            assert_eq!(Country::from_store(bad), None, "{bad}");
        }
        assert!(CODES.is_sorted_by(|a, b| a.code < b.code));
    }

    #[test]
    fn only_real_countries_have_a_code() {
        for bad in ["", "U", "USA", "ZZ", "U1", "XX"] {
            assert!(Country::parse(bad).is_err(), "{bad}");
        }
    }
}
