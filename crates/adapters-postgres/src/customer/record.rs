//! A customer's record as one row: what is selected, and how it is read back.

use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, sql};
use crate::privacy::HELD_KEY;
use customer_domain::customer::{
    AccountState, Customer, CustomerRecord, CustomerType, Email, LegacyId, Status,
};
use customer_domain::group::GroupId;
use customer_domain::preference::{OptIn, Preferences};
use customer_domain::profile::{Gender, Phone, Profile};
use customer_domain::statistics::CustomerSummary;
use customer_domain::tag::Tag;
use customer_domain::tier::Tier;
use customer_domain::{CustomerId, StoreError, TenantId};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the customer `c`, its profile `p`, its preferences `w` and its tier `t`. Each has a
/// unique name in the row, by which [`decode`] reads it.
const PERSON: Sql = Sql::text(
    "c.id AS customer_id, c.email, c.email_key, c.email_verified, p.phone_verified, c.status, c.account_state, \
     c.customer_type, c.group_id, c.first_name, c.last_name, p.date_of_birth, p.gender, p.phone, p.avatar_url, \
     c.registration_source, c.metadata, c.registration_date, c.last_login_at, c.version, c.event_seq, \
     c.created_at, c.updated_at, c.deleted_at, t.tier, t.segment, t.loyalty_points, \
     w.language, w.currency, w.timezone, w.custom_preferences",
);
/// The columns of [`PERSON`], and those of the opt-ins.
fn person() -> Sql {
    let mut person = PERSON;
    for opt_in in OptIn::ALL {
        person.push(", w.").push(opt_in.as_str());
    }
    person
}

/// The tags `g` and the identifiers `i` of one customer.
const TAGS: Sql = Sql::text("json_agg(g.tag)");
const IDENTIFIERS: Sql = Sql::text("json_object_agg(i.kind, i.value)");
/// Excludes the e-mail address, which is a column of [`PERSON`].
const BESIDE_EMAIL: Sql = Sql::text("i.kind <> 'email'");
/// Columns of the statistics `s`.
const TOTALS: Sql = Sql::text(
    "coalesce(s.total_spent, 0) AS total_spent, coalesce(s.order_count, 0) AS order_count",
);

/// The select of one customer `c`, to which a condition is appended. Erased customers are left out.
fn one() -> Sql {
    sql!(
        "SELECT {}, \
         (SELECT {} FROM customer_tags g WHERE g.tenant_id = c.tenant_id AND g.customer_id = c.id) AS tags, \
         (SELECT {} FROM customer_identifiers i \
          WHERE i.tenant_id = c.tenant_id AND i.customer_id = c.id AND {}) AS identifiers, \
         n.settings ->> 'currency' AS total_currency, {} FROM customers c \
         LEFT JOIN customer_profiles p ON p.tenant_id = c.tenant_id AND p.customer_id = c.id \
         LEFT JOIN customer_preferences w ON w.tenant_id = c.tenant_id AND w.customer_id = c.id \
         LEFT JOIN customer_tiers t ON t.tenant_id = c.tenant_id AND t.customer_id = c.id \
         LEFT JOIN tenants n ON n.id = c.tenant_id \
         LEFT JOIN customer_statistics s ON s.tenant_id = c.tenant_id AND s.customer_id = c.id \
         AND s.currency = n.settings ->> 'currency' \
         WHERE c.erased_at IS NULL AND c.tenant_id = $1",
        person(),
        TAGS,
        IDENTIFIERS,
        BESIDE_EMAIL,
        TOTALS
    )
}

