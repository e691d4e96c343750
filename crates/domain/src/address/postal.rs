//! The postal address: the recipient and the place.

use super::{AddressField, Country};
use crate::support::country::Part;
use crate::support::hidden::hidden;
use crate::support::phone::Phone;
use crate::{InvalidValue, ValueFault};
use unicode_normalization::UnicodeNormalization;

/// The recipient and the place of an address. The input is kept as it was typed; whether it follows
/// the country's rules is reported by [`check`](PostalAddress::check).
#[derive(Clone, PartialEq, Eq)]
pub struct PostalAddress {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Street and number.
    pub street: String,
    /// The second line of the street address.
    pub street2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State, province or other region.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Country,
    /// Phone number.
    pub phone: Option<Phone>,
}

hidden!(PostalAddress);

/// A way in which an address breaks the rules of its country's post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressProblem {
    /// The field concerned.
    pub field: AddressField,
    /// What is wrong with it.
    pub kind: ProblemKind,
    /// What would be accepted, as a sentence for the caller.
    pub detail: String,
}

/// The kinds of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The country requires this field. Such an address is rejected, unless the field is the
    /// region.
    Missing,
    /// The postal code does not match the country's format. Such an address is rejected.
    Malformed,
    /// The country has no such region. The address is stored as it was given.
    Unknown,
}

impl AddressProblem {
    /// Returns whether an address with this problem is rejected; otherwise it is only a hint.
    pub fn is_fatal(&self) -> bool {
        self.field.is_judged()
    }

    /// Returns the problem as an error about the value.
    pub fn refusal(&self) -> InvalidValue {
        let fault = match self.kind {
            ProblemKind::Missing => ValueFault::Required,
            ProblemKind::Malformed | ProblemKind::Unknown => ValueFault::Invalid,
        };
        InvalidValue::new(fault, self.detail.clone())
    }
}

impl PostalAddress {
    /// Returns an address in `country` in which everything else is empty.
    pub(super) fn blank(country: Country) -> Self {
        Self {
            first_name: None,
            last_name: None,
            company: None,
            street: String::new(),
            street2: None,
            city: None,
            region: None,
            postal_code: None,
            country,
            phone: None,
        }
    }

    /// Returns the problems that the country's post would have with the address, in the order of
    /// the fields.
    pub fn check(&self) -> Vec<AddressProblem> {
        let problems = [
            self.check_street(),
            self.check_city(),
            self.check_region(),
            self.check_postal_code(),
        ];
        problems.into_iter().flatten().collect()
    }

    fn check_street(&self) -> Option<AddressProblem> {
        self.street.is_empty().then(|| AddressProblem {
            field: AddressField::Street,
            kind: ProblemKind::Missing,
            detail: "an address has a street".to_owned(),
        })
    }

    fn check_city(&self) -> Option<AddressProblem> {
        let missing = self.city.is_none() && self.country.requires(Part::City);
        missing.then(|| AddressProblem {
            field: AddressField::City,
            kind: ProblemKind::Missing,
            detail: format!("an address in {} has a city", self.country.code()),
        })
    }

    fn check_region(&self) -> Option<AddressProblem> {
        let country = self.country;
        let problem = |kind, detail| AddressProblem {
            field: AddressField::Region,
            kind,
            detail,
        };
        match &self.region {
            None if country.requires(Part::Region) => Some(problem(
                ProblemKind::Missing,
                format!(
                    "an address in {} has a state, province or region",
                    country.code()
                ),
            )),
            Some(name)
                if country.uses(Part::Region)
                    && !country.regions().is_empty()
                    && country.region(name).is_none() =>
            {
                Some(problem(
                    ProblemKind::Unknown,
                    format!("{} has no region of this name", country.code()),
                ))
            }
            None | Some(_) => None,
        }
    }

    fn check_postal_code(&self) -> Option<AddressProblem> {
        let country = self.country;
        let example = country.example_postal_code();
        let example = example.map(|example| format!(", such as {example}"));
        let problem = |kind| AddressProblem {
            field: AddressField::PostalCode,
            kind,
            detail: format!(
                "an address in {} has a postal code of its form{}",
                country.code(),
                example.unwrap_or_default()
            ),
        };
        match &self.postal_code {
            None => country
                .requires(Part::PostalCode)
                .then(|| problem(ProblemKind::Missing)),
            Some(code) => {
                (!country.accepts_postal_code(code)).then(|| problem(ProblemKind::Malformed))
            }
        }
    }

    /// Returns the address as the post would write it: regions by their key, postal codes in upper
    /// case, and white space reduced to single blanks.
    #[must_use]
    pub fn normalised(&self) -> Self {
        let tidy = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let region = self.region.as_ref().map(|name| {
            let known = self.country.region(name);
            known.map_or_else(|| tidy(name), |region| region.key.to_owned())
        });
        Self {
            first_name: self.first_name.as_ref().map(tidy),
            last_name: self.last_name.as_ref().map(tidy),
            company: self.company.as_ref().map(tidy),
            street: tidy(&self.street),
            street2: self.street2.as_ref().map(tidy),
            city: self.city.as_ref().map(tidy),
            region,
            postal_code: self
                .postal_code
                .as_ref()
                .map(|code| tidy(code).to_uppercase()),
            country: self.country,
            phone: self.phone.clone(),
        }
    }

    /// Returns the parts that identify the place: all but the person and the phone number.
    pub(super) fn place(&self) -> impl PartialEq + '_ {
        let Self {
            first_name: _,
            last_name: _,
            company: _,
            street,
            street2,
            city,
            region,
            postal_code,
            country,
            phone: _,
        } = self;
        (street, [street2, city, region, postal_code], country.code())
    }

    /// Returns the parts in the form in which they are compared: case, white space, full stops and
    /// commas are ignored. Accents and marks are not: in many scripts nothing else tells two
    /// streets apart.
    pub(super) fn comparable(&self) -> Vec<String> {
        let Self {
            first_name,
            last_name,
            company,
            street,
            street2,
            city,
            region,
            postal_code,
            country,
            phone,
        } = self.normalised();
        let texts = [
            first_name,
            last_name,
            company,
            Some(street),
            street2,
            city,
            region,
            postal_code.map(|code| code.replace([' ', '-'], "")),
            Some(country.code().to_owned()),
            phone.map(|phone| phone.comparable(Some(country))),
        ];
        let texts = texts.into_iter();
        texts
            .map(|text| compared(&text.unwrap_or_default()))
            .collect()
    }

    /// Returns the street, as [`comparable`](Self::comparable) does.
    pub(super) fn comparable_street(&self) -> String {
        compared(&self.street)
    }
}

fn compared(text: &str) -> String {
    let text: String = text.nfkc().collect();
    let words = text.to_lowercase().replace(['.', ','], " ");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
