//! The representation of tags, and the bodies of requests.

use crate::support::envelope::reply;
use crate::support::reply::{self, ReplyExt};
use crate::support::wire::CustomerReference;
use customer_domain::customer::CustomerRecord;
use customer_domain::idempotency::StoredReply;
use customer_domain::tag::{Tag, TagCount};
use http::StatusCode;
use serde_json::{Value, json};

/// Tags to add to a customer.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TagsBody {
    /// The tags, each of at most 50 characters.
    #[schema(min_items = 1, max_items = 50)]
    pub tags: Vec<String>,
    /// The customer's version that was read; acts as `If-Match`.
    #[schema(minimum = 1)]
    pub version: Option<i64>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
    /// The customer; it must be the one that the path names.
    #[schema(nullable = false)]
    pub customer_id: Option<CustomerReference>,
}

/// The new tags of a customer.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateTagsBody {
    /// The tags, each of at most 50 characters.
    #[schema(max_items = 50)]
    pub tags: Vec<String>,
    /// The customer's version that was read; acts as `If-Match`.
    #[schema(minimum = 1)]
    pub version: Option<i64>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
    /// The customer; it must be the one that the path names.
    #[schema(nullable = false)]
    pub customer_id: Option<CustomerReference>,
}

/// A tag, and the number of customers that have it.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TagCountBody<'a> {
    /// The tag.
    #[schema(example = "vip")]
    pub tag: &'a str,
    /// The number of customers that have the tag, at most 10,000.
    #[schema(example = 42)]
    pub count: u64,
    /// Whether more customers have the tag than `count`.
    pub count_is_capped: bool,
}

reply! {
    /// The tags of a customer.
    TagsReply {
        /// The tags of a customer.
        TagsData<'a> {
            /// In the order of code points.
            tags: Vec<&'a str>,
        }
    }
}

reply! {
    /// One page of the tags of a tenant.
    TagListReply {
        /// One page of the tags of a tenant.
        TagListData<'a> {
            /// In the order of code points.
            tags: Vec<TagCountBody<'a>>,
            /// The number of tags per page.
            page_size: u32,
            /// The cursor of the next page; null on the last page.
            next_cursor: Option<String>,
        }
    }
}

impl<'a> From<&'a TagCount> for TagCountBody<'a> {
    fn from(found: &'a TagCount) -> Self {
        Self {
            tag: found.tag.as_str(),
            count: found.count,
            count_is_capped: found.is_capped,
        }
    }
}

/// Returns the reply with the tags of a customer.
pub(super) fn render(record: &CustomerRecord) -> StoredReply {
    let customer = &record.customer;
    let body = TagsReply::from(TagsData {
        tags: customer.tags.iter().map(Tag::as_str).collect(),
    });
    reply::json(StatusCode::OK, &body).version(customer.version)
}

pub(super) fn example() -> Value {
    json!({"success": true, "data": {"tags": ["early-adopter", "vip"]}})
}

pub(super) fn example_list() -> Value {
    json!({"success": true, "data": {
        "tags": [{"tag": "vip", "count": 42, "countIsCapped": false}],
        "pageSize": 100, "nextCursor": null,
    }})
}