/// The records of the customers whose ids are `$2`. Each table is read once, in the order of the
/// ids, and the sorted rows are merged: half of what a look-up per table and customer costs, and
/// the plan is the same for two ids and for a thousand.
fn many() -> Sql {
    let currency = Sql::text("(SELECT n.settings ->> 'currency' FROM tenants n WHERE n.id = $1)");
    sql!(
        "SELECT {}, g.held AS tags, i.held AS identifiers, {} AS total_currency, {} \
         FROM (SELECT c.* FROM customers c WHERE c.tenant_id = $1 AND c.id = ANY($2) \
         AND c.erased_at IS NULL ORDER BY c.id) c \
         LEFT JOIN (SELECT p.* FROM customer_profiles p WHERE p.tenant_id = $1 \
         AND p.customer_id = ANY($2) ORDER BY p.customer_id) p ON p.customer_id = c.id \
         LEFT JOIN (SELECT w.* FROM customer_preferences w WHERE w.tenant_id = $1 \
         AND w.customer_id = ANY($2) ORDER BY w.customer_id) w ON w.customer_id = c.id \
         LEFT JOIN (SELECT t.* FROM customer_tiers t WHERE t.tenant_id = $1 \
         AND t.customer_id = ANY($2) ORDER BY t.customer_id) t ON t.customer_id = c.id \
         LEFT JOIN (SELECT s.* FROM customer_statistics s WHERE s.tenant_id = $1 \
         AND s.customer_id = ANY($2) AND s.currency = {} ORDER BY s.customer_id) s ON s.customer_id = c.id \
         LEFT JOIN (SELECT g.customer_id, {} AS held FROM customer_tags g WHERE g.tenant_id = $1 \
         AND g.customer_id = ANY($2) GROUP BY g.customer_id ORDER BY g.customer_id) g ON g.customer_id = c.id \
         LEFT JOIN (SELECT i.customer_id, {} AS held FROM customer_identifiers i WHERE i.tenant_id = $1 \
         AND i.customer_id = ANY($2) AND {} GROUP BY i.customer_id ORDER BY i.customer_id) i \
         ON i.customer_id = c.id",
        person(),
        currency,
        TOTALS,
        currency,
        TAGS,
        IDENTIFIERS,
        BESIDE_EMAIL
    )
}

/// The statements that every connection prepares: a name, its parameters' types and its text.
/// `$1` is the tenant.
pub(crate) fn prepared() -> Vec<(&'static str, &'static str, Sql)> {
    let by = |condition: Sql| sql!("{} AND {}", one(), condition);
    let known_as = |condition: &'static str| {
        by(sql!(
            "c.id = (SELECT k.customer_id FROM customer_identifiers k WHERE k.tenant_id = $1 AND {})",
            Sql::text(condition)
        ))
    };
    let lock = |condition: &'static str| {
        sql!(
            "UPDATE customers SET event_seq = event_seq + 1 \
             WHERE tenant_id = $1 AND erased_at IS NULL AND {} RETURNING id AS locked_id, {} AS held_key",
            Sql::text(condition),
            HELD_KEY
        )
    };
    vec![
        ("customer_by_id", "uuid, uuid", by(Sql::text("c.id = $2"))),
        ("customer_by_ids", "uuid, uuid[]", many()),
        (
            "customer_by_user",
            "uuid, uuid",
            by(sql!(
                "c.id = $2 AND c.account_state = {}",
                AccountState::Registered.code()
            )),
        ),
        (
            "customer_by_email",
            "uuid, text",
            known_as("k.kind = 'email' AND k.value = $2"),
        ),
        (
            "customer_by_legacy",
            "uuid, text",
            known_as("k.kind = 'legacy' AND k.value = $2"),
        ),
        (
            "customer_by_external",
            "uuid, text, text",
            known_as("k.kind = $2 AND k.kind LIKE 'external:_%' AND k.value = $3"),
        ),
        (
            "customer_by_phone",
            "uuid, text",
            by(Sql::text(
                "c.id = (SELECT h.customer_id FROM customer_profiles h \
                JOIN customers l ON l.tenant_id = h.tenant_id AND l.id = h.customer_id \
                WHERE h.tenant_id = $1 AND h.phone_digits = $2 AND l.deleted_at IS NULL \
                ORDER BY l.registration_date, l.id LIMIT 1)",
            )),
        ),
        ("customer_lock", "uuid, uuid", lock("id = $2")),
        (
            "customer_lock_by_legacy",
            "uuid, text",
            lock(
                "id = (SELECT k.customer_id FROM customer_identifiers k \
                  WHERE k.tenant_id = $1 AND k.kind = 'legacy' AND k.value = $2)",
            ),
        ),
    ]
}

