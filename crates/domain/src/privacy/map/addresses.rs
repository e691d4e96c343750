//! Address books. Orders refer to an address, so its row stays, while its content is erased.

use super::customers::owner;
use super::purpose::{DELIVERY, SERVICE};
use super::{Erase, Table, personal, plain};

/// The reason why a column stays.
const BARE_ROW: Erase =
    Erase::Keep("orders refer to the row, which no longer says whose address it was or where");

pub(super) const TABLES: &[Table] = &[Table {
    name: "customer_addresses",
    columns: &[
        plain("tenant_id"),
        owner(BARE_ROW),
        personal("id", &DELIVERY, BARE_ROW)
            .export("id")
            .also(&["address_id"])
            .in_logs(),
        personal("type", &DELIVERY, BARE_ROW)
            .export("type")
            .in_logs(),
        personal("default_shipping", &DELIVERY, Erase::Overwrite("false")).in_logs(),
        personal("default_billing", &DELIVERY, Erase::Overwrite("false")).in_logs(),
        personal("first_name", &DELIVERY, Erase::Null).export("firstName"),
        personal("last_name", &DELIVERY, Erase::Null).export("lastName"),
        personal("company", &DELIVERY, Erase::Null).export("company"),
        personal("address_line_1", &DELIVERY, Erase::Overwrite(""))
            .export("street")
            .also(&["address1", "address"]),
        personal("address_line_2", &DELIVERY, Erase::Null)
            .export("street2")
            .also(&["address2"]),
        personal("city", &DELIVERY, Erase::Null).export("city"),
        personal("state_province", &DELIVERY, Erase::Null)
            .export("state")
            .also(&["region", "province"]),
        personal("postal_code", &DELIVERY, Erase::Null)
            .export("zipCode")
            .also(&["zip", "postcode"]),
        personal(
            "country_code",
            &DELIVERY,
            Erase::Keep("taxes were paid by it; a country alone is no person's"),
        )
        .export("country")
        .in_logs(),
        personal("phone", &DELIVERY, Erase::Null).export("phone"),
        personal("label", &DELIVERY, Erase::Null).export("label"),
        personal("is_verified", &DELIVERY, Erase::Overwrite("false"))
            .export("isVerified")
            .in_logs(),
        personal("metadata", &SERVICE, Erase::Overwrite("{}"))
            .rest()
            .export("metadata"),
        personal("legacy_id", &DELIVERY, Erase::Null).export("legacyId"),
        // Random, because no two addresses of a customer may have equal digests; it no longer finds
        // anything.
        personal("digest", &DELIVERY, Erase::Overwrite("32 random bytes")),
        plain("version"),
        personal("created_at", &DELIVERY, BARE_ROW)
            .export("createdAt")
            .in_logs(),
        personal("updated_at", &DELIVERY, BARE_ROW)
            .export("updatedAt")
            .in_logs(),
        personal("deleted_at", &DELIVERY, BARE_ROW)
            .export("deletedAt")
            .in_logs(),
    ],
}];
