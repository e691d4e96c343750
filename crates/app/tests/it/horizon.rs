//! Reads by time end at the horizon, so that they can be continued from there.

use crate::support::{App, app};
use chrono::{DateTime, Utc};
use customer_app::audit::AuditQuery;
use customer_app::customer::{CustomerPage, ExportFormat, ExportRequest};
use customer_domain::audit::{AuditFilter, AuditKind};
use customer_domain::customer::{CustomerFilter, CustomerRef, CustomerSort, SortKey, TimeSpan};
use customer_domain::{CustomerId, PageAt, PageRequest, SortOrder};
use customer_testkit::builders::{at, audit_entry, context, customer};

/// Returns an application with a customer for each of these times, created and changed then, and an
/// entry about each.
async fn with_changes_at(times: impl IntoIterator<Item = DateTime<Utc>>) -> App {
    let app = app();
    let transactions = app.store.transactions();
    let mut work = transactions.begin(&context()).await.expect("begin");
    for (number, time) in (1..).zip(times) {
        let one = customer().number(number).since(time);
        let one = one.with(|one| one.updated_at = time).build_new();
        work.customers().insert(&one).await.expect("stored");
        let mut entry = audit_entry(number, AuditKind::ProfileCreate);
        entry.at = time;
        work.record(entry.into());
    }
    work.commit().await.expect("commit");
    app
}

/// Returns an application whose horizon is between two changes.
async fn around_the_horizon() -> App {
    with_changes_at([at(999), at(1_001)]).await
}

/// Returns an application with three changes before its horizon.
async fn three() -> App {
    with_changes_at([at(991), at(992), at(993)]).await
}

fn from_the_beginning() -> TimeSpan {
    TimeSpan {
        after: Some(at(0)),
        before: None,
    }
}

fn changed_since_the_beginning() -> CustomerFilter {
    CustomerFilter {
        updated: from_the_beginning(),
        ..CustomerFilter::default()
    }
}

#[tokio::test]
async fn a_list_ends_at_the_horizon_if_it_is_read_by_time() {
    use SortKey::{CreatedAt, Email, UpdatedAt};
    use SortOrder::{Ascending, Descending};
    let app = around_the_horizon().await;
    let everyone = CustomerFilter::default;
    let created_since = CustomerFilter {
        created: from_the_beginning(),
        ..everyone()
    };
    for (filter, key, order, shown) in [
        (everyone(), CreatedAt, Descending, 2),
        (everyone(), UpdatedAt, Descending, 2),
        (everyone(), Email, Ascending, 2),
        (everyone(), CreatedAt, Ascending, 1),
        (everyone(), UpdatedAt, Ascending, 1),
        (created_since, Email, Ascending, 1),
        (changed_since_the_beginning(), CreatedAt, Descending, 1),
    ] {
        let page = PageRequest {
            size: 10,
            at: PageAt::Number(1),
        };
        let sort = CustomerSort { key, order };
        let list = app.customers.list(&context(), &filter, sort, &page).await;
        let list = list.expect("a page");
        assert_eq!(list.items.len(), shown, "{filter:?} {sort:?}");
        let total = list.total.map(|total| usize::try_from(total.count));
        assert_eq!(total, Some(Ok(shown)));
    }
}

fn id_of(number: u64) -> CustomerId {
    customer().number(number).build_new().customer.id
}

/// Changes the second customer when everything else is before the horizon of now.
async fn change_second(app: &App) {
    app.clock.set(at(2_000));
    let transactions = app.store.transactions();
    let mut work = transactions.begin(&context()).await.expect("begin");
    let second = CustomerRef::Id(id_of(2));
    let mut found = work.customers().find_for_update(second).await;
    let found = found.as_mut().expect("the second");
    found.customer.touch(at(2_000));
    work.customers().save(&found.customer).await.expect("saved");
    work.commit().await.expect("commit");
    app.clock.set(at(3_000));
}

#[tokio::test]
async fn the_pages_of_a_list_end_where_its_first_did_unless_it_goes_on_by_time() {
    use SortKey::{CreatedAt, UpdatedAt};
    use SortOrder::{Ascending, Descending};
    let numbers = |page: &CustomerPage| -> Vec<_> {
        let ids = page.items.iter().map(|record| record.customer.id);
        ids.filter_map(|id| (1..=3).find(|number| id_of(*number) == id))
            .collect()
    };
    for (key, order, first, second) in [
        // The second is newer than the third now, and left for the next list.
        (UpdatedAt, Descending, [3], vec![1]),
        (CreatedAt, Descending, [3], vec![1]),
        (CreatedAt, Ascending, [1], vec![3]),
        (UpdatedAt, Ascending, [1], vec![3, 2]),
    ] {
        let app = three().await;
        let filter = changed_since_the_beginning();
        let sort = CustomerSort { key, order };
        let list = async |size, at| {
            let page = PageRequest { size, at };
            let list = app.customers.list(&context(), &filter, sort, &page).await;
            list.expect("a page")
        };
        let page = list(1, PageAt::Start).await;
        assert_eq!(numbers(&page), first, "{sort:?}");
        change_second(&app).await;
        let end = page.next.expect("a second page");
        assert_eq!(
            numbers(&list(9, PageAt::After(end)).await),
            second,
            "{sort:?}"
        );
    }
}

