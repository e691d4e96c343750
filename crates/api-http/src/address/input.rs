//! The bodies of requests about addresses, for the OpenAPI document.

use super::AddressKind;
use crate::support::wire::{CustomerReference, FreeObject};

macro_rules! address_body {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        $(#[$meta])*
        pub struct $name {
            $($own)*
            /// The tenant; must be one that the caller may act in.
            pub tenant_id: Option<String>,
            /// The customer; must be the one in the path.
            #[schema(nullable = false)]
            pub customer_id: Option<CustomerReference>,
            /// What the address is used for; shipping by default.
            #[serde(rename = "type")]
            pub kind: Option<AddressKind>,
            /// `true` makes it the default for all roles of its type; `false` gives up the roles
            /// that it has.
            #[schema(nullable = false)]
            pub is_default: Option<bool>,
            /// Given name.
            pub first_name: Option<String>,
            /// Family name.
            pub last_name: Option<String>,
            /// Company.
            pub company: Option<String>,
            /// The second line of the street address.
            pub street2: Option<String>,
            /// City; required if the country's addresses have one.
            pub city: Option<String>,
            /// State, province or other region, by name or code.
            pub state: Option<String>,
            /// Postal code; required if the country uses one, in the country's format.
            pub zip_code: Option<String>,
            /// Country: ISO 3166-1 alpha-2; the tenant's by default.
            #[schema(pattern = "^[A-Za-z]{2}$", nullable = false)]
            pub country: Option<String>,
            /// Phone number, as people write it.
            #[schema(min_length = 1)]
            pub phone: Option<String>,
            /// The customer's name for the address.
            pub label: Option<String>,
            /// Whether the address was verified to exist.
            #[schema(nullable = false)]
            pub is_verified: Option<bool>,
            /// Free-form data that the shop stores with the address, merged member by member.
            pub metadata: Option<FreeObject>,
            /// The id in Magento.
            #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
            pub legacy_id: Option<i64>,
        }
    };
}

address_body! {
    /// A new address.
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    CreateAddressBody {
        /// Street and number.
        #[schema(min_length = 1)]
        pub street: String,
    }
}

address_body! {
    /// A merge into an address: absent members stay as they are, `null` clears. A representation
    /// that was read may be sent back: read-only members are accepted if they equal what is stored.
    #[serde(rename_all = "camelCase")]
    UpdateAddressBody {
        /// Street and number.
        #[schema(min_length = 1, nullable = false)]
        pub street: Option<String>,
        /// The version that was read; has the same effect as `If-Match`.
        #[schema(minimum = 1)]
        pub version: Option<i64>,
    }
}

address_body! {
    /// An address to be checked. Every member is optional: the result lists those that are missing.
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    ValidateAddressBody {
        /// Street and number.
        #[schema(nullable = false)]
        pub street: Option<String>,
    }
}
