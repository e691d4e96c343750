//! Every text is read back exactly as it was written.

use super::Harness;
use super::steps::{begin, edit, read, stored};
use crate::builders::{at, context, customer, external, phone, phone_keys, tag};
use chrono::TimeDelta;
use customer_domain::customer::{
    Customer, CustomerFilter, CustomerSort, Email, ExternalId, Identifier, LegacyId, Lookup,
    MAX_REGISTRATION_SOURCE, NewCustomer, SortKey,
};
use customer_domain::group::{Group, GroupId};
use customer_domain::profile::{MAX_AVATAR, MAX_NAME, MAX_PHONE, Phone, Profile};
use customer_domain::tag::{MAX_TAG_LENGTH, MAX_TAGS, Tag, TagQuery};
use customer_domain::{PageAt, PageRequest, SortOrder};
use serde_json::{Map, Value, json};

const NAMES: [(&str, &str); 20] = [
    ("José", "García Márquez"),
    ("Zoë", "Weiß"),
    ("Łukasz", "Wałęsa"),
    ("Þóra", "Þórsdóttir"),
    ("Nguyễn", "Thị Hồng"),
    ("İbrahim", "Işık"),
    ("Анна", "Ёлкина"),
    ("Ελένη", "Παπαδοπούλου"),
    ("გიორგი", "ბერიძე"),
    ("Արամ", "Խաչատրյան"),
    ("محمد", "الفارسي"),
    ("נועה", "כהן"),
    ("आरव", "शर्मा"),
    ("ปิติ", "สุขใจ"),
    ("秀英", "王"),
    ("さくら", "佐藤"),
    ("민준", "김"),
    ("𝒜𝒹𝒶", "𠮷野"),
    ("e\u{301}", "\u{e9}"),
    ("አበበ", "ቢቂላ"),
];

const AWKWARD: [&str; 16] = [
    "O'Brien",
    "D’Angelo",
    "\"quoted\"",
    "back\\slash",
    "\\\\two\\'",
    "'; DROP TABLE customers; --",
    "$1 $$ $body$",
    "100% _under_",
    "a,b;{c}(d)[e]",
    "NULL",
    "null",
    "👩‍👩‍👧‍👦 🇯🇵",
    "\u{202e}right to left",
    "ﷺ",
    "\\u0000 \\x00",
    "non\u{a0}breaking\u{200b}space",
];

async fn comes_back(h: &impl Harness, number: u64, write: impl FnOnce(&mut Customer)) {
    let new = customer().number(number).with(write).build_new();
    let expected = stored(h, new).await;
    assert_eq!(read(h, expected.customer.id).await, Some(expected));
}

/// Writes a text to every field that accepts any text.
fn everywhere(customer: &mut Customer, text: &str) {
    customer.profile.first_name = Some(text.to_owned());
    customer.profile.last_name = Some(text.to_owned());
    customer.registration_source = Some(text.to_owned());
    customer.tags = [text, "z"].into_iter().map(tag).collect();
    customer
        .external_ids
        .insert("crm".to_owned(), format!("{text} {}", customer.id));
    customer
        .metadata
        .insert(text.to_owned(), json!([text, {text: text}]));
    customer
        .preferences
        .custom
        .insert(text.to_owned(), json!(text));
    customer.profile.data.insert(text.to_owned(), json!(text));
}

fn free_form() -> Map<String, Value> {
    let deep = (0..20).fold(json!("bottom"), |inner, depth| match depth % 2 {
        0 => json!([inner]),
        _ => json!({ "down": inner }),
    });
    let members = json!({
        "empty": {"object": {}, "array": [], "text": "", "": "no name"},
        "null": null,
        "truth": [true, false],
        "numbers": [0, -1, 1.5, -0.25, 1e-7, i64::MAX, i64::MIN, u64::MAX, 123_456_789.125],
        "nested": [[1, [2, [3, {"four": [5]}]]], {"a": {"b": {"c": null}}}],
        "text": "line\nbreak\ttab \"quotes\" \\ / \u{1} \u{7f} \u{fffd}",
        "scripts": {"日本語": "値", "ключ": "значение", "😀": "𠮷"},
        "deep": deep,
        "looks like": ["2026-01-01T00:00:00Z", "1.0", "null", "{\"json\": true}"],
    });
    members.as_object().cloned().unwrap_or_default()
}

