use super::super::kind::{DAY, Kind, MINUTE};
use super::{Section, Setting, setting};

const fn preference(name: &'static str, path: &'static str, meaning: &'static str) -> Setting {
    setting(name, path, Kind::Bool, meaning).or("false")
}

const fn feature(name: &'static str, path: &'static str, meaning: &'static str) -> Setting {
    setting(name, path, Kind::Bool, meaning)
        .or("true")
        .not_built()
}

pub(super) static SECTION: Section = Section {
    title: "customers",
    settings: &[
        setting(
            "CUSTOMER_DEFAULT_TENANT",
            "customers.default_tenant",
            Kind::Slug,
            "tenant of requests that name none",
        )
        .or("default"),
        setting(
            "CUSTOMER_DEFAULT_CUSTOMER_TYPE",
            "customers.default_type",
            Kind::OneOf(&["individual", "business"]),
            "type of a customer that is created without one",
        )
        .or("individual")
        .also(&["DEFAULT_CUSTOMER_TYPE"]),
        setting(
            "CUSTOMER_DEFAULT_STATUS",
            "customers.default_status",
            Kind::OneOf(&["pending", "active", "inactive", "suspended"]),
            "status of a customer who registers",
        )
        .or("pending")
        .also(&["DEFAULT_STATUS"])
        .not_built(),
        setting(
            "CUSTOMER_DEFAULT_TIER",
            "customers.default_tier",
            Kind::OneOf(&["regular", "premium", "vip", "enterprise"]),
            "tier of a new customer",
        )
        .or("regular")
        .also(&["DEFAULT_TIER"]),
        setting(
            "CUSTOMER_DEFAULT_CURRENCY",
            "customers.default_currency",
            Kind::Currency,
            "currency of a new tenant that names none",
        )
        .or("USD"),
        setting(
            "CUSTOMER_DEFAULT_COUNTRY",
            "customers.default_country",
            Kind::Country,
            "country of a new tenant that names none: that of its addresses without one",
        )
        .or("US"),
        setting(
            "CUSTOMER_GROUPS",
            "customers.groups",
            Kind::Groups,
            "customer groups that a new tenant begins with; customer_type RETAIL, WHOLESALE or VIP names one of these",
        )
        .or("retail=Retail,vip=VIP,wholesale=Wholesale"),
        setting(
            "CUSTOMER_MAX_ADDRESSES_PER_CUSTOMER",
            "customers.max_addresses",
            Kind::Integer {
                min: 0,
                max: 1_000,
            },
            "addresses that a customer may have, where its tenant does not say otherwise; 0 allows 1000",
        )
        .or("10")
        .also(&["MAX_ADDRESSES_PER_CUSTOMER"]),
        preference(
            "CUSTOMER_DEFAULT_EMAIL_MARKETING",
            "customers.preferences.email_marketing",
            "consent to marketing by e-mail of a new customer who gives none, or null",
        ),
        preference(
            "CUSTOMER_DEFAULT_SMS_MARKETING",
            "customers.preferences.sms_marketing",
            "consent to marketing by SMS of a new customer who gives none, or null",
        ),
        preference(
            "CUSTOMER_DEFAULT_PUSH_NOTIFICATIONS",
            "customers.preferences.push_notifications",
            "consent to push notifications of a new customer who gives none, or null",
        ),
        preference(
            "CUSTOMER_DEFAULT_NEWSLETTER",
            "customers.preferences.newsletter",
            "consent to the newsletter of a new customer who gives none, or null",
        ),
        preference(
            "CUSTOMER_DEFAULT_ORDER_UPDATES",
            "customers.preferences.order_updates",
            "consent to order updates of a new customer who gives none, or null",
        ),
        preference(
            "CUSTOMER_DEFAULT_PROMOTIONAL_EMAILS",
            "customers.preferences.promotional_emails",
            "consent to promotional e-mails of a new customer who gives none, or null",
        ),
        preference(
            "CUSTOMER_DEFAULT_DATA_SHARING",
            "customers.preferences.data_sharing",
            "consent to sharing of data of a new customer who gives none, or null",
        ),
        preference(
            "CUSTOMER_DEFAULT_ANALYTICS_TRACKING",
            "customers.preferences.analytics_tracking",
            "consent to the recording of activities of a new customer who gives none, or null",
        ),
        preference(
            "CUSTOMER_DEFAULT_COOKIE_CONSENT",
            "customers.preferences.cookie_consent",
            "consent to cookies of a new customer who gives none, or null",
        ),
        feature(
            "CUSTOMER_ENABLE_SEGMENTS",
            "features.segments",
            "serve segments and tiers and keep them right",
        ),
        feature(
            "CUSTOMER_ENABLE_ANALYTICS",
            "features.analytics",
            "serve statistics and activities",
        ),
        feature(
            "CUSTOMER_ENABLE_2FA",
            "features.two_factor",
            "let customers enrol a second factor; one that is enrolled is always asked for",
        ),
        setting(
            "CUSTOMER_SEGMENT_UPDATE_INTERVAL",
            "customers.segment_update_interval",
            Kind::Seconds {
                min: MINUTE,
                max: DAY,
            },
            "how often segments are swept for what changes with time alone",
        )
        .or("1h")
        .also(&["SEGMENT_UPDATE_INTERVAL"])
        .not_built(),
        setting(
            "CUSTOMER_EMAIL_VERIFICATION_REQUIRED",
            "customers.email_verification_required",
            Kind::Bool,
            "a customer who registers proves the e-mail address before the first login",
        )
        .or("true")
        .also(&["EMAIL_VERIFICATION_REQUIRED"])
        .not_built(),
        setting(
            "CUSTOMER_PHONE_VERIFICATION_REQUIRED",
            "customers.phone_verification_required",
            Kind::Bool,
            "a customer who registers proves the phone number before the first login",
        )
        .or("false")
        .also(&["PHONE_VERIFICATION_REQUIRED"])
        .not_built(),
    ],
};
