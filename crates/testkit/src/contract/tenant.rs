//! Tenants are created and changed by operators, and read by every part of the service.

use super::Harness;
use super::steps::insert_in;
use crate::builders::{
    self, at, context, customer, operator_context, other_tenant, tenant, third_tenant,
};
use customer_domain::tenant::{Tenant, TenantSettings, TenantSlug};
use customer_domain::{Conflict, Context, StoreError, UnitOfWork};

async fn begin(h: &impl Harness) -> Box<dyn UnitOfWork> {
    let transactions = h.operator_transactions();
    transactions
        .begin(&operator_context())
        .await
        .expect("begin")
}

async fn insert(h: &impl Harness, tenant: &Tenant, groups: &[&str]) -> Result<(), StoreError> {
    let groups = builders::groups(groups);
    let mut work = begin(h).await;
    work.tenants().insert(tenant, &groups).await?;
    work.commit().await
}

async fn all(h: &impl Harness) -> Vec<Tenant> {
    h.tenants().all().await.expect("the store answers")
}

/// Returns whether a customer of the tenant may be in this group.
async fn has_group(h: &impl Harness, tenant: &Tenant, number: u64, group: &str) -> bool {
    let inside = Context {
        tenant: tenant.id,
        tenant_slug: tenant.slug.as_str().to_owned(),
        ..context()
    };
    let new = customer()
        .number(number)
        .of(tenant)
        .group(group)
        .build_new();
    match insert_in(h, &inside, &new).await {
        Ok(()) => true,
        Err(StoreError::Conflict(Conflict::UnknownGroup)) => false,
        Err(other) => unreachable!("neither stored nor refused: {other}"),
    }
}

pub async fn a_new_tenant_is_among_all_by_slug(h: &impl Harness) {
    assert_eq!(all(h).await, [tenant(), other_tenant()]);
    let mut early = third_tenant();
    early.slug = TenantSlug::parse("0-early").expect("a slug");
    early.settings = TenantSettings {
        currency: "EUR".to_owned(),
        country: "DE".to_owned(),
        max_addresses: Some(25),
    };
    assert_eq!(insert(h, &early, &["retail"]).await, Ok(()));
    assert_eq!(all(h).await, [early, tenant(), other_tenant()]);
}

pub async fn a_new_tenant_has_its_groups(h: &impl Harness) {
    let third = third_tenant();
    assert_eq!(insert(h, &third, &["gold", "silver"]).await, Ok(()));
    assert!(has_group(h, &third, 1, "gold").await);
    assert!(has_group(h, &third, 2, "silver").await);
    assert!(!has_group(h, &third, 3, "retail").await);
}

pub async fn a_new_tenant_may_have_no_groups(h: &impl Harness) {
    let third = third_tenant();
    assert_eq!(insert(h, &third, &[]).await, Ok(()));
    assert!(all(h).await.contains(&third));
    assert!(!has_group(h, &third, 1, "retail").await);
}

pub async fn a_taken_slug_is_a_conflict(h: &impl Harness) {
    let double = Tenant {
        slug: other_tenant().slug,
        ..third_tenant()
    };
    let outcome = insert(h, &double, &["retail"]).await;
    assert_eq!(outcome, Err(StoreError::Conflict(Conflict::TenantSlug)));
    assert_eq!(all(h).await, [tenant(), other_tenant()]);
}

pub async fn a_tenant_is_found_for_update(h: &impl Harness) {
    let mut work = begin(h).await;
    for expected in [tenant(), other_tenant()] {
        let found = work.tenants().find_for_update(expected.id).await;
        assert_eq!(found, Ok(expected));
    }
    work.rollback().await.expect("rollback");
}

pub async fn an_unknown_tenant_is_not_found_for_update(h: &impl Harness) {
    let mut work = begin(h).await;
    let found = work.tenants().find_for_update(third_tenant().id).await;
    assert_eq!(found, Err(StoreError::NotFound));
}

