//! Lists show every row once, in the order asked for.

use super::Harness;
use super::steps::customer_list::{BY_AGE, ids, only, page, sorted, sorts, walk};
use super::steps::{edit, insert, read, stored, stored_all};
use crate::builders::{CustomerBuilder, at, customer};
use customer_domain::customer::{
    Customer, CustomerFilter, CustomerKey, CustomerSort, NewCustomer, SortKey, Status,
};
use customer_domain::{PageAt, SortOrder, Total};

fn all() -> CustomerFilter {
    CustomerFilter::default()
}

/// Customers whose five orders all differ, with ties in every one that may have them.
fn crowd() -> Vec<NewCustomer> {
    let names = [
        Some("Müller"),
        Some("mueller"),
        Some("MULLER"),
        None,
        Some("Ångström"),
        Some("Zola"),
        None,
        Some("de la Cruz"),
        Some("O'Brien"),
        Some("Obrien"),
        Some("王"),
        Some("Łuczak"),
        Some("שלום"),
    ];
    let people = (1_u64..).zip(names).map(|(number, last_name)| {
        let n = i64::try_from(number).expect("a small number");
        let mailbox = match number % 3 {
            0 => format!("Zed-{n}@example.com"),
            1 => format!("amy.{}@example.com", 90 - n),
            _ => format!("B_{n}@example.com"),
        };
        customer()
            .number(number)
            .email(&mailbox)
            .with(|customer| {
                customer.profile.last_name = last_name.map(str::to_owned);
                customer.created_at = at(n / 4);
                customer.updated_at = at(100 - (n * 7) % 5);
                customer.registration_date = at(-((n * 5) % 6) * 86_400);
            })
            .build_new()
    });
    people.collect()
}

pub async fn every_sort_in_both_orders_shows_every_row_once(h: &impl Harness) {
    let crowd = crowd();
    stored_all(h, &crowd).await;
    for sort in sorts() {
        let shown = walk(h, &all(), sort, 4).await.concat();
        assert_eq!(ids(&shown), sorted(&crowd, sort), "{sort:?}");
    }
}

pub async fn pages_by_number_and_by_cursor_are_the_same(h: &impl Harness) {
    stored_all(h, &crowd()).await;
    for sort in sorts() {
        for (number, expected) in (1..).zip(walk(h, &all(), sort, 5).await) {
            let by_number = page(h, &all(), sort, 5, PageAt::Number(number)).await;
            assert_eq!(
                ids(&by_number.items),
                ids(&expected),
                "{sort:?}, page {number}"
            );
        }
    }
}

pub async fn names_are_sorted_folded_and_nameless_customers_come_first(h: &impl Harness) {
    let names = [
        "",
        "Ångström",
        "Łuczak",
        "MULLER",
        "müller2",
        "Straße",
        "Strassen",
        "Ωmega",
        "王",
    ];
    let mut people = Vec::new();
    for (number, name) in (1_u64..).zip(names) {
        people.push(customer().number(number).with(|customer| {
            customer.profile.last_name = (!name.is_empty()).then(|| name.to_owned());
        }));
    }
    let people: Vec<_> = people.into_iter().map(CustomerBuilder::build_new).collect();
    let mut shuffled = people.clone();
    shuffled.rotate_left(4);
    stored_all(h, &shuffled).await;
    let sort = CustomerSort {
        key: SortKey::LastName,
        order: SortOrder::Ascending,
    };
    let shown = walk(h, &all(), sort, 100).await.concat();
    let shown = shown
        .iter()
        .map(|record| record.customer.profile.last_name.as_deref());
    assert_eq!(
        shown.map(Option::unwrap_or_default).collect::<Vec<_>>(),
        names
    );
}

pub async fn emails_are_sorted_as_they_are_compared(h: &impl Harness) {
    let mailboxes = [
        "a-b@x.co", "a.b@x.co", "A1@x.co", "aa@x.co", "B@x.co", "b@Y.co", "b_@x.co", "c@x.co",
    ];
    let mut expected = Vec::new();
    for (number, mailbox) in (1_u64..).zip(mailboxes) {
        let new = customer().number(100 - number).email(mailbox).build_new();
        expected.push(stored(h, new).await.customer.id);
    }
    let sort = CustomerSort {
        key: SortKey::Email,
        order: SortOrder::Ascending,
    };
    assert_eq!(ids(&walk(h, &all(), sort, 3).await.concat()), expected);
}

