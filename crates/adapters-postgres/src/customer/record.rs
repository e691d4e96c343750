//! A customer's record as one row: what is selected, and how it is read back.

use crate::pg::row::Reader;
use crate::privacy::HELD_KEY;
use customer_domain::customer::{
    AccountState, Customer, CustomerRecord, CustomerType, Email, LegacyId, Status,
};
use customer_domain::group::GroupId;
use customer_domain::preference::Preferences;
use customer_domain::profile::{Gender, Phone, Profile};
use customer_domain::statistics::Standing;
use customer_domain::tag::Tag;
use customer_domain::tier::Tier;
use customer_domain::{CustomerId, StoreError, TenantId};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};

/// The first columns, in the order in which [`decode`] reads them.
const PERSON: &str = "c.id AS customer_id, c.email, c.email_verified, c.status, c.account_state, c.customer_type, \
     c.group_id, c.first_name, c.last_name, c.registration_source, c.metadata, c.registration_date, \
     c.last_login_at, c.version, c.event_seq, c.created_at, c.updated_at, c.deleted_at, \
     p.date_of_birth, p.gender, p.phone, p.avatar_url, p.phone_verified, \
     w.language, w.currency, w.timezone, w.email_marketing, w.sms_marketing, w.push_notifications, \
     w.order_updates, w.promotional_emails, w.newsletter, w.data_sharing, w.analytics_tracking, \
     w.cookie_consent, w.custom_preferences";
/// The next two columns: of the tags `g` and of the identifiers `i`.
const TAGS: &str = "json_agg(g.tag)";
const IDENTIFIERS: &str = "json_object_agg(i.kind, i.value)";
/// Every customer has an address, which the first columns tell.
const BESIDE_EMAIL: &str = "i.kind <> 'email'";
/// The last columns, around the tenant's currency.
const STANDING: &str = "t.tier, t.segment, t.loyalty_points";
const TOTALS: &str = "coalesce(s.total_spent, 0), coalesce(s.order_count, 0)";

/// The record of one customer `c`, for a condition to follow. An erased customer is nobody's to read.
fn one() -> String {
    format!(
        "SELECT {PERSON}, \
         (SELECT {TAGS} FROM customer_tags g WHERE g.tenant_id = c.tenant_id AND g.customer_id = c.id), \
         (SELECT {IDENTIFIERS} FROM customer_identifiers i \
          WHERE i.tenant_id = c.tenant_id AND i.customer_id = c.id AND {BESIDE_EMAIL}), \
         {STANDING}, n.settings ->> 'currency', {TOTALS} FROM customers c \
         LEFT JOIN customer_profiles p ON p.tenant_id = c.tenant_id AND p.customer_id = c.id \
         LEFT JOIN customer_preferences w ON w.tenant_id = c.tenant_id AND w.customer_id = c.id \
         LEFT JOIN customer_tiers t ON t.tenant_id = c.tenant_id AND t.customer_id = c.id \
         LEFT JOIN tenants n ON n.id = c.tenant_id \
         LEFT JOIN customer_statistics s ON s.tenant_id = c.tenant_id AND s.customer_id = c.id \
         AND s.currency = n.settings ->> 'currency' \
         WHERE c.erased_at IS NULL AND c.tenant_id = $1"
    )
}

/// The records of the customers whose ids are `$2`. Each table is read once, in the order of the
/// ids, and the sorted rows are merged: half of what a look-up per table and customer costs, and
/// the plan is the same for two ids and for a thousand.
fn many() -> String {
    let own = |table: &str, row: &str, condition: &str| {
        format!(
            "LEFT JOIN (SELECT {row}.* FROM {table} {row} WHERE {row}.tenant_id = $1 \
             AND {row}.customer_id = ANY($2){condition} ORDER BY {row}.customer_id) {row} ON {row}.customer_id = c.id"
        )
    };
    let all = |table: &str, row: &str, value: &str, condition: &str| {
        format!(
            "LEFT JOIN (SELECT {row}.customer_id, {value} AS held FROM {table} {row} WHERE {row}.tenant_id = $1 \
             AND {row}.customer_id = ANY($2){condition} GROUP BY {row}.customer_id ORDER BY {row}.customer_id) {row} \
             ON {row}.customer_id = c.id"
        )
    };
    let currency = "(SELECT n.settings ->> 'currency' FROM tenants n WHERE n.id = $1)";
    let joins = [
        own("customer_profiles", "p", ""),
        own("customer_preferences", "w", ""),
        own("customer_tiers", "t", ""),
        own(
            "customer_statistics",
            "s",
            &format!(" AND s.currency = {currency}"),
        ),
        all("customer_tags", "g", TAGS, ""),
        all(
            "customer_identifiers",
            "i",
            IDENTIFIERS,
            &format!(" AND {BESIDE_EMAIL}"),
        ),
    ];
    format!(
        "SELECT {PERSON}, g.held, i.held, {STANDING}, {currency}, {TOTALS} \
         FROM (SELECT c.* FROM customers c WHERE c.tenant_id = $1 AND c.id = ANY($2) \
         AND c.erased_at IS NULL ORDER BY c.id) c {}",
        joins.join(" ")
    )
}

