//! Every change that is possible through the API, and what it must record.

use chrono::SecondsFormat;
use customer_testkit::builders::{at, seeded_id};
use serde_json::{Value, json};

/// A request that changes something.
pub(super) struct Change {
    pub(super) operation: &'static str,
    /// The requests that create what is changed.
    pub(super) before: Vec<(&'static str, Value)>,
    pub(super) query: &'static str,
    pub(super) body: Option<Value>,
    /// The type of the audit entry.
    pub(super) kind: &'static str,
    /// The old values of the fields; null if there are none.
    pub(super) old: Value,
    /// The new values of the fields.
    pub(super) new: Value,
    /// Fields that are named without values.
    pub(super) beside: &'static [&'static str],
    pub(super) reason: Option<&'static str>,
    /// The type of the event, and the changed fields that it names.
    pub(super) event: Option<(Value, Value)>,
    /// Whether repeating the request succeeds without another change.
    pub(super) is_once: bool,
}

fn change(operation: &'static str, kind: &'static str) -> Change {
    Change {
        operation,
        before: Vec::new(),
        query: "",
        body: None,
        kind,
        old: Value::Null,
        new: Value::Null,
        beside: &[],
        reason: None,
        event: None,
        is_once: false,
    }
}

impl Change {
    fn after(mut self, operation: &'static str, body: Value) -> Self {
        self.before.push((operation, body));
        self
    }

    fn body(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    fn because(self, reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            ..self.body(json!({"reason": reason}))
        }
    }

    fn values(self, old: Value, new: Value) -> Self {
        Self { old, new, ..self }
    }

    /// Sets the fields that are named without values.
    fn named(self, beside: &'static [&'static str]) -> Self {
        Self { beside, ..self }
    }

    fn tells(self, event: &str, changed: Value) -> Self {
        Self {
            event: Some((json!(event), changed)),
            ..self
        }
    }

    fn once(self) -> Self {
        Self {
            is_once: true,
            ..self
        }
    }
}

pub(super) fn changes() -> Vec<Change> {
    let parts = [
        customers(),
        addresses(),
        preferences(),
        notes(),
        groups(),
        administration(),
        reads_on_record(),
    ];
    parts.into_iter().flatten().collect()
}

fn customers() -> Vec<Change> {
    let status = |old: &str, new: &str| (json!({"status": old}), json!({"status": new}));
    let step = |operation, kind, event, (old, new)| {
        let step = change(operation, kind).values(old, new);
        step.tells(event, json!(["status"])).once()
    };
    vec![
        change("createCustomer", "customer.profile.create")
            .body(json!({
                "email": "Grace@Example.com", "password": "securePassword123",
                "firstName": "Grace", "dateOfBirth": "1906-12-09", "tags": ["navy"],
            }))
            .values(
                Value::Null,
                json!({
                    "email": "Grace@Example.com", "customerType": "individual",
                    "profile.firstName": "Grace", "profile.dateOfBirth": "1906-12-09",
                    "tags": ["navy"],
                }),
            )
            .named(&["password"])
            .tells("CustomerCreated", Value::Null),
        change("updateCustomer", "customer.profile.update")
            .body(json!({
                "lastName": "Lovelace", "legacyId": 8, "externalIds": {"crm": null, "erp": "1"},
            }))
            .values(
                json!({"profile.lastName": null, "legacyId": 7, "externalIds": {"crm": "C-17"}}),
                json!({"profile.lastName": "Lovelace", "legacyId": 8, "externalIds": {"erp": "1"}}),
            )
            .tells(
                "CustomerProfileUpdated",
                json!(["profile.lastName", "legacyId", "externalIds"]),
            )
            .once(),
        change("updateCustomer", "customer.status.set_inactive")
            .body(json!({"status": "inactive"}))
            .values(json!({"status": "active"}), json!({"status": "inactive"}))
            .tells("CustomerProfileUpdated", json!(["status"]))
            .once(),
        change("patchCustomer", "customer.profile.update")
            .body(json!({"email": "countess@example.com", "phone": null}))
            .values(
                json!({"email": "ada@example.com", "profile.phone": "5550125"}),
                json!({"email": "countess@example.com", "profile.phone": null}),
            )
            .tells("CustomerProfileUpdated", json!(["email", "profile.phone"]))
            .once(),
        step(
            "deleteCustomer",
            "customer.profile.delete",
            "CustomerDeactivated",
            status("active", "deleted"),
        )
        .because("asked to"),
        step(
            "suspendCustomer",
            "customer.status.suspend",
            "CustomerSuspended",
            status("active", "suspended"),
        )
        .because("fraud"),
        step(
            "reactivateCustomer",
            "customer.status.reactivate",
            "CustomerReactivated",
            status("deleted", "active"),
        )
        .after("deleteCustomer", json!({}))
        .because("cleared"),
        Change {
            query: "?status=active&search=Ada&expand=addresses",
            ..change("exportCustomers", "customer.export").values(
                Value::Null,
                json!({
                    "status": "active", "search": "ada", "expand": "addresses",
                    "format": "ndjson",
                }),
            )
        },
    ]
}

