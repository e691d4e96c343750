//! A list contains exactly the customers that pass its filter.

use super::Harness;
use super::steps::customer_list::{BY_AGE, ids, only, page, sorted, sorts, walk};
use super::steps::{stored, stored_all};
use crate::builders::{at, context, customer, email, external, group, legacy, phone_keys, tag};
use customer_domain::customer::{
    Customer, CustomerFilter, CustomerType, Identifier, NewCustomer, SearchQuery, Status, TimeSpan,
};
use customer_domain::{CustomerId, PageAt};

pub(super) fn search(text: &str) -> CustomerFilter {
    CustomerFilter {
        search: Some(SearchQuery::parse(text, context().country).expect("a search")),
        ..CustomerFilter::default()
    }
}

fn known_as(identifiers: &[Identifier]) -> CustomerFilter {
    CustomerFilter {
        known_as: identifiers.to_vec(),
        ..CustomerFilter::default()
    }
}

fn of_phone(digits: &str) -> CustomerFilter {
    CustomerFilter {
        phone: Some(phone_keys(digits)),
        ..CustomerFilter::default()
    }
}

fn span(after: Option<i64>, before: Option<i64>) -> TimeSpan {
    TimeSpan {
        after: after.map(at),
        before: before.map(at),
    }
}

/// Returns the ids of the customers that pass a filter, and asserts that the exact total is their
/// number.
pub(super) async fn found(h: &impl Harness, filter: &CustomerFilter) -> Vec<CustomerId> {
    let page = page(h, filter, BY_AGE, 100, PageAt::Number(1)).await;
    let total = page.total.expect("a page by number is counted");
    let shown = u64::try_from(page.items.len()).expect("few");
    assert_eq!(
        (total.count, total.is_estimate),
        (shown, false),
        "{filter:?}"
    );
    ids(&page.items)
}

pub async fn a_customer_is_listed_by_what_it_is_known_as(h: &impl Harness) {
    let full = stored(h, customer().number(1).full().build_new())
        .await
        .customer;
    let other = customer().number(2).legacy(7).external("crm", "C-18");
    let other = stored(h, other.build_new()).await.customer;
    let mail = |text| Identifier::Email(email(text));
    let own = Identifier::External(external("crm", "C-17"));
    for (identifiers, expected) in [
        (
            vec![mail("GRACE.hopper+navy@xn--bcher-kva.example")],
            vec![full.id],
        ),
        (vec![mail("customer-2@example.com")], vec![other.id]),
        (vec![mail("nobody@example.com")], vec![]),
        (
            vec![Identifier::Legacy(legacy(4_294_967_295))],
            vec![full.id],
        ),
        (vec![Identifier::Legacy(legacy(8))], vec![]),
        (vec![own.clone()], vec![full.id]),
        (vec![Identifier::External(external("erp", "C-17"))], vec![]),
        (vec![Identifier::External(external("crm", "c-17"))], vec![]),
        (
            vec![own.clone(), Identifier::Legacy(legacy(4_294_967_295))],
            vec![full.id],
        ),
        (vec![own, Identifier::Legacy(legacy(7))], vec![]),
    ] {
        let filter = known_as(&identifiers);
        assert_eq!(found(h, &filter).await, expected, "{identifiers:?}");
    }
}

pub async fn a_deleted_customer_is_listed_by_the_address_that_it_had(h: &impl Harness) {
    let mail = "shared@example.com";
    let mut deleted = Vec::new();
    for number in 1..=2 {
        let gone = customer()
            .number(number)
            .email(mail)
            .legacy(70 + i64::try_from(number).expect("few"));
        let gone = gone
            .since(at(i64::try_from(number).expect("few")))
            .status(Status::Deleted);
        deleted.push(stored(h, gone.build_new()).await.customer.id);
    }
    let live = stored(h, customer().number(3).email(mail).build_new())
        .await
        .customer
        .id;
    let by_mail = known_as(&[Identifier::Email(email(mail))]);
    assert_eq!(found(h, &by_mail).await, [live]);
    let of = |filter: CustomerFilter, status| CustomerFilter {
        status: Some(status),
        ..filter
    };
    assert_eq!(
        found(h, &of(by_mail.clone(), Status::Deleted)).await,
        deleted
    );
    assert_eq!(found(h, &of(by_mail.clone(), Status::Active)).await, [live]);
    assert_eq!(found(h, &of(by_mail, Status::Pending)).await, []);
    let by_legacy = known_as(&[Identifier::Legacy(legacy(72))]);
    assert_eq!(
        found(h, &of(by_legacy.clone(), Status::Deleted)).await,
        [deleted[1]]
    );
    assert_eq!(found(h, &by_legacy).await, []);
}

