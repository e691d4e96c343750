//! Which entries of the trail are wanted, as the query says it.

use crate::customer::customer_id;
use crate::support::vocabulary::words;
use customer_app::audit::AuditQuery;
use customer_domain::CustomerId;
use customer_domain::audit::{AuditFilter, MAX_EVENT_TYPE, Operation};
use http_kit::fields::{Fields, Moment};

/// Characters of an actor's id.
const MAX_ACTOR: usize = 255;

/// Whose entries are shown.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditSubjectParams {
    /// Only those about this customer: a UUID, with or without `cust_`.
    #[param(example = "0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05")]
    pub customer_id: Option<String>,
}

/// Which entries are shown or counted: those that pass everything that is given.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditFilterParams {
    /// Only those whose type begins with this, as it is written.
    #[param(example = "customer.profile", max_length = 100)]
    pub event_type: Option<String>,
    /// Only those that did this to their record.
    #[param(inline)]
    pub operation: Option<AuditOperation>,
    /// From this moment on: a date-time with an offset, or a date, which is its beginning in UTC.
    #[param(example = "2026-01-01")]
    pub from: Option<String>,
    /// Before this moment, which is itself left out.
    #[param(example = "2026-02-01T00:00:00Z")]
    pub to: Option<String>,
}

/// What else a list may be asked for.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditListParams {
    /// Only those of this actor: the id of an API key, or a name such as `start-up`.
    #[param(max_length = 255)]
    pub actor: Option<String>,
    /// Only those about this record.
    #[param(format = Uuid)]
    pub resource: Option<String>,
    /// Events per page; 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    pub page_size: Option<u32>,
    /// The `nextCursor` of the last page, with the same filters.
    pub cursor: Option<String>,
}

words! {
    /// What was done to a record.
    AuditOperation: OPERATIONS,
}

/// The operations as the wire spells them; the store keeps them in capitals.
static OPERATIONS: &[(&str, Operation)] = &[
    ("create", Operation::Create),
    ("read", Operation::Read),
    ("update", Operation::Update),
    ("delete", Operation::Delete),
];

/// Reads the parameter of [`AuditSubjectParams`].
pub(super) fn customer(query: &mut Fields) -> Option<CustomerId> {
    query
        .text("customer_id")
        .then(|text| customer_id(&text))
        .optional()
}

/// Reads the parameters of [`AuditFilterParams`].
pub(super) fn read(query: &mut Fields) -> AuditQuery {
    AuditQuery {
        event_type: query.text("event_type").max(MAX_EVENT_TYPE).optional(),
        filter: AuditFilter {
            operation: query.one_of("operation", OPERATIONS).optional(),
            from: query.field("from", Moment).optional(),
            to: query.field("to", Moment).optional(),
            ..AuditFilter::default()
        },
    }
}

/// Reads those, and by whom and about what the entries of a list are.
pub(super) fn read_of_list(query: &mut Fields) -> AuditQuery {
    let mut wanted = read(query);
    wanted.filter.actor = query.text("actor").max(MAX_ACTOR).optional();
    wanted.filter.resource = query.uuid("resource").optional();
    wanted
}
