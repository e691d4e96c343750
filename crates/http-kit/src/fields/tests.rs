use chrono::{NaiveDate, TimeZone as _, Utc};
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::code::Row;
use crate::json::parse;

static TABLE: AliasTable = AliasTable {
    objects: &["/profile", "/preferences", "/preferences/marketing"],
    aliases: &[("/firstName", "/profile/firstName")],
};

fn fields(body: &str) -> Fields {
    Fields::body(parse(body.as_bytes()).unwrap(), &TABLE)
}

/// Returns the only fault of reading member `v` of a body.
fn only_fault<P: Parse>(
    value: &str,
    read: impl FnOnce(&mut Fields) -> Field<'_, P>,
) -> (String, &'static str) {
    let mut fields = fields(&format!("{{\"v\":{value}}}"));
    assert!(read(&mut fields).required().is_none(), "{value}");
    let mut faults = fields.take_faults();
    assert_eq!(faults.len(), 1, "{value}: {faults:?}");
    let fault = faults.remove(0);
    (fault.pointer, fault.code.as_str())
}

fn at_v(code: &'static str) -> (String, &'static str) {
    ("/v".to_owned(), code)
}

#[test]
fn every_type_reads_what_it_promises() {
    let mut fields = fields(
        r#"{"text":" a ","bool":false,"int":7.0,"id":"0190f1b2-0000-7000-8000-000000000001",
            "day":"2000-02-29","born":"1985-06-15T23:30:00-08:00","at":"2025-01-01T01:00:00+01:00","word":"Prefer-Not-To-Say","list":["a","b"],
            "free":{"snake_key":[1]}}"#,
    );
    assert_eq!(fields.text("text").max(3).required().unwrap(), " a ");
    assert_eq!(fields.boolean("bool").required(), Some(false));
    assert_eq!(fields.integer("int", 0..=10).required(), Some(7));
    assert_eq!(
        fields.uuid("id").required(),
        Some(Uuid::from_u128(0x0190_f1b2_0000_7000_8000_0000_0000_0001))
    );
    assert_eq!(
        fields.date("day").required(),
        NaiveDate::from_ymd_opt(2000, 2, 29)
    );
    assert_eq!(
        fields.date("born").required(),
        NaiveDate::from_ymd_opt(1985, 6, 15)
    );
    assert_eq!(
        fields.date_time("at").required(),
        Utc.with_ymd_and_hms(2025, 1, 1, 0, 0, 0).single()
    );
    assert_eq!(
        fields
            .one_of("word", &[("male", 1), ("prefer_not_to_say", 2)])
            .required(),
        Some(2)
    );
    assert_eq!(
        fields
            .texts("list")
            .max_items(2)
            .each(1..=1)
            .unique()
            .required()
            .unwrap(),
        ["a", "b"]
    );
    assert_eq!(
        fields.free_object("free", 100).required().unwrap()["snake_key"],
        json!([1])
    );
    assert!(fields.finish().is_ok());
}

#[test]
fn wrong_types_are_faults() {
    for value in ["1", "true", "[]", "{}"] {
        assert_eq!(only_fault(value, |f| f.text("v")), at_v("INVALID_TYPE"));
        assert_eq!(only_fault(value, |f| f.uuid("v")), at_v("INVALID_TYPE"));
        assert_eq!(only_fault(value, |f| f.date("v")), at_v("INVALID_TYPE"));
        assert_eq!(
            only_fault(value, |f| f.one_of("v", &[("a", ())])),
            at_v("INVALID_TYPE")
        );
    }
    for value in ["1", "\"true\"", "\"\""] {
        assert_eq!(only_fault(value, |f| f.boolean("v")), at_v("INVALID_TYPE"));
        assert_eq!(only_fault(value, |f| f.texts("v")), at_v("INVALID_TYPE"));
        assert_eq!(
            only_fault(value, |f| f.free_object("v", 9)),
            at_v("INVALID_TYPE")
        );
    }
    for value in ["1.5", "\"1\"", "true"] {
        assert_eq!(
            only_fault(value, |f| f.integer("v", 0..=9)),
            at_v("INVALID_TYPE")
        );
    }
}