pub async fn customers_are_listed_by_their_phone(h: &impl Harness) {
    let phones = ["+1-555-0123", "1 555 0123", "15550124"];
    let people = (1..)
        .zip(phones)
        .map(|(number, phone)| customer().number(number).phone(phone).build_new());
    let people: Vec<_> = people.collect();
    stored_all(h, &people).await;
    let sharing: Vec<_> = people[..2].iter().map(|new| new.customer.id).collect();
    assert_eq!(found(h, &of_phone("15550123")).await, sharing);
    assert_eq!(
        found(h, &of_phone("1555012")).await,
        [],
        "whole numbers only"
    );
}

pub async fn a_span_of_time_includes_its_beginning_but_not_its_end(h: &impl Harness) {
    let people = (1..=5).map(|number: u64| {
        let age = i64::try_from(number).expect("small");
        customer()
            .number(number)
            .since(at(age))
            .with(|customer| customer.updated_at = at(10 * age))
            .build_new()
    });
    let people: Vec<_> = people.collect();
    stored_all(h, &people).await;
    for (created, updated, expected) in [
        (span(Some(2), None), span(None, None), 2..=5),
        (span(None, Some(4)), span(None, None), 1..=3),
        (span(Some(1), Some(4)), span(None, None), 1..=3),
        (span(None, None), span(Some(20), Some(50)), 2..=4),
        (span(Some(1), Some(5)), span(Some(30), None), 3..=4),
        (span(Some(2), Some(3)), span(None, None), 2..=2),
        #[expect(clippy::reversed_empty_ranges, reason = "nobody is expected")]
        (span(Some(4), Some(2)), span(None, None), 2..=1),
    ] {
        let filter = CustomerFilter {
            created,
            updated,
            ..CustomerFilter::default()
        };
        let expected: Vec<_> = expected
            .map(|number: usize| people[number - 1].customer.id)
            .collect();
        assert_eq!(found(h, &filter).await, expected, "{created:?} {updated:?}");
    }
}

/// A filter, and whether a customer must pass it.
type Expectation = (CustomerFilter, fn(&Customer) -> bool);

fn expectations() -> Vec<Expectation> {
    let any = CustomerFilter::default;
    let word = |text| search(text);
    let kind = |kind| CustomerFilter {
        customer_type: Some(kind),
        ..any()
    };
    let in_group = |id| CustomerFilter {
        group: Some(group(id)),
        ..any()
    };
    let tagged = |text| CustomerFilter {
        tag: Some(tag(text)),
        ..any()
    };
    vec![
        (kind(CustomerType::Business), |c| {
            c.customer_type == CustomerType::Business
        }),
        (kind(CustomerType::Individual), |c| {
            c.customer_type == CustomerType::Individual
        }),
        (in_group("vip"), |c| in_the(c, "vip")),
        (in_group("retail"), |c| in_the(c, "retail")),
        (in_group("nobody"), |_| false),
        (tagged("Blue"), |c| c.tags.contains(&tag("Blue"))),
        (tagged("blue"), |c| c.tags.contains(&tag("blue"))),
        (tagged("red"), |_| false),
        (word("ann"), |c| {
            c.profile.first_name.as_deref() == Some("Ann")
        }),
        (
            CustomerFilter {
                created: span(Some(2), Some(9)),
                ..any()
            },
            |c| c.created_at >= at(2) && c.created_at < at(9),
        ),
        (
            CustomerFilter {
                tag: Some(tag("Blue")),
                ..in_group("vip")
            },
            |c| in_the(c, "vip") && c.tags.contains(&tag("Blue")),
        ),
        (
            CustomerFilter {
                customer_type: Some(CustomerType::Business),
                ..word("ann lee")
            },
            |c| {
                let profile = &c.profile;
                c.customer_type == CustomerType::Business
                    && profile.first_name.as_deref() == Some("Ann")
                    && profile.last_name.as_deref() == Some("Lee")
            },
        ),
        (
            CustomerFilter {
                search: word("lee").search,
                updated: span(Some(3), None),
                ..in_group("retail")
            },
            |c| {
                in_the(c, "retail")
                    && c.profile.last_name.as_deref() == Some("Lee")
                    && c.updated_at >= at(3)
            },
        ),
        (
            CustomerFilter {
                phone: Some(phone_keys("5550100")),
                ..tagged("Blue")
            },
            |c| c.profile.phone.is_some() && c.tags.contains(&tag("Blue")),
        ),
    ]
}

