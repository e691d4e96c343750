//! Writes a changed address book: first roles and digests are released, then rows are written.

use crate::pg::builder::{self, Branches, Parameters};
use crate::pg::sql::{Sql, sql};
use chrono::{DateTime, Utc};
use customer_domain::address::{Address, BookChanges, PostalAddress, Role, WrittenAddress};
use customer_domain::customer::LegacyId;
use customer_domain::profile::Phone;
use customer_domain::{AddressId, TenantId};
use sqlx::types::Json;

/// Returns the statements that delete removed addresses and clear roles that move to another
/// address. They run first: the unique indexes check each row as it is written, so a role or a
/// digest must be free before another address takes it.
pub(super) fn release(tenant: TenantId, changes: &BookChanges) -> Vec<Sql> {
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

/// The columns that [`bind`] fills, in its order.
const COLUMNS: [&str; 22] = [
    "id",
    "type",
    "default_shipping",
    "default_billing",
    "first_name",
    "last_name",
    "company",
    "address_line_1",
    "address_line_2",
    "city",
    "state_province",
    "postal_code",
    "country_code",
    "phone",
    "label",
    "is_verified",
    "metadata",
    "legacy_id",
    "digest",
    "version",
    "created_at",
    "updated_at",
];

/// Appends what inserts or replaces new and changed addresses as whole rows. `$1` is the tenant, `$2`
/// the customer.
pub(super) fn write(branches: &mut Branches, changes: &BookChanges) {
    if changes.written.is_empty() {
        return;
    }
    let statement = branches.branch("INSERT INTO customer_addresses (tenant_id, customer_id");
    for column in COLUMNS {
        statement.push(", ").push(column);
    }
    statement.push(")");
    builder::values(statement, "$1, $2", &changes.written, bind);
    statement.push(" ON CONFLICT (tenant_id, customer_id, id) DO UPDATE SET ");
    let mut replaced = statement.separated(", ");
    for column in COLUMNS {
        if !matches!(column, "id" | "created_at") {
            replaced.push(column);
            replaced
                .push_unseparated(" = excluded.")
                .push_unseparated(column);
        }
    }
    statement.push(" WHERE customer_addresses.tenant_id = $1");
}

/// Appends the main statement, which takes the next number of the event sequence of the customer,
/// whom this unit of work has locked, and moves the customer's `updated_at` to `at`, never back.
pub(super) fn move_on(branches: &mut Branches, at: DateTime<Utc>) {
    let update = branches.main(
        "UPDATE customers SET event_seq = event_seq + 1, revision = revision + 1, updated_at = greatest(updated_at, ",
    );
    update.push_bind(at);
    update.push(") WHERE tenant_id = $1 AND id = $2");
}

fn bind(row: &mut Parameters<'_>, written: &WrittenAddress) {
    let WrittenAddress { address, digest } = written;
    let Address {
        id,
        kind,
        default_shipping,
        default_billing,
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
    row.push_bind(id.0)
        .push_bind(kind.code())
        .push_bind(*default_shipping)
        .push_bind(*default_billing)
        .push_bind(first_name.as_deref())
        .push_bind(last_name.as_deref())
        .push_bind(company.as_deref())
        .push_bind(street.as_str())
        .push_bind(street2.as_deref())
        .push_bind(city.as_deref())
        .push_bind(region.as_deref())
        .push_bind(postal_code.as_deref())
        .push_bind(country.code())
        .push_bind(phone.as_ref().map(Phone::as_str))
        .push_bind(label.as_deref())
        .push_bind(*is_verified)
        .push_bind(Json(metadata))
        .push_bind(legacy_id.map(LegacyId::get));
    match digest {
        Some(digest) => row.push_bind(digest.as_slice()),
        None => stored_digest(row, *id),
    };
    row.push_bind(*version)
        .push_bind(*created_at)
        .push_bind(*updated_at);
}

/// Appends the stored digest of an address. It cannot be left out: the constraints of a row are
/// checked before the conflict with the stored row is found.
fn stored_digest<'p, 's>(row: &'p mut Parameters<'s>, id: AddressId) -> &'p mut Parameters<'s> {
    row.push(
        "(SELECT s.digest FROM customer_addresses s WHERE s.tenant_id = $1 AND s.customer_id = $2 AND s.id = ",
    )
    .push_bind_unseparated(id.0)
    .push_unseparated(")")
}
