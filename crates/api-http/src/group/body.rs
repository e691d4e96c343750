//! Groups as the wire shows and takes them.

use crate::support::envelope::reply;
use crate::support::wire::Instant;
use customer_domain::group::Group;

/// A group of customers.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupBody {
    /// Its id: what `groupId` of a customer names.
    #[schema(example = "wholesale")]
    pub id: String,
    /// For people.
    #[schema(example = "Wholesale")]
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The class that price rules know it by.
    #[schema(example = "B2B-10")]
    pub discount_class: Option<String>,
    /// The edit token: quoted, it is the `ETag`.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Instant,
}

/// A new group.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateGroupBody {
    /// Its id: letters, digits, `-` and `_`, kept in lower case; made from the name unless given.
    #[schema(max_length = 50, pattern = "^[A-Za-z0-9_-]+$")]
    pub id: Option<String>,
    /// For people.
    #[schema(max_length = 100)]
    pub name: String,
    /// What it is for.
    #[schema(max_length = 500)]
    pub description: Option<String>,
    /// The class that price rules know it by.
    #[schema(max_length = 50)]
    pub discount_class: Option<String>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
}

/// A merge into a group: absent members keep, null clears.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateGroupBody {
    /// For people.
    #[schema(max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// What it is for.
    #[schema(max_length = 500)]
    pub description: Option<String>,
    /// The class that price rules know it by.
    #[schema(max_length = 50)]
    pub discount_class: Option<String>,
    /// The version that was read; acts as `If-Match`.
    #[schema(minimum = 1)]
    pub version: Option<i64>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
}

reply! {
    /// One group.
    GroupReply {
        /// One group.
        GroupData {
            /// The group.
            group: GroupBody,
        }
    }
}

reply! {
    /// One page of groups.
    GroupListReply {
        /// One page of groups.
        GroupListData {
            /// By id.
            groups: Vec<GroupBody>,
            /// Groups per page.
            page_size: u32,
            /// Begins the next page; null on the last.
            next_cursor: Option<String>,
        }
    }
}

impl From<&Group> for GroupBody {
    fn from(group: &Group) -> Self {
        Self {
            id: group.id.to_string(),
            name: group.name.clone(),
            description: group.description.clone(),
            discount_class: group.discount_class.clone(),
            version: group.version,
            created_at: Instant(group.created_at),
            updated_at: Instant(group.updated_at),
        }
    }
}
