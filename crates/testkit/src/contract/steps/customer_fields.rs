//! The fields of a customer, one by one. They are listed here again, since the product's own list
//! is under test.

use customer_domain::customer::{Customer, CustomerChanges};
use customer_domain::preference::{OptIn, PreferenceChanges, Preferences};
use customer_domain::profile::{Profile, ProfileChanges};
use std::collections::BTreeMap;

/// Returns the name of an opt-in in JSON.
fn opt_in_name(opt_in: OptIn) -> &'static str {
    match opt_in {
        OptIn::EmailMarketing => "preferences.marketing.emailOptIn",
        OptIn::SmsMarketing => "preferences.marketing.smsOptIn",
        OptIn::PushNotifications => "preferences.marketing.pushOptIn",
        OptIn::OrderUpdates => "preferences.notifications.orderUpdates",
        OptIn::PromotionalEmails => "preferences.notifications.promotions",
        OptIn::Newsletter => "preferences.notifications.newsletters",
        OptIn::DataSharing => "preferences.dataSharing",
        OptIn::AnalyticsTracking => "preferences.analyticsTracking",
        OptIn::CookieConsent => "preferences.cookieConsent",
    }
}

/// Returns for every audited field whether two customers differ in it, in the order in which
/// changes name them.
pub(in super::super) fn compared(one: &Customer, other: &Customer) -> Vec<(&'static str, bool)> {
    let Customer {
        id: _,
        tenant: _,
        email,
        email_verified: _,
        phone_verified: _,
        profile,
        preferences,
        status,
        account_state: _,
        customer_type,
        group,
        tags,
        legacy_id,
        external_ids,
        registration_source,
        metadata,
        registration_date: _,
        last_login_at: _,
        version: _,
        event_seq: _,
        created_at: _,
        updated_at: _,
        deleted_at: _,
    } = one;
    let Profile {
        first_name,
        last_name,
        date_of_birth,
        gender,
        phone,
        avatar,
        data,
    } = profile;
    let Preferences {
        language,
        currency,
        timezone,
        opt_ins,
        custom,
    } = preferences;
    let (person, prefers) = (&other.profile, &other.preferences);
    let mut fields = vec![
        ("email", *email != other.email),
        ("profile.firstName", *first_name != person.first_name),
        ("profile.lastName", *last_name != person.last_name),
        (
            "profile.dateOfBirth",
            *date_of_birth != person.date_of_birth,
        ),
        ("profile.gender", *gender != person.gender),
        ("profile.phone", *phone != person.phone),
        ("profile.avatar", *avatar != person.avatar),
        ("profile.data", *data != person.data),
        ("preferences.language", *language != prefers.language),
        ("preferences.currency", *currency != prefers.currency),
        ("preferences.timezone", *timezone != prefers.timezone),
    ];
    let theirs = &prefers.opt_ins;
    let opt_ins = OptIn::ALL.map(|one| {
        (
            opt_in_name(one),
            opt_ins.contains(&one) != theirs.contains(&one),
        )
    });
    fields.extend(opt_ins);
    fields.extend([
        ("preferences.custom", *custom != prefers.custom),
        ("customerType", *customer_type != other.customer_type),
        ("groupId", *group != other.group),
        ("tags", *tags != other.tags),
        ("legacyId", *legacy_id != other.legacy_id),
        ("externalIds", *external_ids != other.external_ids),
        ("metadata", *metadata != other.metadata),
        ("status", *status != other.status),
        (
            "registrationSource",
            *registration_source != other.registration_source,
        ),
    ]);
    fields
}

/// Splits changes into one for each field, with the name of the field.
pub(in super::super) fn one_by_one(
    changes: CustomerChanges,
) -> Vec<(&'static str, CustomerChanges)> {
    let CustomerChanges {
        email,
        profile,
        preferences,
        customer_type,
        group,
        tags,
        legacy_id,
        external_ids,
        metadata,
    } = changes;
    let ProfileChanges {
        first_name,
        last_name,
        date_of_birth,
        gender,
        phone,
        avatar,
        data,
    } = profile;
    let PreferenceChanges {
        language,
        currency,
        timezone,
        opt_ins,
        custom,
    } = preferences;
    macro_rules! alone {
        ($name:literal, $field:ident) => {
            (
                $name,
                CustomerChanges {
                    $field,
                    ..CustomerChanges::default()
                },
            )
        };
        ($name:literal, $part:ident: $type:ident, $field:ident) => {
            (
                $name,
                CustomerChanges {
                    $part: $type {
                        $field,
                        ..$type::default()
                    },
                    ..CustomerChanges::default()
                },
            )
        };
    }
    let mut changes = vec![
        alone!("email", email),
        alone!("profile.firstName", profile: ProfileChanges, first_name),
        alone!("profile.lastName", profile: ProfileChanges, last_name),
        alone!("profile.dateOfBirth", profile: ProfileChanges, date_of_birth),
        alone!("profile.gender", profile: ProfileChanges, gender),
        alone!("profile.phone", profile: ProfileChanges, phone),
        alone!("profile.avatar", profile: ProfileChanges, avatar),
        alone!("profile.data", profile: ProfileChanges, data),
        alone!("preferences.language", preferences: PreferenceChanges, language),
        alone!("preferences.currency", preferences: PreferenceChanges, currency),
        alone!("preferences.timezone", preferences: PreferenceChanges, timezone),
    ];
    changes.extend(opt_ins.into_iter().map(|(opt_in, agreed)| {
        let opt_ins = BTreeMap::from([(opt_in, agreed)]);
        let (_, change) = alone!("", preferences: PreferenceChanges, opt_ins);
        (opt_in_name(opt_in), change)
    }));
    changes.extend([
        alone!("preferences.custom", preferences: PreferenceChanges, custom),
        alone!("customerType", customer_type),
        alone!("groupId", group),
        alone!("tags", tags),
        alone!("legacyId", legacy_id),
        alone!("externalIds", external_ids),
        alone!("metadata", metadata),
    ]);
    changes
}
