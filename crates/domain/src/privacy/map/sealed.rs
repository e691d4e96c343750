//! Keys, the sealed columns of the audit trail and of the outbox, seals and jobs.

use super::customers::owner;
use super::purpose::{ACCOUNT, ACCOUNTING, TELLING};
use super::{Column, Erase, Table, personal, plain};

const fn sealed(name: &'static str) -> Column {
    personal(name, &ACCOUNTING, Erase::CryptoShred).sealed()
}

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "tenant_keys",
        columns: &[
            plain("tenant_id"),
            plain("number"),
            plain("id"),
            plain("master"),
            plain("wrapped"),
            plain("is_lost"),
            plain("created_at"),
        ],
    },
    Table {
        name: "installation",
        columns: &[plain("is_only"), plain("root_digest")],
    },
    Table {
        name: "customer_keys",
        columns: &[
            plain("tenant_id"),
            owner(Erase::DeleteRow),
            plain("id"),
            // Deleting the row destroys the key of everything that was sealed with it.
            personal("wrapped", &ACCOUNT, Erase::DeleteRow),
            plain("created_at"),
        ],
    },
    Table {
        name: "audit_events",
        columns: &[
            sealed("old_values").export("oldValues"),
            sealed("new_values").export("newValues"),
            sealed("ip_address").export("ipAddress").also(&[
                "ip",
                "client_ip",
                "remote_ip",
                "forwarded_for",
            ]),
            sealed("user_agent").export("userAgent"),
            sealed("reason").export("reason"),
            // Computed from the stored entry with its sealed values, so that it reveals nothing
            // about them.
            plain("digest"),
            plain("transaction_id"),
        ],
    },
    Table {
        name: "outbox_events",
        columns: &[personal("payload", &TELLING, Erase::CryptoShred).sealed()],
    },
    Table {
        name: "audit_seals",
        columns: &[
            plain("number"),
            plain("month"),
            plain("kind"),
            plain("first_transaction"),
            plain("first_id"),
            plain("last_transaction"),
            plain("last_id"),
            plain("digests"),
            plain("through_transaction"),
            plain("through_id"),
            plain("begins"),
            plain("previous"),
            plain("sealed_at"),
            plain("digest"),
            plain("public_key"),
            plain("signature"),
        ],
    },
    Table {
        name: "job_leases",
        columns: &[
            plain("name"),
            plain("token"),
            plain("holder"),
            plain("lease_expires_at"),
            plain("due_at"),
            plain("started_at"),
            plain("last_success_at"),
            plain("last_error"),
            plain("last_error_at"),
            plain("runs"),
            plain("failures"),
            plain("processed"),
            plain("cursor"),
        ],
    },
];
