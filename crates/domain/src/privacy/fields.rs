//! The names of personal values in code, in the API and in logs.

use super::map::{self, Column, Data, InLogs, MAP, Path};
use std::sync::LazyLock;

/// Names that are masked although no column has them: secrets, and raw requests.
const BESIDE_THE_MAP: [&str; 15] = [
    "password",
    "new_password",
    "current_password",
    "secret",
    "token",
    "access_token",
    "refresh_token",
    "authorization",
    "api_key",
    "x_api_key",
    "cookie",
    "set_cookie",
    "query_string",
    "origin",
    "x_forwarded_for",
];

/// Every masked name, reduced to letters and digits in lower case, sorted.
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let columns = map::of(MAP).map(|entry| entry.column);
    let of_map = columns.filter(|column| is_masked(column)).flat_map(names);
    let mut names: Vec<_> = of_map
        .chain(BESIDE_THE_MAP)
        .map(|name| folded(name).map(char::from).collect::<String>())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
});

/// Returns whether a value of this name must be masked. Ignores case, `_`, `-` and the path to the
/// name (`profile.firstName`).
pub fn is_personal_field(name: &str) -> bool {
    let last = name.rsplit(['.', '/']).next().unwrap_or(name);
    NAMES
        .binary_search_by(|known| known.bytes().cmp(folded(last)))
        .is_ok()
}

fn is_masked(column: &Column) -> bool {
    match column.data {
        Data::NotPersonal => false,
        Data::Personal(personal) => personal.in_logs == InLogs::Masked,
    }
}

/// Returns the names of a column, or of a part of it.
fn names(column: &'static Column) -> Vec<&'static str> {
    let own = match column.path {
        Path::Whole | Path::Rest => column.name,
        Path::Member(pointer) => last(pointer),
    };
    let mut names = vec![own];
    if let Data::Personal(personal) = column.data {
        names.extend(personal.export_name.map(last));
        names.extend(personal.aliases);
    }
    names
}

fn last(path: &'static str) -> &'static str {
    path.rsplit(['.', '/']).next().unwrap_or(path)
}

fn folded(name: &str) -> impl Iterator<Item = u8> {
    let sounding = name.bytes().filter(|byte| !matches!(byte, b'_' | b'-'));
    sounding.map(|byte| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_who_someone_is_is_masked_in_every_spelling() {
        for name in [
            "email",
            "Email",
            "EMAIL_ADDRESS",
            "first_name",
            "firstName",
            "first-name",
            "profile.firstName",
            "/profile/lastName",
            "phone",
            "phoneKey",
            "dateOfBirth",
            "date_of_birth",
            "gender",
            "street",
            "addressLine1",
            "address_line_2",
            "zip",
            "zipCode",
            "postal_code",
            "city",
            "ip",
            "ip_address",
            "user_agent",
            "User-Agent",
            "metadata",
            "custom",
            "customPreferences",
            "tag",
            "tags",
            "search",
            "reason",
            "payload",
            "oldValues",
            "legacyId",
            "external_ids",
            "password",
            "X-API-Key",
            "authorization",
        ] {
            assert!(is_personal_field(name), "{name}");
        }
    }

    #[test]
    fn what_operators_go_by_is_shown() {
        for name in [
            "level",
            "ts",
            "caller",
            "msg",
            "message",
            "target",
            "method",
            "route",
            "status",
            "duration_ms",
            "trace_id",
            "correlation_id",
            "customer_id",
            "customerId",
            "tenant",
            "tenant_id",
            "actor_id",
            "address_id",
            "error",
            "code",
            "table",
            "constraint",
            "sqlstate",
            "row",
            "rows",
            "outcome",
            "pid",
            "path",
            "job",
            "name",
            "kind",
            "version",
            "",
            ".",
        ] {
            assert!(!is_personal_field(name), "{name}");
        }
    }

    #[test]
    fn names_are_in_order_and_there_is_one_of_each() {
        let mut pairs = NAMES.windows(2);
        assert!(pairs.all(|pair| pair[0] < pair[1]), "{:?}", *NAMES);
        assert!(NAMES.iter().all(|name| !name.is_empty()));
    }
}
