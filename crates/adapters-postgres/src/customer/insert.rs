//! A new customer: all its rows in one statement, the key that its values are sealed with among them.

use super::parts::{add_search_terms, add_tags, last_name_key, set_identifiers};
use crate::pg::builder::{self, Branches};
use customer_domain::customer::{Customer, NewCustomer};
use customer_domain::group::GroupId;
use customer_domain::profile::{Gender, Phone};
use sqlx::types::Json;

/// The statement, but for its end and for its key. `$1` is the tenant, `$2` the customer. The foreign
/// keys between its branches are checked at its end.
pub(super) fn branches(new: &NewCustomer) -> Branches {
    let customer = &new.customer;
    let mut branches = Branches::new(&[customer.tenant.0, customer.id.0]);
    core(&mut branches, customer);
    profile(&mut branches, customer);
    preferences(&mut branches, customer);
    set_identifiers(&mut branches, customer);
    add_search_terms(&mut branches, customer);
    add_tags(&mut branches, customer);
    if let Some(hash) = &new.password_hash {
        let insert = branches.branch(
            "INSERT INTO customer_credentials (tenant_id, customer_id, password_hash, password_changed_at)",
        );
        builder::values(insert, "$1, $2", [hash], |row, hash| {
            row.push_bind(hash.0.as_str())
                .push_bind(customer.created_at);
        });
    }
    statistics(&mut branches, new);
    branches
}

fn core(branches: &mut Branches, customer: &Customer) {
    let insert = branches.branch(
        "INSERT INTO customers (tenant_id, id, status, account_state, customer_type, group_id, first_name, \
         last_name, email, email_verified, email_key, last_name_key, registration_source, metadata, version, \
         event_seq, registration_date, last_login_at, created_at, updated_at, deleted_at)",
    );
    builder::values(insert, "$1, $2", [customer], |row, customer| {
        row.push_bind(customer.status.code())
            .push_bind(customer.account_state.code())
            .push_bind(customer.customer_type.code())
            .push_bind(customer.group.as_ref().map(GroupId::as_str))
            .push_bind(customer.profile.first_name.as_deref())
            .push_bind(customer.profile.last_name.as_deref())
            .push_bind(customer.email.as_typed())
            .push_bind(customer.email_verified)
            .push_bind(customer.email.key())
            .push_bind(last_name_key(customer))
            .push_bind(customer.registration_source.as_deref())
            .push_bind(Json(&customer.metadata))
            .push_bind(customer.version)
            .push_bind(customer.event_seq)
            .push_bind(customer.registration_date)
            .push_bind(customer.last_login_at)
            .push_bind(customer.created_at)
            .push_bind(customer.updated_at)
            .push_bind(customer.deleted_at);
    });
}

fn profile(branches: &mut Branches, customer: &Customer) {
    let insert = branches.branch(
        "INSERT INTO customer_profiles (tenant_id, customer_id, phone, phone_digits, phone_verified, \
         date_of_birth, gender, avatar_url, created_at, updated_at)",
    );
    builder::values(insert, "$1, $2", [&customer.profile], |row, profile| {
        row.push_bind(profile.phone.as_ref().map(Phone::as_str))
            .push_bind(profile.phone.as_ref().map(Phone::digits))
            .push_bind(customer.phone_verified)
            .push_bind(profile.date_of_birth)
            .push_bind(profile.gender.map(Gender::code))
            .push_bind(profile.avatar.as_deref())
            .push_bind(customer.created_at)
            .push_bind(customer.updated_at);
    });
}

fn preferences(branches: &mut Branches, customer: &Customer) {
    let insert = branches.branch(
        "INSERT INTO customer_preferences (tenant_id, customer_id, language, currency, timezone, \
         email_marketing, sms_marketing, push_notifications, order_updates, promotional_emails, newsletter, \
         data_sharing, analytics_tracking, cookie_consent, custom_preferences, created_at, updated_at)",
    );
    builder::values(
        insert,
        "$1, $2",
        [&customer.preferences],
        |row, preferences| {
            row.push_bind(preferences.language.as_deref())
                .push_bind(preferences.currency.as_deref())
                .push_bind(preferences.timezone.as_deref())
                .push_bind(preferences.email_marketing)
                .push_bind(preferences.sms_marketing)
                .push_bind(preferences.push_notifications)
                .push_bind(preferences.order_updates)
                .push_bind(preferences.promotional_emails)
                .push_bind(preferences.newsletter)
                .push_bind(preferences.data_sharing)
                .push_bind(preferences.analytics_tracking)
                .push_bind(preferences.cookie_consent)
                .push_bind(Json(&preferences.custom))
                .push_bind(customer.created_at)
                .push_bind(customer.updated_at);
        },
    );
}

fn statistics(branches: &mut Branches, new: &NewCustomer) {
    let insert = branches.branch(
        "INSERT INTO customer_statistics (tenant_id, customer_id, currency, total_spent, order_count, \
         lifetime_value, updated_at)",
    );
    builder::values(insert, "$1, $2", [&new.summary], |row, summary| {
        row.push_bind(summary.currency.as_str())
            .push_bind(summary.total_spent)
            .push_bind(summary.order_count)
            .push_bind(summary.total_spent)
            .push_bind(new.customer.updated_at);
    });
}

/// The end of the statement.
pub(super) fn finish(branches: &mut Branches, new: &NewCustomer) {
    let insert = branches.main(
        "INSERT INTO customer_tiers (tenant_id, customer_id, tier, segment, loyalty_points, tier_achieved_at, \
         segment_achieved_at, updated_at)",
    );
    builder::values(insert, "$1, $2", [&new.summary], |row, summary| {
        row.push_bind(summary.tier.code())
            .push_bind(summary.segment.as_str())
            .push_bind(summary.loyalty_points)
            .push_bind(new.customer.created_at)
            .push_bind(new.customer.created_at)
            .push_bind(new.customer.updated_at);
    });
}
