//! Why personal data is kept: what stands in the register of processing.

/// Why values are kept, on what ground, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose {
    /// What for, as a person would be told.
    pub purpose: &'static str,
    /// What allows it.
    pub legal_basis: LegalBasis,
    /// For how long.
    pub retention: Retention,
}

/// What allows personal data to be processed (Article 6 of the GDPR).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegalBasis {
    /// The contract with the person.
    Contract,
    /// A law that obliges the shop.
    LegalObligation,
    /// An interest of the shop's that the person's own do not outweigh.
    LegitimateInterest,
    /// The person agreed, and may take that back.
    Consent,
}

/// How long a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// As long as the customer's record: until it is erased.
    WithCustomer,
    /// Until its event has been published, and for the days that readers may look back.
    UntilPublished,
    /// So many days after it was written, unless the operator decided otherwise.
    Days(u32),
}

const YEAR: u32 = 365;

/// The account itself.
pub(super) const ACCOUNT: Purpose = Purpose {
    purpose: "keeping the customer's account and telling it from others",
    legal_basis: LegalBasis::Contract,
    retention: Retention::WithCustomer,
};

/// What is needed to reach someone.
pub(super) const CONTACT: Purpose = Purpose {
    purpose: "addressing and reaching the customer about the account and orders",
    legal_basis: LegalBasis::Contract,
    retention: Retention::WithCustomer,
};

/// Where things go.
pub(super) const DELIVERY: Purpose = Purpose {
    purpose: "delivering orders and sending bills",
    legal_basis: LegalBasis::Contract,
    retention: Retention::WithCustomer,
};

/// Signing in.
pub(super) const SIGN_IN: Purpose = Purpose {
    purpose: "letting the customer, and nobody else, sign in",
    legal_basis: LegalBasis::Contract,
    retention: Retention::WithCustomer,
};

/// What makes the shop pleasant, and is given for that.
pub(super) const PERSONALISING: Purpose = Purpose {
    purpose: "showing the customer's own picture and minding birthdays and forms of address",
    legal_basis: LegalBasis::Consent,
    retention: Retention::WithCustomer,
};

/// Settings that the customer made.
pub(super) const SETTINGS: Purpose = Purpose {
    purpose: "serving the customer in the language, currency and way that they chose",
    legal_basis: LegalBasis::Contract,
    retention: Retention::WithCustomer,
};

/// What the customer agreed to.
pub(super) const CONSENTS: Purpose = Purpose {
    purpose: "sending and recording only what the customer agreed to",
    legal_basis: LegalBasis::Consent,
    retention: Retention::WithCustomer,
};

/// Staff's view of a customer.
pub(super) const SERVICE: Purpose = Purpose {
    purpose: "serving customers by group, tag, tier and segment",
    legal_basis: LegalBasis::LegitimateInterest,
    retention: Retention::WithCustomer,
};

/// Looking customers up.
pub(super) const FINDING: Purpose = Purpose {
    purpose: "letting staff find a customer who calls or writes",
    legal_basis: LegalBasis::LegitimateInterest,
    retention: Retention::WithCustomer,
};

/// Requests sent twice.
pub(super) const REPEATING: Purpose = Purpose {
    purpose: "answering a request that is sent twice as the first time",
    legal_basis: LegalBasis::LegitimateInterest,
    retention: Retention::Days(1),
};

/// The audit trail (AUD-07).
pub(super) const ACCOUNTING: Purpose = Purpose {
    purpose: "proving who changed and who read personal data",
    legal_basis: LegalBasis::LegalObligation,
    retention: Retention::Days(7 * YEAR + 2),
};

/// Events to other services.
pub(super) const TELLING: Purpose = Purpose {
    purpose: "telling the shop's other services what happened to a customer",
    legal_basis: LegalBasis::Contract,
    retention: Retention::UntilPublished,
};
