//! Customers, and the tables whose rows are written with them.

use super::purpose::{
    ACCOUNT, CONSENTS, CONTACT, FINDING, PERSONALISING, SERVICE, SETTINGS, SIGN_IN,
};
use super::{Column, Erase, Table, personal, plain};
use crate::preference::OptIn;

/// The reason why a column of a customer's own row is kept.
const BARE_ROW: Erase = Erase::Keep(
    "orders and the audit trail refer to the row, and nothing in it says any more whose it was",
);
/// The reason why totals are kept.
const TOTALS: Erase = Erase::Keep("the shop's accounts need the sums, which are nobody's any more");

const NO: Erase = Erase::Overwrite("false");
const EMPTY: Erase = Erase::Overwrite("");
const NO_MEMBERS: Erase = Erase::Overwrite("{}");

/// Returns the column that names the row's owner, in a table below customers.
pub(super) const fn owner(erase: Erase) -> Column {
    personal("customer_id", &ACCOUNT, erase).in_logs()
}

/// Returns the column of an opt-in.
const fn consent(opt_in: OptIn) -> Column {
    let export = opt_in.field().as_str();
    personal(opt_in.as_str(), &CONSENTS, NO)
        .export(export)
        .in_logs()
}

/// The columns of all opt-ins.
const OPT_INS: [Column; OptIn::ALL.len()] = {
    let mut columns = [plain(""); OptIn::ALL.len()];
    let mut at = 0;
    while at < columns.len() {
        columns[at] = consent(OptIn::ALL[at]);
        at += 1;
    }
    columns
};

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "customers",
        columns: &[
            plain("tenant_id"),
            personal("id", &ACCOUNT, BARE_ROW)
                .export("id")
                .also(&["customer_id"])
                .in_logs(),
            personal("status", &ACCOUNT, BARE_ROW)
                .export("status")
                .in_logs(),
            personal("account_state", &ACCOUNT, BARE_ROW)
                .export("accountState")
                .in_logs(),
            personal("customer_type", &ACCOUNT, BARE_ROW)
                .export("customerType")
                .in_logs(),
            personal("group_id", &SERVICE, Erase::Null)
                .export("groupId")
                .in_logs(),
            personal("former", &SERVICE, Erase::Null)
                .rest()
                .export("former"),
            personal("first_name", &CONTACT, Erase::Null)
                .export("profile.firstName")
                .also(&["given_name", "full_name"]),
            personal("last_name", &CONTACT, Erase::Null)
                .export("profile.lastName")
                .also(&["family_name", "surname"]),
            personal("email", &CONTACT, Erase::Null)
                .export("email")
                .also(&["email_address"]),
            personal("email_verified", &CONTACT, NO)
                .export("emailVerified")
                .in_logs(),
            personal("email_key", &ACCOUNT, EMPTY),
            personal("last_name_key", &FINDING, EMPTY),
            personal("registration_source", &ACCOUNT, Erase::Null).export("registrationSource"),
            personal("metadata", &SERVICE, NO_MEMBERS)
                .rest()
                .export("metadata"),
            plain("version"),
            plain("event_seq"),
            plain("revision"),
            plain("key_rules"),
            personal("registration_date", &ACCOUNT, BARE_ROW)
                .export("registrationDate")
                .in_logs(),
            personal("last_login_at", &SIGN_IN, Erase::Null)
                .export("lastLoginAt")
                .in_logs(),
            personal("created_at", &ACCOUNT, BARE_ROW)
                .export("createdAt")
                .in_logs(),
            personal("updated_at", &ACCOUNT, BARE_ROW)
                .export("updatedAt")
                .in_logs(),
            personal("deleted_at", &ACCOUNT, BARE_ROW)
                .export("deletedAt")
                .in_logs(),
            personal("erased_at", &ACCOUNT, BARE_ROW).in_logs(),
            personal("merged_into", &ACCOUNT, Erase::Null)
                .export("mergedInto")
                .in_logs(),
            personal("legacy_id", &ACCOUNT, Erase::Null).export("legacyId"),
            personal("external_ids", &ACCOUNT, NO_MEMBERS)
                .rest()
                .export("externalIds"),
            // Without the key nothing that was sealed with it can be read any more.
            personal("sealing_key", &ACCOUNT, Erase::Null),
        ],
    },
    // The profile.
    Table {
        name: "customers",
        columns: &[
            personal("phone", &CONTACT, Erase::Null)
                .export("profile.phone")
                .also(&["phone_number", "telephone", "mobile"]),
            personal("phone_key", &FINDING, Erase::Null),
            personal("phone_verified", &CONTACT, NO)
                .export("phoneVerified")
                .in_logs(),
            personal("date_of_birth", &PERSONALISING, Erase::Null)
                .export("profile.dateOfBirth")
                .also(&["birth_date", "birthday", "dob"]),
            personal("gender", &PERSONALISING, Erase::Null).export("profile.gender"),
            personal("avatar_url", &PERSONALISING, Erase::Null).export("profile.avatar"),
            personal("profile_data", &PERSONALISING, NO_MEMBERS)
                .rest()
                .export("profile.data"),
        ],
    },
    // The preferences.
    Table {
        name: "customers",
        columns: &[
            personal("language", &SETTINGS, Erase::Null)
                .export("preferences.language")
                .in_logs(),
            personal("currency", &SETTINGS, Erase::Null)
                .export("preferences.currency")
                .in_logs(),
            personal("timezone", &SETTINGS, Erase::Null)
                .export("preferences.timezone")
                .in_logs(),
            personal("custom_preferences", &SETTINGS, NO_MEMBERS)
                .rest()
                .export("preferences.custom"),
        ],
    },
    // What repeats the rows of other tables, the tier and the totals.
    Table {
        name: "customers",
        columns: &[
            personal("tags", &SERVICE, NO_MEMBERS).export("tags"),
            personal("terms", &FINDING, NO_MEMBERS),
            personal("tier", &SERVICE, Erase::Overwrite("1"))
                .export("segment.tier")
                .in_logs(),
            personal("segment", &SERVICE, EMPTY)
                .export("segment.segment")
                .in_logs(),
            personal("loyalty_points", &SERVICE, Erase::Overwrite("0"))
                .export("segment.loyaltyPoints"),
            personal("tier_achieved_at", &SERVICE, BARE_ROW)
                .export("segment.tierAchievedAt")
                .in_logs(),
            personal("segment_achieved_at", &SERVICE, BARE_ROW)
                .export("segment.segmentAchievedAt")
                .in_logs(),
            personal("total_currency", &SERVICE, TOTALS)
                .export("segment.currency")
                .in_logs(),
            personal("total_spent", &SERVICE, TOTALS).export("segment.totalSpent"),
            personal("order_count", &SERVICE, TOTALS).export("segment.orderCount"),
            personal("lifetime_value", &SERVICE, TOTALS).export("segment.lifetimeValue"),
            personal("refunded_total", &SERVICE, TOTALS).export("segment.refundedTotal"),
            personal("first_order_date", &SERVICE, TOTALS).export("segment.firstOrderDate"),
            personal("last_order_date", &SERVICE, TOTALS).export("segment.lastOrderDate"),
        ],
    },
    Table {
        name: "customers",
        columns: &OPT_INS,
    },
    Table {
        name: "customer_credentials",
        columns: &[
            plain("tenant_id"),
            owner(Erase::DeleteRow),
            personal("password_hash", &SIGN_IN, Erase::DeleteRow),
            personal("password_changed_at", &SIGN_IN, Erase::DeleteRow)
                .export("passwordChangedAt")
                .in_logs(),
            plain("epoch"),
            personal("last_login_at", &SIGN_IN, Erase::DeleteRow)
                .export("lastLoginAt")
                .in_logs(),
        ],
    },
    Table {
        name: "customer_identifiers",
        columns: &[
            plain("tenant_id"),
            owner(Erase::DeleteRow),
            personal("kind", &ACCOUNT, Erase::DeleteRow)
                .export("identifiers.kind")
                .in_logs(),
            personal("value", &ACCOUNT, Erase::DeleteRow)
                .export("identifiers.value")
                .also(&["legacy_id", "external_id", "external_ids", "identifier"]),
            personal("given_up_at", &ACCOUNT, Erase::DeleteRow)
                .export("identifiers.givenUpAt")
                .in_logs(),
        ],
    },
    Table {
        name: "customer_tags",
        columns: &[
            plain("tenant_id"),
            owner(Erase::DeleteRow),
            personal("tag", &SERVICE, Erase::DeleteRow).export("tags"),
        ],
    },
    Table {
        name: "customer_statistics",
        columns: &[
            plain("tenant_id"),
            owner(TOTALS),
            personal("currency", &SERVICE, TOTALS)
                .export("statistics.currency")
                .in_logs(),
            personal("total_spent", &SERVICE, TOTALS).export("statistics.totalSpent"),
            personal("order_count", &SERVICE, TOTALS).export("statistics.orderCount"),
            personal("lifetime_value", &SERVICE, TOTALS).export("statistics.lifetimeValue"),
            personal("refunded_total", &SERVICE, TOTALS).export("statistics.refundedTotal"),
            personal("first_order_date", &SERVICE, TOTALS).export("statistics.firstOrderDate"),
            personal("last_order_date", &SERVICE, TOTALS).export("statistics.lastOrderDate"),
            plain("updated_at"),
        ],
    },
    Table {
        name: "customer_search_terms",
        columns: &[
            plain("tenant_id"),
            personal("term", &FINDING, Erase::DeleteRow).also(&["search", "search_terms", "terms"]),
            owner(Erase::DeleteRow),
        ],
    },
];