#[test]
fn values_outside_what_is_accepted_are_faults() {
    assert_eq!(
        only_fault("\"abc\"", |f| f.text("v").max(2)),
        at_v("TOO_LONG")
    );
    assert_eq!(
        only_fault("\"ab\"", |f| f.text("v").min(3)),
        at_v("TOO_SHORT")
    );
    for value in ["10", "-1", "1e30", "99999999999999999999"] {
        assert_eq!(
            only_fault(value, |f| f.integer("v", 0..=9)),
            at_v("OUT_OF_RANGE")
        );
    }
    for value in [
        "\"2001-1-1\"",
        "\"2001-02-29\"",
        "\"20010101\"",
        "\"\"",
        "\"31.12.2001\"",
        "\"+12001-01-01\"",
        "\"2001-01-01T10:00:00\"",
    ] {
        assert_eq!(
            only_fault(value, |f| f.date("v")),
            at_v("INVALID_VALUE"),
            "{value}"
        );
    }
    assert_eq!(
        only_fault("\"2001-01-01\"", |f| f.date_time("v")),
        at_v("INVALID_VALUE")
    );
    assert_eq!(only_fault("\"x\"", |f| f.uuid("v")), at_v("INVALID_VALUE"));
    assert_eq!(
        only_fault("\"x\"", |f| f.one_of("v", &[("a", ())])),
        at_v("INVALID_VALUE")
    );
    assert_eq!(
        only_fault("[\"a\",\"b\"]", |f| f.texts("v").max_items(1)),
        at_v("TOO_LONG")
    );
    assert_eq!(
        only_fault("[]", |f| f.texts("v").min_items(1)),
        at_v("TOO_SHORT")
    );
    assert_eq!(
        only_fault("[\"a\",\"a\"]", |f| f.texts("v").unique()),
        at_v("DUPLICATE_ITEM")
    );
    assert_eq!(
        only_fault("[\"a\",1]", |f| f.texts("v")),
        ("/v/1".to_owned(), "INVALID_TYPE")
    );
    assert_eq!(
        only_fault("{\"k\":\"long\"}", |f| f.free_object("v", 5)),
        at_v("TOO_LONG")
    );
}

