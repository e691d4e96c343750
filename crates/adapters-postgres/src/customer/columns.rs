//! The columns of a customer's tables that insert and save write alike.

use super::parts::last_name_key;
use crate::pg::builder::Columns;
use customer_domain::customer::Customer;
use customer_domain::group::GroupId;
use customer_domain::preference::{OptIn, Preferences};
use customer_domain::profile::{Gender, Phone, Profile};
use sqlx::types::Json;

/// The columns of `customers`.
pub(super) fn core(columns: &mut Columns<'_>, customer: &Customer) {
    let Customer {
        // The key of each row.
        id: _,
        tenant: _,
        email,
        email_verified,
        // In separate tables.
        phone_verified: _,
        profile,
        preferences: _,
        status,
        account_state,
        customer_type,
        group,
        tags: _,
        legacy_id: _,
        external_ids: _,
        registration_source,
        metadata,
        registration_date,
        last_login_at,
        version,
        event_seq,
        created_at,
        updated_at,
        deleted_at,
    } = customer;
    columns
        .set("status", status.code())
        .set("account_state", account_state.code())
        .set("customer_type", customer_type.code())
        .set("group_id", group.as_ref().map(GroupId::as_str))
        .set("first_name", profile.first_name.as_deref())
        .set("last_name", profile.last_name.as_deref())
        .set("email", email.as_typed())
        .set("email_verified", *email_verified)
        .set("email_key", email.key())
        .set("last_name_key", last_name_key(customer))
        .set("registration_source", registration_source.as_deref())
        .set("metadata", Json(metadata))
        .set("version", *version)
        .set("event_seq", *event_seq)
        .set("registration_date", *registration_date)
        .set("last_login_at", *last_login_at)
        .set_once("created_at", *created_at)
        .set("updated_at", *updated_at)
        .set("deleted_at", *deleted_at);
}

/// The columns of `customer_profiles`.
pub(super) fn profile(columns: &mut Columns<'_>, customer: &Customer) {
    let Profile {
        // Columns of `customers`, by which lists are sorted.
        first_name: _,
        last_name: _,
        date_of_birth,
        gender,
        phone,
        avatar,
    } = &customer.profile;
    let phone = phone.as_ref();
    columns
        .set("phone", phone.map(Phone::as_str))
        .set("phone_digits", phone.map(Phone::digits))
        .set("phone_verified", customer.phone_verified)
        .set("date_of_birth", *date_of_birth)
        .set("gender", gender.map(Gender::code))
        .set("avatar_url", avatar.as_deref())
        .set_once("created_at", customer.created_at)
        .set("updated_at", customer.updated_at);
}

/// The columns of `customer_preferences`.
pub(super) fn preferences(columns: &mut Columns<'_>, customer: &Customer) {
    let Preferences {
        language,
        currency,
        timezone,
        opt_ins,
        custom,
    } = &customer.preferences;
    columns
        .set("language", language.as_deref())
        .set("currency", currency.as_deref())
        .set("timezone", timezone.as_deref());
    for opt_in in OptIn::ALL {
        columns.set(opt_in.as_str(), opt_ins.contains(&opt_in));
    }
    columns
        .set("custom_preferences", Json(custom))
        .set_once("created_at", customer.created_at)
        .set("updated_at", customer.updated_at);
}
