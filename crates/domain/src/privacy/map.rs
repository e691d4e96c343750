//! The map of personal data: every column of the schema, and every path within a JSON column whose
//! shape is known. Each entry either is not personal, or states why the value is kept, on which
//! legal basis, for how long, its name in an export of the person's data, and what erasure does to
//! it.
//!
//! All code that deals with personal data uses this map instead of a list of its own: masking in
//! logs, exports of a person's data, erasure, and retention. A column without an entry fails the
//! store's tests.

mod addresses;
mod customers;
mod notes;
mod purpose;
mod records;
mod sealed;
mod tenants;

pub use purpose::{LegalBasis, Purpose, Retention};

/// All stored data, by table.
pub const MAP: &[&[Table]] = &[
    tenants::TABLES,
    customers::TABLES,
    addresses::TABLES,
    notes::TABLES,
    records::TABLES,
    sealed::TABLES,
];

/// Returns all entries of [`MAP`] with their tables.
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

/// A table, or some of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// The table's name.
    pub name: &'static str,
    /// The columns, in their order.
    pub columns: &'static [Column],
}

/// A column, or a part of one that holds JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The column's name.
    pub name: &'static str,
    /// The part of the column that the entry describes.
    pub path: Path,
    /// Whether it is personal, and what follows from that.
    pub data: Data,
}

/// A part of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// The whole column, which has a single value.
    Whole,
    /// A member of a JSON column, as a pointer (RFC 6901).
    Member(&'static str),
    /// All other members of a JSON column. Each JSON column has exactly one such entry.
    Rest,
}

/// Whether a value is personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// The value is about no person, or shows only that there is a row.
    NotPersonal,
    /// The value is about a person.
    Personal(Personal),
}

/// What the map records about a personal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Personal {
    /// Why the value is kept, on which legal basis, and for how long.
    pub purpose: &'static Purpose,
    /// The name in an export of the person's data, as it is spelled in the API, with the enclosing
    /// objects (`profile.firstName`). `None` for a copy in another form, or a secret of the
    /// service.
    pub export_name: Option<&'static str>,
    /// Other names of the value in the API.
    pub aliases: &'static [&'static str],
    /// What erasing the person does to the value.
    pub erase: Erase,
    /// Whether the value is sealed with the person's key.
    pub is_sealed: bool,
    /// Whether logs may show it.
    pub in_logs: InLogs,
}

/// What erasing a person does to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erase {
    /// The row is deleted.
    DeleteRow,
    /// The value becomes null.
    Null,
    /// The value is overwritten with this text, where null is not allowed.
    Overwrite(&'static str),
    /// The value stays, for this reason.
    Keep(&'static str),
    /// The value stays sealed and the key is destroyed, so that it cannot be read any more, not
    /// even from a backup.
    CryptoShred,
}

/// Whether logs may show a value by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InLogs {
    /// The value must be masked: it identifies a person, or is written in a person's own words.
    Masked,
    /// The value may be logged: an id without meaning outside of this service, a word of a closed
    /// list, or a time.
    Shown,
}

/// Describes a column that is not personal.
const fn plain(name: &'static str) -> Column {
    Column {
        name,
        path: Path::Whole,
        data: Data::NotPersonal,
    }
}

/// Describes a column that is personal and masked in logs.
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
    /// Limits the entry to the member at this pointer.
    const fn at(mut self, pointer: &'static str) -> Self {
        self.path = Path::Member(pointer);
        self
    }

    /// Limits the entry to the members without an entry.
    const fn rest(mut self) -> Self {
        self.path = Path::Rest;
        self
    }

    /// Sets the name in an export.
    const fn export(mut self, name: &'static str) -> Self {
        if let Data::Personal(personal) = &mut self.data {
            personal.export_name = Some(name);
        }
        self
    }

    /// Sets other names in the API.
    const fn also(mut self, aliases: &'static [&'static str]) -> Self {
        if let Data::Personal(personal) = &mut self.data {
            personal.aliases = aliases;
        }
        self
    }

    /// Marks the value as sealed: it is erased by destroying the key.
    const fn sealed(mut self) -> Self {
        if let Data::Personal(personal) = &mut self.data {
            personal.is_sealed = true;
        }
        self
    }

    /// Allows the value in logs.
    const fn in_logs(mut self) -> Self {
        if let Data::Personal(personal) = &mut self.data {
            personal.in_logs = InLogs::Shown;
        }
        self
    }
}

#[cfg(test)]
mod tests;