pub async fn ties_are_broken_by_id(h: &impl Harness) {
    let twins: Vec<_> = (1..=7)
        .map(|number| customer().number(number).build_new())
        .collect();
    let mut shuffled = twins.clone();
    shuffled.rotate_left(3);
    shuffled.swap(0, 5);
    stored_all(h, &shuffled).await;
    for sort in sorts().filter(|sort| sort.key != SortKey::Email) {
        let shown = walk(h, &all(), sort, 2).await.concat();
        assert_eq!(ids(&shown), sorted(&twins, sort), "{sort:?}");
    }
}

pub async fn deleted_customers_are_hidden_unless_asked_for(h: &impl Harness) {
    let mut expected = Vec::new();
    for (number, status) in (1..).zip(Status::ALL) {
        let new = customer().number(number).status(status).build_new();
        expected.push(stored(h, new).await.customer);
    }
    let (deleted, others): (Vec<_>, Vec<_>) = expected.into_iter().partition(Customer::is_deleted);
    for (filter, expected) in [(all(), others), (only(Status::Deleted), deleted)] {
        let shown = page(h, &filter, BY_AGE, 100, PageAt::Number(1)).await;
        let expected: Vec<_> = expected.iter().map(|customer| customer.id).collect();
        assert_eq!(ids(&shown.items), expected);
        assert_eq!(
            shown.total.map(|total| total.count),
            u64::try_from(expected.len()).ok()
        );
    }
}

pub async fn a_status_shows_its_customers_alone(h: &impl Harness) {
    let statuses = Status::ALL.into_iter().cycle().take(20);
    let people = (1..).zip(statuses).map(|(number, status)| {
        let aged = customer()
            .number(number)
            .since(at(i64::try_from(number).expect("small")));
        aged.status(status).build_new()
    });
    let people: Vec<_> = people.collect();
    stored_all(h, &people).await;
    for status in Status::ALL {
        let of_status = |new: &&NewCustomer| new.customer.status == status;
        let expected: Vec<_> = people.iter().filter(of_status).cloned().collect();
        for sort in sorts() {
            let shown = walk(h, &only(status), sort, 3).await.concat();
            assert_eq!(ids(&shown), sorted(&expected, sort), "{status:?}, {sort:?}");
        }
    }
}

pub async fn the_total_is_counted_for_pages_by_number_only(h: &impl Harness) {
    stored_all(h, &crowd()).await;
    let exact = Some(Total {
        count: 13,
        is_estimate: false,
    });
    let first = page(h, &all(), BY_AGE, 5, PageAt::Number(1)).await;
    assert_eq!(first.total, exact);
    assert_eq!(
        page(h, &all(), BY_AGE, 5, PageAt::Number(2)).await.total,
        exact
    );
    let key = first.next.expect("there is a second page");
    assert_eq!(
        page(h, &all(), BY_AGE, 5, PageAt::After(key)).await.total,
        None
    );
}

pub async fn the_last_page_has_no_next(h: &impl Harness) {
    let six = crowd().into_iter().take(6).collect::<Vec<_>>();
    stored_all(h, &six).await;
    for (size, pages) in [(1, 6), (3, 2), (4, 2), (6, 1), (7, 1), (100, 1)] {
        assert_eq!(
            walk(h, &all(), BY_AGE, size).await.len(),
            pages,
            "by {size}"
        );
        let last = u32::try_from(pages).expect("few");
        let page = page(h, &all(), BY_AGE, size, PageAt::Number(last)).await;
        assert_eq!(page.next, None, "by {size}");
    }
}

