//! What callers may do.

/// What a caller may do. Each permission includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// `customers:read`
    Read,
    /// `customers:write`
    Write,
    /// `customers:admin`
    Admin,
}

impl Permission {
    /// All of them, weakest first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// Returns the number that the store keeps.
    pub fn code(self) -> i16 {
        match self {
            Self::Read => 1,
            Self::Write => 2,
            Self::Admin => 3,
        }
    }

    /// Returns the permission with this stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.code() == code)
    }

    /// Returns the scope's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "customers:read",
            Self::Write => "customers:write",
            Self::Admin => "customers:admin",
        }
    }
}
