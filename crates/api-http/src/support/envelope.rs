//! The common shape of all successful replies: `{"success":true,"data":{<name>: …}}`.

/// Declares a reply and its data as separate named types, so that the document has no anonymous
/// schema.
macro_rules! reply {
    ($(#[$meta:meta])* $reply:ident { $(#[$data_meta:meta])* $data:ident $(<$life:lifetime>)? { $($(#[$field_meta:meta])* $field:ident: $type:ty),+ $(,)? } }) => {
        $(#[$data_meta])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $data $(<$life>)? {
            $($(#[$field_meta])* pub $field: $type),+
        }

        $(#[$meta])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $reply $(<$life>)? {
            /// Always `true`.
            #[schema(example = true)]
            pub success: bool,
            /// The requested data.
            pub data: $data $(<$life>)?,
        }

        impl $(<$life>)? From<$data $(<$life>)?> for $reply $(<$life>)? {
            fn from(data: $data $(<$life>)?) -> Self {
                Self { success: true, data }
            }
        }
    };
}

pub(crate) use reply;