/// The statements that every connection prepares: a name, its parameters' types and its text.
/// `$1` is the tenant.
pub(crate) fn prepared() -> Vec<(&'static str, &'static str, String)> {
    let one = one();
    let by = |condition: &str| format!("{one} AND {condition}");
    let known_as = |condition: &str| {
        by(&format!(
            "c.id = (SELECT k.customer_id FROM customer_identifiers k WHERE k.tenant_id = $1 AND {condition})"
        ))
    };
    let lock = |condition: &str| {
        format!(
            "UPDATE customers SET event_seq = event_seq + 1 \
             WHERE tenant_id = $1 AND erased_at IS NULL AND {condition} RETURNING id AS locked_id, {HELD_KEY}"
        )
    };
    vec![
        ("customer_by_id", "uuid, uuid", by("c.id = $2")),
        ("customer_by_ids", "uuid, uuid[]", many()),
        (
            "customer_by_user",
            "uuid, uuid",
            by(&format!(
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
            by("c.id = (SELECT h.customer_id FROM customer_profiles h \
                JOIN customers l ON l.tenant_id = h.tenant_id AND l.id = h.customer_id \
                WHERE h.tenant_id = $1 AND h.phone_digits = $2 AND l.deleted_at IS NULL \
                ORDER BY l.registration_date, l.id LIMIT 1)"),
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
    let row = &mut Reader::new(row, "customers");
    let mut customer = core(row, tenant)?;
    customer.profile.date_of_birth = row.column()?;
    customer.profile.gender = row.optional(Gender::from_code)?;
    customer.profile.phone = row.optional(|phone: &str| Phone::parse(phone).ok().flatten())?;
    customer.profile.avatar = row.column()?;
    customer.phone_verified = row.column()?;
    customer.preferences = preferences(row)?;
    customer.tags = row.optional(tags)?.unwrap_or_default();
    (customer.legacy_id, customer.external_ids) = identifiers(row)?;
    let standing = Standing {
        tier: row.parsed(Tier::from_code)?,
        segment: row.column()?,
        loyalty_points: row.column()?,
        currency: row.column()?,
        total_spent: row.column()?,
        order_count: row.column()?,
    };
    Ok(CustomerRecord { customer, standing })
}

fn core(row: &mut Reader<'_>, tenant: TenantId) -> Result<Customer, StoreError> {
    Ok(Customer {
        id: CustomerId(row.column()?),
        tenant,
        email: row.parsed(|email: &str| Email::parse(email).ok())?,
        email_verified: row.column()?,
        status: row.parsed(Status::from_code)?,
        account_state: row.parsed(AccountState::from_code)?,
        customer_type: row.parsed(CustomerType::from_code)?,
        group: row.optional(|group: &str| GroupId::parse(group).ok())?,
        profile: Profile {
            first_name: row.column()?,
            last_name: row.column()?,
            ..Profile::default()
        },
        registration_source: row.column()?,
        metadata: row.column::<Json<_>>()?.0,
        registration_date: row.column()?,
        last_login_at: row.column()?,
        version: row.column()?,
        event_seq: row.column()?,
        created_at: row.column()?,
        updated_at: row.column()?,
        deleted_at: row.column()?,
        phone_verified: false,
        preferences: Preferences::default(),
        tags: BTreeSet::new(),
        legacy_id: None,
        external_ids: BTreeMap::new(),
    })
}

fn preferences(row: &mut Reader<'_>) -> Result<Preferences, StoreError> {
    Ok(Preferences {
        language: row.column()?,
        currency: row.column()?,
        timezone: row.column()?,
        email_marketing: row.column()?,
        sms_marketing: row.column()?,
        push_notifications: row.column()?,
        order_updates: row.column()?,
        promotional_emails: row.column()?,
        newsletter: row.column()?,
        data_sharing: row.column()?,
        analytics_tracking: row.column()?,
        cookie_consent: row.column()?,
        custom: row.column::<Json<_>>()?.0,
    })
}

// As JSON: the driver cannot tell the text NULL in an array from a null.
fn tags(Json(tags): Json<Vec<String>>) -> Option<BTreeSet<Tag>> {
    tags.iter().map(|tag| Tag::parse(tag).ok()).collect()
}

type KnownAs = (Option<LegacyId>, BTreeMap<String, String>);

fn identifiers(row: &mut Reader<'_>) -> Result<KnownAs, StoreError> {
    let stored: Option<Json<BTreeMap<String, String>>> = row.column()?;
    let mut legacy = None;
    let mut external = BTreeMap::new();
    for (kind, value) in stored.map(|stored| stored.0).unwrap_or_default() {
        if let Some(system) = kind.strip_prefix("external:") {
            external.insert(system.to_owned(), value);
        } else {
            let id = value.parse().ok().and_then(|id| LegacyId::new(id).ok());
            legacy = Some(id.ok_or_else(|| row.corrupt())?);
        }
    }
    Ok((legacy, external))
}
