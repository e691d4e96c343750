//! The two paths below which the routes of all slices lie.

/// The path that the document, links and the audit trail name.
pub(crate) const BASE: &str = "/api/v1";
/// Another path for the same routes.
pub(crate) const ALIAS: &str = "/v1";

/// Returns a path with [`BASE`] in place of [`ALIAS`].
pub(crate) fn canonical(path: &str) -> String {
    match path.strip_prefix(ALIAS) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{BASE}{rest}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alias_is_replaced_and_nothing_else() {
        for (path, expected) in [
            ("/v1", "/api/v1"),
            ("/v1/customers", "/api/v1/customers"),
            ("/api/v1/customers", "/api/v1/customers"),
            ("/v10/customers", "/v10/customers"),
            ("/health", "/health"),
        ] {
            assert_eq!(canonical(path), expected);
        }
    }
}
