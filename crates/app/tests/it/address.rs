//! Address books: creating, changing and deleting addresses, and the defaults.

mod change;
mod create;

use crate::support::{App, app, guest, unclaimed};
use chrono::TimeDelta;
use customer_app::address::{AddedAddress, AddressError, CreateAddress, HeldAddress};
use customer_app::idempotency::Outcome;
use customer_domain::address::{Address, AddressChanges, AddressType, Role};
use customer_domain::customer::CustomerRef;
use customer_domain::{AddressId, Patch};
use customer_testkit::builders::context;

const SHIPPING: [Role; 1] = [Role::Shipping];
const BILLING: [Role; 1] = [Role::Billing];
const NONE: [Role; 0] = [];

/// An application with one customer, and access to the customer's address book.
struct Book {
    app: App,
    customer: CustomerRef,
}

impl Book {
    async fn new() -> Self {
        Self::of(app()).await
    }

    async fn of(app: App) -> Self {
        let (context, once) = (context(), unclaimed());
        let created = app
            .customers
            .create(&context, guest("ada@example.com"), &once);
        let customer = match created.await.expect("a customer") {
            Outcome::Done(record) => CustomerRef::Id(record.customer.id),
            Outcome::Replayed(_) => unreachable!("nothing was claimed"),
        };
        Self { app, customer }
    }

    async fn create(&self, details: AddressChanges) -> Result<AddedAddress, AddressError> {
        let (context, once, command) = (context(), unclaimed(), command(details));
        let created = self
            .app
            .addresses
            .create(&context, self.customer, &command, &once);
        match created.await? {
            Outcome::Done(added) => Ok(added),
            Outcome::Replayed(_) => unreachable!("nothing was claimed"),
        }
    }

    /// Adds an address one second later, and returns its id.
    async fn add(&self, kind: AddressType, street: &str) -> AddressId {
        self.app.clock.advance(TimeDelta::seconds(1));
        let added = self.create(details(kind, street)).await;
        added.expect("an address").address.id
    }

    async fn read(&self) -> Vec<Address> {
        let book = self.app.addresses.book(&context(), self.customer).await;
        book.expect("a book").addresses().to_vec()
    }

    async fn get(&self, id: AddressId) -> Address {
        let book = self.read().await;
        let found = book.into_iter().find(|address| address.id == id);
        found.expect("an address of the book")
    }

    async fn roles(&self, id: AddressId) -> Vec<Role> {
        self.get(id).await.roles()
    }

    /// Returns the types, operations and changed fields of everything recorded after the customer
    /// was created.
    fn changes(&self) -> Vec<(String, String, Vec<String>)> {
        let (events, audit) = (self.app.store.events(), self.app.store.audit());
        let changes = events.into_iter().zip(audit).skip(1);
        changes
            .map(|(event, audit)| (event.topic, audit.event_type, audit.changed_fields))
            .collect()
    }
}

fn command(details: AddressChanges) -> CreateAddress {
    CreateAddress {
        details,
        stated_customer: None,
    }
}

fn details(kind: AddressType, street: &str) -> AddressChanges {
    AddressChanges {
        kind: Patch::Set(kind),
        street: Some(street.to_owned()),
        city: Patch::Set("New York".to_owned()),
        region: Patch::Set("NY".to_owned()),
        postal_code: Patch::Set("10001".to_owned()),
        ..AddressChanges::default()
    }
}

fn default(kind: AddressType, street: &str) -> AddressChanges {
    AddressChanges {
        is_default: Some(true),
        ..details(kind, street)
    }
}

/// Returns the address of a result that was not replayed.
fn done(outcome: Outcome<HeldAddress>) -> Address {
    match outcome {
        Outcome::Done(held) => held.address,
        Outcome::Replayed(_) => unreachable!("nothing was claimed"),
    }
}
