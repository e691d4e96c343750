//! Why an address could not be stored or changed, as a problem.

use super::fields::SentAs;
use crate::http::fault::{self, Fault};
use crate::http::problem::{Code, Problem};
use crate::support::failure;
use crate::support::stated::read_only;
use customer_app::address::AddressError;
use customer_domain::customer::MAX_METADATA_BYTES;

pub(super) fn problem(error: AddressError, sent_as: &SentAs) -> Problem {
    match error {
        AddressError::ReadOnly(names) => {
            let faults = names.into_iter();
            let faults = faults.map(|name| read_only(sent_as.pointer(name)));
            Problem::from_faults(faults.collect())
        }
        AddressError::Invalid(problems) => {
            let faults = problems.iter().map(|problem| sent_as.fault(problem));
            Problem::from_faults(faults.collect())
        }
        AddressError::Overgrown => Problem::from_faults(vec![Fault::new(
            sent_as.pointer("metadata"),
            fault::TOO_LONG,
            format!(
                "together with what is stored at most {MAX_METADATA_BYTES} bytes of JSON are accepted"
            ),
        )]),
        AddressError::NotCovered { kind, .. } => Problem::from_faults(vec![Fault::new(
            sent_as.pointer("role"),
            fault::INVALID_VALUE,
            format!(
                "an address of the type {} serves in that role alone",
                kind.as_str()
            ),
        )]),
        AddressError::LimitExceeded { limit } => Problem::new(Code::AddressLimitExceeded)
            .detail(format!("a customer may have at most {limit} addresses"))
            .member("limit", limit),
        AddressError::Duplicate(equal) => {
            let problem = Problem::new(Code::DuplicateAddress)
                .detail("it would become equal to another address of the customer");
            match equal {
                Some(id) => problem.member("addressId", id.to_string()),
                None => problem,
            }
        }
        AddressError::LegacyIdTaken => {
            Problem::new(Code::IdentifierAlreadyExists).detail("another address has this legacyId")
        }
        AddressError::VersionConflict { current } => failure::version_conflict(current),
        AddressError::CustomerDeleted => {
            Problem::new(Code::StateConflict).detail(AddressError::CustomerDeleted.to_string())
        }
        AddressError::CustomerNotFound => Code::CustomerNotFound.into(),
        AddressError::NotFound => Code::AddressNotFound.into(),
        AddressError::Claim(error) => failure::claim(error),
        AddressError::Store(error) => failure::store(error),
    }
}

/// Why an address could not be read.
pub(crate) fn of_read(error: AddressError) -> Problem {
    problem(error, &SentAs::nothing())
}
