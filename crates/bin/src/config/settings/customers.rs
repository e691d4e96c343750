use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use customer_domain::customer::{CustomerType, Status};
use customer_domain::group::GroupId;
use customer_domain::preference::{OptIn, Preferences};
use customer_domain::tier::Tier;

use super::{Setting, Spec, setting};
use crate::config::kind::{
    Bool, COUNTRY, CURRENCY, DAY, Groups, MINUTE, OneOf, SLUG, integer, seconds,
};
use crate::config::{Effective, Faults};

/// The statuses that a newly registered customer can be given.
const FIRST_STATUS: [Status; 4] = [
    Status::Pending,
    Status::Active,
    Status::Inactive,
    Status::Suspended,
];

const fn preference(path: &'static str) -> Spec<bool> {
    setting(path, &Bool).or("false")
}

section! {
    "customers";

    /// Tenant that is created at the start if it does not exist, and that commands act in unless
    /// they name another.
    CUSTOMER_DEFAULT_TENANT: String = setting("customers.default_tenant", &SLUG).or("default");

    /// Type of a new customer if the request gives none.
    CUSTOMER_DEFAULT_CUSTOMER_TYPE: CustomerType =
        setting("customers.default_type", &OneOf(&CustomerType::ALL, CustomerType::as_str))
            .or("individual").also(&["DEFAULT_CUSTOMER_TYPE"]);

    /// Status of a newly registered customer.
    CUSTOMER_DEFAULT_STATUS: Status =
        setting("customers.default_status", &OneOf(&FIRST_STATUS, Status::as_str))
            .or("pending").also(&["DEFAULT_STATUS"]), not_built;

    /// Tier of a new customer.
    CUSTOMER_DEFAULT_TIER: Tier =
        setting("customers.default_tier", &OneOf(&Tier::ALL, Tier::as_str))
            .or("regular").also(&["DEFAULT_TIER"]);

    /// Currency of a new tenant if none is given. Existing tenants keep theirs.
    CUSTOMER_DEFAULT_CURRENCY: String = setting("customers.default_currency", &CURRENCY).or("USD");

    /// Country of a new tenant if none is given, and so of its addresses without a country.
    /// Existing tenants keep theirs.
    CUSTOMER_DEFAULT_COUNTRY: String = setting("customers.default_country", &COUNTRY).or("US");

    /// Customer groups that a new tenant begins with. The customer types RETAIL, WHOLESALE and VIP
    /// stand for the groups with these ids.
    CUSTOMER_GROUPS: BTreeMap<GroupId, String> =
        setting("customers.groups", &Groups).or("retail=Retail,vip=VIP,wholesale=Wholesale");

    /// Maximum number of addresses of a customer, unless the tenant has a limit of its own. 0
    /// stands for 1000.
    CUSTOMER_MAX_ADDRESSES_PER_CUSTOMER: usize =
        setting("customers.max_addresses", &integer(0, 1_000)).or("10").also(&["MAX_ADDRESSES_PER_CUSTOMER"]);

    /// Consent of a new customer to marketing by e-mail if the request gives none, or null.
    CUSTOMER_DEFAULT_EMAIL_MARKETING: bool = preference("customers.preferences.email_marketing");

    /// Consent of a new customer to marketing by SMS if the request gives none, or null.
    CUSTOMER_DEFAULT_SMS_MARKETING: bool = preference("customers.preferences.sms_marketing");

    /// Consent of a new customer to push notifications if the request gives none, or null.
    CUSTOMER_DEFAULT_PUSH_NOTIFICATIONS: bool = preference("customers.preferences.push_notifications");

    /// Consent of a new customer to the newsletter if the request gives none, or null.
    CUSTOMER_DEFAULT_NEWSLETTER: bool = preference("customers.preferences.newsletter");

    /// Consent of a new customer to order updates if the request gives none, or null.
    CUSTOMER_DEFAULT_ORDER_UPDATES: bool = preference("customers.preferences.order_updates");

    /// Consent of a new customer to promotional e-mails if the request gives none, or null.
    CUSTOMER_DEFAULT_PROMOTIONAL_EMAILS: bool = preference("customers.preferences.promotional_emails");

    /// Consent of a new customer to the sharing of data if the request gives none, or null.
    CUSTOMER_DEFAULT_DATA_SHARING: bool = preference("customers.preferences.data_sharing");

    /// Consent of a new customer to the recording of activities if the request gives none, or null.
    CUSTOMER_DEFAULT_ANALYTICS_TRACKING: bool = preference("customers.preferences.analytics_tracking");

    /// Consent of a new customer to cookies if the request gives none, or null.
    CUSTOMER_DEFAULT_COOKIE_CONSENT: bool = preference("customers.preferences.cookie_consent");

    /// Whether segments and tiers are served and kept up to date.
    CUSTOMER_ENABLE_SEGMENTS: bool = setting("features.segments", &Bool).or("true"), not_built;

    /// Whether statistics and activities are served.
    CUSTOMER_ENABLE_ANALYTICS: bool = setting("features.analytics", &Bool).or("true"), not_built;

    /// Whether customers may enrol a second factor. One that is enrolled is always required.
    CUSTOMER_ENABLE_2FA: bool = setting("features.two_factor", &Bool).or("true"), not_built;

    /// How often segment memberships that depend on the current time are recomputed.
    CUSTOMER_SEGMENT_UPDATE_INTERVAL: Duration =
        setting("customers.segment_update_interval", &seconds(MINUTE, DAY))
            .or("1h").also(&["SEGMENT_UPDATE_INTERVAL"]), not_built;

    /// Whether a customer who registers must verify the e-mail address before the first login.
    CUSTOMER_EMAIL_VERIFICATION_REQUIRED: bool =
        setting("customers.email_verification_required", &Bool)
            .or("true").also(&["EMAIL_VERIFICATION_REQUIRED"]), not_built;

    /// Whether a customer who registers must verify the phone number before the first login.
    CUSTOMER_PHONE_VERIFICATION_REQUIRED: bool =
        setting("customers.phone_verification_required", &Bool)
            .or("false").also(&["PHONE_VERIFICATION_REQUIRED"]), not_built;
}

