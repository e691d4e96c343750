//! The representations of addresses in replies.

use crate::support::envelope::reply;
use crate::support::failure::violation;
use crate::support::vocabulary::words;
use crate::support::wire::{FreeObject, Instant};
use customer_domain::CustomerId;
use customer_domain::address::{Address, AddressProblem, AddressType, PostalAddress, Role};
use customer_domain::customer::LegacyId;
use customer_domain::profile::Phone;
use http_kit::fields::Violation;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

words! {
    /// What an address is used for.
    AddressKind: AddressType::WORDS,
    /// What an address can be the default for.
    AddressRole: Role::WORDS,
}

/// An address of a customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddressBody<'a> {
    /// The address's id.
    pub id: Uuid,
    /// The customer that the address belongs to.
    pub customer_id: Uuid,
    /// What the address is used for.
    #[serde(rename = "type")]
    #[schema(value_type = AddressKind)]
    pub kind: &'static str,
    /// Whether the address is the default for any role.
    pub is_default: bool,
    /// The roles that the address is the default for.
    #[schema(value_type = Vec<AddressRole>)]
    pub roles: Vec<&'static str>,
    /// Given name.
    #[schema(example = "John")]
    pub first_name: Option<&'a str>,
    /// Family name.
    #[schema(example = "Doe")]
    pub last_name: Option<&'a str>,
    /// Company.
    pub company: Option<&'a str>,
    /// Street and number.
    #[schema(example = "123 Main St")]
    pub street: &'a str,
    /// The second line of the street address.
    #[schema(example = "Apt 4B")]
    pub street2: Option<&'a str>,
    /// City.
    #[schema(example = "New York")]
    pub city: Option<&'a str>,
    /// State, province or other region.
    #[schema(example = "NY")]
    pub state: Option<&'a str>,
    /// Postal code.
    #[schema(example = "10001")]
    pub zip_code: Option<&'a str>,
    /// Country: ISO 3166-1 alpha-2.
    #[schema(example = "US")]
    pub country: &'static str,
    /// Phone number as it was written.
    #[schema(example = "+1-555-0123")]
    pub phone: Option<&'a str>,
    /// The customer's name for the address.
    #[schema(example = "Home")]
    pub label: Option<&'a str>,
    /// Whether the address was verified to exist. Changing the place resets it.
    pub is_verified: bool,
    /// Whether the address follows the rules of its country's post.
    pub validation: AddressValidationBody,
    /// Free-form data that the shop stores with the address.
    #[schema(value_type = FreeObject)]
    pub metadata: &'a Map<String, Value>,
    /// The id in Magento.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    pub legacy_id: Option<i64>,
    /// The edit token; in quotes, it is the `ETag`.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the address was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When the address or its roles last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

/// Whether an address follows the rules of its country's post. The form of the address and the
/// postal code are checked, but not whether the place exists.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddressValidationBody {
    /// Whether there are no problems.
    pub is_valid: bool,
    /// The fields that are missing or do not match the country's format.
    pub problems: Vec<ValidationProblemBody>,
}

/// A way in which an address breaks the rules of its country's post. An address with such a problem
/// is rejected, except that problems of `state` are only hints.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationProblemBody {
    /// The member concerned.
    #[schema(example = "zipCode")]
    pub field: &'static str,
    /// `REQUIRED` or `INVALID_VALUE`.
    #[schema(example = "INVALID_VALUE")]
    pub code: &'static str,
    /// What would be accepted.
    #[schema(example = "an address in US has a postal code of its form, such as 95014")]
    pub detail: String,
}

/// The result of checking an address, which is not stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationBody {
    /// Whether there are no problems.
    pub is_valid: bool,
    /// The fields that are missing or do not match the country's format.
    pub problems: Vec<ValidationProblemBody>,
    /// The address as the post would write it.
    pub normalised: NormalisedAddressBody,
}

