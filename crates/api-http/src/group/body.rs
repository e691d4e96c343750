//! The representations of groups in requests and replies.

use crate::support::envelope::reply;
use crate::support::wire::Instant;
use customer_domain::group::Group;

/// A customer group.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupBody {
    /// The group's id, which `groupId` of a customer refers to.
    #[schema(example = "wholesale")]
    pub id: String,
    /// The display name.
    #[schema(example = "Wholesale")]
    pub name: String,
    /// What the group is for.
    pub description: Option<String>,
    /// The name that price rules use for the group.
    #[schema(example = "B2B-10")]
    pub discount_class: Option<String>,
    /// The edit token; in quotes, it is the `ETag`.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the group was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When the group last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

/// A new group.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateGroupBody {
    /// The group's id: letters, digits, `-` and `_`, stored in lower case; derived from the name by
    /// default.
    #[schema(pattern = "^[A-Za-z0-9_-]+$")]
    pub id: Option<String>,
    /// The display name.
    pub name: String,
    /// What the group is for.
    pub description: Option<String>,
    /// The name that price rules use for the group.
    pub discount_class: Option<String>,
    /// The tenant; must be one that the caller may act in.
    pub tenant_id: Option<String>,
}

/// A merge into a group: absent members stay as they are, `null` clears.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateGroupBody {
    /// The display name.
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// What the group is for.
    pub description: Option<String>,
    /// The name that price rules use for the group.
    pub discount_class: Option<String>,
    /// The version that was read; has the same effect as `If-Match`.
    #[schema(minimum = 1)]
    pub version: Option<i64>,
    /// The tenant; must be one that the caller may act in.
    pub tenant_id: Option<String>,
}

reply! {
    /// A customer group.
    GroupReply {
        /// A customer group.
        GroupData {
            /// The group.
            group: GroupBody,
        }
    }
}

reply! {
    /// A page of groups.
    GroupListReply {
        /// A page of groups.
        GroupListData {
            /// The groups, in the order of their ids.
            groups: Vec<GroupBody>,
            /// The number of groups per page.
            page_size: u32,
            /// The cursor of the next page; `null` on the last one.
            next_cursor: Option<String>,
        }
    }
}

impl From<&Group> for GroupBody {
    fn from(group: &Group) -> Self {
        let Group {
            id,
            name,
            description,
            discount_class,
            version,
            created_at,
            updated_at,
        } = group;
        Self {
            id: id.to_string(),
            name: name.clone(),
            description: description.clone(),
            discount_class: discount_class.clone(),
            version: *version,
            created_at: Instant(*created_at),
            updated_at: Instant(*updated_at),
        }
    }
}