#[derive(Debug)]
pub(crate) struct Customers {
    pub(crate) default_tenant: String,
    pub(crate) default_type: CustomerType,
    pub(crate) default_tier: Tier,
    pub(crate) default_currency: String,
    pub(crate) default_country: String,
    /// The maximum number of addresses of a customer; 0 for the maximum of an address book.
    pub(crate) max_addresses: usize,
    pub(crate) groups: BTreeMap<GroupId, String>,
    pub(crate) preference_defaults: Preferences,
}

impl Customers {
    pub(in crate::config) fn read(from: &Effective) -> Result<Self, Faults> {
        let mut opt_ins = BTreeSet::new();
        for opt_in in OptIn::ALL {
            if from.get(default_of(opt_in))? {
                opt_ins.insert(opt_in);
            }
        }
        Ok(Self {
            default_tenant: from.get(&CUSTOMER_DEFAULT_TENANT)?,
            default_type: from.get(&CUSTOMER_DEFAULT_CUSTOMER_TYPE)?,
            default_tier: from.get(&CUSTOMER_DEFAULT_TIER)?,
            default_currency: from.get(&CUSTOMER_DEFAULT_CURRENCY)?,
            default_country: from.get(&CUSTOMER_DEFAULT_COUNTRY)?,
            max_addresses: from.get(&CUSTOMER_MAX_ADDRESSES_PER_CUSTOMER)?,
            groups: from.get(&CUSTOMER_GROUPS)?,
            preference_defaults: Preferences {
                opt_ins,
                ..Preferences::default()
            },
        })
    }
}

/// Returns the setting for the default of an opt-in.
const fn default_of(opt_in: OptIn) -> &'static Setting<bool> {
    match opt_in {
        OptIn::EmailMarketing => &CUSTOMER_DEFAULT_EMAIL_MARKETING,
        OptIn::SmsMarketing => &CUSTOMER_DEFAULT_SMS_MARKETING,
        OptIn::PushNotifications => &CUSTOMER_DEFAULT_PUSH_NOTIFICATIONS,
        OptIn::Newsletter => &CUSTOMER_DEFAULT_NEWSLETTER,
        OptIn::OrderUpdates => &CUSTOMER_DEFAULT_ORDER_UPDATES,
        OptIn::PromotionalEmails => &CUSTOMER_DEFAULT_PROMOTIONAL_EMAILS,
        OptIn::DataSharing => &CUSTOMER_DEFAULT_DATA_SHARING,
        OptIn::AnalyticsTracking => &CUSTOMER_DEFAULT_ANALYTICS_TRACKING,
        OptIn::CookieConsent => &CUSTOMER_DEFAULT_COOKIE_CONSENT,
    }
}
