//! What the table of customers refuses.

use crate::support::Store;
use customer_testkit::builders::{context, customer};
use sqlx::AssertSqlSafe;

#[tokio::test]
async fn the_table_refuses_what_no_customer_is() {
    let store = Store::fresh().await;
    let new = customer().number(1).full().build_new();
    store.insert(&new).await.expect("insert");
    let mut owner = store.database.admin().await;
    let (tenant, id) = (context().tenant, new.customer.id);
    for change in [
        "status = 5, group_id = NULL",
        "status = 5, deleted_at = now(), group_id = 'vip'",
        "deleted_at = now()",
        "former = '{}'",
        "phone = NULL",
        "phone_key = NULL",
        "email = NULL",
        "erased_at = now(), email = NULL",
        "erased_at = now(), status = 5, deleted_at = now(), group_id = NULL",
    ] {
        let update =
            format!("UPDATE customers SET {change} WHERE tenant_id = '{tenant}' AND id = '{id}'");
        let updated = sqlx::query(AssertSqlSafe(update)).execute(&mut owner).await;
        let refused = updated.expect_err(change);
        let refused = refused.as_database_error().expect("the server's answer");
        assert_eq!(refused.constraint(), Some("customers_check"), "{change}");
    }
    let erased = "erased_at = now(), email = NULL, status = 5, deleted_at = now(), group_id = NULL";
    let update = format!("UPDATE customers SET {erased} WHERE id = '{id}'");
    let updated = sqlx::query(AssertSqlSafe(update)).execute(&mut owner).await;
    assert_eq!(updated.expect("erased").rows_affected(), 1);
}
