//! Random values. They come from pools so small that customers meet in them, are spelled in
//! several ways, and are wrong now and then.

use customer_testkit::builders::Dice;
use serde_json::{Map, Value, json};

/// A member of a body: its name, how often in a hundred it is there, and its values.
pub(super) type Member = (&'static str, i64, fn(&mut Dice) -> Value);

pub(super) const NEW_CUSTOMER: &[Member] = &[
    ("email", 100, email),
    ("profile", 80, profile),
    ("preferences", 40, preferences),
    ("password", 10, |dice| {
        of(dice, &["correct horse battery", "short"])
    }),
    ("customerType", 30, customer_type),
    ("groupId", 30, group),
    ("tags", 40, tags),
    ("legacyId", 40, legacy_id),
    ("externalIds", 30, external_ids),
    ("registrationSource", 20, |dice| {
        of(dice, &["WEBSITE", "store 12"])
    }),
    ("metadata", 30, free_form),
];

pub(super) const CHANGED_CUSTOMER: &[Member] = &[
    ("email", 20, email),
    ("profile", 60, profile),
    ("preferences", 20, preferences),
    ("status", 12, status),
    ("customerType", 15, customer_type),
    ("groupId", 25, group),
    ("tags", 20, tags),
    ("legacyId", 20, legacy_id),
    ("externalIds", 25, external_ids),
    ("metadata", 30, free_form),
];

pub(super) const WANTED: &[Member] = &[("legacyId", 100, wanted_id)];

/// What customers may change of themselves.
pub(super) const OWN: &[Member] = &[
    ("profile", 90, profile),
    ("preferences", 50, preferences),
    ("tags", 5, tags),
];

const PROFILE: &[Member] = &[
    ("firstName", 60, name),
    ("lastName", 70, name),
    ("dateOfBirth", 30, |dice| {
        of(dice, &["1906-12-09", "2000-02-29", "2001-02-29"])
    }),
    ("gender", 30, |dice| {
        of(dice, &["female", "male", "other", "prefer_not_to_say"])
    }),
    ("phone", 60, phone),
    ("avatar", 15, |dice| {
        of(dice, &["https://cdn.example.com/ada.jpg?size=2#top", ""])
    }),
    ("data", 30, free_form),
];

pub(super) const PREFERENCES: &[Member] = &[
    ("language", 40, |dice| {
        of(dice, &["en", "pt-BR", "eng-us", "xx-??"])
    }),
    ("currency", 30, |dice| of(dice, &["EUR", "usd", "JPY"])),
    ("timezone", 30, |dice| {
        of(dice, &["Europe/Berlin", "america/new_york"])
    }),
    ("marketing", 40, |dice| {
        opt_ins(dice, &["emailOptIn", "smsOptIn", "pushOptIn"])
    }),
    ("notifications", 40, |dice| {
        opt_ins(dice, &["orderUpdates", "promotions", "newsletters"])
    }),
    ("dataSharing", 20, |dice| dice.chance(50).into()),
    ("analyticsTracking", 20, |dice| dice.chance(50).into()),
    ("cookieConsent", 20, |dice| dice.chance(50).into()),
    ("custom", 20, free_form),
];

pub(super) const NEW_ADDRESS: &[Member] = &[
    ("street", 100, street),
    ("type", 60, kind),
    ("isDefault", 40, |dice| dice.chance(60).into()),
    ("firstName", 40, name),
    ("lastName", 40, name),
    ("company", 20, |dice| of(dice, &["Analytical Engines", ""])),
    ("street2", 20, |dice| of(dice, &["Apt 4B", " apt  4b "])),
    ("phone", 30, phone),
    ("label", 40, |dice| of(dice, &["Home", "Büro"])),
    ("isVerified", 20, |dice| dice.chance(50).into()),
    ("metadata", 20, free_form),
    ("legacyId", 30, legacy_id),
];

pub(super) const CHANGED_ADDRESS: &[Member] = &[
    ("street", 40, street),
    ("type", 30, kind),
    ("isDefault", 25, |dice| dice.chance(80).into()),
    ("firstName", 20, name),
    ("street2", 20, |dice| of(dice, &["Apt 4B", ""])),
    ("phone", 30, phone),
    ("label", 30, |dice| of(dice, &["Home", "Büro"])),
    ("isVerified", 20, |dice| dice.chance(50).into()),
    ("metadata", 25, free_form),
    ("legacyId", 20, legacy_id),
];

pub(super) const ROLE: &[Member] = &[("role", 70, |dice| of(dice, &["shipping", "billing"]))];

pub(super) const NEW_NOTE: &[Member] = &[
    ("text", 100, text),
    ("pinned", 40, |dice| dice.chance(50).into()),
];

pub(super) const CHANGED_NOTE: &[Member] = &[
    ("text", 50, text),
    ("pinned", 60, |dice| dice.chance(50).into()),
];

pub(super) const NEW_GROUP: &[Member] = &[
    ("id", 95, group),
    ("name", 100, name),
    ("description", 30, text),
    ("discountClass", 30, |dice| of(dice, &["A", "B2"])),
];

pub(super) const CHANGED_GROUP: &[Member] = &[
    ("name", 60, name),
    ("description", 50, text),
    ("discountClass", 30, |dice| of(dice, &["A", ""])),
];

pub(super) const TAGS: &[Member] = &[("tags", 98, tags)];

pub(super) const REASON: &[Member] = &[("reason", 50, text)];

pub(super) const GROUPS: [&str; 6] = ["retail", "wholesale", "vip", "trade", "Trade", "nobody"];
pub(super) const TAG_WORDS: [&str; 7] = ["vip", "VIP", "b2b", " b2b ", "至急", "a,b", "50%"];
/// Beginnings of words, as somebody who searches types them.
pub(super) const SEARCHES: [&str; 16] = [
    "a", "ada", "ADA l", "müller", "mull", "obrien", "o'b", "strasse", "陳", "ada@exa", "bücher",
    "5550", "0199", "+49 711", "wei ada", "%",
];
const PHONES: [&str; 14] = [
    "+1 (555) 010-0199",
    "15550100199",
    "555-010-0199",
    "(555) 0100199 ext. 7",
    "+49 (0)711 123456",
    "+49 711/123456",
    "0711 123456",
    "٠١٢٣٤٥٦٧",
    "０３-1234-5678",
    "+81 3 1234 5678",
    "12",
    "+44 20 7946 0958",
    "020 7946 0958 (Ada)",
    "call me",
];
const NAMES: [&str; 16] = [
    "Ada",
    "ada",
    " Ada  Lovelace ",
    "Müller",
    "Mueller",
    "O'Brien",
    "D’Angelo",
    "Weiß",
    "WEISS",
    "İbrahim",
    "陳",
    "Ελένη",
    "ван дер Берг",
    "Nguyễn",
    "",
    "a-b_c%",
];

/// Returns an object of some of these members. One in thirty is null.
pub(super) fn object(dice: &mut Dice, members: &[Member]) -> Value {
    let mut object = Map::new();
    for (name, percent, value) in members {
        if dice.chance(*percent) {
            let value = if dice.below(30) == 0 {
                Value::Null
            } else {
                value(dice)
            };
            object.insert((*name).to_owned(), value);
        }
    }
    Value::Object(object)
}

pub(super) fn of(dice: &mut Dice, words: &[&str]) -> Value {
    dice.pick(words).into()
}

pub(super) fn email(dice: &mut Dice) -> Value {
    let local = dice.pick(&[
        "ada", "Ada", "ADA", "ünal", "ÜNAL", "o'brien", "ada+x", "straße", "\"a b\"", "李",
    ]);
    let host = dice.pick(&[
        "example.com",
        "Example.COM",
        "bücher.example",
        "xn--bcher-kva.example",
        "example",
        "exam_ple.com",
    ]);
    let number = dice.below(24);
    match local.strip_suffix('"') {
        Some(quoted) => format!("{quoted}{number}\"@{host}").into(),
        None => format!("{local}{number}@{host}").into(),
    }
}

pub(super) fn phone(dice: &mut Dice) -> Value {
    of(dice, &PHONES)
}

pub(super) fn legacy_id(dice: &mut Dice) -> Value {
    dice.below(60).into()
}

/// Returns one of three legacy ids that go from one customer to the next.
pub(super) fn wanted_id(dice: &mut Dice) -> Value {
    (dice.below(3) + 1).into()
}

/// Returns the system and the id of a customer in another system.
pub(super) fn external_id(dice: &mut Dice) -> (&'static str, String) {
    let system = dice.pick(&["crm", "CRM", "erp", "erp", "pos"]);
    (system, format!("C:{}", dice.below(20)))
}

/// Returns the body of a new or changed address. Its place is wrong once in a while.
pub(super) fn address(dice: &mut Dice, members: &[Member], place: i64) -> Value {
    let mut address = object(dice, members);
    if dice.chance(place) {
        let places = [
            json!({"city": "New York", "state": "NY", "zipCode": "10001", "country": "US"}),
            json!({"city": "new york ", "state": "ny", "zipCode": "10001", "country": "us"}),
            json!({"city": "Stuttgart", "zipCode": "70173", "country": "DE"}),
            json!({"city": "東京都", "state": "Tokyo", "zipCode": "100-0001", "country": "JP"}),
            json!({"city": "Hong Kong", "state": "Kowloon", "country": "HK"}),
            json!({"city": "Stuttgart", "zipCode": "7017", "country": "DE"}),
            json!({"city": "Springfield", "state": "Nowhere", "zipCode": "12345"}),
        ];
        let place = &places[dice.index(places.len()).expect("a place")];
        let place = place.as_object().expect("an object").clone();
        address.as_object_mut().expect("an object").extend(place);
    }
    address
}

fn profile(dice: &mut Dice) -> Value {
    object(dice, PROFILE)
}

fn preferences(dice: &mut Dice) -> Value {
    object(dice, PREFERENCES)
}

fn opt_ins(dice: &mut Dice, names: &[&str]) -> Value {
    let given = names.iter().filter_map(|name| {
        let value = dice.chance(50);
        dice.chance(60)
            .then(|| ((*name).to_owned(), Value::Bool(value)))
    });
    Value::Object(given.collect())
}

fn name(dice: &mut Dice) -> Value {
    of(dice, &NAMES)
}

fn text(dice: &mut Dice) -> Value {
    of(
        dice,
        &["Asked to be called", "Prefers mail.\n\tAlways.", " ", "“𝔘”"],
    )
}

fn customer_type(dice: &mut Dice) -> Value {
    of(
        dice,
        &["individual", "business", "vip", "BUSINESS", "person"],
    )
}

fn status(dice: &mut Dice) -> Value {
    of(
        dice,
        &["pending", "active", "inactive", "suspended", "deleted"],
    )
}

fn kind(dice: &mut Dice) -> Value {
    of(dice, &["shipping", "billing", "both"])
}

fn street(dice: &mut Dice) -> Value {
    of(
        dice,
        &[
            "1 Main St",
            "1 main st.",
            "Königstraße 12",
            "12 rue de la Paix",
            "9 Elm",
        ],
    )
}

fn group(dice: &mut Dice) -> Value {
    of(dice, &GROUPS)
}

fn tags(dice: &mut Dice) -> Value {
    let count = dice.below(4);
    (0..count).map(|_| dice.pick(&TAG_WORDS)).collect()
}

fn external_ids(dice: &mut Dice) -> Value {
    let count = dice.below(3);
    let ids = (0..count).map(|_| {
        let (system, id) = external_id(dice);
        let id = if dice.chance(85) {
            id.into()
        } else {
            Value::Null
        };
        (system.to_owned(), id)
    });
    Value::Object(ids.collect())
}

/// Returns an object whose members are merged with those that are there, or take them away.
fn free_form(dice: &mut Dice) -> Value {
    let count = dice.below(4);
    let members = (0..count).map(|_| {
        let name = dice.pick(&["size", "campaign", "Größe", "b", "aa", ""]);
        let value = match dice.below(9) {
            0 => Value::Null,
            1 => json!({"b": 1, "aa": {"c": null}, "a": []}),
            2 => json!({"b": null, "d": 1e300}),
            3 => json!([1, 2.50, -0.5, "𝔘\u{7f}", null, {"x": true}]),
            4 => json!(18_446_744_073_709_551_615_u64),
            5 => json!(0.1),
            6 => json!("\"\\/\n"),
            7 => json!(-9_007_199_254_740_993_i64),
            _ => json!(""),
        };
        (name.to_owned(), value)
    });
    Value::Object(members.collect())
}
