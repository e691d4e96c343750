//! Tenants, groups and API keys: data about shops and programs, not about persons.

use super::{Table, plain};

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "tenants",
        columns: &[
            plain("id"),
            plain("slug"),
            plain("name"),
            plain("settings").at("/currency"),
            plain("settings").at("/country"),
            plain("settings").at("/maxAddresses"),
            plain("settings").rest(),
            plain("version"),
            plain("created_at"),
            plain("updated_at"),
        ],
    },
    Table {
        name: "customer_groups",
        columns: &[
            plain("tenant_id"),
            plain("id"),
            plain("name"),
            plain("description"),
            plain("discount_class"),
            plain("version"),
            plain("created_at"),
            plain("updated_at"),
        ],
    },
    Table {
        name: "api_keys",
        columns: &[
            plain("tenant_id"),
            plain("id"),
            plain("name"),
            plain("prefix"),
            plain("digest"),
            plain("permissions"),
            plain("all_tenants"),
            plain("created_at"),
            plain("expires_at"),
            plain("last_used_at"),
            plain("revoked_at"),
        ],
    },
];
