//! The errors of the address book as problem documents.

use super::fields::{missing_country, problem_fault};
use crate::code::Code;
use crate::support::failure;
use customer_app::address::{AddressError, AddressRule};
use customer_domain::customer::MAX_METADATA_BYTES;
use http_kit::fault::{self, Fault};
use http_kit::fields::Fields;
use http_kit::problem::Problem;

/// Returns the problem for an error, with the pointers of the request's members.
pub(crate) fn problem(error: AddressError, fields: &Fields) -> Problem {
    let invalid = |name: &str, code, detail: String| {
        Problem::from_faults(vec![Fault::new(fields.pointer(name), code, detail)])
    };
    failure::of(error, Code::CustomerNotFound, fields, |rule| match rule {
        AddressRule::Invalid(problems) => {
            let faults = problems.iter();
            let faults = faults.map(|problem| problem_fault(fields, problem));
            Problem::from_faults(faults.collect())
        }
        AddressRule::NoCountry => {
            Problem::from_faults(missing_country(fields, None, &[]).into_iter().collect())
        }
        AddressRule::TooLarge => invalid(
            "metadata",
            fault::TOO_LONG,
            format!(
                "together with what is stored at most {MAX_METADATA_BYTES} bytes of JSON are accepted"
            ),
        ),
        AddressRule::NotCovered { kind, .. } => invalid(
            "role",
            fault::INVALID_VALUE,
            format!(
                "an address of the type {} serves in that role alone",
                kind.as_str()
            ),
        ),
        AddressRule::LimitExceeded { limit } => Problem::new(Code::AddressLimitExceeded)
            .detail(format!("a customer may have at most {limit} addresses"))
            .member("limit", limit),
        AddressRule::Duplicate(equal) => {
            let problem = Problem::new(Code::DuplicateAddress)
                .detail("it would become equal to another address of the customer");
            match equal {
                Some(id) => problem.member("addressId", id.to_string()),
                None => problem,
            }
        }
        AddressRule::LegacyIdTaken => {
            Problem::new(Code::IdentifierAlreadyExists).detail("another address has this legacyId")
        }
        AddressRule::NotFound => Code::AddressNotFound.into(),
    })
}
