//! The address book: all live addresses of one customer, and the rules that hold between them.
//!
//! A default belongs to a role, not to an address: each role has at most one default address, whose
//! type must cover the role.

use super::{Address, AddressChanges, AddressField, AddressRef, AddressType, Role};
use crate::support::reference::LegacyId;
use crate::{AddressId, CustomerId, KeyedDigest};
use chrono::{DateTime, Utc};
use thiserror::Error;

/// The live addresses of one customer, oldest first, along with their state when they were read.
/// After an error the book must be dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressBook {
    customer: CustomerId,
    loaded: Vec<Address>,
    addresses: Vec<Address>,
    removed: Vec<RemovedAddress>,
}

/// The result of adding an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// The address was added.
    New,
    /// The book already had an equal address.
    Equal {
        /// The id of the existing address.
        id: AddressId,
        /// The fields of it that changed.
        changed: Vec<AddressField>,
    },
}

/// The reason why a book rejects a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BookError {
    /// The book has no such address.
    #[error("no such address")]
    NotFound,
    /// The book is full.
    #[error("the customer has {limit} addresses, which is the maximum")]
    Full {
        /// The most addresses that the book may hold.
        limit: usize,
    },
    /// The change would make the address equal to another one of the book.
    #[error("an equal address exists")]
    Equal(AddressId),
    /// The type of the address does not cover the role.
    #[error("an address of type {} cannot be the default for {}", .kind.as_str(), .role.as_str())]
    NotCovered {
        /// The address's type.
        kind: AddressType,
        /// The requested role.
        role: Role,
    },
}

/// What changed in a book since it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct BookChanges {
    /// The customer whose book this is.
    pub customer: CustomerId,
    /// Addresses that are new or have changed.
    pub written: Vec<WrittenAddress>,
    /// Addresses that were removed.
    pub removed: Vec<RemovedAddress>,
    /// Roles that an address of the book held when it was read and could still hold, but no longer
    /// does: the old holder must give them up before another address can take them.
    pub vacated: Vec<Role>,
}

/// An address to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenAddress {
    /// The whole address.
    pub address: Address,
    /// The digest that equal addresses are found by; `None` keeps the stored one, because neither
    /// type nor place changed. The digest is not recomputed in that case: the country data may have
    /// changed since, so that two stored addresses are equal now, and that is no reason to reject
    /// the write.
    pub digest: Option<[u8; 32]>,
}

/// An address that was removed from the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedAddress {
    /// The address's id.
    pub id: AddressId,
    /// When it was removed.
    pub at: DateTime<Utc>,
    /// The version that the removal gave it.
    pub version: i64,
}

impl BookChanges {
    /// Returns whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.at().is_none()
    }

    /// Returns when the last of the changes was made; `None` if nothing changed.
    pub fn at(&self) -> Option<DateTime<Utc>> {
        let written = self
            .written
            .iter()
            .map(|written| written.address.updated_at);
        let removed = self.removed.iter().map(|removed| removed.at);
        written.chain(removed).max()
    }
}

impl AddressBook {
    /// Creates a book from the stored addresses.
    pub fn new(customer: CustomerId, addresses: Vec<Address>) -> Self {
        Self {
            customer,
            loaded: addresses.clone(),
            addresses,
            removed: Vec::new(),
        }
    }

    /// Returns the customer whose book this is.
    pub fn customer(&self) -> CustomerId {
        self.customer
    }

    /// Returns the live addresses, oldest first.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Returns the address that `name` refers to.
    ///
    /// # Errors
    /// [`BookError::NotFound`].
    pub fn get(&self, name: AddressRef) -> Result<&Address, BookError> {
        let found = self.addresses.iter().find(|address| name.names(address));
        found.ok_or(BookError::NotFound)
    }

    /// Returns the default address for `role`.
    pub fn holder(&self, role: Role) -> Option<AddressId> {
        let holder = self.addresses.iter().find(|address| address.holds(role));
        holder.map(|address| address.id)
    }

