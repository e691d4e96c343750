//! Customer groups: kinds of customers, such as retail or wholesale (D-15).

use crate::audit::{Audited, Fields};
use crate::{Context, InvalidValue, Patch, StoreError, TenantId, ValueFault, text};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::fmt;
use uuid::Uuid;

/// The groups that every tenant starts with, unless the configuration names others.
pub const DEFAULT_GROUPS: [&str; 3] = ["retail", "wholesale", "vip"];

/// The maximum length of a group's id, in characters.
pub const MAX_GROUP_ID: usize = 50;
/// The maximum length of a group's name, in characters.
pub const MAX_GROUP_NAME: usize = 100;
/// The maximum length of a group's description, in characters.
pub const MAX_GROUP_DESCRIPTION: usize = 500;
/// The maximum length of a group's discount class, in characters.
pub const MAX_DISCOUNT_CLASS: usize = 50;
/// Words that are segments of paths, and cannot be ids of groups.
pub const RESERVED_GROUP_IDS: [&str; 4] = ["segments", "preview", "members", "me"];

/// A customer group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's id: a slug, unique within the tenant.
    pub id: GroupId,
    /// The display name.
    pub name: String,
    /// What the group is for.
    pub description: Option<String>,
    /// The name that price rules use for the group.
    pub discount_class: Option<String>,
    /// The edit token.
    pub version: i64,
    /// When the group was created.
    pub created_at: DateTime<Utc>,
    /// When the group last changed.
    pub updated_at: DateTime<Utc>,
}

/// A merge (RFC 7396) of every editable field of a group. Members that are `Keep` or `None` stay as
/// they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupChanges {
    /// The new name; cannot be cleared.
    pub name: Option<String>,
    /// What the group is for.
    pub description: Patch<String>,
    /// The name that price rules use for the group.
    pub discount_class: Patch<String>,
}

impl Audited for Group {
    type Field = &'static str;

    fn fields(&self) -> Fields {
        let Self {
            id,
            name,
            description,
            discount_class,
            version: _,
            created_at: _,
            updated_at: _,
        } = self;
        vec![
            ("id", json!(id.as_str())),
            ("name", json!(name)),
            ("description", json!(description)),
            ("discountClass", json!(discount_class)),
        ]
    }
}

impl Group {
    /// Creates a group.
    pub fn new(id: GroupId, name: String, now: DateTime<Utc>) -> Self {
        Self {
            id,
            name,
            description: None,
            discount_class: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Returns the names of the fields that are filled, as they are spelled in the API.
    pub fn given_fields(&self) -> Vec<&'static str> {
        let fields = self.fields().into_iter();
        let given = fields.filter(|(_, value)| !value.is_null());
        given.map(|(name, _)| name).collect()
    }

    /// Merges `changes` into the group, and returns the names of the changed fields as they are
    /// spelled in the API.
    pub fn merge(&mut self, changes: GroupChanges) -> Vec<&'static str> {
        let before = self.clone();
        let GroupChanges {
            name,
            description,
            discount_class,
        } = changes;
        if let Some(name) = name {
            self.name = name;
        }
        description.apply(&mut self.description);
        discount_class.apply(&mut self.discount_class);
        self.changed_since(&before)
    }
}

/// A group's id: a slug, unique within the tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(String);

