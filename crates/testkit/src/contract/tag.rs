//! The tags of a tenant, with their counts.

use super::Harness;
use super::steps::{edit, stored, stored_in};
use crate::builders::{at, context, customer, other_context, other_tenant, tag};
use customer_domain::customer::{Customer, Status};
use customer_domain::tag::TagQuery;

/// Stores a customer for each list of tags.
async fn tagged(h: &impl Harness, lists: &[&[&str]]) {
    for (number, tags) in (1..).zip(lists) {
        let new = customer().number(number).tags(tags).build_new();
        stored(h, new).await;
    }
}

/// Returns the tags of one page, each with its count.
async fn page(h: &impl Harness, query: TagQuery) -> Vec<(String, u64)> {
    let listed = h.tags().list(&context(), &query).await;
    let listed = listed.expect("the store answers").items.into_iter();
    listed
        .map(|found| {
            assert!(!found.is_capped, "{found:?}");
            (found.tag.as_str().to_owned(), found.count)
        })
        .collect()
}

async fn all(h: &impl Harness) -> Vec<(String, u64)> {
    beginning(h, "").await
}

async fn beginning(h: &impl Harness, prefix: &str) -> Vec<(String, u64)> {
    let query = TagQuery {
        prefix: prefix.to_owned(),
        after: None,
        limit: 100,
    };
    page(h, query).await
}

fn counts(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    let expected = expected.iter();
    expected
        .map(|(tag, count)| ((*tag).to_owned(), *count))
        .collect()
}

pub async fn tags_are_counted_in_the_order_of_their_code_points(h: &impl Harness) {
    tagged(h, &[&["b", "a b", "É"], &["b", "B"], &["陳", "b"]]).await;
    let expected = counts(&[("B", 1), ("a b", 1), ("b", 3), ("É", 1), ("陳", 1)]);
    assert_eq!(all(h).await, expected);
}

pub async fn without_tags_there_are_none(h: &impl Harness) {
    tagged(h, &[&[]]).await;
    assert_eq!(all(h).await, counts(&[]));
}

pub async fn tags_are_shown_page_by_page(h: &impl Harness) {
    tagged(h, &[&["a", "b", "c", "d"]]).await;
    let after = |word: &str, limit| TagQuery {
        prefix: String::new(),
        after: Some(tag(word)),
        limit,
    };
    assert_eq!(page(h, after("b", 1)).await, counts(&[("c", 1)]));
    for (limit, next) in [
        (1, Some(tag("b"))),
        (2, Some(tag("c"))),
        (3, None),
        (4, None),
    ] {
        let listed = h.tags().list(&context(), &after("a", limit)).await;
        assert_eq!(listed.expect("the store answers").next, next, "{limit}");
    }
    // The tag that a page ended with may have been removed since.
    let rest = counts(&[("b", 1), ("c", 1), ("d", 1)]);
    assert_eq!(page(h, after("aa", 9)).await, rest);
    assert_eq!(page(h, after("d", 9)).await, counts(&[]));
}

pub async fn a_prefix_is_compared_as_written(h: &impl Harness) {
    tagged(
        h,
        &[&["vi", "vip", "vip gold", "VIP", "vj", "50%", "50_x", "'"]],
    )
    .await;
    let found = counts(&[("vip", 1), ("vip gold", 1)]);
    assert_eq!(beginning(h, "vip").await, found);
    assert_eq!(beginning(h, "50%").await, counts(&[("50%", 1)]));
    assert_eq!(beginning(h, "'").await, counts(&[("'", 1)]));
    assert_eq!(beginning(h, "\u{10ffff}").await, counts(&[]));
    let beyond = TagQuery {
        prefix: "vip".to_owned(),
        after: Some(tag("vip")),
        limit: 9,
    };
    assert_eq!(page(h, beyond).await, counts(&[("vip gold", 1)]));
}

pub async fn a_deleted_customer_is_counted_until_its_tags_are_taken_off(h: &impl Harness) {
    let member = stored(h, customer().tags(&["a"]).build_new()).await;
    let delete = |customer: &mut Customer| {
        customer.status = Status::Deleted;
        customer.deleted_at = Some(at(8));
    };
    edit(h, member.customer.id, delete).await.expect("deleted");
    assert_eq!(all(h).await, counts(&[("a", 1)]));
    let untag = |customer: &mut Customer| customer.tags.clear();
    edit(h, member.customer.id, untag).await.expect("saved");
    assert_eq!(all(h).await, counts(&[]));
}

pub async fn another_tenants_tags_are_not_counted(h: &impl Harness) {
    let theirs = customer().of(&other_tenant()).tags(&["a", "z"]);
    stored_in(h, &other_context(), theirs.build_new()).await;
    tagged(h, &[&["a"]]).await;
    assert_eq!(all(h).await, counts(&[("a", 1)]));
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_tag {
    ($each:path) => {
        $each! { tag {
            tags_are_counted_in_the_order_of_their_code_points,
            without_tags_there_are_none,
            tags_are_shown_page_by_page,
            a_prefix_is_compared_as_written,
            a_deleted_customer_is_counted_until_its_tags_are_taken_off,
            another_tenants_tags_are_not_counted,
        } }
    };
}
