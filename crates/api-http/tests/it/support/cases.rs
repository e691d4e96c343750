//! One sample request for every operation of the document.

use super::{CONTRACT, CUSTOMERS, Call, Key, Operation, TestApi};
use customer_domain::CustomerId;
use customer_testkit::builders::note;
use serde_json::{Value, json};

/// What an operation requires of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    Read,
    Write,
    Admin,
    /// `customers:admin` in all tenants.
    AllTenants,
}

/// What customers may do with their own records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    /// Nothing: a customer's token is rejected.
    No,
    /// Everything that the operation does.
    Yes,
    /// The same, after a recent proof of identity.
    Fresh,
}

/// A request that succeeds in a [`World`] if the caller has the required permission.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) operation: &'static str,
    pub(crate) needs: Needs,
    pub(crate) own: Own,
    pub(crate) status: u16,
    pub(crate) body: Option<fn(&World) -> Value>,
}

/// An API with one customer in `default` that has every kind of identifier.
pub(crate) struct World {
    pub(crate) api: TestApi,
    pub(crate) customer: String,
    /// The id of one of the customer's addresses.
    pub(crate) address: String,
    /// A note about the customer.
    pub(crate) note: String,
}

const fn case(operation: &'static str, needs: Needs) -> Case {
    Case {
        operation,
        needs,
        own: Own::No,
        status: 200,
        body: None,
    }
}

impl Case {
    const fn creates(self) -> Self {
        Self {
            status: 201,
            ..self
        }
    }

    const fn own(self, own: Own) -> Self {
        Self { own, ..self }
    }

    const fn body(self, body: fn(&World) -> Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    pub(crate) fn operation(&self) -> &'static Operation {
        CONTRACT.operation(self.operation)
    }

    /// Returns the request, without a credential.
    pub(crate) fn call(&self, world: &World) -> Call {
        self.call_at(world, &world.target(self.operation()))
    }

    /// Returns the same request with another target.
    pub(crate) fn call_at(&self, world: &World, target: &str) -> Call {
        let call = Call::new(self.operation().method.clone(), target);
        match self.body {
            Some(body) => call.json(&body(world)),
            None => call,
        }
    }
}

/// The weakest key that may do what the operation does.
impl Needs {
    pub(crate) fn weakest(self) -> Key {
        match self {
            Self::Nothing | Self::Read => Key::Read,
            Self::Write => Key::Write,
            Self::Admin => Key::Admin,
            Self::AllTenants => Key::Operator,
        }
    }
}

impl World {
    /// The id of a group of `default` without members, which no other tenant has.
    pub(crate) const GROUP: &str = "trade";

    pub(crate) async fn new() -> Self {
        let api = TestApi::new().await;
        let body = json!({"id": Self::GROUP, "name": "Trade"});
        let made = api.post(format!("{CUSTOMERS}/groups"), Key::Admin, body);
        assert_eq!(made.await.status, 201);
        let body = json!({
            "email": "ada@example.com", "password": "securePassword123", "phone": "5550125",
            "legacyId": 7, "externalIds": {"crm": "C-17"}, "firstName": "Ada",
        });
        let customer = api.created(Key::Write, body).await;
        let path = format!("{CUSTOMERS}/{customer}");
        let body = json!({
            "type": "both", "street": "1 Nathan Road", "state": "Kowloon", "country": "HK",
            "legacyId": 9,
        });
        let address = api.added(&path, Key::Write, body).await;
        let address = address.rsplit('/').next().expect("an id").to_owned();
        let about = note(CustomerId(customer.parse().expect("an id")), 1);
        api.store_note(&about).await;
        Self {
            api,
            customer,
            address,
            note: about.id.to_string(),
        }
    }

    /// Returns the target of a request, with the ids of this world.
    pub(crate) fn target(&self, operation: &Operation) -> String {
        operation.target(&[
            ("customerId", &self.customer),
            ("addressId", &self.address),
            ("noteId", &self.note),
            ("keyId", &Key::Read.id().to_string()),
            ("tenantId", "default"),
            ("groupId", Self::GROUP),
            ("tag", "navy"),
        ])
    }

    /// Returns the path of the customer.
    pub(crate) fn path(&self) -> String {
        format!("{CUSTOMERS}/{}", self.customer)
    }
}

