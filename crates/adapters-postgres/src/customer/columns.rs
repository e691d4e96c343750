//! The columns of a customer's row that insert and save write alike.

use super::rows::Rows;
use crate::pg::builder::Columns;
use customer_domain::customer::{Customer, LegacyId, NewCustomer};
use customer_domain::group::GroupId;
use customer_domain::preference::{OptIn, Preferences};
use customer_domain::profile::{Gender, Phone, Profile};
use customer_domain::statistics::CustomerSummary;
use customer_domain::text;
use serde_json::{Value, json};
use sqlx::types::Json;

/// The number of characters of the folded family name by which lists are sorted.
const MAX_SORT_KEY: usize = 100;

/// A customer as its row holds it, with the rows in other tables that it repeats.
pub(super) struct Row<'a> {
    pub(super) customer: &'a Customer,
    pub(super) rows: &'a Rows,
}

/// A new customer as its row holds it.
pub(super) struct NewRow<'a> {
    pub(super) row: Row<'a>,
    pub(super) new: &'a NewCustomer,
    /// The key that seals what is kept about the customer, wrapped.
    pub(super) sealing_key: Vec<u8>,
}

/// Adds the columns that a change writes, all of them: of a row in one table, a few more values
/// cost less than another statement to prepare.
pub(super) fn of_change(columns: &mut Columns<'_>, Row { customer, rows }: &Row<'_>) {
    let Customer {
        // The key of the row.
        id: _,
        tenant: _,
        email,
        email_verified,
        phone_verified,
        profile,
        preferences,
        status,
        account_state,
        customer_type,
        // As the group that the customer joined or left.
        group: _,
        // Among the rows.
        tags: _,
        legacy_id,
        external_ids,
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
        .set("version", *version)
        .set("event_seq", *event_seq)
        .set("registration_date", *registration_date)
        .set_once("created_at", *created_at)
        .set("updated_at", *updated_at)
        .set("status", status.code())
        .set("account_state", account_state.code())
        .set("customer_type", customer_type.code())
        .set("email_verified", *email_verified)
        .set("phone_verified", *phone_verified)
        .set("email_key", email.key())
        .set("last_name_key", last_name_key(customer))
        .set("key_rules", rows.key_rules.as_str())
        .set("tags", listed(&rows.tags))
        .set("terms", listed(&rows.terms))
        .set("metadata", Json(metadata))
        .set("external_ids", Json(external_ids))
        .set("legacy_id", legacy_id.map(LegacyId::get))
        .set("group_id", customer.joined_group().map(GroupId::as_str))
        .set("former", former(customer))
        .set("email", email.as_typed())
        .set("registration_source", registration_source.as_deref())
        .set("last_login_at", *last_login_at)
        .set("deleted_at", *deleted_at);
    add_profile(columns, profile, rows.phone_key.as_deref());
    add_preferences(columns, preferences);
}

/// Adds the columns of [`of_change`], and those that a change leaves as they are.
pub(super) fn of_insert(columns: &mut Columns<'_>, new: &NewRow<'_>) {
    of_change(columns, &new.row);
    let CustomerSummary {
        tier,
        segment,
        loyalty_points,
        currency,
        total_spent,
        order_count,
    } = &new.new.summary;
    let created_at = new.new.customer.created_at;
    columns
        .set("tier", tier.code())
        .set("tier_achieved_at", created_at)
        .set("segment", segment.as_str())
        .set("segment_achieved_at", created_at)
        .set("loyalty_points", *loyalty_points)
        .set("total_currency", currency.as_str())
        .set("total_spent", *total_spent)
        .set("lifetime_value", *total_spent)
        .set("order_count", *order_count)
        .set("sealing_key", new.sealing_key.as_slice());
}

fn add_profile(columns: &mut Columns<'_>, profile: &Profile, phone_key: Option<&str>) {
    let Profile {
        first_name,
        last_name,
        date_of_birth,
        gender,
        phone,
        avatar,
        data,
    } = profile;
    columns
        .set("first_name", first_name.as_deref())
        .set("last_name", last_name.as_deref())
        .set("phone", phone.as_ref().map(Phone::as_str))
        .set("phone_key", phone_key)
        .set("date_of_birth", *date_of_birth)
        .set("gender", gender.map(Gender::code))
        .set("avatar_url", avatar.as_deref())
        .set("profile_data", Json(data));
}

fn add_preferences(columns: &mut Columns<'_>, preferences: &Preferences) {
    let Preferences {
        language,
        currency,
        timezone,
        opt_ins,
        custom,
    } = preferences;
    columns
        .set("language", language.as_deref())
        .set("currency", currency.as_deref())
        .set("timezone", timezone.as_deref());
    for opt_in in OptIn::ALL {
        columns.set(opt_in.as_str(), opt_ins.contains(&opt_in));
    }
    columns.set("custom_preferences", Json(custom));
}

/// Returns what a deleted customer left and has again once it is reactivated.
fn former(customer: &Customer) -> Option<Value> {
    let left = customer.group.as_ref().filter(|_| customer.is_deleted());
    left.map(|group| json!({"groupId": group.as_str()}))
}

/// Returns the folded family name; customers without one sort first.
fn last_name_key(customer: &Customer) -> String {
    let name = customer.profile.last_name.as_deref().unwrap_or_default();
    text::fold(name).chars().take(MAX_SORT_KEY).collect()
}

fn listed<'a>(values: impl IntoIterator<Item = &'a String>) -> Vec<&'a str> {
    values.into_iter().map(String::as_str).collect()
}
