//! The address book: all live addresses of one customer, and the rules that hold among them.
//!
//! A default belongs to a role, not to an address: at most one address holds each role, and
//! only one whose type covers it.

use super::{Address, AddressChanges, AddressRef, AddressType, Role};
use crate::support::reference::LegacyId;
use crate::{AddressId, CustomerId, KeyedDigest};
use chrono::{DateTime, Utc};
use thiserror::Error;

/// The live addresses of one customer, oldest first, with what they were when they were read.
/// After an error a book can only be dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressBook {
    customer: CustomerId,
    loaded: Vec<Address>,
    addresses: Vec<Address>,
    removed: Vec<RemovedAddress>,
}

/// What became of an address that was to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is in the book now.
    New,
    /// An equal one was there.
    Equal {
        /// Which one.
        id: AddressId,
        /// The names of what changed in it by this, as the wire spells them.
        changed: Vec<&'static str>,
    },
}

/// Why a book refuses a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BookError {
    /// There is no such address in it.
    #[error("no such address")]
    NotFound,
    /// It is full.
    #[error("the customer has {limit} addresses, which is the most")]
    Full {
        /// How many it may hold.
        limit: usize,
    },
    /// Another address of it is equal to what this one would become.
    #[error("an equal address exists")]
    Equal(AddressId),
    /// The address' type does not cover the role.
    #[error("an address of type {} cannot be the default for {}", .kind.as_str(), .role.as_str())]
    NotCovered {
        /// Its type.
        kind: AddressType,
        /// The role that was asked for.
        role: Role,
    },
}

/// What changed in a book since it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct BookChanges {
    /// Whose book.
    pub customer: CustomerId,
    /// Addresses that were not there, or that are different now.
    pub written: Vec<WrittenAddress>,
    /// Addresses that are gone.
    pub removed: Vec<RemovedAddress>,
    /// Roles that an address of the book held and still could, and that another one holds now, or
    /// none: the holder must give them up before anyone can take them.
    pub vacated: Vec<Role>,
}

/// An address as it is to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenAddress {
    /// The whole of it.
    pub address: Address,
    /// By what an equal one is found; `None` when that stays as it is stored, because neither type
    /// nor place changed. It is not made again then: what is known of countries may have changed
    /// meanwhile, and have made two stored addresses equal, which is no reason to write neither.
    pub digest: Option<[u8; 32]>,
}

/// An address that left the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedAddress {
    /// Which one.
    pub id: AddressId,
    /// When.
    pub at: DateTime<Utc>,
    /// The version that its end is.
    pub version: i64,
}

impl BookChanges {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty() && self.removed.is_empty()
    }
}

impl AddressBook {
    /// The book as it is stored.
    pub fn new(customer: CustomerId, addresses: Vec<Address>) -> Self {
        Self {
            customer,
            loaded: addresses.clone(),
            addresses,
            removed: Vec::new(),
        }
    }

    /// Whose it is.
    pub fn customer(&self) -> CustomerId {
        self.customer
    }

    /// The live addresses, oldest first.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The address of this name.
    ///
    /// # Errors
    /// [`BookError::NotFound`].
    pub fn get(&self, name: AddressRef) -> Result<&Address, BookError> {
        let found = self.addresses.iter().find(|address| name.names(address));
        found.ok_or(BookError::NotFound)
    }

    /// Who is the default of `role`.
    pub fn holder(&self, role: Role) -> Option<AddressId> {
        let holder = self.addresses.iter().find(|address| address.holds(role));
        holder.map(|address| address.id)
    }

    /// Adds an address, unless an equal one is there already: then that one stands for it, and
    /// takes over its legacy id if it has none. It takes all roles of its type when `make_default`
    /// says so; a new one else takes those that no other address covers.
    ///
    /// # Errors
    /// [`BookError::Full`] at `limit` addresses; an equal one is found first.
    pub fn add(
        &mut self,
        address: Address,
        make_default: bool,
        limit: usize,
        digests: &dyn KeyedDigest,
    ) -> Result<Added, BookError> {
        let now = address.updated_at;
        if let Some(id) = self.equal_to(&address, digests) {
            let mut changed = Vec::new();
            if self.adopt(id, address.legacy_id, now) {
                changed.push("legacyId");
            }
            if make_default && self.take(id, self.covered(id), now) {
                changed.push("roles");
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

    /// Merges changes into an address: the names of what changed, as the wire spells them. Roles
    /// that its type does not cover any more, or that it is to give up, go to the newest other
    /// address that covers them.
    ///
    /// # Errors
    /// [`BookError::NotFound`]; [`BookError::Equal`] when it would become equal to another.
    pub fn change(
        &mut self,
        id: AddressId,
        edit: AddressChanges,
        now: DateTime<Utc>,
        digests: &dyn KeyedDigest,
    ) -> Result<Vec<&'static str>, BookError> {
        let is_default = edit.is_default;
        let before = self.get(AddressRef::Id(id))?.clone();
        let mut after = before.clone();
        let mut changed = edit.apply(&mut after);
        let is_equal = (!after.is_equal(&before)).then(|| self.equal_to(&after, digests));
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
            changed.push("roles");
        }
        if !changed.is_empty() {
            self.touch(id, now);
        }
        Ok(changed)
    }

    /// Makes an address the default of `role`, or of all roles of its type. Whether that changed
    /// anything.
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

    /// Takes an address out of the book. Its roles go to the newest other address that covers
    /// them. What is returned is its end: at its last version, without roles.
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
                at: now,
                version: removed.version,
            });
        }
        Ok(removed)
    }

    /// What changed since the book was read.
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

    /// Whether an address is new, or is of another type or at another place than it was.
    fn is_placed(&self, address: &Address) -> bool {
        let stored = self.stored(address.id);
        stored.is_none_or(|stored| !stored.is_equal(address))
    }

    /// The address as it was when the book was read.
    pub fn stored(&self, id: AddressId) -> Option<&Address> {
        self.loaded.iter().find(|address| address.id == id)
    }

    fn find(&self, id: AddressId) -> Option<&Address> {
        self.addresses.iter().find(|address| address.id == id)
    }

    fn find_mut(&mut self, id: AddressId) -> Option<&mut Address> {
        self.addresses.iter_mut().find(|address| address.id == id)
    }

    /// Another live address that is equal to this one.
    fn equal_to(&self, address: &Address, digests: &dyn KeyedDigest) -> Option<AddressId> {
        let digest = address.digest(digests);
        let mut others = self.addresses.iter().filter(|other| other.id != address.id);
        others
            .find(|other| other.digest(digests) == digest)
            .map(|other| other.id)
    }

    /// Gives a legacy id to an address that has none. Whether that changed anything.
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

    /// The newest other address that covers the role.
    fn heir(&self, id: AddressId, role: Role) -> Option<AddressId> {
        let others = self.addresses.iter().filter(|other| other.id != id);
        others
            .filter(|other| other.kind.covers(role))
            .max_by_key(|other| (other.created_at, other.id))
            .map(|other| other.id)
    }

    /// Gives roles to an address. Whether that changed anything.
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

    /// Moves a role from whoever holds it to `heir`.
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

    /// Takes note that an address is not as it was read: it is at its next version, however many
    /// changes are saved as one. A new one stays at its first.
    fn touch(&mut self, id: AddressId, now: DateTime<Utc>) {
        let next = self.stored(id).map(|stored| stored.version + 1);
        if let Some(address) = self.find_mut(id) {
            address.version = next.unwrap_or(address.version);
            address.updated_at = now;
        }
    }
}

#[cfg(test)]
mod tests;
