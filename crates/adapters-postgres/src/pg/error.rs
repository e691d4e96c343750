//! Converts errors of the database to errors of the domain. No text of a statement and none of its
//! values leaves this file.

use customer_domain::{Conflict, StoreError};
use sea_orm::{DbErr, RuntimeErr};
use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

/// The conflicts that input can cause, by the name of the violated constraint.
const CONSTRAINTS: [(&str, Conflict); 9] = [
    ("customer_identifiers_email_key", Conflict::Email),
    ("customer_identifiers_legacy_key", Conflict::LegacyId),
    ("customer_identifiers_external_key", Conflict::ExternalId),
    // When a group is deleted it means that the group is in use, which `group.rs` reports.
    ("customers_group_fkey", Conflict::UnknownGroup),
    ("customer_groups_pkey", Conflict::GroupId),
    ("customer_addresses_legacy_key", Conflict::AddressLegacyId),
    ("customer_addresses_digest_key", Conflict::EqualAddress),
    ("tenants_slug_key", Conflict::TenantSlug),
    ("idempotency_keys_pkey", Conflict::IdempotencyKey),
];

/// A failed exchange with the database.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The error that callers receive.
    pub(crate) error: StoreError,
    /// Whether the connection can no longer be used.
    pub(crate) dead: bool,
}

impl Failure {
    fn alive(error: StoreError) -> Self {
        Self { error, dead: false }
    }

    /// Creates a failure that another connection would not avoid.
    pub(crate) fn unavailable(reason: &str) -> Self {
        Self::alive(StoreError::Unavailable(reason.to_owned()))
    }

    pub(crate) fn dead(reason: &str) -> Self {
        Self {
            error: StoreError::Unavailable(reason.to_owned()),
            dead: true,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::alive(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl From<sqlx::Error> for Failure {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the driver's errors are open-ended, and most leave the stream in doubt"
    )]
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) => from_database(refusal.as_ref()),
            sqlx::Error::RowNotFound => Self::alive(StoreError::NotFound),
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::TypeNotFound { .. }
            | sqlx::Error::Encode(_) => Self::alive(unexpected("value")),
            sqlx::Error::Configuration(_) => {
                Self::dead("the database's URL or its TLS files are unusable")
            }
            sqlx::Error::Tls(_) => Self::dead("no TLS with the database"),
            // I/O, protocol, closed: after any of these the stream's position is unknown.
            _ => Self::dead("the connection to the database broke"),
        }
    }
}

impl From<DbErr> for Failure {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only what the driver said counts; the rest is a misuse of entities"
    )]
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::Conn(RuntimeErr::SqlxError(error))
            | DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error)) => match &*error {
                sqlx::Error::Database(refusal) => from_database(refusal.as_ref()),
                sqlx::Error::RowNotFound => Self::alive(StoreError::NotFound),
                _ => Self::dead("the connection to the database broke"),
            },
            DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated => Self::alive(StoreError::NotFound),
            _ => Self::alive(unexpected("orm")),
        }
    }
}

fn from_database(refusal: &dyn DatabaseError) -> Failure {
    let code = refusal.code().unwrap_or_default();
    let (class, _) = code.split_at_checked(2).unwrap_or(("", ""));
    match (class, &*code) {
        (_, "23505" | "23503") => Failure::alive(StoreError::Conflict(conflict(
            refusal.constraint().unwrap_or_default(),
        ))),
        (_, "57014") => Failure::alive(StoreError::TooSlow),
        ("40", _) | (_, "55P03") => Failure::alive(StoreError::Contended),
        ("08", _) | (_, "57P01" | "57P02" | "57P03" | "57P05") => {
            Failure::dead("the database is going down or coming up")
        }
        (_, "25P03") => Failure::dead("the transaction was idle for too long"),
        (_, "26000") => Failure::dead("the connection lost its prepared statements"),
        (_, "0A000") if is_outdated(refusal) => {
            Failure::dead("the connection's prepared statements are of an older schema")
        }
        ("28" | "3D", _) => Failure::dead("the database refuses the login"),
        ("53", _) => Failure::unavailable("the database is out of resources"),
        (_, "25006") => Failure::unavailable("the database takes no writes"),
        (_, "42P01" | "3F000") => {
            Failure::unavailable("the database's schema is missing; run the migrations")
        }
        _ => {
            // A fault of this service, or a constraint that no input should reach. The message may
            // quote values, so only the names are kept.
            let constraint = refusal.constraint().unwrap_or_default();
            tracing::error!(sqlstate = %code, constraint, table = refusal.table(), "the database refused a statement");
            let name = if constraint.is_empty() {
                format!("sqlstate {code}")
            } else {
                constraint.to_owned()
            };
            Failure::alive(StoreError::Conflict(Conflict::Other(name)))
        }
    }
}