fn addresses() -> Vec<Change> {
    let main_street = json!({
        "type": "billing", "street": "2 Main St", "city": "New York", "state": "NY",
        "zipCode": "10002", "country": "US", "isDefault": true,
    });
    vec![
        change("createAddress", "customer.address.create")
            .body(main_street.clone())
            .values(
                Value::Null,
                json!({
                    "type": "billing", "street": "2 Main St", "city": "New York", "state": "NY",
                    "zipCode": "10002", "country": "US",
                }),
            )
            .tells(
                "CustomerAddressCreated",
                json!(["type", "country", "street", "city", "state", "zipCode"]),
            ),
        change("updateAddress", "customer.address.update")
            .body(json!({"street": "3 Nathan Road", "label": "Home"}))
            .values(
                json!({"street": "1 Nathan Road", "label": null}),
                json!({"street": "3 Nathan Road", "label": "Home"}),
            )
            .tells("CustomerAddressUpdated", json!(["street", "label"]))
            .once(),
        change("patchAddress", "customer.address.update")
            .body(json!({"type": "shipping"}))
            .values(
                json!({"type": "both", "roles": ["shipping", "billing"]}),
                json!({"type": "shipping", "roles": ["shipping"]}),
            )
            .tells("CustomerAddressUpdated", json!(["type", "roles"]))
            .once(),
        change("setDefaultAddress", "customer.address.default_changed")
            .after("createAddress", main_street)
            .body(json!({"role": "billing"}))
            .values(
                json!({"roles": ["shipping"]}),
                json!({"roles": ["shipping", "billing"]}),
            )
            .tells("CustomerAddressUpdated", json!(["roles"]))
            .once(),
        change("deleteAddress", "customer.address.delete")
            .values(
                json!({
                    "type": "both", "street": "1 Nathan Road", "state": "Kowloon",
                    "country": "HK", "legacyId": 9, "roles": ["shipping", "billing"],
                }),
                Value::Null,
            )
            .tells("CustomerAddressDeleted", json!([])),
    ]
}

/// Changes of preferences and tags, which belong to the customer.
fn preferences() -> Vec<Change> {
    let navy = || json!({"tags": ["navy"]});
    let tags = |operation, old: Value, new: Value| {
        change(operation, "customer.profile.update")
            .values(json!({"tags": old}), json!({"tags": new}))
            .tells("CustomerProfileUpdated", json!(["tags"]))
    };
    vec![
        change("updatePreferences", "customer.profile.update")
            .body(json!({"language": "pt_BR", "marketing": {"emailOptIn": true}}))
            .values(
                json!({
                    "preferences.language": null, "preferences.marketing.emailOptIn": false,
                }),
                json!({
                    "preferences.language": "pt-BR", "preferences.marketing.emailOptIn": true,
                }),
            )
            .tells(
                "CustomerProfileUpdated",
                json!(["preferences.language", "preferences.marketing.emailOptIn"]),
            )
            .once(),
        tags("replaceTags", json!([]), json!(["navy"]))
            .body(navy())
            .once(),
        tags("addTags", json!(["navy"]), json!(["navy", "vip"]))
            .after("replaceTags", navy())
            .body(json!({"tags": ["vip"]}))
            .once(),
        tags("removeTag", json!(["navy"]), json!([]))
            .after("replaceTags", navy())
            .once(),
    ]
}