pub async fn names_in_many_scripts_come_back_as_written(h: &impl Harness) {
    for (number, (first, last)) in (1..).zip(NAMES) {
        let named = |customer: &mut Customer| {
            customer.profile.first_name = Some(first.to_owned());
            customer.profile.last_name = Some(last.to_owned());
        };
        comes_back(h, number, named).await;
    }
}

pub async fn awkward_texts_come_back_as_written(h: &impl Harness) {
    for (number, text) in (1..).zip(AWKWARD) {
        comes_back(h, number, |customer| everywhere(customer, text)).await;
    }
}

pub async fn awkward_texts_can_be_saved(h: &impl Harness) {
    let id = stored(h, customer().build_new()).await.customer.id;
    for text in AWKWARD {
        let saved = edit(h, id, |customer| everywhere(customer, text)).await;
        assert_eq!(read(h, id).await, saved.ok(), "{text}");
    }
}

pub async fn metadata_comes_back_as_written(h: &impl Harness) {
    let filled = |customer: &mut Customer| {
        customer.metadata = free_form();
        customer.preferences.custom = free_form();
        customer.profile.data = free_form();
    };
    comes_back(h, 1, filled).await;
    let id = stored(h, customer().number(2).build_new())
        .await
        .customer
        .id;
    let saved = edit(h, id, filled).await;
    assert_eq!(read(h, id).await, saved.ok());
}

pub async fn texts_of_full_length_come_back(h: &impl Harness) {
    let widest = "𠮷";
    let local = "l".repeat(64);
    let host = format!("{}.{}.example", "a".repeat(63), "b".repeat(63));
    let new = customer().number(1).email(&format!("{local}@{host}"));
    let filled = new.with(|customer| {
        // Without `..`, so that a field that is added later is stored at its full length too.
        customer.profile = Profile {
            first_name: Some(widest.repeat(MAX_NAME)),
            last_name: Some("ﷺ".repeat(MAX_NAME)),
            date_of_birth: None,
            gender: None,
            phone: Some(phone(&"1".repeat(MAX_PHONE))),
            avatar: Some(format!(
                "https://cdn.example.com/{}",
                "a".repeat(MAX_AVATAR - 24)
            )),
            data: Map::new(),
        };
        customer.registration_source = Some(widest.repeat(MAX_REGISTRATION_SOURCE));
        let tags =
            (0..MAX_TAGS).map(|n| tag(&format!("{n:02}{}", widest.repeat(MAX_TAG_LENGTH - 2))));
        customer.tags = tags.collect();
        let ids = (0..20).map(|n| (format!("{n:02}{}", "s".repeat(48)), widest.repeat(255)));
        customer.external_ids = ids.collect();
        customer.preferences.language = Some("abc-defghijk-lmnopqrs-tuvwxyza-bcde".to_owned());
        customer.preferences.timezone = Some("A".repeat(64));
    });
    let expected = stored(h, filled.build_new()).await;
    assert_eq!(read(h, expected.customer.id).await, Some(expected));
}

pub async fn awkward_names_can_be_listed(h: &impl Harness) {
    for (number, text) in (1..).zip(AWKWARD) {
        stored(h, customer().number(number).named("A", text).build_new()).await;
    }
    let sort = CustomerSort {
        key: SortKey::LastName,
        order: SortOrder::Ascending,
    };
    let mut at = PageAt::Number(1);
    let mut shown = Vec::new();
    loop {
        let request = PageRequest { size: 1, at };
        let page = h
            .customers()
            .list(&context(), &CustomerFilter::default(), sort, &request)
            .await
            .expect("the store answers");
        shown.extend(
            page.items
                .into_iter()
                .map(|record| record.customer.profile.last_name),
        );
        let Some(key) = page.next else { break };
        at = PageAt::After(key);
    }
    let mut expected: Vec<_> = AWKWARD.map(|text| Some(text.to_owned())).to_vec();
    expected.sort();
    shown.sort();
    assert_eq!(shown, expected);
}

pub async fn awkward_ids_are_looked_up_as_written(h: &impl Harness) {
    let mut expected = Vec::new();
    for (number, text) in (1..).zip(AWKWARD) {
        let new = customer().number(number).external("crm", text);
        let late = new.with(|customer| customer.updated_at += TimeDelta::microseconds(1));
        expected.push((text, stored(h, late.build_new()).await));
    }
    for (text, record) in expected {
        let lookup = Lookup::External(external("crm", text));
        let found = h
            .customers()
            .look_up(&context(), &lookup)
            .await
            .expect("the store answers");
        assert_eq!(found, Some(record), "{text}");
    }
}