#[test]
fn a_detail_names_what_is_accepted_and_not_what_was_sent() {
    let mut fields = fields(r#"{"v":"secret"}"#);
    fields.one_of("v", &[("male", 1), ("female", 2)]).required();
    let fault = fields.take_faults().remove(0);
    assert_eq!(fault.detail, "must be one of male, female");
}

#[test]
fn absent_null_and_value_differ_in_a_merge() {
    let mut fields = fields(r#"{"gone":null,"set":"x","profile":null}"#);
    assert_eq!(fields.text("kept").given(), Given::Absent);
    assert_eq!(fields.text("gone").given(), Given::Null);
    assert_eq!(fields.text("set").given(), Given::Value("x".to_owned()));
    assert_eq!(fields.text("profile/firstName").given(), Given::Null);
    assert_eq!(fields.text("profile/lastName").given(), Given::Null);
    assert!(fields.finish().is_ok());
}

#[test]
fn null_is_refused_where_a_value_must_stay() {
    let mut fields = fields(r#"{"a":null,"b":null,"c":"x"}"#);
    assert_eq!(fields.text("a").required(), None);
    assert_eq!(fields.text("b").replace(), None);
    assert_eq!(fields.text("c").replace().as_deref(), Some("x"));
    assert_eq!(fields.text("d").replace(), None);
    let pointers: Vec<_> = fields
        .take_faults()
        .into_iter()
        .map(|fault| fault.pointer)
        .collect();
    assert_eq!(pointers, ["/a", "/b"]);
}

#[test]
fn all_faults_come_together_with_the_pointers_as_sent() {
    let mut fields =
        fields(r#"{"profile":{"first_name":7},"emial":"a","tags":"x","preferences":3}"#);
    fields.text("email").required();
    fields.text("profile/firstName").required();
    fields.texts("tags").optional();
    fields.text("preferences/language").optional();
    let problem = fields.finish().unwrap_err();
    assert_eq!(problem.code(), Code::VALIDATION_FAILED);
    let found: Vec<_> = problem
        .faults()
        .iter()
        .map(|fault| (fault.pointer.as_str(), fault.code.as_str()))
        .collect();
    let expected = [
        ("/email", "REQUIRED"),
        ("/profile/first_name", "INVALID_TYPE"),
        ("/tags", "INVALID_TYPE"),
        ("/emial", "UNKNOWN_FIELD"),
        ("/preferences", "INVALID_TYPE"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn of_a_flood_of_unknown_members_only_the_listed_are_explained() {
    let members: Vec<String> = (0..30_000).map(|n| format!("\"{n}\":0")).collect();
    let mut fields = fields(&format!("{{{}}}", members.join(",")));
    fields.text("email").required();
    let faults = fields.take_faults();
    assert_eq!(faults.len(), 30_001);
    let (listed, counted) = faults.split_at(100);
    assert!(listed.iter().all(|fault| !fault.detail.is_empty()));
    assert!(counted.iter().all(|fault| fault.detail.is_empty()));
}

#[test]
fn an_empty_object_around_known_members_is_fine() {
    let mut fields = fields(r#"{"profile":{}}"#);
    assert_eq!(fields.text("profile/firstName").given(), Given::Absent);
    assert!(fields.finish().is_ok());
}

#[test]
fn a_single_broken_rule_of_the_domain_is_its_own_problem() {
    const INVALID_EMAIL_FORMAT: Code = Code::new(&Row {
        name: "INVALID_EMAIL_FORMAT",
        page: "invalid-email-format",
        status: StatusCode::BAD_REQUEST,
        title: "The e-mail address is not valid",
        retryable: false,
    });
    let mut fields = fields(r#"{"email":"x"}"#);
    let email = fields
        .text("email")
        .then(|_| {
            Err::<(), _>(Violation::new(
                INVALID_EMAIL_FORMAT,
                "must be an e-mail address",
            ))
        })
        .required();
    assert_eq!(email, None);
    assert_eq!(fields.finish().unwrap_err().code(), INVALID_EMAIL_FORMAT);
}

#[test]
fn read_only_members_may_repeat_what_is_stored() {
    let mut fields = fields(r#"{"id":"a","createdAt":"b","updated_at":"c"}"#);
    let id = fields.read_only("id").unwrap();
    fields.ignore(&["createdAt", "updatedAt"]);
    assert_eq!(fields.read_only("version"), None);
    assert!(fields.finish().is_ok());
    assert_eq!(id, json!("a"));
}

#[test]
fn a_member_that_was_read_is_known_by_the_spelling_that_was_sent() {
    let mut fields = Fields::body(
        parse(br#"{"profile":{"first_name":"a"},"size":7}"#).unwrap(),
        &TABLE,
    );
    assert_eq!(fields.pointer("profile/firstName"), "/profile/firstName");
    fields.text("profile/firstName").optional();
    assert_eq!(fields.pointer("profile/firstName"), "/profile/first_name");
    assert_eq!(fields.sent("size"), None);
    let mut query = Fields::query(Some("pageSize=5"));
    assert_eq!(query.pointer("page_size"), "?page_size");
    query.integer("page_size", 1..=9).optional();
    assert_eq!(query.pointer("page_size"), "?pageSize");
}

#[test]
fn a_body_that_is_no_object_has_one_fault() {
    let mut fields = fields("[1]");
    fields.text("email").required();
    let faults = fields.take_faults();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].pointer, "");
}

#[test]
fn an_absent_body_still_lacks_what_is_required() {
    let mut fields = Fields::empty();
    fields.text("reason").required();
    assert_eq!(fields.take_faults()[0].code.as_str(), "REQUIRED");
}

#[test]
fn building_without_a_required_value_is_our_mistake_not_the_clients() {
    assert_eq!(
        fields("{}").build(|| None::<()>).unwrap_err().code(),
        Code::INTERNAL
    );
    assert_eq!(fields("{}").build(|| Some(1)).unwrap(), 1);
}

#[test]
fn a_member_whose_value_another_gave_is_known_by_that_one() {
    let mut fields = Fields::body(parse(br#"{"size":7}"#).unwrap(), &TABLE);
    fields.point_at("name", "size");
    assert_eq!(fields.pointer("name"), "/name", "nothing was read");
    fields.integer("size", 1..=9).optional();
    fields.point_at("name", "size");
    assert_eq!(fields.pointer("name"), "/size");
}
