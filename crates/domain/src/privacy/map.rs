//! The map of personal data: every column of the schema, and every path inside of a JSON column whose
//! shape is known. Each is either about no person, or says why it is kept, on what legal ground, for
//! how long, what it is called in a person's export, and what erasing the person does to it.
//!
//! Whatever deals with personal data as such goes by this map and has no list of its own: what logs
//! mask, a person's export, erasure, and what ends when its time is over. A column without an entry
//! fails the tests of the store.

mod addresses;
mod customers;
mod purpose;
mod records;
mod sealed;
mod tenants;

pub use purpose::{LegalBasis, Purpose, Retention};

/// Everything that is stored, by table.
pub const MAP: &[&[Table]] = &[
    tenants::TABLES,
    customers::TABLES,
    addresses::TABLES,
    records::TABLES,
    sealed::TABLES,
];

/// All entries of [`MAP`], with their tables.
pub fn entries() -> impl Iterator<Item = Entry> {
    of(MAP)
}

pub(super) fn of(map: &'static [&'static [Table]]) -> impl Iterator<Item = Entry> {
    let tables = map.iter().copied().flatten();
    tables.flat_map(|table| {
        let columns = table.columns.iter();
        columns.map(|column| Entry {
            table: table.name,
            column,
        })
    })
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The table.
    pub table: &'static str,
    /// The column, or a part of it.
    pub column: &'static Column,
}

/// A table, or some columns of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in their order.
    pub columns: &'static [Column],
}

/// A column, or a part of one that holds JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Which part of it is meant.
    pub path: Path,
    /// Whether it is about a person, and what follows from that.
    pub data: Data,
}

/// Which part of a column is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// All of it: a column that holds one value.
    Whole,
    /// A member of a JSON column, as a pointer (RFC 6901).
    Member(&'static str),
    /// Whatever else a JSON column holds. Each has one such entry.
    Rest,
}

/// Whether a value is about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// It is about nobody, or says only that there is a row.
    NotPersonal,
    /// It is about a person.
    Personal(Personal),
}

/// What is to be known of a personal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Personal {
    /// Why it is kept, on what ground, and for how long.
    pub purpose: &'static Purpose,
    /// What it is called in a person's export, as the API spells it, with the objects around it
    /// (`profile.firstName`). None: it is a copy in another form, or a secret of the service.
    pub export_name: Option<&'static str>,
    /// Further names that it goes by on the wire.
    pub aliases: &'static [&'static str],
    /// What erasing the person does to it.
    pub erase: Erase,
    /// Whether it lies sealed under the person's key.
    pub is_sealed: bool,
    /// Whether logs may show it.
    pub in_logs: InLogs,
}

/// What erasing a person does to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erase {
    /// Its row is deleted.
    DeleteRow,
    /// It becomes null.
    Null,
    /// It is written over with this, where null cannot be.
    Overwrite(&'static str),
    /// It stays, for this reason.
    Keep(&'static str),
    /// It stays sealed, and the key is destroyed: nobody reads it any more, in a backup either.
    CryptoShred,
}

/// Whether logs may show a value by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InLogs {
    /// No: it says who someone is, or is in a person's own words.
    Masked,
    /// Yes: an id that means nothing outside of this service, a word of a closed list, a time.
    Shown,
}

/// A column that is about nobody.
const fn plain(name: &'static str) -> Column {
    Column {
        name,
        path: Path::Whole,
        data: Data::NotPersonal,
    }
}

/// A column that is about a person, and masked in logs.
const fn personal(name: &'static str, purpose: &'static Purpose, erase: Erase) -> Column {
    Column {
        name,
        path: Path::Whole,
        data: Data::Personal(Personal {
            purpose,
            export_name: None,
            aliases: &[],
            erase,
            is_sealed: false,
            in_logs: InLogs::Masked,
        }),
    }
}

impl Column {
    /// A member of the column, by its pointer.
    const fn at(mut self, pointer: &'static str) -> Self {
        self.path = Path::Member(pointer);
        self
    }

    /// What the column holds beside the members that have entries.
    const fn rest(mut self) -> Self {
        self.path = Path::Rest;
        self
    }

    /// Its name in an export.
    const fn export(mut self, name: &'static str) -> Self {
        if let Data::Personal(personal) = &mut self.data {
            personal.export_name = Some(name);
        }
        self
    }

    /// Further names on the wire.
    const fn also(mut self, aliases: &'static [&'static str]) -> Self {
        if let Data::Personal(personal) = &mut self.data {
            personal.aliases = aliases;
        }
        self
    }

    /// It lies sealed, and is erased with the key.
    const fn sealed(mut self) -> Self {
        if let Data::Personal(personal) = &mut self.data {
            personal.is_sealed = true;
        }
        self
    }

    /// Logs may show it.
    const fn shown(mut self) -> Self {
        if let Data::Personal(personal) = &mut self.data {
            personal.in_logs = InLogs::Shown;
        }
        self
    }
}

#[cfg(test)]
mod tests;