/// Returns whether a migration changed the columns of a prepared statement. All unsupported
/// features share the code, and the message is in the server's language: the routine decides.
fn is_outdated(refusal: &dyn DatabaseError) -> bool {
    let refusal = refusal.try_downcast_ref::<PgDatabaseError>();
    refusal.and_then(PgDatabaseError::routine) == Some("RevalidateCachedQuery")
}

fn unexpected(what: &str) -> StoreError {
    tracing::error!(what, "the database's driver refused a value");
    StoreError::Conflict(Conflict::Other(what.to_owned()))
}

/// Returns the conflict of a constraint. A distributed database appends the number of its shard.
fn conflict(constraint: &str) -> Conflict {
    let name = constraint
        .rsplit_once('_')
        .filter(|(_, shard)| !shard.is_empty() && shard.bytes().all(|b| b.is_ascii_digit()))
        .map_or(constraint, |(name, _)| name);
    CONSTRAINTS
        .iter()
        .find(|(known, _)| *known == name)
        .map_or_else(
            || Conflict::Other(name.to_owned()),
            |(_, conflict)| conflict.clone(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::error::ErrorKind;
    use std::borrow::Cow;
    use std::error::Error;
    use std::fmt;

    /// A database error of which only the code is known.
    #[derive(Debug)]
    struct Refusal(&'static str);

    impl fmt::Display for Refusal {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Refusal {}

    impl DatabaseError for Refusal {
        fn message(&self) -> &str {
            self.0
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(Cow::Borrowed(self.0))
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    #[test]
    fn only_a_refusal_that_another_connection_would_not_get_condemns_the_connection() {
        for dead in [
            "08006", "25P03", "26000", "28P01", "3D000", "57P01", "57P03",
        ] {
            let failure = from_database(&Refusal(dead));
            let is_unavailable = matches!(failure.error, StoreError::Unavailable(_));
            assert!(failure.dead && is_unavailable, "{dead}: {failure:?}");
        }
        for absent in ["25006", "3F000", "42P01", "53200", "53300"] {
            let failure = from_database(&Refusal(absent));
            let is_unavailable = matches!(failure.error, StoreError::Unavailable(_));
            assert!(!failure.dead && is_unavailable, "{absent}: {failure:?}");
        }
        for (code, error) in [
            ("57014", StoreError::TooSlow),
            ("55P03", StoreError::Contended),
            ("40001", StoreError::Contended),
            ("40P01", StoreError::Contended),
            (
                "0A000",
                StoreError::Conflict(Conflict::Other("sqlstate 0A000".to_owned())),
            ),
            (
                "42501",
                StoreError::Conflict(Conflict::Other("sqlstate 42501".to_owned())),
            ),
        ] {
            let failure = from_database(&Refusal(code));
            assert_eq!((failure.error, failure.dead), (error, false), "{code}");
        }
    }

    #[test]
    fn a_constraint_is_known_by_its_name_with_and_without_the_number_of_a_shard() {
        for name in [
            "customer_identifiers_email_key",
            "customer_identifiers_email_key_102049",
        ] {
            assert_eq!(conflict(name), Conflict::Email, "{name}");
        }
        assert_eq!(
            conflict("customers_pkey"),
            Conflict::Other("customers_pkey".to_owned())
        );
    }
}
