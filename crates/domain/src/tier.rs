//! Tiers: how much a customer is worth to the shop.

/// The tiers, lowest first. The numbers are what the store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Tier {
    /// Where everyone begins (SEG-02).
    #[default]
    Regular,
    /// From 1,000 spent.
    Premium,
    /// From 10,000 spent.
    Vip,
    /// From 50,000 spent.
    Enterprise,
}

impl Tier {
    /// All of them, lowest first.
    pub const ALL: [Self; 4] = [Self::Regular, Self::Premium, Self::Vip, Self::Enterprise];

    /// The number that the store keeps.
    pub fn code(self) -> i16 {
        match self {
            Self::Regular => 1,
            Self::Premium => 2,
            Self::Vip => 3,
            Self::Enterprise => 4,
        }
    }

    /// The tier with this stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.code() == code)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Premium => "premium",
            Self::Vip => "vip",
            Self::Enterprise => "enterprise",
        }
    }
}

/// The primary segment of a customer who has just come.
pub const NEW_CUSTOMER_SEGMENT: &str = "new_customer";
