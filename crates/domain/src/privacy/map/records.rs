//! Records of requests and changes: replies, the audit trail and events.

use super::customers::owner;
use super::purpose::{ACCOUNTING, REPEATING};
use super::{Erase, Table, personal, plain};

/// The reason why an entry of the audit trail stays.
pub(super) const TRAIL: Erase = Erase::Keep(
    "the trail proves for years who did what; personal values in it are sealed, and erased with the key",
);

/// The reason why the customer's id in an event stays.
const ORDER: Erase = Erase::Keep("subscribers need the order of events until the row is deleted");

pub(super) const TABLES: &[Table] = &[
    Table {
        name: "idempotency_keys",
        columns: &[
            plain("tenant_id"),
            plain("caller"),
            plain("route"),
            personal("key", &REPEATING, Erase::DeleteRow).also(&["idempotency_key"]),
            personal("body_digest", &REPEATING, Erase::DeleteRow),
            plain("status"),
            personal("location", &REPEATING, Erase::DeleteRow),
            plain("etag"),
            personal("body", &REPEATING, Erase::DeleteRow),
            plain("created_at"),
            plain("expires_at"),
        ],
    },
    Table {
        name: "audit_events",
        columns: &[
            plain("tenant_id"),
            plain("id"),
            plain("created_at"),
            plain("event_type"),
            plain("severity"),
            plain("operation"),
            owner(TRAIL),
            personal("resource_id", &ACCOUNTING, TRAIL)
                .export("resourceId")
                .in_logs(),
            plain("actor_type"),
            personal("actor_id", &ACCOUNTING, TRAIL)
                .export("actorId")
                .in_logs(),
            personal("session_id", &ACCOUNTING, TRAIL).export("sessionId"),
            plain("trace_id"),
            plain("correlation_id"),
            personal("changed_fields", &ACCOUNTING, TRAIL)
                .export("changedFields")
                .in_logs(),
            personal("metadata", &ACCOUNTING, Erase::Overwrite("{}"))
                .rest()
                .export("metadata"),
        ],
    },
    Table {
        name: "outbox_events",
        columns: &[
            plain("tenant_id"),
            plain("id"),
            owner(ORDER),
            plain("sequence"),
            plain("topic"),
            plain("event_type"),
            plain("created_at"),
            plain("published_at"),
            plain("attempts"),
            plain("last_attempted_at"),
            plain("parked_at"),
            plain("trace_id"),
            plain("position"),
        ],
    },
    Table {
        name: "outbox_positions",
        columns: &[plain("tenant_id"), plain("position")],
    },
];
