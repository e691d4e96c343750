//! By what a customer is known beside its id, as SQL.

use crate::pg::sql::{Sql, sql};
use customer_domain::customer::Identifier;

/// The condition that selects the rows `k` of e-mail addresses.
pub(super) const EMAIL: Sql = Sql::text("k.kind = 'email'");
const LEGACY: Sql = Sql::text("k.kind = 'legacy'");
/// Written out, it allows the index of the kinds of other systems.
pub(super) const EXTERNAL: Sql = Sql::text("k.kind LIKE 'external:_%'");

/// Returns the condition that selects the rows `k` of an identifier's kind. Each form implies the
/// condition of the index of that kind.
pub(super) fn kind(identifier: &Identifier) -> Sql {
    match identifier {
        Identifier::Email(_) => EMAIL,
        Identifier::Legacy(_) => LEGACY,
        Identifier::External(_) => sql!("k.kind = {} AND {}", identifier.kind(), EXTERNAL),
    }
}

/// Returns a select of the ids of the customers that have a value: the living one, or the deleted
/// ones that gave it up.
pub(super) fn select(tenant: &Sql, kind: &Sql, value: &Sql, is_given_up: bool) -> Sql {
    let has = Sql::text(if is_given_up { "NOT NULL" } else { "NULL" });
    sql!(
        "SELECT k.customer_id FROM customer_identifiers k \
         WHERE k.tenant_id = {} AND {} AND k.value = {} AND k.given_up_at IS {}",
        tenant,
        kind,
        value,
        has
    )
}

/// Returns the id of the living customer that has a value.
pub(super) fn holder(tenant: &Sql, kind: &Sql, value: &Sql) -> Sql {
    sql!("({})", select(tenant, kind, value, false))
}

/// Returns the id of the living customer that has a value, or else of the deleted one that gave it
/// up last. It is a select of its own, because under row-level security a condition with a bare
/// coalesce uses no index.
pub(super) fn last_holder(tenant: &Sql, kind: &Sql, value: &Sql) -> Sql {
    sql!(
        "(SELECT coalesce({}, ({} ORDER BY k.given_up_at DESC LIMIT 1)))",
        holder(tenant, kind, value),
        select(tenant, kind, value, true)
    )
}

/// Returns the id of the customer whose legacy id is `value`, or was before it was deleted.
pub(crate) fn by_legacy(tenant: &Sql, value: &Sql) -> Sql {
    last_holder(tenant, &LEGACY, value)
}
