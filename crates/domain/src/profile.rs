//! The personal details of a customer.

pub use crate::support::phone::{MAX_PHONE, Phone, PhoneKeys};

use crate::support::field::fields;
use crate::support::hidden::hidden;
use crate::support::merge::merge_object;
use crate::support::vocabulary::vocabulary;
use crate::{InvalidValue, Patch, ValueFault, text};
use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value, json};

/// The maximum length of a first or last name, in characters (DAT-04).
pub const MAX_NAME: usize = 100;
/// The maximum length of an avatar's URL, in characters (DAT-03).
pub const MAX_AVATAR: usize = 500;

/// The personal details. All of them are optional.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Date of birth, a calendar date without a time zone.
    pub date_of_birth: Option<NaiveDate>,
    /// Gender, if given.
    pub gender: Option<Gender>,
    /// Phone number.
    pub phone: Option<Phone>,
    /// URL of a picture, `https` only.
    pub avatar: Option<String>,
    /// Free-form data about the person, such as a clothing size (DAT-10).
    pub data: Map<String, Value>,
}

fields! {
    /// The fields of a profile.
    pub enum ProfileField {
        /// Given name.
        FirstName profile.firstName,
        /// Family name.
        LastName profile.lastName,
        /// Date of birth.
        DateOfBirth profile.dateOfBirth,
        /// Gender.
        Gender profile.gender,
        /// Phone number.
        Phone profile.phone,
        /// Picture.
        Avatar profile.avatar,
        /// Free-form data.
        Data profile.data,
    }
}

impl ProfileField {
    /// Returns the maximum length of a text, in characters; `None` if the field is not free text.
    pub const fn max_length(self) -> Option<usize> {
        match self {
            Self::FirstName | Self::LastName => Some(MAX_NAME),
            Self::Phone => Some(MAX_PHONE),
            Self::Avatar => Some(MAX_AVATAR),
            Self::DateOfBirth | Self::Gender | Self::Data => None,
        }
    }
}

impl Profile {
    /// Returns the fields with their values.
    pub(crate) fn fields(&self) -> [(ProfileField, Value); ProfileField::ALL.len()] {
        let Self {
            first_name,
            last_name,
            date_of_birth,
            gender,
            phone,
            avatar,
            data,
        } = self;
        let date_of_birth = date_of_birth.map(|day| day.to_string());
        [
            (ProfileField::FirstName, json!(first_name)),
            (ProfileField::LastName, json!(last_name)),
            (ProfileField::DateOfBirth, json!(date_of_birth)),
            (ProfileField::Gender, json!(gender.map(Gender::as_str))),
            (
                ProfileField::Phone,
                json!(phone.as_ref().map(Phone::as_str)),
            ),
            (ProfileField::Avatar, json!(avatar)),
            (ProfileField::Data, json!(data)),
        ]
    }
}

/// A merge into a profile. [`Patch::Keep`] leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChanges {
    /// Given name.
    pub first_name: Patch<String>,
    /// Family name.
    pub last_name: Patch<String>,
    /// Date of birth.
    pub date_of_birth: Patch<NaiveDate>,
    /// Gender.
    pub gender: Patch<Gender>,
    /// Phone number. A new number counts as unverified.
    pub phone: Patch<Phone>,
    /// Picture.
    pub avatar: Patch<String>,
    /// Free-form data, merged member by member.
    pub data: Patch<Map<String, Value>>,
}

impl ProfileChanges {
    /// Merges the changes into `profile`.
    pub(crate) fn apply(self, profile: &mut Profile) {
        let Self {
            first_name,
            last_name,
            date_of_birth,
            gender,
            phone,
            avatar,
            data,
        } = self;
        first_name.apply(&mut profile.first_name);
        last_name.apply(&mut profile.last_name);
        date_of_birth.apply(&mut profile.date_of_birth);
        gender.apply(&mut profile.gender);
        phone.apply(&mut profile.phone);
        avatar.apply(&mut profile.avatar);
        merge_object(&mut profile.data, data);
    }
}

/// Parses a person's name: trimmed, at most [`MAX_NAME`] characters; `None` if empty.
///
/// # Errors
/// Fails if it is too long or contains control characters.
pub fn name(text: &str) -> Result<Option<String>, InvalidValue> {
    text::line(text, MAX_NAME)
}

/// Checks a date of birth: from 1900-01-01 to `today`.
///
/// # Errors
/// Fails if the date is outside this range.
pub fn date_of_birth(date: NaiveDate, today: NaiveDate) -> Result<NaiveDate, InvalidValue> {
    if date.year() < 1900 || date > today {
        return Err(InvalidValue::new(
            ValueFault::Invalid,
            "a date of birth lies between 1900-01-01 and today",
        ));
    }
    Ok(date)
}

/// Parses the URL of a picture: `https`, at most [`MAX_AVATAR`] characters; `None` if blank. It is
/// stored and returned, never fetched.
///
/// # Errors
/// Fails for anything else.
pub fn avatar(url: &str) -> Result<Option<String>, InvalidValue> {
    let Some(url) = text::line(url, MAX_AVATAR)? else {
        return Ok(None);
    };
    let host = url
        .strip_prefix("https://")
        .and_then(|rest| rest.split(['/', '?', '#']).next());
    let fits = host.is_some_and(|host| {
        !host.is_empty() && !host.contains('@') && !url.contains(char::is_whitespace)
    });
    fits.then_some(Some(url))
        .ok_or_else(|| InvalidValue::new(ValueFault::Invalid, "an https URL is accepted"))
}

vocabulary! {
    /// Gender (DOM-09).
    pub enum Gender {
        /// Male.
        Male = 1 "male",
        /// Female.
        Female = 2 "female",
        /// Another gender.
        Other = 3 "other",
        /// Asked, but not answered.
        PreferNotToSay = 4 "prefer_not_to_say",
    }
}

hidden!(Profile);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_avatar_is_an_https_url() {
        assert!(avatar("https://cdn.example.com/a.jpg").is_ok());
        for bad in [
            "http://cdn.example.com/a.jpg",
            "https://",
            "https://user@host/",
            "javascript:alert(1)",
            "https://a b/",
        ] {
            assert!(avatar(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nobody_is_born_tomorrow() {
        let today = NaiveDate::from_ymd_opt(2026, 2, 28).unwrap();
        assert!(date_of_birth(today, today).is_ok());
        assert!(date_of_birth(today.succ_opt().unwrap(), today).is_err());
        let first = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap();
        assert!(date_of_birth(first, today).is_ok());
        assert!(date_of_birth(first.pred_opt().unwrap(), today).is_err());
    }

    #[test]
    fn a_text_of_the_maximum_length_is_accepted_and_no_longer_one() {
        let digits = |length| Phone::parse(&"1".repeat(length)).is_ok();
        let url = |length| avatar(&format!("https://a/{}", "x".repeat(length - 10))).is_ok();
        let is_name = |length| name(&"ß".repeat(length)).is_ok();
        let accepted: [(_, &dyn Fn(usize) -> bool); 4] = [
            (ProfileField::FirstName, &is_name),
            (ProfileField::LastName, &is_name),
            (ProfileField::Phone, &digits),
            (ProfileField::Avatar, &url),
        ];
        for (field, accepts) in accepted {
            let max = field.max_length().unwrap();
            assert!(accepts(max) && !accepts(max + 1), "{}", field.path());
        }
        for field in [
            ProfileField::DateOfBirth,
            ProfileField::Gender,
            ProfileField::Data,
        ] {
            assert_eq!(field.max_length(), None);
        }
    }
}
