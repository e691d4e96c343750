//! The address book of a customer: creating, changing, reading and deleting addresses, and choosing
//! the defaults.

mod change;
mod create;
mod error;
mod read;

pub use change::{RemoveAddress, SetDefaultAddress, UpdateAddress};
pub use create::{AddedAddress, CreateAddress};
pub use error::{AddressError, AddressRule};
pub use read::HeldAddress;

use crate::support::failed::{expect_customer, expect_not_deleted, expect_own};
use crate::support::refusal::Refusals;
use crate::tenant::TenantDirectory;
use customer_domain::address::{
    Address, AddressBook, AddressChanges, AddressField, AddressReads, BookHolder,
    DEFAULT_ADDRESS_LIMIT, LockedBook, MAX_BOOK, Role,
};
use customer_domain::audit::{AuditEntry, AuditKind, FieldChange};
use customer_domain::customer::CustomerRef;
use customer_domain::outbox::{Event, EventKind};
use customer_domain::{
    Change, Context, EventId, IdSource, KeyedDigest, Permission, Transactions, UnitOfWork,
};
use std::sync::Arc;

/// The use cases of the address book.
#[derive(Clone)]
pub struct Addresses {
    /// Starts the units of work for writes.
    pub transactions: Arc<dyn Transactions>,
    /// Reads addresses.
    pub reads: Arc<dyn AddressReads>,
    /// The tenants, for their country and their limit of addresses.
    pub tenants: Arc<TenantDirectory>,
    /// Computes the digests that find equal addresses.
    pub digests: Arc<dyn KeyedDigest>,
    /// Records refusals in the audit trail.
    pub refusals: Arc<Refusals>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
    /// The operator's settings.
    pub settings: AddressSettings,
}

/// The operator's settings for addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressSettings {
    /// The most addresses of a customer whose tenant sets no limit; 0 for as many as a book can
    /// hold.
    pub limit: usize,
}

impl Default for AddressSettings {
    fn default() -> Self {
        Self {
            limit: DEFAULT_ADDRESS_LIMIT,
        }
    }
}

/// What happened to an address.
#[derive(Debug, Clone, Copy)]
enum Edit<'a> {
    Created(&'a [AddressField]),
    Updated(&'a [AddressField]),
    Deleted,
}

impl<'a> Edit<'a> {
    fn kinds(self) -> (EventKind, AuditKind) {
        match self {
            Self::Created(_) => (EventKind::AddressCreated, AuditKind::AddressCreate),
            Self::Updated([AddressField::Roles]) => {
                (EventKind::AddressUpdated, AuditKind::AddressDefaultChanged)
            }
            Self::Updated(_) => (EventKind::AddressUpdated, AuditKind::AddressUpdate),
            Self::Deleted => (EventKind::AddressDeleted, AuditKind::AddressDelete),
        }
    }

    fn fields(self) -> &'a [AddressField] {
        match self {
            Self::Created(fields) | Self::Updated(fields) => fields,
            Self::Deleted => &[],
        }
    }
}

impl Addresses {
    /// Returns the most addresses that a customer of this tenant may have.
    fn limit(&self, context: &Context) -> usize {
        let own = self.tenants.settings(context.tenant).max_addresses;
        let own = own.map(|limit| usize::try_from(limit).unwrap_or(MAX_BOOK));
        match own.unwrap_or(self.settings.limit) {
            0 => MAX_BOOK,
            limit => limit.min(MAX_BOOK),
        }
    }

    /// Returns the event and the audit entry of a change. `book` is the book after the change.
    fn changed(
        &self,
        holder: BookHolder,
        book: &AddressBook,
        address: &Address,
        edit: Edit<'_>,
    ) -> Change {
        let (event, audit) = edit.kinds();
        let changed = edit.fields();
        let defaults = Role::ALL.map(|role| book.holder(role));
        let id = EventId(self.ids.new_id());
        // A new address was not in the book when it was read.
        let stored = book.stored(address.id).unwrap_or(address);
        let fields = match edit {
            Edit::Created(fields) => FieldChange::created(address, fields),
            Edit::Updated(fields) => FieldChange::between(stored, address, fields),
            Edit::Deleted => FieldChange::deleted(stored, &filled_fields(stored)),
        };
        let event = Event::address_changed(id, event, holder, address, defaults, changed);
        let entry = AuditEntry::new(&*self.ids, audit, address.id.0, address.updated_at);
        (event, entry.about(holder.customer).with(fields)).into()
    }
}

/// Returns the filled fields, plus the roles that the address gives up when it is deleted.
fn filled_fields(address: &Address) -> Vec<AddressField> {
    let roles = (!address.roles().is_empty()).then_some(AddressField::Roles);
    address.given_fields().into_iter().chain(roles).collect()
}

/// Reads and locks the book of a customer whose addresses may be changed.
async fn open(
    work: &mut dyn UnitOfWork,
    customer: CustomerRef,
    stated: Option<CustomerRef>,
) -> Result<LockedBook, AddressError> {
    let locked = work.addresses().book_for_update(customer).await?;
    expect_customer(stated, customer, locked.holder.customer)?;
    expect_not_deleted(locked.holder.status)?;
    Ok(locked)
}

/// Succeeds if the caller may make these changes: a customer may not change fields for staff only.
fn refuse_staff_fields(
    context: &Context,
    address: &Address,
    changes: &AddressChanges,
) -> Result<(), AddressError> {
    if context.may(Permission::Write) {
        return Ok(());
    }
    let fields = changes.staff_fields(address).into_iter();
    expect_own(
        Permission::Write,
        fields.map(AddressField::as_str).collect(),
    )
}
