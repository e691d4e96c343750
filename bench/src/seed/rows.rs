//! Customers as rows in the text form of `COPY`, equal to those that the service's adapter writes.

use super::people::Person;
use customer_domain::address::{Address, Country};
use customer_domain::customer::{Customer, KeyRules, LegacyId, NewCustomer, search_terms};
use customer_domain::group::GroupId;
use customer_domain::preference::OptIn;
use customer_domain::privacy::DataKey;
use customer_domain::profile::{Gender, Phone};
use customer_domain::tag::Tag;
use customer_domain::text;
use customer_testkit::pg::sealing_key;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write;
use uuid::Uuid;

/// A table, and the columns that are written after `tenant_id`.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static str,
}

const fn table(name: &'static str, columns: &'static str) -> Table {
    Table { name, columns }
}

/// The tables, in the order of [`Rows`].
pub(super) const TABLES: [Table; 6] = [
    table(
        "customers",
        "id, version, event_seq, registration_date, created_at, updated_at, status, account_state, customer_type, \
         email_verified, phone_verified, email_key, last_name_key, key_rules, tags, terms, metadata, external_ids, legacy_id, \
         group_id, email, registration_source, last_login_at, first_name, last_name, phone, phone_key, \
         date_of_birth, gender, avatar_url, profile_data, language, currency, timezone, email_marketing, sms_marketing, \
         push_notifications, order_updates, promotional_emails, newsletter, data_sharing, analytics_tracking, \
         cookie_consent, custom_preferences, tier, tier_achieved_at, segment, segment_achieved_at, loyalty_points, \
         total_currency, total_spent, lifetime_value, order_count, sealing_key",
    ),
    table("customer_identifiers", "customer_id, kind, value"),
    table("customer_search_terms", "customer_id, term"),
    table("customer_tags", "customer_id, tag"),
    table(
        "customer_credentials",
        "customer_id, password_hash, password_changed_at, last_login_at",
    ),
    table(
        "customer_addresses",
        "customer_id, id, type, default_shipping, default_billing, first_name, last_name, company, \
         address_line_1, address_line_2, city, state_province, postal_code, country_code, phone, label, \
         is_verified, metadata, legacy_id, digest, version, created_at, updated_at",
    ),
];

/// The rows of some customers, one buffer for each table.
#[derive(Default)]
pub(super) struct Rows(pub(super) [Vec<u8>; TABLES.len()]);

impl Rows {
    /// Adds all rows of one customer, whose key is wrapped under `under`.
    pub(super) fn add(&mut self, person: &Person, under: &DataKey) {
        let new = &person.new;
        let customer = &new.customer;
        let [customers, identifiers, terms, tags, credentials, addresses] = &mut self.0;
        let row = core(Row::of(customers, customer), customer);
        let row = preference(profile(row, customer), customer);
        let sealing_key = sealing_key(under, customer.tenant, customer.id);
        summary(row, new)
            .text(&format!("\\x{}", hex::encode(sealing_key)))
            .end();
        for identifier in customer.identifiers() {
            let row = Row::of(identifiers, customer).text(&identifier.kind());
            row.text(&identifier.value()).end();
        }
        for term in terms_of(customer) {
            Row::of(terms, customer).text(&term).end();
        }
        for tag in &customer.tags {
            Row::of(tags, customer).text(tag.as_str()).end();
        }
        if let Some(hash) = &new.password_hash {
            let row = Row::of(credentials, customer).text(&hash.0);
            let row = row.value(customer.created_at);
            row.optional(customer.last_login_at).end();
        }
        for (which, own) in (0..).zip(&person.addresses) {
            address(Row::of(addresses, customer), own, which);
        }
    }
}

/// Returns the country that a tenant has by default.
fn country() -> Option<Country> {
    Country::from_store("US")
}

/// Returns what the phone number is compared by.
fn phone_key(customer: &Customer) -> Option<String> {
    let phone = customer.profile.phone.as_ref();
    phone.map(|phone| phone.keys(country()).key)
}

/// Returns the search terms of a customer.
pub(super) fn terms_of(customer: &Customer) -> BTreeSet<String> {
    search_terms(customer, phone_key(customer).as_deref())
}

fn core<'a>(row: Row<'a>, customer: &Customer) -> Row<'a> {
    let last_name = customer.profile.last_name.as_deref();
    let last_name_key: String = text::fold(last_name.unwrap_or_default())
        .chars()
        .take(100)
        .collect();
    let external_ids = serde_json::json!(customer.external_ids).to_string();
    row.value(customer.version)
        .value(customer.event_seq)
        .value(customer.registration_date)
        .value(customer.created_at)
        .value(customer.updated_at)
        .value(customer.status.code())
        .value(customer.account_state.code())
        .value(customer.customer_type.code())
        .value(customer.email_verified)
        .value(customer.phone_verified)
        .text(customer.email.key())
        .text(&last_name_key)
        .text(KeyRules::of(country()).as_str())
        .list(customer.tags.iter().map(Tag::as_str))
        .list(terms_of(customer).iter().map(String::as_str))
        .text(&json(&customer.metadata))
        .text(&external_ids)
        .optional(customer.legacy_id.map(LegacyId::get))
        .optional_text(customer.group.as_ref().map(GroupId::as_str))
        .text(customer.email.as_typed())
        .optional_text(customer.registration_source.as_deref())
        .optional(customer.last_login_at)
}

fn profile<'a>(row: Row<'a>, customer: &Customer) -> Row<'a> {
    let profile = &customer.profile;
    row.optional_text(profile.first_name.as_deref())
        .optional_text(profile.last_name.as_deref())
        .optional_text(profile.phone.as_ref().map(Phone::as_str))
        .optional_text(phone_key(customer).as_deref())
        .optional(profile.date_of_birth)
        .optional(profile.gender.map(Gender::code))
        .optional_text(profile.avatar.as_deref())
        .text(&json(&profile.data))
}

