//! What requests about addresses say, for the document. Null clears where it is allowed.

use super::AddressKind;
use crate::support::wire::{CustomerReference, FreeObject};

macro_rules! address_body {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        $(#[$meta])*
        pub struct $name {
            $($own)*
            /// The tenant; it must be one that the caller may act in.
            pub tenant_id: Option<String>,
            /// The customer; it must be the one that the path names.
            #[schema(nullable = false)]
            pub customer_id: Option<CustomerReference>,
            /// What it is for; shipping unless given.
            #[serde(rename = "type")]
            pub kind: Option<AddressKind>,
            /// `true`: it becomes the default in all roles of its type. `false`: it hands on those
            /// that it has.
            #[schema(nullable = false)]
            pub is_default: Option<bool>,
            /// Given name.
            #[schema(max_length = 100)]
            pub first_name: Option<String>,
            /// Family name.
            #[schema(max_length = 100)]
            pub last_name: Option<String>,
            /// Company.
            #[schema(max_length = 255)]
            pub company: Option<String>,
            /// What the first line has no room for.
            #[schema(max_length = 255)]
            pub street2: Option<String>,
            /// City; needed where the country's addresses have one.
            #[schema(max_length = 100)]
            pub city: Option<String>,
            /// State, province or other region, by name or code.
            #[schema(max_length = 100)]
            pub state: Option<String>,
            /// Postal code; needed where the country uses one, in its form.
            #[schema(max_length = 20)]
            pub zip_code: Option<String>,
            /// Country: ISO 3166-1 alpha-2; the tenant's unless given.
            #[schema(pattern = "^[A-Za-z]{2}$", nullable = false)]
            pub country: Option<String>,
            /// Phone number: at least 4 digits, grouped as you like.
            #[schema(min_length = 4, max_length = 20, pattern = r"^[+]?[0-9 ./()\-]+$")]
            pub phone: Option<String>,
            /// The customer's word for it.
            #[schema(max_length = 50)]
            pub label: Option<String>,
            /// Whether somebody made sure that it exists.
            #[schema(nullable = false)]
            pub is_verified: Option<bool>,
            /// What else the shop keeps with it, merged member by member.
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
        #[schema(min_length = 1, max_length = 255)]
        pub street: String,
    }
}

address_body! {
    /// A merge into an address: absent members keep, null clears. What was read may be sent back
    /// as it is: members that cannot be written are accepted when they are what is stored.
    #[serde(rename_all = "camelCase")]
    UpdateAddressBody {
        /// Street and number.
        #[schema(min_length = 1, max_length = 255, nullable = false)]
        pub street: Option<String>,
        /// The version that was read; acts as `If-Match`.
        #[schema(minimum = 1)]
        pub version: Option<i64>,
    }
}

address_body! {
    /// An address to be looked at. Everything may be missing: what is needed is told.
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    ValidateAddressBody {
        /// Street and number.
        #[schema(max_length = 255, nullable = false)]
        pub street: Option<String>,
    }
}
