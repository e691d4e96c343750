//! The rows of a customer in other tables, of which a save writes only the difference.

use crate::pg::builder::{self, Branches, Builder};
use crate::unit_of_work::Stored;
use chrono::{DateTime, Utc};
use customer_domain::address::Country;
use customer_domain::customer::{Customer, KeyRules, search_terms};
use customer_domain::tag::Tag;
use std::collections::{BTreeMap, BTreeSet};

/// Tags, search terms and identifiers, each with a row of its own.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) tags: BTreeSet<String>,
    pub(super) terms: BTreeSet<String>,
    /// What the phone number is compared by.
    pub(super) phone_key: Option<String>,
    /// What made the terms, the phone key and the other keys of the row.
    pub(super) key_rules: KeyRules,
    /// By kind.
    identifiers: BTreeMap<String, String>,
    /// When the customer gave up its identifiers.
    given_up_at: Option<DateTime<Utc>>,
}

impl Rows {
    /// Returns the rows that the customer should have in a tenant of this country; `stored` are the
    /// rules of its keys until now, if it is not new.
    pub(super) fn of(
        customer: &Customer,
        country: Option<Country>,
        stored: Option<&KeyRules>,
    ) -> Self {
        let phone = customer.profile.phone.as_ref();
        let phone_key = phone.map(|phone| phone.keys(country).key);
        let terms = search_terms(customer, phone_key.as_deref());
        let key_rules = match stored {
            Some(stored) => KeyRules::of_saved(country, stored, &customer.email),
            None => KeyRules::of(country),
        };
        Self {
            phone_key,
            ..Self::with_terms(customer, terms, key_rules)
        }
    }

    /// Returns the rows that a stored customer has.
    pub(super) fn stored(stored: &Stored) -> Self {
        Self::with_terms(
            &stored.customer,
            stored.terms.clone(),
            stored.key_rules.clone(),
        )
    }

    fn with_terms(customer: &Customer, terms: BTreeSet<String>, key_rules: KeyRules) -> Self {
        let tags = customer.tags.iter().map(Tag::as_str);
        let identifiers = customer.identifiers().into_iter();
        Self {
            tags: tags.map(str::to_owned).collect(),
            terms,
            phone_key: None,
            key_rules,
            identifiers: identifiers
                .map(|held| (held.kind(), held.value()))
                .collect(),
            given_up_at: customer.deleted_at,
        }
    }

    /// Appends the rows of a new customer. `$1` is the tenant, `$2` the customer. None of them can be
    /// there: looking for a conflict would double their cost.
    pub(super) fn insert(&self, branches: &mut Branches) {
        insert_list(branches, "customer_tags", "tag", &self.tags);
        insert_list(branches, "customer_search_terms", "term", &self.terms);
        insert_identifiers(branches, &self.identifiers, self.given_up_at);
    }

    /// Appends what turns the rows of `before` into these: nothing where they are equal. `$1` is
    /// the tenant, `$2` the customer.
    pub(super) fn write(&self, before: &Self, branches: &mut Branches) {
        write_list(branches, "customer_tags", "tag", [&before.tags, &self.tags]);
        write_list(
            branches,
            "customer_search_terms",
            "term",
            [&before.terms, &self.terms],
        );
        let removed = before.identifiers.keys();
        let removed = removed.filter(|kind| !self.identifiers.contains_key(*kind));
        delete(
            branches,
            "customer_identifiers",
            "kind",
            removed.cloned().collect(),
        );
        let changed = self.identifiers.iter().filter(|(kind, value)| {
            before.identifiers.get(*kind) != Some(value) || before.given_up_at != self.given_up_at
        });
        // Kinds that the customer had are set to their values, or given up.
        if let Some(insert) = insert_identifiers(branches, changed, self.given_up_at) {
            insert.push(
                " ON CONFLICT (tenant_id, customer_id, kind) DO UPDATE SET value = excluded.value, \
                 given_up_at = excluded.given_up_at WHERE customer_identifiers.tenant_id = $1",
            );
        }
    }
}

fn write_list(
    branches: &mut Branches,
    table: &'static str,
    column: &'static str,
    [before, after]: [&BTreeSet<String>; 2],
) {
    let removed = before.difference(after).cloned().collect();
    delete(branches, table, column, removed);
    if let Some(insert) = insert_list(branches, table, column, after.difference(before)) {
        insert.push(" ON CONFLICT DO NOTHING");
    }
}

/// Inserts values, and returns the branch, unless there are none.
fn insert_list<'a, 'v>(
    branches: &'a mut Branches,
    table: &'static str,
    column: &'static str,
    values: impl IntoIterator<Item = &'v String>,
) -> Option<&'a mut Builder> {
    let mut values = values.into_iter().peekable();
    values.peek()?;
    let insert = branches.branch("INSERT INTO ").push(table);
    insert.push(" (tenant_id, customer_id, ").push(column);
    insert.push(")");
    builder::values(insert, "$1, $2", values, |row, value| {
        row.push_bind(value.as_str());
    });
    Some(insert)
}

fn delete(
    branches: &mut Branches,
    table: &'static str,
    column: &'static str,
    removed: Vec<String>,
) {
    if removed.is_empty() {
        return;
    }
    let delete = branches.branch("DELETE FROM ").push(table);
    delete.push(" WHERE tenant_id = $1 AND customer_id = $2 AND ");
    delete.push(column).push(" = ANY(");
    delete.push_bind(removed).push("::text[])");
}

/// Inserts identifiers, and returns the branch, unless there are none. A value that another customer
/// has violates the unique index of its kind.
fn insert_identifiers<'a, 'v>(
    branches: &'a mut Branches,
    identifiers: impl IntoIterator<Item = (&'v String, &'v String)>,
    given_up_at: Option<DateTime<Utc>>,
) -> Option<&'a mut Builder> {
    let mut identifiers = identifiers.into_iter().peekable();
    identifiers.peek()?;
    let insert = branches.branch(
        "INSERT INTO customer_identifiers (tenant_id, customer_id, kind, value, given_up_at)",
    );
    builder::values(insert, "$1, $2", identifiers, |row, (kind, value)| {
        row.push_bind(kind.as_str()).push_bind(value.as_str());
        row.push_bind(given_up_at);
    });
    Some(insert)
}