fn preference<'a>(row: Row<'a>, customer: &Customer) -> Row<'a> {
    let preferences = &customer.preferences;
    let agreed = |opt_in| preferences.opt_ins.contains(&opt_in);
    row.optional_text(preferences.language.as_deref())
        .optional_text(preferences.currency.as_deref())
        .optional_text(preferences.timezone.as_deref())
        .value(agreed(OptIn::EmailMarketing))
        .value(agreed(OptIn::SmsMarketing))
        .value(agreed(OptIn::PushNotifications))
        .value(agreed(OptIn::OrderUpdates))
        .value(agreed(OptIn::PromotionalEmails))
        .value(agreed(OptIn::Newsletter))
        .value(agreed(OptIn::DataSharing))
        .value(agreed(OptIn::AnalyticsTracking))
        .value(agreed(OptIn::CookieConsent))
        .text(&json(&preferences.custom))
}

fn summary<'a>(row: Row<'a>, new: &NewCustomer) -> Row<'a> {
    let (summary, created_at) = (&new.summary, new.customer.created_at);
    row.value(summary.tier.code())
        .value(created_at)
        .text(&summary.segment)
        .value(created_at)
        .value(summary.loyalty_points)
        .text(&summary.currency)
        .value(summary.total_spent)
        .value(summary.total_spent)
        .value(summary.order_count)
}

fn address(row: Row<'_>, address: &Address, which: u8) {
    let postal = &address.postal;
    row.value(address.id.0)
        .value(address.kind.code())
        .value(address.default_shipping)
        .value(address.default_billing)
        .optional_text(postal.first_name.as_deref())
        .optional_text(postal.last_name.as_deref())
        .optional_text(postal.company.as_deref())
        .text(&postal.street)
        .optional_text(postal.street2.as_deref())
        .optional_text(postal.city.as_deref())
        .optional_text(postal.region.as_deref())
        .optional_text(postal.postal_code.as_deref())
        .text(postal.country.code())
        .optional_text(postal.phone.as_ref().map(Phone::as_str))
        .optional_text(address.label.as_deref())
        .value(address.is_verified)
        .text(&json(&address.metadata))
        .optional(address.legacy_id.map(LegacyId::get))
        .text(&digest(address.id.0, which))
        .value(address.version)
        .value(address.created_at)
        .value(address.updated_at)
        .end();
}

/// Returns a digest that no other address has. It is as long as the service's, which needs a key.
fn digest(id: Uuid, which: u8) -> String {
    let half = id.simple();
    let other = Uuid::from_bytes([which; 16]).simple().to_string();
    format!("\\x{half}{other}")
}

fn json(object: &Map<String, Value>) -> String {
    Value::Object(object.clone()).to_string()
}

/// A row that is being written.
struct Row<'a>(&'a mut Vec<u8>);

impl<'a> Row<'a> {
    /// Begins a row with the tenant and the customer, as every row does.
    fn of(buffer: &'a mut Vec<u8>, customer: &Customer) -> Self {
        let _infallible = write!(buffer, "{}\t{}", customer.tenant.0, customer.id.0);
        Self(buffer)
    }

    /// Adds a value whose text contains neither backslashes nor control characters.
    fn value(self, value: impl Display) -> Self {
        // Writing to a vector cannot fail.
        let _infallible = write!(self.0, "\t{value}");
        self
    }

    fn optional(self, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.value(value),
            None => self.value("\\N"),
        }
    }

    fn text(self, text: &str) -> Self {
        self.0.push(b'\t');
        for byte in text.bytes() {
            match byte {
                b'\\' => self.0.extend_from_slice(b"\\\\"),
                b'\t' => self.0.extend_from_slice(b"\\t"),
                b'\n' => self.0.extend_from_slice(b"\\n"),
                b'\r' => self.0.extend_from_slice(b"\\r"),
                _ => self.0.push(byte),
            }
        }
        self
    }

    /// Adds an array of texts.
    fn list<'t>(self, texts: impl Iterator<Item = &'t str>) -> Self {
        let quoted = texts.map(|text| {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
            format!("\"{escaped}\"")
        });
        let quoted: Vec<_> = quoted.collect();
        self.text(&format!("{{{}}}", quoted.join(",")))
    }

    fn optional_text(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(text),
            None => self.value("\\N"),
        }
    }

    fn end(self) {
        self.0.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::super::people::person;
    use super::*;
    use customer_domain::{KeyId, TenantId};

    #[test]
    fn every_row_has_a_value_for_each_column() {
        let key = DataKey::new(KeyId(Uuid::nil()), |_| {});
        let mut rows = Rows::default();
        for number in 0..200 {
            let person = person(number, 200, TenantId(Uuid::nil())).unwrap();
            rows.add(&person, &key);
        }
        for (table, rows) in TABLES.iter().zip(rows.0) {
            let columns = 1 + table.columns.split(',').count();
            let rows = String::from_utf8(rows).unwrap();
            assert!(rows.lines().count() >= 50, "{}", table.name);
            for row in rows.lines() {
                assert_eq!(row.split('\t').count(), columns, "{}: {row}", table.name);
            }
        }
    }

    #[test]
    fn what_means_something_to_copy_is_escaped() {
        let mut buffer = Vec::new();
        let row = Row(&mut buffer).text("a\tb\\N\n");
        row.optional_text(None).end();
        assert_eq!(buffer, b"\ta\\tb\\\\N\\n\t\\N\n");
    }
}
