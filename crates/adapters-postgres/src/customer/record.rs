//! A customer's record as one row: what is selected, and how it is read back.

use super::known_as;
use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, sql};
use customer_domain::customer::{
    AccountState, Customer, CustomerRecord, CustomerType, Email, KeyRules, LegacyId, Status,
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
use std::collections::BTreeSet;

/// The columns of a customer `c` before its opt-ins. Each has a unique name in the row, by which
/// [`decode`] reads it, in this order.
const BEFORE_OPT_INS: Sql = Sql::text(
    "c.id AS customer_id, c.email, c.email_key, c.email_verified, c.phone_verified, c.first_name, c.last_name, \
     c.date_of_birth, c.gender, c.phone, c.avatar_url, c.profile_data, c.language, c.currency, c.timezone, c.custom_preferences",
);
/// Those after them. Tags are JSON: of an array as text, the driver cannot tell the text NULL from
/// a null.
const AFTER_OPT_INS: Sql = Sql::text(
    ", c.status, c.account_state, c.customer_type, coalesce(c.group_id, c.former->>'groupId') AS group_id, array_to_json(c.tags) AS tags, c.legacy_id, \
     c.external_ids, c.registration_source, c.metadata, c.registration_date, c.last_login_at, c.version, \
     c.event_seq, c.created_at, c.updated_at, c.deleted_at, c.tier, c.segment, c.loyalty_points, c.total_currency, \
     c.total_spent, c.order_count",
);

/// Returns the columns of a customer `c`.
pub(super) fn columns() -> Sql {
    let mut columns = BEFORE_OPT_INS;
    for opt_in in OptIn::ALL {
        columns.push(", c.").push(opt_in.as_str());
    }
    columns.value(AFTER_OPT_INS);
    columns
}

/// The statements that every connection prepares: a name, its parameters' types and its text.
/// `$1` is the tenant. Erased customers are left out.
pub(crate) fn prepared() -> Vec<(&'static str, &'static str, Sql)> {
    let by = |condition: Sql| {
        sql!(
            "SELECT {} FROM customers c WHERE c.tenant_id = $1 AND c.erased_at IS NULL AND {}",
            columns(),
            condition
        )
    };
    let [tenant, first, second] = ["$1", "$2", "$3"].map(Sql::text);
    let legacy = known_as::by_legacy(&tenant, &first);
    let external = sql!("k.kind = $2 AND {}", known_as::EXTERNAL);
    // Returns the row as it is once it is locked, whatever changed it while this waited.
    let lock = |id: &Sql, selected: &Sql| {
        sql!(
            "SELECT {}, c.sealing_key FROM customers c \
             WHERE c.tenant_id = $1 AND c.erased_at IS NULL AND c.id = {} FOR NO KEY UPDATE",
            *selected,
            *id
        )
    };
    let record = sql!(
        "{}, array_to_json(c.terms) AS terms, c.key_rules",
        columns()
    );
    let holder = Sql::text("c.id AS locked_id, c.status, c.event_seq");
    vec![
        ("customer_by_id", "uuid, uuid", by(Sql::text("c.id = $2"))),
        (
            "customer_by_ids",
            "uuid, uuid[]",
            by(Sql::text("c.id = ANY($2)")),
        ),
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
            by(sql!(
                "c.id = {}",
                known_as::holder(&tenant, &known_as::EMAIL, &first)
            )),
        ),
        (
            "customer_by_legacy",
            "uuid, text",
            by(sql!("c.id = {}", legacy)),
        ),
        (
            "customer_by_external",
            "uuid, text, text",
            by(sql!(
                "c.id = {}",
                known_as::last_holder(&tenant, &external, &second)
            )),
        ),
        (
            "customer_by_phone",
            "uuid, text, text",
            by(Sql::text(
                "c.phone_key IN ($2, $3) AND c.deleted_at IS NULL ORDER BY c.phone_key <> $2, c.registration_date, c.id LIMIT 1",
            )),
        ),
        ("customer_for_update", "uuid, uuid", lock(&first, &record)),
        (
            "customer_for_update_by_legacy",
            "uuid, text",
            lock(&legacy, &record),
        ),
        ("customer_lock", "uuid, uuid", lock(&first, &holder)),
        (
            "customer_lock_by_legacy",
            "uuid, text",
            lock(&legacy, &holder),
        ),
    ]
}

/// Reads [`columns`].
pub(super) fn decode(row: &PgRow, tenant: TenantId) -> Result<CustomerRecord, StoreError> {
    let row = &RowReader::new(row, "customers");
    let customer = Customer {
        id: CustomerId(row.column("customer_id")?),
        tenant,
        email: Email::from_store(row.column("email")?, row.column("email_key")?),
        email_verified: row.column("email_verified")?,
        phone_verified: row.column("phone_verified")?,
        profile: profile(row)?,
        preferences: preferences(row)?,
        status: row.parsed("status", Status::from_code)?,
        account_state: row.parsed("account_state", AccountState::from_code)?,
        customer_type: row.parsed("customer_type", CustomerType::from_code)?,
        group: row
            .column::<Option<_>>("group_id")?
            .map(GroupId::from_store),
        tags: strings(row, "tags")?.map(Tag::from_store).collect(),
        legacy_id: row
            .column::<Option<_>>("legacy_id")?
            .map(LegacyId::from_store),
        external_ids: row.column::<Json<_>>("external_ids")?.0,
        registration_source: row.column("registration_source")?,
        metadata: row.column::<Json<_>>("metadata")?.0,
        registration_date: row.instant("registration_date")?,
        last_login_at: row.optional_instant("last_login_at")?,
        version: row.column("version")?,
        event_seq: row.column("event_seq")?,
        created_at: row.instant("created_at")?,
        updated_at: row.instant("updated_at")?,
        deleted_at: row.optional_instant("deleted_at")?,
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

/// Reads the search terms that a customer was stored with.
pub(super) fn terms(row: &PgRow) -> Result<BTreeSet<String>, StoreError> {
    Ok(strings(&RowReader::new(row, "customers"), "terms")?.collect())
}

/// Reads the rules that made the keys of a stored customer.
pub(super) fn key_rules(row: &PgRow) -> Result<KeyRules, StoreError> {
    let stored = RowReader::new(row, "customers").column("key_rules")?;
    Ok(KeyRules::from_store(stored))
}

fn strings(row: &RowReader<'_>, column: &str) -> Result<impl Iterator<Item = String>, StoreError> {
    let stored: Json<Vec<String>> = row.column(column)?;
    Ok(stored.0.into_iter())
}

fn profile(row: &RowReader<'_>) -> Result<Profile, StoreError> {
    Ok(Profile {
        first_name: row.column("first_name")?,
        last_name: row.column("last_name")?,
        date_of_birth: row.column("date_of_birth")?,
        gender: row.optional("gender", Gender::from_code)?,
        phone: row.column::<Option<_>>("phone")?.map(Phone::from_store),
        avatar: row.column("avatar_url")?,
        data: row.column::<Json<_>>("profile_data")?.0,
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