#[tokio::test]
async fn a_later_page_of_a_list_leaves_out_nothing_when_the_horizon_went_back() {
    use SortKey::{Email, UpdatedAt};
    use SortOrder::{Ascending, Descending};
    for (key, order) in [(UpdatedAt, Descending), (Email, Ascending)] {
        let app = three().await;
        let filter = changed_since_the_beginning();
        let sort = CustomerSort { key, order };
        let list = async |size, at| {
            let page = PageRequest { size, at };
            let list = app.customers.list(&context(), &filter, sort, &page).await;
            list.expect("a page")
        };
        let end = list(1, PageAt::Start).await.next.expect("a second page");
        // Another unit of work began in the same second.
        app.clock.set(at(991));
        let rest = list(9, PageAt::After(end)).await;
        assert_eq!(rest.items.len(), 2, "{sort:?}");
    }
}

#[tokio::test]
async fn the_pages_of_the_trail_end_where_its_first_did() {
    let app = three().await;
    let query = AuditQuery {
        event_type: Some("customer.profile".to_owned()),
        filter: AuditFilter {
            from: Some(at(0)),
            ..AuditFilter::default()
        },
    };
    let first = app.audit.list(&context(), &query, None, 1).await;
    let first = first.expect("a page").next;
    // As if the horizon had gone back: another unit of work began in the same second.
    app.clock.set(at(991));
    let page = app.audit.list(&context(), &query, first, 9).await;
    assert_eq!(page.expect("a page").items.len(), 2);
}

#[tokio::test]
async fn an_export_by_time_ends_at_the_horizon_of_its_beginning() {
    let app = around_the_horizon().await;
    let request = |filter| ExportRequest {
        filter,
        with_addresses: false,
        format: ExportFormat::Ndjson,
    };
    let whole = request(CustomerFilter::default());
    let whole = app.customers.begin_export(&context(), whole).await;
    assert_eq!(whole.expect("begun").first.items.len(), 2);

    let changed = request(changed_since_the_beginning());
    let changed = app.customers.begin_export(&context(), changed).await;
    let changed = changed.expect("begun");
    assert_eq!(changed.first.items.len(), 1);
    let next = changed.next_updated_after;
    assert_eq!(changed.request.filter.updated.before, Some(next));
    assert!(next > at(999) && next < at(1_001));
}

#[tokio::test]
async fn an_export_is_continued_from_where_its_filter_ended_and_never_goes_back() {
    let app = around_the_horizon().await;
    for (after, before, next) in [
        (at(0), Some(at(500)), at(500)),
        (at(1_500), None, at(1_500)),
        (at(1_500), Some(at(1_400)), at(1_500)),
    ] {
        let updated = TimeSpan {
            after: Some(after),
            before,
        };
        let request = ExportRequest {
            filter: CustomerFilter {
                updated,
                ..CustomerFilter::default()
            },
            with_addresses: false,
            format: ExportFormat::Ndjson,
        };
        let begun = app.customers.begin_export(&context(), request).await;
        assert_eq!(
            begun.expect("begun").next_updated_after,
            next,
            "{updated:?}"
        );
    }
}

#[tokio::test]
async fn the_trail_ends_at_the_horizon_if_it_is_read_from_a_time_on() {
    let app = around_the_horizon().await;
    for (from, to, shown) in [
        (None, None, 2),
        (None, Some(at(2_000)), 2),
        (Some(at(0)), None, 1),
        (Some(at(0)), Some(at(2_000)), 1),
        (Some(at(0)), Some(at(999)), 0),
    ] {
        let query = AuditQuery {
            event_type: Some("customer.profile".to_owned()),
            filter: AuditFilter {
                from,
                to,
                ..AuditFilter::default()
            },
        };
        let page = app.audit.list(&context(), &query, None, 10).await;
        assert_eq!(page.expect("a page").items.len(), shown, "{from:?} {to:?}");
        let tally = app.audit.tally(&context(), &query).await.expect("a tally");
        let counted: u64 = tally.counts.iter().map(|count| count.count).sum();
        assert_eq!(usize::try_from(counted), Ok(shown), "{from:?} {to:?}");
    }
}
