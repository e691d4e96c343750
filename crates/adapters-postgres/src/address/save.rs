//! A changed book: first what is given up, then what is there.

use crate::pg::builder::{self, Builder, Parameters};
use crate::pg::sql::{Sql, sql};
use customer_domain::address::{BookChanges, Role, WrittenAddress};
use customer_domain::customer::LegacyId;
use customer_domain::profile::Phone;
use customer_domain::{AddressId, TenantId};
use sqlx::types::Json;

/// Removed addresses, and roles that somebody else is to have: the unique indexes look at each
/// row as it is written, so whoever holds a role or a digest must let go of it first.
pub(super) fn give_up(tenant: TenantId, changes: &BookChanges) -> Vec<Sql> {
    let key = sql!(
        "tenant_id = {} AND customer_id = {}",
        tenant,
        changes.customer
    );
    let vacated = changes.vacated.iter().map(|role| {
        let column = column(*role);
        sql!(
            "UPDATE customer_addresses SET {} = false WHERE {} AND {} AND deleted_at IS NULL",
            column,
            key,
            column
        )
    });
    let removed = changes.removed.iter().map(|removed| {
        sql!(
            "UPDATE customer_addresses SET default_shipping = false, default_billing = false, \
             version = {}, updated_at = {}, deleted_at = {} WHERE {} AND id = {}",
            removed.version,
            removed.at,
            removed.at,
            key,
            removed.id
        )
    });
    vacated.chain(removed).collect()
}

fn column(role: Role) -> Sql {
    Sql::text(match role {
        Role::Shipping => "default_shipping",
        Role::Billing => "default_billing",
    })
}

/// The addresses that are new or different, as whole rows. `$1` is the tenant, `$2` the customer.
pub(super) fn write(tenant: TenantId, changes: &BookChanges) -> Builder {
    let mut statement = Builder::with_ids(&[tenant.0, changes.customer.0]);
    statement.push(
        "INSERT INTO customer_addresses (tenant_id, customer_id, id, type, default_shipping, \
         default_billing, first_name, last_name, company, address_line_1, address_line_2, city, \
         state_province, postal_code, country_code, phone, label, is_verified, metadata, legacy_id, \
         digest, version, created_at, updated_at)",
    );
    builder::values(&mut statement, "$1, $2", &changes.written, bind);
    statement.push(
        " ON CONFLICT (tenant_id, customer_id, id) DO UPDATE SET type = excluded.type, \
         default_shipping = excluded.default_shipping, default_billing = excluded.default_billing, \
         first_name = excluded.first_name, last_name = excluded.last_name, company = excluded.company, \
         address_line_1 = excluded.address_line_1, address_line_2 = excluded.address_line_2, \
         city = excluded.city, state_province = excluded.state_province, \
         postal_code = excluded.postal_code, country_code = excluded.country_code, \
         phone = excluded.phone, label = excluded.label, is_verified = excluded.is_verified, \
         metadata = excluded.metadata, legacy_id = excluded.legacy_id, digest = excluded.digest, \
         version = excluded.version, updated_at = excluded.updated_at \
         WHERE customer_addresses.tenant_id = $1",
    );
    statement
}

fn bind(row: &mut Parameters<'_>, written: &WrittenAddress) {
    let address = &written.address;
    let postal = &address.postal;
    row.push_bind(address.id.0)
        .push_bind(address.kind.code())
        .push_bind(address.default_shipping)
        .push_bind(address.default_billing)
        .push_bind(postal.first_name.as_deref())
        .push_bind(postal.last_name.as_deref())
        .push_bind(postal.company.as_deref())
        .push_bind(postal.street.as_str())
        .push_bind(postal.street2.as_deref())
        .push_bind(postal.city.as_deref())
        .push_bind(postal.region.as_deref())
        .push_bind(postal.postal_code.as_deref())
        .push_bind(postal.country.code())
        .push_bind(postal.phone.as_ref().map(Phone::as_str))
        .push_bind(address.label.as_deref())
        .push_bind(address.is_verified)
        .push_bind(Json(&address.metadata))
        .push_bind(address.legacy_id.map(LegacyId::get));
    match &written.digest {
        Some(digest) => row.push_bind(digest.as_slice()),
        None => stored_digest(row, address.id),
    };
    row.push_bind(address.version)
        .push_bind(address.created_at)
        .push_bind(address.updated_at);
}

/// The digest that an address has. A row is judged as a whole before it is known that it replaces
/// another, so that it cannot be left out.
fn stored_digest<'p, 's>(row: &'p mut Parameters<'s>, id: AddressId) -> &'p mut Parameters<'s> {
    row.push(
        "(SELECT s.digest FROM customer_addresses s WHERE s.tenant_id = $1 AND s.customer_id = $2 AND s.id = ",
    )
    .push_bind_unseparated(id.0)
    .push_unseparated(")")
}