/// An address as the post would write it: regions by their key, postal codes in upper case, and
/// white space reduced to single blanks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NormalisedAddressBody {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Street and number; `null` if not given.
    pub street: Option<String>,
    /// The second line of the street address.
    pub street2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State, province or other region.
    pub state: Option<String>,
    /// Postal code.
    pub zip_code: Option<String>,
    /// Country: ISO 3166-1 alpha-2; the tenant's if not given.
    pub country: &'static str,
    /// Phone number as it was written.
    pub phone: Option<String>,
}

reply! {
    /// An address.
    AddressReply {
        /// An address.
        AddressData<'a> {
            /// The address.
            address: AddressBody<'a>,
        }
    }
}

reply! {
    /// The addresses of a customer.
    AddressListReply {
        /// The addresses of a customer.
        AddressListData<'a> {
            /// The addresses, oldest first.
            addresses: Vec<AddressBody<'a>>,
        }
    }
}

reply! {
    /// The result of checking an address.
    ValidationReply {
        /// The result of checking an address.
        ValidationData {
            /// The result.
            validation: ValidationBody,
        }
    }
}

impl<'a> AddressBody<'a> {
    /// Creates the representation of a customer's address.
    pub fn new(customer: CustomerId, address: &'a Address) -> Self {
        let Address {
            id,
            kind,
            default_shipping: _,
            default_billing: _,
            postal,
            label,
            is_verified,
            metadata,
            legacy_id,
            version,
            created_at,
            updated_at,
        } = address;
        let PostalAddress {
            first_name,
            last_name,
            company,
            street,
            street2,
            city,
            region,
            postal_code,
            country,
            phone,
        } = postal;
        let roles: Vec<_> = address.roles().into_iter().map(Role::as_str).collect();
        Self {
            id: id.0,
            customer_id: customer.0,
            kind: kind.as_str(),
            is_default: !roles.is_empty(),
            roles,
            first_name: first_name.as_deref(),
            last_name: last_name.as_deref(),
            company: company.as_deref(),
            street,
            street2: street2.as_deref(),
            city: city.as_deref(),
            state: region.as_deref(),
            zip_code: postal_code.as_deref(),
            country: country.code(),
            phone: phone.as_ref().map(Phone::as_str),
            label: label.as_deref(),
            is_verified: *is_verified,
            validation: AddressValidationBody::new(postal),
            metadata,
            legacy_id: legacy_id.map(LegacyId::get),
            version: *version,
            created_at: Instant(*created_at),
            updated_at: Instant(*updated_at),
        }
    }
}

impl AddressValidationBody {
    pub(super) fn new(postal: &PostalAddress) -> Self {
        let problems = postal.check();
        let problems: Vec<_> = problems.iter().map(ValidationProblemBody::new).collect();
        Self {
            is_valid: problems.is_empty(),
            problems,
        }
    }
}

impl ValidationProblemBody {
    fn new(problem: &AddressProblem) -> Self {
        let Violation { code, detail } = violation(problem.refusal());
        Self {
            field: problem.field.as_str(),
            code: code.as_str(),
            detail,
        }
    }
}

impl ValidationBody {
    /// Checks an address and returns the result.
    pub fn new(postal: &PostalAddress) -> Self {
        let AddressValidationBody { is_valid, problems } = AddressValidationBody::new(postal);
        Self {
            is_valid,
            problems,
            normalised: NormalisedAddressBody::new(postal.normalised()),
        }
    }
}

impl NormalisedAddressBody {
    fn new(postal: PostalAddress) -> Self {
        let PostalAddress {
            first_name,
            last_name,
            company,
            street,
            street2,
            city,
            region,
            postal_code,
            country,
            phone,
        } = postal;
        Self {
            first_name,
            last_name,
            company,
            street: Some(street).filter(|street| !street.is_empty()),
            street2,
            city,
            state: region,
            zip_code: postal_code,
            country: country.code(),
            phone: phone.map(|phone| phone.as_str().to_owned()),
        }
    }
}
