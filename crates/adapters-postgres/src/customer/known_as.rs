//! By what a customer is known beside its id, as SQL.

use crate::pg::sql::{Sql, sql};
use customer_domain::customer::Identifier;

/// Returns the condition that selects the rows `k` of an identifier's kind. Each form implies the
/// condition of the index of that kind.
pub(super) fn kind(identifier: &Identifier) -> Sql {
    match identifier {
        Identifier::Email(_) => Sql::text("k.kind = 'email'"),
        Identifier::Legacy(_) => Sql::text("k.kind = 'legacy'"),
        Identifier::External(_) => sql!("k.kind = {} AND {}", identifier.kind(), EXTERNAL),
    }
}

/// Written out, it allows the index.
pub(super) const EXTERNAL: Sql = Sql::text("k.kind LIKE 'external:_%'");

/// Returns the id of the living customer that has a value.
pub(super) fn holder(tenant: &Sql, kind: &Sql, value: &Sql) -> Sql {
    sql!(
        "(SELECT k.customer_id FROM customer_identifiers k \
          WHERE k.tenant_id = {} AND {} AND k.value = {} AND k.given_up_at IS NULL)",
        tenant,
        kind,
        value
    )
}

/// Returns the id of the living customer that has a value, else that of the deleted one that gave it
/// up last. A select of its own: under row-level security, a condition with a bare coalesce reaches no
/// index.
pub(super) fn last_holder(tenant: &Sql, kind: &Sql, value: &Sql) -> Sql {
    sql!(
        "(SELECT coalesce({}, (SELECT k.customer_id FROM customer_identifiers k \
          WHERE k.tenant_id = {} AND {} AND k.value = {} AND k.given_up_at IS NOT NULL \
          ORDER BY k.given_up_at DESC LIMIT 1)))",
        holder(tenant, kind, value),
        tenant,
        kind,
        value
    )
}

/// Returns the id of the customer whose legacy id is `value`, or was before it was deleted.
pub(crate) fn by_legacy(tenant: &Sql, value: &Sql) -> Sql {
    last_holder(tenant, &Sql::text("k.kind = 'legacy'"), value)
}
