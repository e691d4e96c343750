//! The purposes of keeping personal data, as the record of processing activities lists them.

/// The reason why values are kept, the legal basis, and the retention period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose {
    /// The purpose, worded for the person concerned.
    pub purpose: &'static str,
    /// The legal basis.
    pub legal_basis: LegalBasis,
    /// The retention period.
    pub retention: Retention,
}

/// The legal basis for processing personal data (Article 6 of the GDPR).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegalBasis {
    /// The contract with the person.
    Contract,
    /// A legal obligation of the shop.
    LegalObligation,
    /// A legitimate interest of the shop that the person's interests do not outweigh.
    LegitimateInterest,
    /// The person's consent, which can be withdrawn.
    Consent,
}

/// The time for which a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Until the customer is erased.
    WithCustomer,
    /// Until its event has been published, and for the days for which subscribers may look back.
    UntilPublished,
    /// A number of days after it was written, unless the operator configures another.
    Days(u32),
}

const YEAR: u32 = 365;

/// The account itself.
pub(super) const ACCOUNT: Purpose = Purpose {
    purpose: "keeping the customer's account and telling it from others",
    legal_basis: LegalBasis::Contract,
    retention: Retention::WithCustomer,
};

/// Contacting the customer.
pub(super) const CONTACT: Purpose = Purpose {
    purpose: "addressing and reaching the customer about the account and orders",
    legal_basis: LegalBasis::Contract,
    retention: Retention::WithCustomer,
};

/// Delivery and billing.
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

/// Optional data that personalises the shop.
pub(super) const PERSONALISING: Purpose = Purpose {
    purpose: "showing the customer's picture, and respecting birthdays and forms of address",
    legal_basis: LegalBasis::Consent,
    retention: Retention::WithCustomer,
};

/// The customer's settings.
pub(super) const SETTINGS: Purpose = Purpose {
    purpose: "serving the customer in the language, currency and way that they chose",
    legal_basis: LegalBasis::Contract,
    retention: Retention::WithCustomer,
};

/// The customer's consents.
pub(super) const CONSENTS: Purpose = Purpose {
    purpose: "sending and recording only what the customer agreed to",
    legal_basis: LegalBasis::Consent,
    retention: Retention::WithCustomer,
};

/// How the shop classifies the customer.
pub(super) const SERVICE: Purpose = Purpose {
    purpose: "serving customers by group, tag, tier and segment",
    legal_basis: LegalBasis::LegitimateInterest,
    retention: Retention::WithCustomer,
};

/// Notes of staff.
pub(super) const NOTES: Purpose = Purpose {
    purpose: "letting staff know what was said to the customer and agreed with it",
    legal_basis: LegalBasis::LegitimateInterest,
    retention: Retention::WithCustomer,
};

/// Searching for customers.
pub(super) const FINDING: Purpose = Purpose {
    purpose: "letting staff find a customer who calls or writes",
    legal_basis: LegalBasis::LegitimateInterest,
    retention: Retention::WithCustomer,
};

/// Repeated requests.
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

/// Events for other services.
pub(super) const TELLING: Purpose = Purpose {
    purpose: "telling the shop's other services what happened to a customer",
    legal_basis: LegalBasis::Contract,
    retention: Retention::UntilPublished,
};