fn notes() -> Vec<Change> {
    let note = |text: &str, pinned: bool| json!({"text": text, "pinned": pinned});
    vec![
        change("createNote", "customer.note.create")
            .body(json!({"text": " Calls\n back "}))
            .values(Value::Null, note(" Calls\n back ", false)),
        change("updateNote", "customer.note.update")
            .body(note("Prefers mail", true))
            .values(note("Note 1", false), note("Prefers mail", true))
            .once(),
        change("patchNote", "customer.note.update")
            .body(json!({"pinned": true}))
            .values(json!({"pinned": false}), json!({"pinned": true}))
            .once(),
        change("deleteNote", "customer.note.delete").values(note("Note 1", false), Value::Null),
    ]
}

fn groups() -> Vec<Change> {
    let description = "for dealers";
    vec![
        change("createGroup", "customer.group.create")
            .body(json!({"id": "Dealers", "name": "Dealers", "description": description}))
            .values(
                Value::Null,
                json!({"id": "dealers", "name": "Dealers", "description": description}),
            ),
        change("updateGroup", "customer.group.update")
            .body(json!({"name": "Dealers", "discountClass": "B2B-10"}))
            .values(
                json!({"name": "Trade", "discountClass": null}),
                json!({"name": "Dealers", "discountClass": "B2B-10"}),
            )
            .once(),
        change("deleteGroup", "customer.group.delete")
            .values(json!({"id": "trade", "name": "Trade"}), Value::Null),
    ]
}

fn administration() -> Vec<Change> {
    let now = at(0).to_rfc3339_opts(SecondsFormat::AutoSi, true);
    vec![
        change("createApiKey", "api_key.create")
            .body(json!({"name": "storefront", "scopes": ["customers:read"]}))
            .values(
                Value::Null,
                json!({
                    "name": "storefront", "scopes": ["customers:read"], "allTenants": false,
                    "tenantId": "default",
                }),
            )
            .named(&["expiresAt"]),
        change("revokeApiKey", "api_key.revoke")
            .values(Value::Null, json!({"revokedAt": now}))
            .once(),
        change("createTenant", "tenant.create")
            .body(json!({"id": "north", "name": "North"}))
            .values(
                Value::Null,
                json!({
                    "id": "north", "name": "North", "settings.currency": "EUR",
                    "settings.country": "FI",
                }),
            )
            .named(&["settings.maxAddresses"]),
        change("updateTenant", "tenant.update")
            .body(json!({"name": "New name", "settings": {"country": "fi", "maxAddresses": 3}}))
            .values(
                json!({
                    "name": "Default", "settings.country": "US", "settings.maxAddresses": null,
                }),
                json!({
                    "name": "New name", "settings.country": "FI", "settings.maxAddresses": 3,
                }),
            )
            .once(),
    ]
}

/// Reads that are recorded in the audit trail: of the trail itself, and of notes.
fn reads_on_record() -> Vec<Change> {
    let read = |operation, query, asked_for: Value| Change {
        query,
        ..change(operation, "customer.audit.read").values(Value::Null, asked_for)
    };
    vec![
        read(
            "listAuditEvents",
            "?event_type=customer.profile&operation=UPDATE&from=2026-01-15",
            json!({
                "event_type": "customer.profile", "operation": "UPDATE",
                "from": "2026-01-15T00:00:00Z",
            }),
        ),
        read(
            "listCustomerAuditEvents",
            "",
            // The customer that every world has.
            json!({"customer_id": seeded_id(2).to_string()}),
        ),
        change("listNotes", "customer.note.read"),
        read("countAuditEvents", "", json!({"by": "customer"})),
    ]
}