pub async fn a_saved_tenant_comes_back(h: &impl Harness) {
    let mut work = begin(h).await;
    let found = work
        .tenants()
        .find_for_update(other_tenant().id)
        .await
        .expect("found");
    let changed = Tenant {
        id: found.id,
        slug: found.slug,
        name: "Renamed".to_owned(),
        settings: TenantSettings {
            currency: "JPY".to_owned(),
            country: "JP".to_owned(),
            max_addresses: Some(0),
        },
        version: found.version + 1,
        created_at: found.created_at,
        updated_at: at(60),
    };
    work.tenants().save(&changed).await.expect("save");
    assert_eq!(
        all(h).await,
        [tenant(), other_tenant()],
        "not before the commit"
    );
    work.commit().await.expect("commit");
    assert_eq!(all(h).await, [tenant(), changed]);
}

pub async fn an_unknown_tenant_cannot_be_saved(h: &impl Harness) {
    let mut work = begin(h).await;
    let outcome = work.tenants().save(&third_tenant()).await;
    assert_eq!(outcome, Err(StoreError::NotFound));
}

pub async fn a_tenant_that_is_rolled_back_is_not_there(h: &impl Harness) {
    let third = third_tenant();
    let mut work = begin(h).await;
    work.tenants()
        .insert(&third, &builders::groups(&["retail"]))
        .await
        .expect("insert");
    assert_eq!(
        work.tenants().find_for_update(third.id).await.as_ref(),
        Ok(&third)
    );
    work.rollback().await.expect("rollback");
    assert_eq!(all(h).await, [tenant(), other_tenant()]);
    assert_eq!(
        insert(h, &third, &["retail"]).await,
        Ok(()),
        "nothing of it is left"
    );
}

pub async fn a_tenants_texts_come_back_as_written(h: &impl Harness) {
    let longest = "𠮷".repeat(customer_domain::tenant::MAX_TENANT_NAME);
    for name in ["O'Brien & \"Söhne\" \\ 100% 😀", longest.as_str()] {
        let mut work = begin(h).await;
        let mut changed = work
            .tenants()
            .find_for_update(tenant().id)
            .await
            .expect("found");
        changed.name = name.to_owned();
        work.tenants().save(&changed).await.expect("save");
        work.commit().await.expect("commit");
        assert_eq!(all(h).await, [changed, other_tenant()]);
    }
    let named = Tenant {
        name: longest,
        slug: TenantSlug::parse(&"z".repeat(64)).expect("a slug"),
        ..third_tenant()
    };
    assert_eq!(insert(h, &named, &[]).await, Ok(()));
    assert!(all(h).await.contains(&named));
}

pub async fn a_tenant_that_new_input_could_not_be_is_read(h: &impl Harness) {
    let other = Tenant {
        slug: TenantSlug::from_store("Große Straße".to_owned()),
        settings: TenantSettings {
            currency: "QQQ".to_owned(),
            country: "ZZ".to_owned(),
            max_addresses: None,
        },
        ..third_tenant()
    };
    assert!(TenantSlug::parse(other.slug.as_str()).is_err());
    assert!(TenantSettings::parse_currency(&other.settings.currency).is_err());
    assert!(TenantSettings::parse_country(&other.settings.country).is_err());
    assert_eq!(insert(h, &other, &[]).await, Ok(()));
    assert!(all(h).await.contains(&other));
    let mut work = begin(h).await;
    let found = work.tenants().find_for_update(other.id).await;
    assert_eq!(found, Ok(other));
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_tenant {
    ($each:path) => {
        $each! { tenant {
            a_new_tenant_is_among_all_by_slug,
            a_new_tenant_has_its_groups,
            a_new_tenant_may_have_no_groups,
            a_taken_slug_is_a_conflict,
            a_tenant_is_found_for_update,
            an_unknown_tenant_is_not_found_for_update,
            a_saved_tenant_comes_back,
            an_unknown_tenant_cannot_be_saved,
            a_tenant_that_is_rolled_back_is_not_there,
            a_tenants_texts_come_back_as_written,
            a_tenant_that_new_input_could_not_be_is_read,
        } }
    };
}