    /// Adds an address, unless the book already has an equal one, which then takes over the legacy
    /// id if it has none of its own. With `make_default` the address becomes the default for all
    /// roles of its type; without it, a new address takes only the roles that no other address
    /// covers.
    ///
    /// # Errors
    /// [`BookError::Full`] at `limit` addresses, unless an equal one exists.
    pub fn add(
        &mut self,
        address: Address,
        make_default: bool,
        limit: usize,
    ) -> Result<Added, BookError> {
        let now = address.updated_at;
        if let Some(id) = self.equal_to(&address) {
            let mut changed = Vec::new();
            if self.adopt(id, address.legacy_id, now) {
                changed.push(AddressField::LegacyId);
            }
            if make_default && self.take(id, self.covered(id), now) {
                changed.push(AddressField::Roles);
            }
            return Ok(Added::Equal { id, changed });
        }
        if self.addresses.len() >= limit {
            return Err(BookError::Full { limit });
        }
        let (id, kind) = (address.id, address.kind);
        let roles = Role::ALL.into_iter().filter(|role| kind.covers(*role));
        let roles = roles.filter(|role| make_default || !self.is_covered(*role));
        let roles: Vec<_> = roles.collect();
        self.addresses.push(address);
        self.take(id, roles, now);
        Ok(Added::New)
    }

    /// Merges changes into an address, and returns the changed fields. Roles that its type no longer
    /// covers, or that it gives up, go to the newest other address that covers them.
    ///
    /// # Errors
    /// [`BookError::NotFound`]; [`BookError::Equal`] if it would become equal to another address.
    pub fn change(
        &mut self,
        id: AddressId,
        edit: AddressChanges,
        now: DateTime<Utc>,
    ) -> Result<Vec<AddressField>, BookError> {
        let is_default = edit.is_default;
        let before = self.get(AddressRef::Id(id))?.clone();
        let mut after = before.clone();
        let mut changed = edit.apply(&mut after);
        let is_equal = (!after.is_equal(&before)).then(|| self.equal_to(&after));
        if let Some(equal) = is_equal.flatten() {
            return Err(BookError::Equal(equal));
        }
        let kind = after.kind;
        if let Some(address) = self.find_mut(id) {
            *address = after;
        }
        for role in Role::ALL {
            let covers = kind.covers(role);
            let wanted = match is_default {
                Some(wanted) => covers && wanted,
                None if covers && !before.kind.covers(role) => self.heir(id, role).is_none(),
                None => covers && before.holds(role),
            };
            match (before.holds(role), wanted) {
                (false, true) => self.give(role, Some(id), now),
                (true, false) => self.give(role, self.heir(id, role), now),
                (true, true) | (false, false) => {}
            }
        }
        let roles = self.get(AddressRef::Id(id))?.roles();
        if roles != before.roles() {
            changed.push(AddressField::Roles);
        }
        if !changed.is_empty() {
            self.touch(id, now);
        }
        Ok(changed)
    }

    /// Makes an address the default for `role`, or for all roles of its type if `None`. Returns
    /// whether anything changed.
    ///
    /// # Errors
    /// [`BookError::NotFound`]; [`BookError::NotCovered`].
    pub fn set_default(
        &mut self,
        id: AddressId,
        role: Option<Role>,
        now: DateTime<Utc>,
    ) -> Result<bool, BookError> {
        let kind = self.get(AddressRef::Id(id))?.kind;
        let roles = match role {
            Some(role) if !kind.covers(role) => return Err(BookError::NotCovered { kind, role }),
            Some(role) => vec![role],
            None => self.covered(id),
        };
        Ok(self.take(id, roles, now))
    }

    /// Removes an address from the book. Its roles go to the newest other address that covers them.
    /// Returns the removed address at its last version, without roles.
    ///
    /// # Errors
    /// [`BookError::NotFound`].
    pub fn remove(&mut self, id: AddressId, now: DateTime<Utc>) -> Result<Address, BookError> {
        for role in self.get(AddressRef::Id(id))?.roles() {
            self.give(role, self.heir(id, role), now);
        }
        self.touch(id, now);
        let removed = self.get(AddressRef::Id(id))?.clone();
        self.addresses.retain(|address| address.id != id);
        if self.stored(id).is_some() {
            self.removed.push(RemovedAddress {
                id,
                at: removed.updated_at,
                version: removed.version,
            });
        }
        Ok(removed)
    }