/// A case for every operation of the document; a test checks that none is missing.
pub(crate) static CASES: &[Case] = &[
    case("listCustomers", Needs::Read),
    case("createCustomer", Needs::Write)
        .creates()
        .body(|_| json!({"email": "new@example.com"})),
    case("exportCustomers", Needs::Admin),
    case("batchGetCustomers", Needs::Read).body(|world| json!({"ids": [world.customer]})),
    case("lookupCustomer", Needs::Read).body(|_| json!({"email": "ada@example.com"})),
    case("getCustomer", Needs::Read).own(Own::Yes),
    case("updateCustomer", Needs::Write).own(Own::Yes).body(|_| json!({"lastName": "Lovelace"})),
    case("patchCustomer", Needs::Write).own(Own::Yes).body(|_| json!({"lastName": "Lovelace"})),
    case("deleteCustomer", Needs::Write).own(Own::Fresh).body(|_| json!({"reason": "asked to"})),
    case("suspendCustomer", Needs::Admin).body(|_| json!({"reason": "fraud"})),
    case("reactivateCustomer", Needs::Admin).body(|_| json!({"reason": "cleared"})),
    case("listAddresses", Needs::Read).own(Own::Yes),
    case("createAddress", Needs::Write).own(Own::Yes).creates().body(
        |_| json!({"street": "2 Main St", "city": "New York", "state": "NY", "zipCode": "10002"}),
    ),
    case("getAddress", Needs::Read).own(Own::Yes),
    case("updateAddress", Needs::Write).own(Own::Yes).body(|_| json!({"street": "3 Main St"})),
    case("patchAddress", Needs::Write).own(Own::Yes).body(|_| json!({"street": "3 Main St"})),
    case("deleteAddress", Needs::Write).own(Own::Yes),
    case("setDefaultAddress", Needs::Write).own(Own::Yes).body(|_| json!({"role": "billing"})),
    case("validateAddress", Needs::Write).own(Own::Yes)
        .body(|_| json!({"street": "2 Main St", "city": "New York", "zipCode": "10002"})),
    case("getPreferences", Needs::Read).own(Own::Yes),
    case("updatePreferences", Needs::Write).own(Own::Yes).body(|_| json!({"language": "pt-BR"})),
    case("listTags", Needs::Read),
    case("replaceTags", Needs::Write).body(|_| json!({"tags": ["vip"]})),
    case("addTags", Needs::Write).body(|_| json!({"tags": ["vip"]})),
    case("removeTag", Needs::Write),
    case("listNotes", Needs::Read),
    case("createNote", Needs::Write).creates().body(|_| json!({"text": "Asked to be called"})),
    case("updateNote", Needs::Write).body(|_| json!({"text": "Prefers mail"})),
    case("patchNote", Needs::Write).body(|_| json!({"pinned": true})),
    case("deleteNote", Needs::Write),
    case("listGroups", Needs::Read),
    case("createGroup", Needs::Admin)
        .creates()
        .body(|_| json!({"name": "Wholesale EU"})),
    case("getGroup", Needs::Read),
    case("updateGroup", Needs::Admin).body(|_| json!({"name": "Dealers"})),
    case("deleteGroup", Needs::Admin),
    case("listAuditEvents", Needs::Admin),
    case("listCustomerAuditEvents", Needs::Admin),
    case("countAuditEvents", Needs::Admin),
    case("listApiKeys", Needs::Admin),
    case("createApiKey", Needs::Admin)
        .creates()
        .body(|_| json!({"name": "storefront", "scopes": ["customers:read"]})),
    case("revokeApiKey", Needs::Admin),
    case("listTenants", Needs::AllTenants),
    case("createTenant", Needs::AllTenants)
        .creates()
        .body(|_| json!({"id": "north"})),
    case("getTenant", Needs::AllTenants),
    case("updateTenant", Needs::AllTenants).body(|_| json!({"name": "New name"})),
    case("getLogLevel", Needs::AllTenants),
    case("setLogLevel", Needs::AllTenants).body(|_| json!({"level": "warn,customer_http=debug"})),
    case("customersHealth", Needs::Nothing),
    case("health", Needs::Nothing),
    case("live", Needs::Nothing),
    case("healthReady", Needs::Nothing),
    case("ready", Needs::Nothing),
    case("metrics", Needs::Nothing),
];
