//! The preferences of a customer over HTTP: their spellings in requests, and their representation
//! in replies.

use crate::support::failure::rule;
use crate::support::patch::PatchExt as _;
use crate::support::wire::FreeObject;
use customer_domain::customer::MAX_METADATA_BYTES;
use customer_domain::preference::{self, OptIn, PreferenceChanges, PreferenceField, Preferences};
use http_kit::fields::{Fields, Given};
use http_kit::normalise::AliasTable;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Declares the spellings of preferences, within a customer and on their own. A line names the
/// object below `preferences` that contains a member, the member's name there, and the stored name
/// in camel case if it differs.
macro_rules! spellings {
    (
        $(#[$doc:meta])* $customer:ident { $($of_customer:expr,)+ }
        $(#[$doc_alone:meta])* $alone:ident { $($of_alone:expr,)+ }
        $($within:literal $member:literal $($stored:literal)?;)+
    ) => {
        $(#[$doc])*
        pub(super) static $customer: AliasTable = AliasTable {
            objects: &["/profile", "/preferences", "/preferences/marketing", "/preferences/notifications"],
            aliases: &[
                $($of_customer,)+
                $($((
                    concat!("/preferences/", $stored),
                    concat!("/preferences/", $within, $member),
                ),)?)+
            ],
        };

        $(#[$doc_alone])*
        pub(crate) static $alone: AliasTable = AliasTable {
            objects: &["/preferences", "/preferences/marketing", "/preferences/notifications"],
            aliases: &[
                $($of_alone,)+
                $(
                    (concat!("/", $member), concat!("/preferences/", $within, $member)),
                    $(
                        (concat!("/", $stored), concat!("/preferences/", $within, $member)),
                        (
                            concat!("/preferences/", $stored),
                            concat!("/preferences/", $within, $member),
                        ),
                    )?
                )+
            ],
        };
    };
}

spellings! {
    /// The spellings of a customer's members in the five source documents (D-02, D-07, D-35).
    ALIASES {
        ("/customerId", "/id"),
        ("/firstName", "/profile/firstName"),
        ("/lastName", "/profile/lastName"),
        ("/dateOfBirth", "/profile/dateOfBirth"),
        ("/gender", "/profile/gender"),
        ("/phone", "/profile/phone"),
        ("/avatar", "/profile/avatar"),
        ("/avatarUrl", "/profile/avatar"),
        ("/profile/avatarUrl", "/profile/avatar"),
        ("/profileData", "/profile/data"),
        ("/profile/profileData", "/profile/data"),
        ("/customerGroupId", "/groupId"),
        ("/marketingOptIn", "/preferences/marketing/emailOptIn"),
    }
    /// The spellings of preferences on their own: each has its path, its flat name and the name of
    /// its column (D-35).
    PREFERENCE_ALIASES {
        ("/customerId", "/id"),
        ("/marketing", "/preferences/marketing"),
        ("/notifications", "/preferences/notifications"),
        ("/marketingOptIn", "/preferences/marketing/emailOptIn"),
    }
    "" "language";
    "" "currency";
    "" "timezone";
    "marketing/" "emailOptIn" "emailMarketing";
    "marketing/" "smsOptIn" "smsMarketing";
    "marketing/" "pushOptIn" "pushNotifications";
    "notifications/" "orderUpdates" "orderUpdates";
    "notifications/" "promotions" "promotionalEmails";
    "notifications/" "newsletters" "newsletter";
    "" "dataSharing";
    "" "analyticsTracking";
    "" "cookieConsent";
    "" "custom" "customPreferences";
}

/// Declares a body with all preferences, for requests: within a customer and on their own.
macro_rules! preferences_body {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "camelCase")]
        $(#[$meta])*
        pub struct $name {
            /// Language tag (BCP 47), such as `pt-BR`.
            #[schema(pattern = "^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$")]
            pub language: Option<String>,
            /// ISO 4217 code.
            #[schema(pattern = "^[A-Za-z]{3}$")]
            pub currency: Option<String>,
            /// IANA name of a time zone.
            #[schema(max_length = 64, pattern = "^[A-Za-z][A-Za-z0-9/_+-]*$")]
            pub timezone: Option<String>,
            /// What may be sent for marketing.
            pub marketing: Option<MarketingInput>,
            /// Which notifications are wanted.
            pub notifications: Option<NotificationsInput>,
            /// Whether data may be shared with partners.
            pub data_sharing: Option<bool>,
            /// Whether behaviour may be recorded.
            pub analytics_tracking: Option<bool>,
            /// Whether cookies other than the necessary ones may be set.
            pub cookie_consent: Option<bool>,
            /// Preferences that are specific to the shop; merged member by member.
            pub custom: Option<FreeObject>,
            $($own)*
        }
    };
}

pub(crate) use preferences_body;

preferences_body! {
    /// The preferences, in a request. Absent members are kept, null clears.
    #[serde(deny_unknown_fields)]
    PreferencesInput {}
}

/// The preferences of a customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreferencesBody<'a> {
    /// Language tag; null for the tenant's.
    #[schema(example = "en")]
    pub language: Option<&'a str>,
    /// ISO 4217 code; null for the tenant's.
    #[schema(example = "USD")]
    pub currency: Option<&'a str>,
    /// IANA name of the time zone; null if unknown.
    #[schema(example = "America/New_York")]
    pub timezone: Option<&'a str>,
    /// What may be sent for marketing.
    pub marketing: MarketingBody,
    /// Which notifications are wanted.
    pub notifications: NotificationsBody,
    /// Whether data may be shared with partners.
    pub data_sharing: bool,
    /// Whether behaviour may be recorded.
    pub analytics_tracking: bool,
    /// Whether cookies other than the necessary ones may be set.
    pub cookie_consent: bool,
    /// Preferences that are specific to the shop.
    #[schema(value_type = FreeObject)]
    pub custom: &'a Map<String, Value>,
}

/// Declares an object of opt-ins, for requests and for replies.
macro_rules! opt_ins {
    ($(#[$doc_in:meta])* $input:ident, $(#[$doc:meta])* $body:ident {
        $($(#[$meta:meta])* $member:ident: $opt_in:ident,)+
    }) => {
        $(#[$doc_in])*
        #[derive(Debug, Serialize, ToSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $input { $($(#[$meta])* pub $member: Option<bool>,)+ }

        $(#[$doc])*
        #[derive(Debug, Serialize, ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $body { $($(#[$meta])* pub $member: bool,)+ }

        impl $body {
            fn new(preferences: &Preferences) -> Self {
                Self { $($member: preferences.opt_ins.contains(&OptIn::$opt_in),)+ }
            }
        }
    };
}

opt_ins! {
    /// What may be sent for marketing, in a request.
    MarketingInput,
    /// What may be sent for marketing.
    MarketingBody {
        /// By e-mail.
        email_opt_in: EmailMarketing,
        /// By text message.
        sms_opt_in: SmsMarketing,
        /// By push notification.
        push_opt_in: PushNotifications,
    }
}

opt_ins! {
    /// Which notifications are wanted, in a request.
    NotificationsInput,
    /// Which notifications are wanted.
    NotificationsBody {
        /// Notifications about orders.
        order_updates: OrderUpdates,
        /// Promotions.
        promotions: PromotionalEmails,
        /// The newsletter.
        newsletters: Newsletter,
    }
}

impl<'a> PreferencesBody<'a> {
    pub(crate) fn new(preferences: &'a Preferences) -> Self {
        let agreed = |opt_in| preferences.opt_ins.contains(&opt_in);
        Self {
            language: preferences.language.as_deref(),
            currency: preferences.currency.as_deref(),
            timezone: preferences.timezone.as_deref(),
            marketing: MarketingBody::new(preferences),
            notifications: NotificationsBody::new(preferences),
            data_sharing: agreed(OptIn::DataSharing),
            analytics_tracking: agreed(OptIn::AnalyticsTracking),
            cookie_consent: agreed(OptIn::CookieConsent),
            custom: &preferences.custom,
        }
    }
}

/// Reads the preferences of a request, below `preferences`.
pub(crate) fn preferences(fields: &mut Fields) -> PreferenceChanges {
    PreferenceChanges {
        opt_ins: OptIn::ALL
            .into_iter()
            .filter_map(|opt_in| Some((opt_in, agreement(fields, opt_in)?)))
            .collect(),
        language: fields
            .text(PreferenceField::Language.path())
            .then(|text| rule(preference::language(&text)))
            .patch(),
        currency: fields
            .text(PreferenceField::Currency.path())
            .then(|text| rule(preference::currency(&text)))
            .patch(),
        timezone: fields
            .text(PreferenceField::Timezone.path())
            .then(|text| rule(preference::timezone(&text)))
            .patch(),
        custom: fields
            .free_object(PreferenceField::Custom.path(), MAX_METADATA_BYTES)
            .patch(),
    }
}

/// Reads an opt-in of the request; `None` if it is absent.
#[expect(clippy::option_option, reason = "null withdraws it")]
fn agreement(fields: &mut Fields, opt_in: OptIn) -> Option<Option<bool>> {
    match fields.boolean(opt_in.field().path()).given() {
        Given::Absent => None,
        Given::Null => Some(None),
        Given::Value(agreed) => Some(Some(agreed)),
    }
}