/// Reads a row of these statements.
pub(super) fn decode(row: &PgRow, tenant: TenantId) -> Result<CustomerRecord, StoreError> {
    let row = &RowReader::new(row, "customers");
    let (legacy_id, external_ids) = identifiers(row)?;
    let customer = Customer {
        id: CustomerId(row.column("customer_id")?),
        tenant,
        email: Email::from_store(row.column("email")?, row.column("email_key")?),
        email_verified: row.column("email_verified")?,
        phone_verified: row.column("phone_verified")?,
        status: row.parsed("status", Status::from_code)?,
        account_state: row.parsed("account_state", AccountState::from_code)?,
        customer_type: row.parsed("customer_type", CustomerType::from_code)?,
        group: row
            .column::<Option<_>>("group_id")?
            .map(GroupId::from_store),
        profile: profile(row)?,
        registration_source: row.column("registration_source")?,
        metadata: row.column::<Json<_>>("metadata")?.0,
        registration_date: row.column("registration_date")?,
        last_login_at: row.column("last_login_at")?,
        version: row.column("version")?,
        event_seq: row.column("event_seq")?,
        created_at: row.column("created_at")?,
        updated_at: row.column("updated_at")?,
        deleted_at: row.column("deleted_at")?,
        preferences: preferences(row)?,
        tags: tags(row)?,
        legacy_id,
        external_ids,
    };
    let summary = CustomerSummary {
        tier: row.parsed("tier", Tier::from_code)?,
        segment: row.column("segment")?,
        loyalty_points: row.column("loyalty_points")?,
        currency: row.column("total_currency")?,
        total_spent: row.column("total_spent")?,
        order_count: row.column("order_count")?,
    };
    Ok(CustomerRecord { customer, summary })
}

fn profile(row: &RowReader<'_>) -> Result<Profile, StoreError> {
    Ok(Profile {
        first_name: row.column("first_name")?,
        last_name: row.column("last_name")?,
        date_of_birth: row.column("date_of_birth")?,
        gender: row.optional("gender", Gender::from_code)?,
        phone: row.column::<Option<_>>("phone")?.map(Phone::from_store),
        avatar: row.column("avatar_url")?,
    })
}

fn preferences(row: &RowReader<'_>) -> Result<Preferences, StoreError> {
    Ok(Preferences {
        language: row.column("language")?,
        currency: row.column("currency")?,
        timezone: row.column("timezone")?,
        custom: row.column::<Json<_>>("custom_preferences")?.0,
        opt_ins: opt_ins(row)?,
    })
}

fn opt_ins(row: &RowReader<'_>) -> Result<BTreeSet<OptIn>, StoreError> {
    let mut opt_ins = BTreeSet::new();
    for opt_in in OptIn::ALL {
        if row.column(opt_in.as_str())? {
            opt_ins.insert(opt_in);
        }
    }
    Ok(opt_ins)
}

// As JSON: the driver cannot tell the text NULL in an array from a null.
fn tags(row: &RowReader<'_>) -> Result<BTreeSet<Tag>, StoreError> {
    let stored: Option<Json<Vec<String>>> = row.column("tags")?;
    let tags = stored.into_iter().flat_map(|stored| stored.0);
    Ok(tags.map(Tag::from_store).collect())
}

type KnownAs = (Option<LegacyId>, BTreeMap<String, String>);

fn identifiers(row: &RowReader<'_>) -> Result<KnownAs, StoreError> {
    let stored: Option<Json<BTreeMap<String, String>>> = row.column("identifiers")?;
    let mut legacy = None;
    let mut external = BTreeMap::new();
    for (kind, value) in stored.map(|stored| stored.0).unwrap_or_default() {
        if let Some(system) = kind.strip_prefix("external:") {
            external.insert(system.to_owned(), value);
        } else {
            let id = value.parse().map_err(|_| row.corrupt())?;
            legacy = Some(LegacyId::from_store(id));
        }
    }
    Ok((legacy, external))
}