impl GroupId {
    /// Parses a group id; upper case is accepted and converted to lower case.
    ///
    /// # Errors
    /// Fails unless the id has 1 to 50 letters, digits, `-` or `_`.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let id = text.trim().to_ascii_lowercase();
        let fits = (1..=MAX_GROUP_ID).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        fits.then_some(Self(id)).ok_or_else(|| {
            InvalidValue::new(
                ValueFault::Invalid,
                "a group id is 1 to 50 letters, digits, '-' or '_'",
            )
        })
    }

    /// Parses the id by which an existing group is requested. An id that [`parse`](Self::parse)
    /// rejects is kept as it is: a group that was stored under an older rule may have it. Any other
    /// id is converted to lower case, so a group that was stored as `Trade` is not found.
    pub fn of_stored(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self(text.to_owned()))
    }

    /// Parses the id of a group that is about to be created.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse), and for the words in [`RESERVED_GROUP_IDS`].
    pub fn parse_new(text: &str) -> Result<Self, InvalidValue> {
        let id = Self::parse(text)?;
        if RESERVED_GROUP_IDS.contains(&id.as_str()) {
            return Err(InvalidValue::new(
                ValueFault::Invalid,
                format!("{} are reserved", RESERVED_GROUP_IDS.join(", ")),
            ));
        }
        Ok(id)
    }

    /// Derives the id of a group from its name: the folded words, joined by hyphens.
    ///
    /// # Errors
    /// Fails if the name has no ASCII letter or digit, or if the result is a reserved word.
    pub fn from_name(name: &str) -> Result<Self, InvalidValue> {
        let folded = text::fold(name);
        let words = folded
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        let mut slug = words.collect::<Vec<_>>().join("-");
        slug.truncate(MAX_GROUP_ID);
        Self::parse_new(slug.trim_end_matches('-')).map_err(|fault| {
            InvalidValue::new(
                fault.fault,
                format!("no id can be made of this name, so that one must be given: {fault}"),
            )
        })
    }

    /// Restores an id from the store, without checks: the rule for new ids may be stricter. Not for
    /// input.
    pub fn from_store(id: String) -> Self {
        Self(id)
    }

    /// Returns the slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the UUID that identifies the group in the audit trail: derived from the tenant's id
    /// and the group's own, so that it is always the same.
    pub fn uuid_in(&self, tenant: TenantId) -> Uuid {
        Uuid::new_v5(&tenant.0, self.0.as_bytes())
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Parses a group's name.
///
/// # Errors
/// Fails if the name is empty, longer than [`MAX_GROUP_NAME`] or contains control characters.
pub fn name(value: &str) -> Result<String, InvalidValue> {
    text::line(value, MAX_GROUP_NAME)?
        .ok_or_else(|| InvalidValue::new(ValueFault::Required, "a name may not be empty"))
}

/// Parses a group's description; `None` if it is blank.
///
/// # Errors
/// Fails if it is longer than [`MAX_GROUP_DESCRIPTION`] or contains control characters.
pub fn description(value: &str) -> Result<Option<String>, InvalidValue> {
    text::line(value, MAX_GROUP_DESCRIPTION)
}

/// Parses a group's discount class, a name that price rules use; `None` if it is blank.
///
/// # Errors
/// Fails if it is longer than [`MAX_DISCOUNT_CLASS`] or contains control characters.
pub fn discount_class(value: &str) -> Result<Option<String>, InvalidValue> {
    text::line(value, MAX_DISCOUNT_CLASS)
}

/// Writes groups, within a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait GroupRepo: Send {
    /// Stores a new group. One round trip.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] with [`Conflict::GroupId`](crate::Conflict::GroupId)
    /// if the tenant already has a group with this id.
    async fn insert(&mut self, group: &Group) -> Result<(), StoreError>;

    /// Locks and reads a group. One round trip.
    ///
    /// # Errors
    /// MUST return [`StoreError::NotFound`] if the tenant has no group with this id.
    async fn find_for_update(&mut self, id: &GroupId) -> Result<Group, StoreError>;

    /// Returns whether the tenant has this group, and keeps it from being deleted until the unit of
    /// work ends; it can still be joined and changed. One round trip.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn keep(&mut self, id: &GroupId) -> Result<bool, StoreError>;

    /// Stores the name, description, discount class, version and time of a group that this unit of
    /// work has locked. One round trip.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the group does not exist.
    async fn save(&mut self, group: &Group) -> Result<(), StoreError>;

    /// Deletes a group without members; deleted customers are no members. One round trip.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] with
    /// [`Conflict::GroupInUse`](crate::Conflict::GroupInUse) if a customer belongs to the group,
    /// [`StoreError::NotFound`] if there is no group with this id.
    async fn delete(&mut self, id: &GroupId) -> Result<(), StoreError>;
}

