//! A changed customer: every part of the aggregate in one statement.

use super::parts::{add_search_terms, add_tags, last_name_key, set_identifiers};
use crate::pg::builder::{Branches, Builder, assign};
use customer_domain::customer::{Customer, search_terms};
use customer_domain::group::GroupId;
use customer_domain::profile::{Gender, Phone};
use sqlx::types::Json;

/// The statement. `$1` is the tenant, `$2` the customer; its count is 0 when there is none.
///
/// Its branches all see the rows from before it, so of each list it deletes what is gone and
/// inserts what is new: never the same row twice.
pub(super) fn statement(customer: &Customer) -> Builder {
    let mut branches = Branches::new(&[customer.tenant.0, customer.id.0]);
    profile(&mut branches, customer);
    preferences(&mut branches, customer);
    let tags = customer.tags.iter().map(|tag| tag.as_str().to_owned());
    keep_only(&mut branches, "customer_tags", "tag", tags.collect());
    add_tags(&mut branches, customer);
    let terms = search_terms(customer).into_iter();
    keep_only(
        &mut branches,
        "customer_search_terms",
        "term",
        terms.collect(),
    );
    add_search_terms(&mut branches, customer);
    let kinds = customer.identifiers().into_iter().map(|held| held.kind());
    keep_only(
        &mut branches,
        "customer_identifiers",
        "kind",
        kinds.collect(),
    );
    set_identifiers(&mut branches, customer);
    core(&mut branches, customer);
    branches.finish()
}

fn keep_only(
    branches: &mut Branches,
    table: &'static str,
    column: &'static str,
    kept: Vec<String>,
) {
    let delete = branches.branch("DELETE FROM ").push(table);
    delete.push(" WHERE tenant_id = $1 AND customer_id = $2 AND ");
    delete.push(column).push(" <> ALL(");
    delete.push_bind(kept).push("::text[])");
}

fn profile(branches: &mut Branches, customer: &Customer) {
    let profile = &customer.profile;
    let phone = profile.phone.as_ref();
    let update = branches.branch("UPDATE customer_profiles SET ");
    let mut set = update.separated(", ");
    assign(&mut set, "phone", phone.map(Phone::as_str));
    assign(&mut set, "phone_digits", phone.map(Phone::digits));
    assign(&mut set, "phone_verified", customer.phone_verified);
    assign(&mut set, "date_of_birth", profile.date_of_birth);
    assign(&mut set, "gender", profile.gender.map(Gender::code));
    assign(&mut set, "avatar_url", profile.avatar.as_deref());
    assign(&mut set, "updated_at", customer.updated_at);
    update.push(" WHERE tenant_id = $1 AND customer_id = $2");
}

fn preferences(branches: &mut Branches, customer: &Customer) {
    let preferences = &customer.preferences;
    let update = branches.branch("UPDATE customer_preferences SET ");
    let mut set = update.separated(", ");
    assign(&mut set, "language", preferences.language.as_deref());
    assign(&mut set, "currency", preferences.currency.as_deref());
    assign(&mut set, "timezone", preferences.timezone.as_deref());
    assign(&mut set, "email_marketing", preferences.email_marketing);
    assign(&mut set, "sms_marketing", preferences.sms_marketing);
    assign(
        &mut set,
        "push_notifications",
        preferences.push_notifications,
    );
    assign(&mut set, "order_updates", preferences.order_updates);
    assign(
        &mut set,
        "promotional_emails",
        preferences.promotional_emails,
    );
    assign(&mut set, "newsletter", preferences.newsletter);
    assign(&mut set, "data_sharing", preferences.data_sharing);
    assign(
        &mut set,
        "analytics_tracking",
        preferences.analytics_tracking,
    );
    assign(&mut set, "cookie_consent", preferences.cookie_consent);
    assign(&mut set, "custom_preferences", Json(&preferences.custom));
    assign(&mut set, "updated_at", customer.updated_at);
    update.push(" WHERE tenant_id = $1 AND customer_id = $2");
}

fn core(branches: &mut Branches, customer: &Customer) {
    let profile = &customer.profile;
    let group = customer.group.as_ref().map(GroupId::as_str);
    let update = branches.main("UPDATE customers SET ");
    let mut set = update.separated(", ");
    assign(&mut set, "status", customer.status.code());
    assign(&mut set, "account_state", customer.account_state.code());
    assign(&mut set, "customer_type", customer.customer_type.code());
    assign(&mut set, "group_id", group);
    assign(&mut set, "first_name", profile.first_name.as_deref());
    assign(&mut set, "last_name", profile.last_name.as_deref());
    assign(&mut set, "email", customer.email.as_typed());
    assign(&mut set, "email_verified", customer.email_verified);
    assign(&mut set, "email_key", customer.email.key());
    assign(&mut set, "last_name_key", last_name_key(customer));
    assign(
        &mut set,
        "registration_source",
        customer.registration_source.as_deref(),
    );
    assign(&mut set, "metadata", Json(&customer.metadata));
    assign(&mut set, "version", customer.version);
    assign(&mut set, "event_seq", customer.event_seq);
    assign(&mut set, "registration_date", customer.registration_date);
    assign(&mut set, "last_login_at", customer.last_login_at);
    assign(&mut set, "updated_at", customer.updated_at);
    assign(&mut set, "deleted_at", customer.deleted_at);
    update.push(" WHERE tenant_id = $1 AND id = $2 AND erased_at IS NULL");
}
