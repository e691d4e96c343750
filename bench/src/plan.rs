//! What the service sends to PostgreSQL, in a form that other programs can send too.

use crate::case::Case;
use crate::template::{About, Template, customer_id};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The type of ids.
const UUID_OID: u32 = 2950;
/// The type of digests.
const BYTES_OID: u32 = 17;
/// The length of digests.
const DIGEST: usize = 32;

/// Something that the service sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The text of one or more statements.
    Simple(String),
    /// A prepared statement, executed with these parameters.
    Prepared {
        /// Its text.
        text: String,
        /// The types of its parameters.
        types: Vec<u32>,
        /// Their values, in binary form.
        values: Vec<Option<Vec<u8>>>,
    },
}

/// Everything that another program needs to do the same work.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The database.
    pub(crate) url: String,
    /// Connections to it.
    pub(crate) connections: usize,
    /// The settings of every connection.
    pub(crate) settings: Vec<(String, String)>,
    /// The statements prepared on every connection.
    pub(crate) prepare: Vec<String>,
    /// The messages sent for a request of each case.
    pub(crate) cases: BTreeMap<Case, Vec<Message>>,
}

/// A message to PostgreSQL: one round trip.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Message {
    /// The text of one or more statements.
    Simple(Template),
    /// A prepared statement.
    Prepared {
        /// Its text.
        text: String,
        /// Its parameters.
        parameters: Vec<Parameter>,
    },
}

/// A parameter of a prepared statement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Parameter {
    /// Its type.
    pub(crate) oid: u32,
    /// Its value in binary form, or null.
    pub(crate) value: Option<Template>,
}

/// Turns what was recorded for a request into messages for any other. Ids among the parameters are
/// taken for those that the service created for it, except the tenant's and the customer's.
pub(crate) fn messages(recorded: &[Sent], about: About, tenant: Uuid) -> Vec<Message> {
    let customer = Uuid::try_parse(&customer_id(about.customer)).unwrap_or_default();
    let mut made = Vec::new();
    for sent in recorded {
        let Sent::Prepared { types, values, .. } = sent else {
            continue;
        };
        let ids = types
            .iter()
            .zip(values)
            .filter(|(oid, _)| **oid == UUID_OID);
        for id in ids.filter_map(|(_, value)| Uuid::from_slice(value.as_deref()?).ok()) {
            if id != tenant && id != customer && !made.contains(&id) {
                made.push(id);
            }
        }
    }
    let parameter = |(oid, value): (&u32, &Option<Vec<u8>>)| Parameter {
        oid: *oid,
        value: value.as_deref().map(|value| match *oid {
            BYTES_OID if value.len() == DIGEST => Template::digest(value),
            BYTES_OID => Template::sealed(value),
            _ => Template::new(value, about, &made),
        }),
    };
    let message = |sent: &Sent| match sent {
        Sent::Simple(text) => Message::Simple(Template::new(text.as_bytes(), about, &made)),
        Sent::Prepared {
            text,
            types,
            values,
        } => Message::Prepared {
            text: text.clone(),
            parameters: types.iter().zip(values).map(parameter).collect(),
        },
    };
    recorded.iter().map(message).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: About = About {
        customer: 100_000_000_001,
        serial: 500_000_000_001,
    };
    const OTHER: About = About {
        customer: 100_000_000_002,
        serial: 500_000_000_009,
    };

    /// Returns the parameter of a statement, filled in for another request.
    fn refilled(oid: u32, value: &[u8], tenant: Uuid) -> Vec<u8> {
        let sent = Sent::Prepared {
            text: "SELECT $1".to_owned(),
            types: vec![oid],
            values: vec![Some(value.to_vec())],
        };
        let [Message::Prepared { parameters, .. }] = &messages(&[sent], RECORDED, tenant)[..]
        else {
            panic!("one prepared statement");
        };
        parameters[0].value.as_ref().unwrap().fill(OTHER)
    }

    #[test]
    fn ids_that_the_service_made_are_made_anew_and_the_tenant_stays() {
        let (tenant, made) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(
            refilled(UUID_OID, tenant.as_bytes(), tenant),
            tenant.as_bytes()
        );
        let anew = refilled(UUID_OID, made.as_bytes(), tenant);
        assert!(anew.len() == 16 && anew != made.as_bytes());
    }

    #[test]
    fn the_customers_id_becomes_the_other_customers() {
        let id = |about: About| Uuid::parse_str(&customer_id(about.customer)).unwrap();
        let refilled = refilled(UUID_OID, id(RECORDED).as_bytes(), Uuid::nil());
        assert_eq!(refilled, id(OTHER).as_bytes());
    }

    #[test]
    fn the_number_in_a_text_becomes_the_other_customers() {
        let text = |about: About| crate::template::email(about.customer).into_bytes();
        assert_eq!(refilled(25, &text(RECORDED), Uuid::nil()), text(OTHER));
    }

    #[test]
    fn a_digest_becomes_another() {
        let digest = [7; DIGEST];
        assert_ne!(refilled(BYTES_OID, &digest, Uuid::nil()), digest);
    }
}