/// Returns a customer and its group with values that were stored under looser rules: each of them
/// would be rejected as input.
fn of_looser_rules() -> (Group, NewCustomer) {
    let group = GroupId::from_store("Große Kunden".to_owned());
    assert!(GroupId::parse(group.as_str()).is_err());
    let mailbox = "jürgen@localhost".to_owned();
    let mail = Email::from_store(mailbox.to_uppercase(), mailbox);
    assert!(Email::parse(mail.as_typed()).is_err() && Email::parse(mail.key()).is_err());
    let phone = Phone::from_store("1\n2".to_owned());
    assert!(Phone::parse(phone.as_str()).is_err());
    let tag = Tag::from_store("two\nlines ".to_owned());
    assert!(Tag::parse(tag.as_str()).is_err());
    let legacy = LegacyId::from_store(5_000_000_000);
    assert!(LegacyId::new(legacy.get()).is_err());
    assert!(ExternalId::parse("Old CRM!", "two\nlines").is_err());
    let new = customer().full().with(|customer| {
        customer.email = mail;
        customer.profile.phone = Some(phone);
        customer.group = Some(group.clone());
        customer.tags = [tag].into();
        customer.legacy_id = Some(legacy);
        customer.external_ids = [("Old CRM!".to_owned(), "two\nlines".to_owned())].into();
        customer.preferences.language = Some("no language".to_owned());
        customer.preferences.currency = Some("X-1".to_owned());
        customer.preferences.timezone = Some("Mars/Olympus".to_owned());
    });
    let group = Group::new(group, "Große Kunden".to_owned(), at(0));
    (group, new.build_new())
}

pub async fn a_customer_that_new_input_could_not_be_is_read_whole(h: &impl Harness) {
    let (group, new) = of_looser_rules();
    let mut work = begin(h).await;
    work.groups().insert(&group).await.expect("the group");
    work.commit().await.expect("commit");
    let record = stored(h, new).await;
    let Customer {
        id, email, tags, ..
    } = record.customer.clone();
    let reads = h.customers();
    let found = reads.find_many(&context(), &[id]).await;
    assert_eq!(found, Ok(vec![record.clone()]));
    for lookup in [
        Lookup::UserId(id),
        Lookup::Email(email.clone()),
        Lookup::Phone(phone_keys("12")),
        Lookup::Legacy(LegacyId::from_store(5_000_000_000)),
        Lookup::External(ExternalId {
            system: "Old CRM!".to_owned(),
            id: "two\nlines".to_owned(),
        }),
    ] {
        let found = reads.look_up(&context(), &lookup).await;
        assert_eq!(found, Ok(Some(record.clone())), "{lookup:?}");
    }
    // A page by number is counted and one from the start is not, so their statements differ.
    let filter = CustomerFilter {
        group: record.customer.group.clone(),
        tag: tags.first().cloned(),
        known_as: vec![Identifier::Email(email)],
        ..CustomerFilter::default()
    };
    for at in [PageAt::Number(1), PageAt::Start] {
        let sort = CustomerSort {
            key: SortKey::Email,
            order: SortOrder::Ascending,
        };
        let page = PageRequest { size: 1, at };
        let listed = reads.list(&context(), &filter, sort, &page).await;
        assert_eq!(listed.expect("a page").items, std::slice::from_ref(&record));
    }
    let all_tags = TagQuery {
        limit: 9,
        ..TagQuery::default()
    };
    let tagged = h.tags().list(&context(), &all_tags).await;
    let tagged = tagged.expect("the tags").items;
    assert!(tagged.iter().map(|counted| &counted.tag).eq(&tags));
    let groups = h.groups().list(&context(), None, 9).await;
    assert!(groups.expect("the groups").contains(&group));
    let saved = edit(h, id, |customer| customer.version += 1).await;
    assert_eq!(read(h, id).await, saved.ok());
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_customer_text {
    ($each:path) => {
        $each! { customer_text {
            names_in_many_scripts_come_back_as_written,
            awkward_texts_come_back_as_written,
            awkward_texts_can_be_saved,
            metadata_comes_back_as_written,
            texts_of_full_length_come_back,
            awkward_names_can_be_listed,
            awkward_ids_are_looked_up_as_written,
            a_customer_that_new_input_could_not_be_is_read_whole,
        } }
    };
}
