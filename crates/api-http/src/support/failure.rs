//! Converts failures of the domain into problem documents.

use crate::code::Code;
use crate::metrics;
use crate::support::stated::read_only;
use customer_app::Failed;
use customer_app::access::{Needed, Refusal};
use customer_domain::idempotency::ClaimError;
use customer_domain::{InvalidValue, StoreError, ValueFault};
use http_kit::fault::{self, Fault};
use http_kit::fields::{Fields, Violation};
use http_kit::problem::Problem;
use std::fmt::Display;

/// The seconds to wait before retrying when the store was unavailable.
const RETRY_AFTER: u32 = 1;

const STEP_UP: &str = "prove who you are again: the last proof is older than five minutes";

/// Returns the problem for an error of the store that the route does not handle itself.
pub(crate) fn store(error: StoreError) -> Problem {
    match error {
        StoreError::Unavailable(reason) => {
            tracing::warn!(cause = reason, "the store is unavailable");
            Problem::new(Code::Unavailable)
                .detail("the database cannot be reached")
                .retry_after(RETRY_AFTER)
        }
        StoreError::Keys => Problem::new(Code::Unavailable)
            .detail("this replica cannot use the keys that seal personal data")
            .retry_after(RETRY_AFTER),
        StoreError::Contended => Problem::new(Code::Unavailable)
            .detail("too many changes to one record at once")
            .retry_after(RETRY_AFTER),
        StoreError::TooSlow => Problem::new(Code::Unavailable)
            .detail("the database is too slow to answer for now")
            .retry_after(RETRY_AFTER),
        error @ (StoreError::Conflict(_) | StoreError::NotFound | StoreError::Corrupt { .. }) => {
            tracing::error!(%error, "the store failed in a way that no request should be able to cause");
            Code::Internal.into()
        }
    }
}

/// Returns the problem for a failed use case. `missing` is the code for a missing record, and
/// `rule` maps the violated rules of the slice.
pub(crate) fn of<R: Display>(
    error: Failed<R>,
    missing: Code,
    fields: &Fields,
    rule: impl FnOnce(R) -> Problem,
) -> Problem {
    match error {
        Failed::NotFound => missing.into(),
        ref deleted @ Failed::CustomerDeleted => {
            Problem::new(Code::StateConflict).detail(deleted.to_string())
        }
        ref conflict @ Failed::VersionConflict { current } => Problem::new(Code::VersionConflict)
            .detail(conflict.to_string())
            .member("currentVersion", current),
        Failed::ReadOnly(names) => {
            let faults = names.into_iter();
            let faults = faults.map(|name| read_only(fields.pointer(name)));
            Problem::from_faults(faults.collect())
        }
        Failed::Forbidden {
            refusal,
            fields: names,
        } => {
            let detail = "a customer may not change this of itself";
            let fault = |name| Fault::new(fields.pointer(name), Code::PermissionDenied, detail);
            let faults = names.into_iter().map(fault);
            faults.fold(refused(refusal), Problem::fault)
        }
        Failed::Lacking { needed, .. } => {
            tracing::error!(%needed, "a use case did not record a refusal");
            Code::Internal.into()
        }
        Failed::Rule(violated) => rule(violated),
        Failed::Claim(error) => claim(error),
        Failed::Store(error) => store(error),
    }
}

/// Returns the problem for a caller who lacks what a request needs.
pub(crate) fn refused(refusal: Refusal) -> Problem {
    count(refusal);
    Problem::new(Code::PermissionDenied).detail(match refusal.needed() {
        Needed::Permission(scope) => format!("the scope {} is needed", scope.as_str()),
        Needed::AllTenants => "a key with customers:admin for all tenants is needed".to_owned(),
        Needed::Customer => "only the customer itself may do this".to_owned(),
        Needed::StepUp => STEP_UP.to_owned(),
    })
}

/// Returns the problem for a customer who has to authenticate again.
pub(crate) fn step_up_required(refusal: Refusal) -> Problem {
    count(refusal);
    Problem::new(Code::StepUpRequired).detail(STEP_UP)
}

fn count(refusal: Refusal) {
    if refusal.audit_failed() {
        metrics::audit_failed();
    }
}

/// Returns the problem for a claim that was not granted.
fn claim(error: ClaimError) -> Problem {
    match error {
        ClaimError::InFlight => Problem::new(Code::IdempotencyInFlight)
            .detail("a request with this Idempotency-Key is still in progress")
            .retry_after(RETRY_AFTER),
        ClaimError::KeyReused => Problem::new(Code::IdempotencyKeyReused)
            .detail("this Idempotency-Key was used with another request"),
        ClaimError::Store(error) => store(error),
    }
}

/// Converts the error of a domain rule into that of a field.
pub(crate) fn rule<T>(result: Result<T, InvalidValue>) -> Result<T, Violation> {
    result.map_err(violation)
}

/// Converts an invalid value into the violation of a field.
pub(crate) fn violation(value: InvalidValue) -> Violation {
    let code = match value.fault {
        ValueFault::Required => fault::REQUIRED,
        ValueFault::TooLong => fault::TOO_LONG,
        ValueFault::Invalid => fault::INVALID_VALUE,
        ValueFault::Email => Code::InvalidEmailFormat.into(),
        ValueFault::WeakPassword => Code::WeakPassword.into(),
    };
    Violation::new(code, value.detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn a_refusal_that_no_use_case_recorded_is_an_internal_error() {
        let unrecorded: Failed<Infallible> = Failed::Lacking {
            needed: Needed::StepUp,
            fields: vec!["/status"],
        };
        let fields = Fields::query(None);
        let problem = of(
            unrecorded,
            Code::CustomerNotFound,
            &fields,
            |rule| match rule {},
        );
        assert_eq!(problem.code(), Code::Internal);
        assert!(problem.faults().is_empty());
    }
}
