//! The JSON representation of values.

use super::vocabulary::words;
use chrono::{DateTime, SecondsFormat, Utc};
use customer_domain::{Actor, ActorKind, money};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A time in RFC 3339 format, in UTC.
#[derive(Debug, Clone, Copy)]
pub struct Instant(pub DateTime<Utc>);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// An amount of money: a JSON number with exactly the decimals of its currency, which is never
/// converted to floating point.
#[derive(Debug, Clone)]
pub struct Amount(Box<RawValue>);

impl Amount {
    /// Creates the amount, rounded to the decimals of its currency.
    pub fn new(amount: Decimal, currency: &str) -> Self {
        let text = money::in_currency(amount, currency).to_string();
        Self(RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    /// Returns the JSON number.
    pub(crate) fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The customer in a body, which must be the one in the path.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum CustomerReference {
    /// A UUID, `cust_<UUID>`, or a Magento id.
    Text(String),
    /// A Magento id.
    Legacy(i64),
}

/// An actor: a person, a program or the service itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActorBody<'a> {
    /// The kind of actor.
    #[serde(rename = "type")]
    #[schema(value_type = ActorType)]
    pub kind: &'static str,
    /// The actor's id, such as that of an API key.
    pub id: &'a str,
}

words! {
    /// The kind of actor.
    ActorType: ActorKind::WORDS,
}

/// Parses an actor as [`ActorBody`] represents it.
pub(crate) fn actor(value: &Value) -> Option<Actor> {
    Some(Actor {
        kind: ActorKind::from_word(value.get("type")?.as_str()?)?,
        id: value.get("id")?.as_str()?.to_owned(),
    })
}

impl<'a> From<&'a Actor> for ActorBody<'a> {
    fn from(Actor { kind, id }: &'a Actor) -> Self {
        Self {
            kind: kind.as_str(),
            id,
        }
    }
}

/// An object with any members.
#[derive(Debug, Clone, Serialize)]
pub struct FreeObject(Map<String, Value>);

impl PartialSchema for FreeObject {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("An object with any members"))
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)));
        RefOr::T(Schema::Object(object.build()))
    }
}

impl ToSchema for FreeObject {}
