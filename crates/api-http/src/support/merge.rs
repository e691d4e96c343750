//! The routes that change a record by merge.

/// Declares `PUT` and `PATCH` of a record, which do the same: each with its documentation and its
/// operation id, and what `utoipa::path` documents of both. Both call the module's `update`.
macro_rules! merge_routes {
    (
        $(#[$put_doc:meta])* put $put:literal;
        $(#[$patch_doc:meta])* patch $patch:literal;
        $($documented:tt)*
    ) => {
        $(#[$put_doc])*
        #[utoipa::path(put, operation_id = $put, $($documented)*)]
        pub(super) async fn replace(call: Call) -> HttpResult<Response> {
            update(call).await
        }

        $(#[$patch_doc])*
        #[utoipa::path(patch, operation_id = $patch, $($documented)*)]
        pub(super) async fn merge(call: Call) -> HttpResult<Response> {
            update(call).await
        }
    };
}

pub(crate) use merge_routes;
