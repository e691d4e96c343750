//! The small vocabularies of a customer. The numbers are what the store keeps.

/// Where a customer stands in its life (D-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Registered, and not yet proven.
    Pending,
    /// In good standing.
    Active,
    /// Set aside by hand; keeps everything.
    Inactive,
    /// Barred by staff.
    Suspended,
    /// Deactivated; the record stays for orders and staff.
    Deleted,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Active,
        Self::Inactive,
        Self::Suspended,
        Self::Deleted,
    ];

    /// The number that the store keeps (D-14).
    pub fn code(self) -> i16 {
        match self {
            Self::Pending => 1,
            Self::Active => 2,
            Self::Inactive => 3,
            Self::Suspended => 4,
            Self::Deleted => 5,
        }
    }

    /// The status with this stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
        }
    }
}

/// A person or a company (DOM-08).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CustomerType {
    /// A person.
    #[default]
    Individual,
    /// A company.
    Business,
}

impl CustomerType {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Individual, Self::Business];

    /// The number that the store keeps.
    pub fn code(self) -> i16 {
        match self {
            Self::Individual => 1,
            Self::Business => 2,
        }
    }

    /// The type with this stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Business => "business",
        }
    }
}

/// Whether a customer can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountState {
    /// Known to the shop, without an account.
    Guest,
    /// Asked to open an account, and has not yet.
    Invited,
    /// Has an account.
    Registered,
}

impl AccountState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Guest, Self::Invited, Self::Registered];

    /// The number that the store keeps.
    pub fn code(self) -> i16 {
        match self {
            Self::Guest => 1,
            Self::Invited => 2,
            Self::Registered => 3,
        }
    }

    /// The state with this stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Invited => "invited",
            Self::Registered => "registered",
        }
    }
}
