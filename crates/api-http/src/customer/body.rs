//! The representation of a customer.

use super::PreferencesBody;
use super::expand::Related;
use super::words::{
    CustomerAccountState, CustomerGender, CustomerKind, CustomerStatus, CustomerTier,
};
use crate::address::AddressBody;
use crate::support::envelope::reply;
use crate::support::wire::{Amount, FreeObject, Instant};
use chrono::NaiveDate;
use customer_domain::customer::{Customer, CustomerRecord, LegacyId};
use customer_domain::group::GroupId;
use customer_domain::profile::{Gender, Phone, Profile};
use customer_domain::statistics::CustomerSummary;
use customer_domain::tag::Tag;
use customer_domain::{Context, CustomerId};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerBody<'a> {
    /// The customer's id.
    pub id: Uuid,
    /// The tenant's slug.
    #[schema(example = "default")]
    pub tenant_id: &'a str,
    /// The user that signs in as this customer; null for a guest.
    pub user_id: Option<Uuid>,
    /// The e-mail address as it was typed.
    #[schema(example = "jane.smith@example.com")]
    pub email: &'a str,
    /// Whether the customer has proven to own the address.
    pub email_verified: bool,
    /// Whether the customer has proven to own the phone number.
    pub phone_verified: bool,
    /// The personal details.
    pub profile: ProfileBody<'a>,
    /// Tier, primary segment and totals.
    pub segment: StandingBody<'a>,
    /// The preferences.
    pub preferences: PreferencesBody<'a>,
    /// The status in the customer's lifecycle.
    #[schema(value_type = CustomerStatus)]
    pub status: &'static str,
    /// Whether the customer can sign in.
    #[schema(value_type = CustomerAccountState)]
    pub account_state: &'static str,
    /// A person or a company.
    #[schema(value_type = CustomerKind)]
    pub customer_type: &'static str,
    /// The group that the customer belongs to.
    #[schema(example = "retail")]
    pub group_id: Option<&'a str>,
    /// The tags that staff put on the customer, sorted.
    pub tags: Vec<&'a str>,
    /// The id in Magento.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    pub legacy_id: Option<i64>,
    /// The ids in other systems, by system.
    pub external_ids: &'a BTreeMap<String, String>,
    /// Where the customer registered.
    #[schema(example = "WEBSITE")]
    pub registration_source: Option<&'a str>,
    /// Free-form data that the shop stores with the customer.
    #[schema(value_type = FreeObject)]
    pub metadata: &'a Map<String, Value>,
    /// When the customer registered.
    #[schema(value_type = String, format = DateTime)]
    pub registration_date: Instant,
    /// When the customer last signed in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_login_at: Option<Instant>,
    /// The edit token; in quotes, it is the `ETag`.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the record was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When the record last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
    /// When the customer was deleted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deleted_at: Option<Instant>,
    /// The addresses, oldest first and at most 100, if `expand` requests them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub addresses: Option<Vec<AddressBody<'a>>>,
}

/// The personal details of a customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileBody<'a> {
    /// Given name.
    #[schema(example = "Jane")]
    pub first_name: Option<&'a str>,
    /// Family name.
    #[schema(example = "Smith")]
    pub last_name: Option<&'a str>,
    /// Date of birth.
    #[schema(example = "1985-06-15")]
    pub date_of_birth: Option<NaiveDate>,
    /// Gender.
    #[schema(value_type = Option<CustomerGender>)]
    pub gender: Option<&'static str>,
    /// Phone number as it was typed.
    #[schema(example = "+1-555-0125")]
    pub phone: Option<&'a str>,
    /// URL of a picture.
    #[schema(example = "https://cdn.example.com/avatars/jane.jpg")]
    pub avatar: Option<&'a str>,
    /// Free-form data about the person.
    #[schema(value_type = FreeObject)]
    pub data: &'a Map<String, Value>,
}

/// A customer's tier, primary segment and order totals.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandingBody<'a> {
    /// The tier.
    #[schema(value_type = CustomerTier)]
    pub tier: &'static str,
    /// The slug of the primary segment.
    #[schema(example = "new_customer")]
    pub segment: &'a str,
    /// Loyalty points.
    #[schema(example = 0)]
    pub loyalty_points: i64,
    /// The currency of the amounts.
    #[schema(example = "USD")]
    pub currency: &'a str,
    /// The sum of completed orders.
    #[schema(value_type = f64, example = 5420.50)]
    pub total_spent: Amount,
    /// The number of completed orders.
    #[schema(example = 23)]
    pub order_count: i64,
    /// The average value of an order.
    #[schema(value_type = f64, example = 235.67)]
    pub average_order_value: Amount,
}

reply! {
    /// One customer.
    CustomerReply {
        /// One customer.
        CustomerData<'a> {
            /// The customer.
            customer: CustomerBody<'a>,
        }
    }
}

impl<'a> CustomerBody<'a> {
    /// Creates the representation of a record for callers of the context's tenant.
    pub fn new(record: &'a CustomerRecord, context: &'a Context) -> Self {
        let customer: &Customer = &record.customer;
        Self {
            id: customer.id.0,
            tenant_id: &context.tenant_slug,
            user_id: customer.user_id().map(|id| id.0),
            email: customer.email.as_typed(),
            email_verified: customer.email_verified,
            phone_verified: customer.phone_verified,
            profile: ProfileBody::new(&customer.profile),
            segment: StandingBody::new(&record.summary),
            preferences: PreferencesBody::new(&customer.preferences),
            status: customer.status.as_str(),
            account_state: customer.account_state.as_str(),
            customer_type: customer.customer_type.as_str(),
            group_id: customer.group.as_ref().map(GroupId::as_str),
            tags: customer.tags.iter().map(Tag::as_str).collect(),
            legacy_id: customer.legacy_id.map(LegacyId::get),
            external_ids: &customer.external_ids,
            registration_source: customer.registration_source.as_deref(),
            metadata: &customer.metadata,
            registration_date: Instant(customer.registration_date),
            last_login_at: customer.last_login_at.map(Instant),
            version: customer.version,
            created_at: Instant(customer.created_at),
            updated_at: Instant(customer.updated_at),
            deleted_at: customer.deleted_at.map(Instant),
            addresses: None,
        }
    }

    /// Adds the requested related records.
    pub(super) fn with(mut self, related: &'a Related) -> Self {
        self.addresses = related.addresses(CustomerId(self.id));
        self
    }
}

impl<'a> ProfileBody<'a> {
    fn new(profile: &'a Profile) -> Self {
        Self {
            first_name: profile.first_name.as_deref(),
            last_name: profile.last_name.as_deref(),
            date_of_birth: profile.date_of_birth,
            gender: profile.gender.map(Gender::as_str),
            phone: profile.phone.as_ref().map(Phone::as_str),
            avatar: profile.avatar.as_deref(),
            data: &profile.data,
        }
    }
}

impl<'a> StandingBody<'a> {
    fn new(summary: &'a CustomerSummary) -> Self {
        let currency = summary.currency.as_str();
        Self {
            tier: summary.tier.as_str(),
            segment: &summary.segment,
            loyalty_points: summary.loyalty_points,
            currency,
            total_spent: Amount::new(summary.total_spent, currency),
            order_count: summary.order_count,
            average_order_value: Amount::new(summary.average_order_value(), currency),
        }
    }
}
