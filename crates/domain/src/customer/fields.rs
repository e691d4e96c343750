//! The fields of a customer: their names on the wire, their audited values, and who may change
//! them.

use super::{Customer, LegacyId};
use crate::audit::{Audited, Fields};
use crate::group::GroupId;
use crate::preference::PreferenceField;
use crate::profile::ProfileField;
use crate::tag::Tag;
use serde_json::json;

/// An audited field of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CustomerField {
    /// The e-mail address.
    Email,
    /// A field of the profile.
    Profile(ProfileField),
    /// A field of the preferences.
    Preference(PreferenceField),
    /// The type: individual or business.
    CustomerType,
    /// The group.
    GroupId,
    /// The tags.
    Tags,
    /// The id in Magento.
    LegacyId,
    /// The ids in other systems.
    ExternalIds,
    /// The metadata.
    Metadata,
    /// The status, which changes only by transitions.
    Status,
    /// Where the customer registered, which never changes.
    RegistrationSource,
}

impl CustomerField {
    /// Returns the name on the wire, such as `profile.firstName`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Profile(field) => field.as_str(),
            Self::Preference(field) => field.as_str(),
            Self::Email => "email",
            Self::CustomerType => "customerType",
            Self::GroupId => "groupId",
            Self::Tags => "tags",
            Self::LegacyId => "legacyId",
            Self::ExternalIds => "externalIds",
            Self::Metadata => "metadata",
            Self::Status => "status",
            Self::RegistrationSource => "registrationSource",
        }
    }

    /// Returns the name as a pointer into a body, with slashes: `profile/firstName`.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Profile(field) => field.path(),
            Self::Preference(field) => field.path(),
            Self::Email
            | Self::CustomerType
            | Self::GroupId
            | Self::Tags
            | Self::LegacyId
            | Self::ExternalIds
            | Self::Metadata
            | Self::Status
            | Self::RegistrationSource => self.as_str(),
        }
    }

    /// Returns whether customers may change the field themselves. The others are for staff; a
    /// customer changes the e-mail address in a separate operation, which verifies the new one
    /// first.
    pub const fn is_own(self) -> bool {
        matches!(self, Self::Profile(_) | Self::Preference(_))
    }
}

impl From<CustomerField> for &'static str {
    fn from(field: CustomerField) -> Self {
        field.as_str()
    }
}

impl Audited for Customer {
    type Field = CustomerField;

    fn fields(&self) -> Fields<CustomerField> {
        let Self {
            id: _,
            tenant: _,
            email,
            email_verified: _,
            phone_verified: _,
            profile,
            preferences,
            status,
            account_state: _,
            customer_type,
            group,
            tags,
            legacy_id,
            external_ids,
            registration_source,
            metadata,
            registration_date: _,
            last_login_at: _,
            version: _,
            event_seq: _,
            created_at: _,
            updated_at: _,
            deleted_at: _,
        } = self;
        let tags: Vec<_> = tags.iter().map(Tag::as_str).collect();
        let group = group.as_ref().map(GroupId::as_str);
        let profile = profile.fields().into_iter();
        let profile = profile.map(|(field, value)| (CustomerField::Profile(field), value));
        let preferences = preferences.fields().into_iter();
        let preferences =
            preferences.map(|(field, value)| (CustomerField::Preference(field), value));
        let mut fields = vec![(CustomerField::Email, json!(email.as_typed()))];
        fields.extend(profile);
        fields.extend(preferences);
        fields.extend([
            (CustomerField::CustomerType, json!(customer_type.as_str())),
            (CustomerField::GroupId, json!(group)),
            (CustomerField::Tags, json!(tags)),
            (CustomerField::LegacyId, json!(legacy_id.map(LegacyId::get))),
            (CustomerField::ExternalIds, json!(external_ids)),
            (CustomerField::Metadata, json!(metadata)),
            (CustomerField::Status, json!(status.as_str())),
            (
                CustomerField::RegistrationSource,
                json!(registration_source),
            ),
        ]);
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_change_their_profile_and_their_preferences_alone() {
        let own = [
            CustomerField::Profile(ProfileField::Phone),
            CustomerField::Preference(PreferenceField::Language),
        ];
        assert!(own.into_iter().all(CustomerField::is_own));
        let of_staff = [
            CustomerField::Email,
            CustomerField::Tags,
            CustomerField::Status,
        ];
        assert!(!of_staff.into_iter().any(CustomerField::is_own));
    }
}