/// Reads groups, outside of any unit of work. One round trip each.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait GroupReads: Send + Sync {
    /// Returns the group; `None` if the tenant has no group with this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn find(&self, context: &Context, id: &GroupId) -> Result<Option<Group>, StoreError>;

    /// Returns at most `limit` groups in the order of their ids, starting after `after`.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    async fn list(
        &self,
        context: &Context,
        after: Option<GroupId>,
        limit: u32,
    ) -> Result<Vec<Group>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_group_id_is_a_word() {
        for (text, id) in [("Retail", "retail"), (" b2b_eu-1 ", "b2b_eu-1"), ("7", "7")] {
            assert_eq!(GroupId::parse(text).unwrap().as_str(), id);
        }
        for bad in ["", " ", "a b", "ä", "a/b", &"x".repeat(51)] {
            assert!(GroupId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_group_of_an_older_rule_can_be_asked_for() {
        for (text, id) in [("Retail", "retail"), ("Old Trade!", "Old Trade!")] {
            assert_eq!(GroupId::of_stored(text).as_str(), id);
        }
    }

    #[test]
    fn what_paths_keep_for_themselves_is_no_new_id() {
        for reserved in RESERVED_GROUP_IDS {
            assert!(GroupId::parse_new(&reserved.to_uppercase()).is_err());
            assert!(GroupId::parse(reserved).is_ok());
        }
    }

    #[test]
    fn an_id_is_made_of_the_name() {
        for (name, id) in [
            ("General", "general"),
            ("Händler & Söhne (EU)", "handler-sohne-eu"),
            ("  VIP+  ", "vip"),
            (&"ab ".repeat(30), &"ab-".repeat(17)[..50]),
        ] {
            assert_eq!(GroupId::from_name(name).unwrap().as_str(), id);
        }
        for bad in ["", "陳", "***", "Preview", "Me!"] {
            let fault = GroupId::from_name(bad).unwrap_err();
            assert!(fault.detail.starts_with("no id can be made"), "{bad}");
        }
    }

    #[test]
    fn a_merge_names_exactly_what_changed() {
        let id = GroupId::parse("trade").unwrap();
        let mut group = Group::new(id, "Trade".to_owned(), DateTime::UNIX_EPOCH);
        let changed = group.merge(GroupChanges {
            name: Some("Trade".to_owned()),
            description: Patch::Set("for dealers".to_owned()),
            discount_class: Patch::Clear,
        });
        assert_eq!(changed, ["description"]);
        assert_eq!(group.description.as_deref(), Some("for dealers"));
        assert!(group.merge(GroupChanges::default()).is_empty());
    }

    #[test]
    fn every_field_that_a_merge_changes_has_its_old_and_new_value() {
        let id = GroupId::parse("trade").unwrap();
        let before = Group::new(id, "Trade".to_owned(), DateTime::UNIX_EPOCH);
        let mut after = before.clone();
        let changed = after.merge(GroupChanges {
            name: Some("Dealers".to_owned()),
            description: Patch::Set("for dealers".to_owned()),
            discount_class: Patch::Set("B2B-10".to_owned()),
        });
        assert_eq!(changed, ["name", "description", "discountClass"]);
        for name in changed {
            assert_ne!(before.field(name), after.field(name), "{name}");
        }
        assert_eq!(before.given_fields(), ["id", "name"]);
        let given = after.given_fields();
        assert_eq!(given, ["id", "name", "description", "discountClass"]);
        assert!(given.iter().all(|name| after.field(name).is_string()));
        assert_eq!(before.field("description"), Value::Null);
        assert_eq!(after.field("version"), Value::Null, "nobody edits it");
    }

    #[test]
    fn the_audit_trail_tells_groups_of_one_id_apart_by_tenant() {
        let id = GroupId::parse("retail").unwrap();
        let [one, other] = [1, 2].map(|n| id.uuid_in(TenantId(Uuid::from_u128(n))));
        assert_ne!(one, other);
        assert_eq!(one, id.uuid_in(TenantId(Uuid::from_u128(1))));
    }
}
