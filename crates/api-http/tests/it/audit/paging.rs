//! Paging through the audit trail.

use super::{EVENTS, acting, entry, five, listed, numbers, recorded};
use crate::support::{CUSTOMERS, Key, TestApi, context_of, other_tenant};
use customer_domain::audit::AuditKind;

#[tokio::test]
async fn a_cursor_leads_to_the_oldest_entry() {
    let api = TestApi::new().await;
    let entries = (1..=25).map(|n| entry(n, AuditKind::ProfileUpdate, None));
    recorded(&api, &acting("key-1"), entries.collect()).await;
    let first = api.get(EVENTS, Key::Admin).await;
    assert_eq!(numbers(&first), (6..=25).rev().collect::<Vec<_>>());
    for size in [1, 7, 24, 25] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let query = format!("actor=key-1&page_size={size}&cursor={cursor}");
            let page = listed(&api, &query).await;
            seen.extend(numbers(&page));
            match page.data("nextCursor").as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(seen, (1..=25).rev().collect::<Vec<_>>(), "{size}");
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list_and_its_tenant() {
    let api = TestApi::new().await;
    let [one, _] = five(&api).await;
    let entries = [1, 2].map(|n| entry(n, AuditKind::ProfileUpdate, None));
    recorded(&api, &context_of(&other_tenant()), entries.into()).await;
    let own = format!("{CUSTOMERS}/{one}/audit-events");
    let cursor = async |target: &str| {
        let page = api.get(target, Key::Admin).await;
        page.data("nextCursor")
            .as_str()
            .expect("a cursor")
            .to_owned()
    };
    let of_all = cursor(&format!("{EVENTS}?page_size=1&operation=CREATE")).await;
    let of_one = cursor(&format!("{own}?page_size=1&operation=CREATE")).await;
    let accepted = [
        format!("{EVENTS}?operation=CREATE&cursor={of_all}"),
        format!("{EVENTS}?page_size=2&cursor={of_all}&operation=create"),
        format!("{own}?operation=CREATE&cursor={of_one}"),
    ];
    for target in accepted {
        assert_eq!(api.get(&target, Key::Admin).await.status, 200, "{target}");
    }
    let refused = [
        format!("{EVENTS}?cursor={of_all}"),
        format!("{EVENTS}?operation=READ&cursor={of_all}"),
        format!("{EVENTS}?operation=CREATE&actor=key-1&cursor={of_all}"),
        format!("{EVENTS}?operation=CREATE&customer_id={one}&cursor={of_all}"),
        format!("{EVENTS}?operation=CREATE&cursor={of_one}"),
        format!("{EVENTS}?operation=CREATE&customer_id={one}&cursor={of_one}"),
        format!("{own}?operation=CREATE&cursor={of_all}"),
        format!("{CUSTOMERS}/2/audit-events?operation=CREATE&cursor={of_one}"),
        format!("{EVENTS}?tenant_id=tenant-123&operation=CREATE&cursor={of_all}"),
        format!("{CUSTOMERS}?cursor={of_all}"),
    ];
    for target in refused {
        let reply = api.get(&target, Key::Operator).await;
        let invalid = (400, "INVALID_CURSOR".to_owned());
        assert_eq!(reply.failure(), invalid, "{target}");
    }
}