pub async fn a_page_beyond_the_end_is_empty(h: &impl Harness) {
    let two = crowd().into_iter().take(2).collect::<Vec<_>>();
    stored_all(h, &two).await;
    for number in [2, 3, 100] {
        let beyond = page(h, &all(), BY_AGE, 2, PageAt::Number(number)).await;
        assert_eq!((beyond.items.len(), beyond.next), (0, None));
        assert_eq!(beyond.total.map(|total| total.count), Some(2));
    }
    let (last, youngest) = (two[1].customer.id, two[1].customer.created_at);
    let beyond = page(
        h,
        &all(),
        BY_AGE,
        2,
        PageAt::After(CustomerKey::Time(youngest, last)),
    )
    .await;
    assert_eq!((beyond.items.len(), beyond.next), (0, None));
}

pub async fn an_empty_list_is_an_empty_page(h: &impl Harness) {
    for sort in sorts() {
        let empty = page(h, &all(), sort, 20, PageAt::Number(1)).await;
        let nothing = Total {
            count: 0,
            is_estimate: false,
        };
        assert_eq!(
            (empty.items.len(), empty.next, empty.total),
            (0, None, Some(nothing))
        );
    }
}

pub async fn a_cursor_outlives_its_row(h: &impl Harness) {
    let crowd = crowd();
    stored_all(h, &crowd).await;
    for sort in sorts() {
        let expected = sorted(&crowd, sort);
        let first = page(h, &all(), sort, 4, PageAt::Number(1)).await;
        let last_seen = expected[3];
        let before = read(h, last_seen).await.expect("there").customer;
        let gone = edit(h, last_seen, |customer| {
            customer.status = Status::Deleted;
            customer.deleted_at = Some(at(500));
        });
        gone.await.expect("saved");
        let key = first.next.expect("there is more");
        let rest = page(h, &all(), sort, 100, PageAt::After(key)).await;
        assert_eq!(ids(&rest.items), expected[4..], "{sort:?}");
        let back = edit(h, last_seen, |customer| {
            let event_seq = customer.event_seq;
            *customer = before;
            customer.event_seq = event_seq;
        });
        back.await.expect("saved");
    }
}

pub async fn a_cursor_keeps_its_place_while_rows_come(h: &impl Harness) {
    let aged = |number: u64| {
        let age = i64::try_from(number).expect("small");
        customer().number(number).since(at(age * 10)).build_new()
    };
    let people: Vec<_> = (1..=6).map(aged).collect();
    stored_all(h, &people).await;
    let newest_first = CustomerSort {
        key: SortKey::CreatedAt,
        order: SortOrder::Descending,
    };
    let first = page(h, &all(), newest_first, 3, PageAt::Number(1)).await;
    assert_eq!(
        insert(h, &aged(7)).await,
        Ok(()),
        "in front of what was seen"
    );
    let key = first.next.expect("there is more");
    let second = page(h, &all(), newest_first, 3, PageAt::After(key)).await;
    let expected: Vec<_> = people[..3]
        .iter()
        .rev()
        .map(|new| new.customer.id)
        .collect();
    assert_eq!(ids(&second.items), expected, "no row twice, none left out");
}

pub async fn rows_of_a_list_are_whole(h: &impl Harness) {
    let full = stored(h, customer().number(1).full().build_new()).await;
    let bare = stored(h, customer().number(2).bare().since(at(900)).build_new()).await;
    let shown = page(h, &all(), BY_AGE, 20, PageAt::Number(1)).await;
    assert_eq!(shown.items, [full, bare]);
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_customer_list {
    ($each:path) => {
        $each! { customer_list {
            every_sort_in_both_orders_shows_every_row_once,
            pages_by_number_and_by_cursor_are_the_same,
            names_are_sorted_folded_and_nameless_customers_come_first,
            emails_are_sorted_as_they_are_compared,
            ties_are_broken_by_id,
            deleted_customers_are_hidden_unless_asked_for,
            a_status_shows_its_customers_alone,
            the_total_is_counted_for_pages_by_number_only,
            the_last_page_has_no_next,
            a_page_beyond_the_end_is_empty,
            an_empty_list_is_an_empty_page,
            a_cursor_outlives_its_row,
            a_cursor_keeps_its_place_while_rows_come,
            rows_of_a_list_are_whole,
        } }
    };
}
