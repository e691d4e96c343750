//! What a customer wishes: language, currency, time zone, and what may be sent or recorded.

use crate::{InvalidValue, ValueFault};
use serde_json::{Map, Value};

/// A customer's wishes. Every opt-in is false unless it was given (D-36).
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each one is a wish of its own, as the law counts them"
)]
pub struct Preferences {
    /// Language tag, such as `en` or `pt-BR`; none: the tenant's.
    pub language: Option<String>,
    /// ISO 4217 code; none: the tenant's.
    pub currency: Option<String>,
    /// IANA name, such as `America/New_York`; none: unknown.
    pub timezone: Option<String>,
    /// May be written to by e-mail for marketing.
    pub email_marketing: bool,
    /// May be sent marketing text messages.
    pub sms_marketing: bool,
    /// May be sent push notifications.
    pub push_notifications: bool,
    /// Wants news of orders.
    pub order_updates: bool,
    /// Wants promotions.
    pub promotional_emails: bool,
    /// Wants the newsletter.
    pub newsletter: bool,
    /// Data may be shared with partners.
    pub data_sharing: bool,
    /// Behaviour may be recorded.
    pub analytics_tracking: bool,
    /// Cookies beyond the necessary are agreed to.
    pub cookie_consent: bool,
    /// Wishes that only the shop knows.
    pub custom: Map<String, Value>,
}

/// A language tag in its usual case: `en`, `pt-BR`, `zh-Hant-TW`.
///
/// # Errors
/// When it is not shaped like a BCP 47 tag of language, script and region.
pub fn language(text: &str) -> Result<String, InvalidValue> {
    let fault = || {
        InvalidValue::new(
            ValueFault::Invalid,
            "a language tag such as en, pt-BR or zh-Hant-TW is accepted",
        )
    };
    let text = text.trim().replace('_', "-");
    if text.len() > 35 {
        return Err(fault());
    }
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    if !(2..=3).contains(&primary.len()) || !primary.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Err(fault());
    }
    let mut tag = primary.to_ascii_lowercase();
    for part in parts {
        if !(2..=8).contains(&part.len()) || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(fault());
        }
        tag.push('-');
        match part.len() {
            2 => tag.push_str(&part.to_ascii_uppercase()),
            4 => {
                tag.push_str(&part[..1].to_ascii_uppercase());
                tag.push_str(&part[1..].to_ascii_lowercase());
            }
            _ => tag.push_str(&part.to_ascii_lowercase()),
        }
    }
    Ok(tag)
}

/// A currency's ISO 4217 code, in upper case.
///
/// # Errors
/// When it is not three letters.
pub fn currency(text: &str) -> Result<String, InvalidValue> {
    let code = text.trim().to_ascii_uppercase();
    let fits = code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
    fits.then_some(code).ok_or_else(|| {
        InvalidValue::new(
            ValueFault::Invalid,
            "a currency code of three letters (ISO 4217) is accepted",
        )
    })
}

/// A time zone's IANA name.
///
/// # Errors
/// When it is not shaped like one.
pub fn timezone(text: &str) -> Result<String, InvalidValue> {
    let name = text.trim();
    let fits = (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+'));
    fits.then(|| name.to_owned()).ok_or_else(|| {
        InvalidValue::new(
            ValueFault::Invalid,
            "an IANA time zone such as America/New_York is accepted",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_take_their_usual_case() {
        for (text, expected) in [
            ("EN", "en"),
            ("pt_br", "pt-BR"),
            ("zh-hant-tw", "zh-Hant-TW"),
        ] {
            assert_eq!(language(text).as_deref(), Ok(expected));
        }
        for bad in ["", "e", "english", "en-", "en--GB", "en-ü"] {
            assert!(language(bad).is_err(), "{bad}");
        }
        assert_eq!(currency(" usd ").as_deref(), Ok("USD"));
        assert!(currency("US").is_err() && currency("U$D").is_err());
        assert!(timezone("America/New_York").is_ok() && timezone("../etc").is_err());
    }
}