    /// Returns what changed since the book was read.
    pub fn changes(&self, digests: &dyn KeyedDigest) -> BookChanges {
        let written = self.addresses.iter();
        let written = written.filter(|address| self.stored(address.id) != Some(*address));
        let vacated = Role::ALL.into_iter().filter(|role| {
            let mut held = self.loaded.iter().filter(|stored| stored.holds(*role));
            held.any(|stored| self.find(stored.id).is_some_and(|now| !now.holds(*role)))
        });
        BookChanges {
            customer: self.customer,
            written: written
                .map(|address| WrittenAddress {
                    address: address.clone(),
                    digest: self.is_placed(address).then(|| address.digest(digests)),
                })
                .collect(),
            removed: self.removed.clone(),
            vacated: vacated.collect(),
        }
    }

    /// Returns whether an address is new, or its type or place changed.
    fn is_placed(&self, address: &Address) -> bool {
        let stored = self.stored(address.id);
        stored.is_none_or(|stored| !stored.is_equal(address))
    }

    /// Returns the address as it was when the book was read.
    pub fn stored(&self, id: AddressId) -> Option<&Address> {
        self.loaded.iter().find(|address| address.id == id)
    }

    fn find(&self, id: AddressId) -> Option<&Address> {
        self.addresses.iter().find(|address| address.id == id)
    }

    fn find_mut(&mut self, id: AddressId) -> Option<&mut Address> {
        self.addresses.iter_mut().find(|address| address.id == id)
    }

    /// Returns another live address that is equal to this one.
    fn equal_to(&self, address: &Address) -> Option<AddressId> {
        let mut others = self.addresses.iter().filter(|other| other.id != address.id);
        let equal = others.find(|other| other.is_equal(address));
        equal.map(|other| other.id)
    }

    /// Gives a legacy id to an address that has none. Returns whether anything changed.
    fn adopt(&mut self, id: AddressId, legacy_id: Option<LegacyId>, now: DateTime<Utc>) -> bool {
        let heir = self.find_mut(id).filter(|heir| heir.legacy_id.is_none());
        let Some((heir, legacy_id)) = heir.zip(legacy_id) else {
            return false;
        };
        heir.legacy_id = Some(legacy_id);
        self.touch(id, now);
        true
    }

    fn covered(&self, id: AddressId) -> Vec<Role> {
        let kind = self.addresses.iter().find(|address| address.id == id);
        let covers = |role: &Role| kind.is_some_and(|address| address.kind.covers(*role));
        Role::ALL.into_iter().filter(covers).collect()
    }

    fn is_covered(&self, role: Role) -> bool {
        self.addresses.iter().any(|other| other.kind.covers(role))
    }

    /// Returns the newest other address that covers the role.
    fn heir(&self, id: AddressId, role: Role) -> Option<AddressId> {
        let others = self.addresses.iter().filter(|other| other.id != id);
        others
            .filter(|other| other.kind.covers(role))
            .max_by_key(|other| (other.created_at, other.id))
            .map(|other| other.id)
    }

    /// Gives roles to an address. Returns whether anything changed.
    fn take(&mut self, id: AddressId, roles: Vec<Role>, now: DateTime<Utc>) -> bool {
        let mut changed = false;
        for role in roles {
            if self.holder(role) != Some(id) {
                self.give(role, Some(id), now);
                changed = true;
            }
        }
        changed
    }

    /// Moves a role from its current holder to `heir`.
    fn give(&mut self, role: Role, heir: Option<AddressId>, now: DateTime<Utc>) {
        let mut touched = Vec::new();
        for address in &mut self.addresses {
            let holds = heir == Some(address.id);
            if address.holds(role) != holds {
                address.set(role, holds);
                touched.push(address.id);
            }
        }
        for id in touched {
            self.touch(id, now);
        }
    }

    /// Marks an address as changed: its version increases by one, however many changes are saved
    /// together. A new address stays at its first version.
    fn touch(&mut self, id: AddressId, now: DateTime<Utc>) {
        let next = self.stored(id).map(|stored| stored.version + 1);
        if let Some(address) = self.find_mut(id) {
            address.version = next.unwrap_or(address.version);
            // The clock may have been set back.
            address.updated_at = address.updated_at.max(now);
        }
    }
}

#[cfg(test)]
mod tests;
