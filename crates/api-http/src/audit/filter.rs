//! The filters of the audit trail in query strings.

use crate::customer::customer_id;
use crate::support::vocabulary::words;
use customer_app::audit::AuditQuery;
use customer_domain::CustomerId;
use customer_domain::audit::{AuditFilter, MAX_ACTOR, MAX_EVENT_TYPE, Operation};
use http_kit::fields::{Fields, Moment};

/// The customer whose events are requested.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditSubjectParams {
    /// Only events about this customer: a UUID, with or without `cust_`.
    #[param(example = "0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05")]
    pub customer_id: Option<String>,
}

/// The events that are listed or counted: those that match all given filters.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditFilterParams {
    /// Only events whose type starts with this prefix; case matters.
    #[param(example = "customer.profile")]
    pub event_type: Option<String>,
    /// Only events with this operation.
    #[param(inline)]
    pub operation: Option<AuditOperation>,
    /// Only events from this time on: a date-time with an offset, or a date, which means its start
    /// in UTC. Pass the newest `timestamp` that you have seen to continue: nothing is missed, but
    /// what has exactly this time is shown again.
    #[param(example = "2026-01-01")]
    pub from: Option<String>,
    /// Only events before this time.
    #[param(example = "2026-02-01T00:00:00Z")]
    pub to: Option<String>,
}

/// The additional parameters of a list.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditListParams {
    /// Only events of this actor: the id of an API key, or a name such as `start-up`.
    pub actor: Option<String>,
    /// Only events about this record.
    #[param(format = Uuid)]
    pub resource: Option<String>,
}

words! {
    /// The operation on a record.
    AuditOperation: OPERATIONS,
}

/// The operations as they are spelled in the API; the store has them in upper case.
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

/// Reads the parameters of [`AuditFilterParams`] and [`AuditListParams`].
pub(super) fn read_of_list(query: &mut Fields) -> AuditQuery {
    let mut wanted = read(query);
    wanted.filter.actor = query.text("actor").max(MAX_ACTOR).optional();
    wanted.filter.resource = query.uuid("resource").optional();
    wanted
}
