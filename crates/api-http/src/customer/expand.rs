//! `expand`: related records in the representation of a customer.

use crate::address::AddressBody;
use crate::api::Api;
use crate::support::failure;
use customer_domain::address::Address;
use customer_domain::customer::CustomerRecord;
use customer_domain::{Context, CustomerId};
use http_kit::fault;
use http_kit::fields::{Fields, Violation};
use http_kit::problem::HttpResult;
use std::collections::HashMap;

/// The values of the parameter. Tags are always included; requesting them is allowed nevertheless.
const WORDS: [&str; 2] = [ADDRESSES, "tags"];
const ADDRESSES: &str = "addresses";

/// The related records that a reply may include.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExpandParams {
    /// `addresses` (the 100 oldest of each customer), `tags` (which are always included), or both,
    /// separated by a comma.
    #[param(pattern = "^(addresses|tags)(,(addresses|tags))*$")]
    pub expand: Option<String>,
}

/// The related records that a request expands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Expand {
    addresses: bool,
}

/// The expanded records of some customers.
#[derive(Debug, Default)]
pub(super) struct Related {
    pub(super) addresses: Option<HashMap<CustomerId, Vec<Address>>>,
}

impl Expand {
    /// Reads the parameter: words, separated by commas.
    pub(super) fn read(query: &mut Fields) -> Self {
        let words = query.texts("expand").then(|words| known(&words)).optional();
        let words = words.unwrap_or_default();
        Self {
            addresses: words.contains(&ADDRESSES),
        }
    }

    /// Returns whether records are requested that have to be read separately.
    pub(super) fn is_of_records(self) -> bool {
        self.addresses
    }

    /// Reads the requested records of all these customers at once.
    pub(super) async fn related(
        self,
        api: &Api,
        context: &Context,
        customers: &[CustomerRecord],
    ) -> HttpResult<Related> {
        if !self.addresses || customers.is_empty() {
            let addresses = self.addresses.then(HashMap::new);
            return Ok(Related { addresses });
        }
        let ids: Vec<_> = customers.iter().map(|record| record.customer.id).collect();
        let books = api.addresses.books(context, &ids).await;
        Ok(Related {
            addresses: Some(books.map_err(failure::store)?),
        })
    }
}

impl Related {
    /// Returns the addresses of a customer, if they were requested.
    pub(super) fn addresses(&self, customer: CustomerId) -> Option<Vec<AddressBody<'_>>> {
        let book = self.addresses.as_ref()?.get(&customer);
        let addresses = book.into_iter().flatten();
        Some(
            addresses
                .map(|address| AddressBody::new(customer, address))
                .collect(),
        )
    }
}

fn known(words: &[String]) -> Result<Vec<&'static str>, Violation> {
    let known = words.iter().map(|word| {
        let mut known = WORDS.into_iter();
        known.find(|known| word.trim().eq_ignore_ascii_case(known))
    });
    known.collect::<Option<_>>().ok_or_else(|| {
        let accepted = WORDS.join(", ");
        Violation::new(
            fault::INVALID_VALUE,
            format!("these are accepted, separated by commas: {accepted}"),
        )
    })
}
