//! Closed lists of words in the OpenAPI document.

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// Declares the types of such lists in bodies and parameters. A line has the type and the table of
/// words that is used for parsing requests or writing replies.
macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident: $table:expr,)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, serde::Serialize)]
        pub struct $name(&'static str);

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::support::vocabulary::schema(concat!($($doc),+), $table)
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

pub(crate) use words;

/// Returns the schema of a list: the words of a table, in order.
pub(crate) fn schema<T>(description: &str, table: &[(&'static str, T)]) -> RefOr<Schema> {
    let words = table.iter().map(|(word, _)| *word);
    let list = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description.trim_start()))
        .enum_values(Some(words));
    RefOr::T(Schema::Object(list.build()))
}