fn in_the(customer: &Customer, id: &str) -> bool {
    customer.joined_group() == Some(&group(id))
}

/// Returns thirty customers that differ in what the filters compare.
fn crowd() -> Vec<NewCustomer> {
    let people = (0..30_u64).map(|number| {
        let n = i64::try_from(number).expect("small");
        let has = |every: u64| number % every == 0;
        customer()
            .number(100 - number)
            .named(
                if has(2) { "Ann" } else { "Bob" },
                if has(3) { "Lee" } else { "Orr" },
            )
            .tags(if has(4) { &["Blue", "x"] } else { &["blue"] })
            .status(Status::ALL[usize::try_from(number % 5).expect("small")])
            .with(|one| {
                one.customer_type = if has(3) {
                    CustomerType::Business
                } else {
                    CustomerType::Individual
                };
                one.group = (!has(5)).then(|| group(if has(2) { "vip" } else { "retail" }));
                one.profile.phone = has(7).then(|| crate::builders::phone("555-0100"));
                one.created_at = at(n / 3);
                one.updated_at = at((n * 7) % 11);
                one.registration_date = at(-(n % 4));
            })
            .build_new()
    });
    people.collect()
}

pub async fn every_filter_in_every_order_shows_all_who_pass_it_once(h: &impl Harness) {
    let crowd = crowd();
    stored_all(h, &crowd).await;
    for (filter, passes) in expectations() {
        for status in [
            None,
            Some(Status::Active),
            Some(Status::Suspended),
            Some(Status::Deleted),
        ] {
            let expected: Vec<_> = crowd
                .iter()
                .filter(|new| match status {
                    Some(status) => new.customer.status == status,
                    None => !new.customer.is_deleted(),
                })
                .filter(|new| passes(&new.customer))
                .cloned()
                .collect();
            let filter = CustomerFilter {
                status,
                ..filter.clone()
            };
            for sort in sorts() {
                let shown = walk(h, &filter, sort, 4).await.concat();
                assert_eq!(ids(&shown), sorted(&expected, sort), "{filter:?}, {sort:?}");
            }
        }
    }
}

pub async fn a_list_that_starts_without_a_number_is_not_counted(h: &impl Harness) {
    let crowd = crowd();
    stored_all(h, &crowd).await;
    for filter in [
        CustomerFilter::default(),
        only(Status::Active),
        search("ann"),
    ] {
        let counted = page(h, &filter, BY_AGE, 3, PageAt::Number(1)).await;
        let begun = page(h, &filter, BY_AGE, 3, PageAt::Start).await;
        assert_eq!((begun.items, begun.next), (counted.items, counted.next));
        assert_eq!(begun.total, None);
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_customer_filter {
    ($each:path) => {
        $each! { customer_filter {
            a_customer_is_listed_by_what_it_is_known_as,
            a_deleted_customer_is_listed_by_the_address_that_it_had,
            customers_are_listed_by_their_phone,
            a_span_of_time_includes_its_beginning_but_not_its_end,
            every_filter_in_every_order_shows_all_who_pass_it_once,
            a_list_that_starts_without_a_number_is_not_counted,
        } }
    };
}
