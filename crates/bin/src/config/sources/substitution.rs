//! `${VAR}` and `${VAR:default}` in the values of `configs/config.yaml`; `$${` is a literal `${`.

use super::super::settings::{self, PREFIX, TEST_PREFIX};

/// Replaces every reference by the value that `known` returns for it.
///
/// `None` if the text is nothing but a reference to an unset variable: the key counts as absent.
///
/// # Errors
/// A description of what is wrong with the references, without any value.
pub(super) fn substitute<'v>(
    text: &str,
    known: impl Fn(&str) -> Option<&'v str>,
) -> Result<Option<String>, String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            result.extend([before, "${"]);
            rest = after;
            continue;
        }
        let (reference, tail) = after.split_once('}').ok_or("a ${ is not closed")?;
        let (name, default) = parse(reference)?;
        match known(name).or(default) {
            Some(value) => result.extend([before, value]),
            None if before.is_empty() && tail.is_empty() && result.is_empty() => return Ok(None),
            None => return Err(format!("{name} is not set, and ${{{name}}} has no default")),
        }
        rest = tail;
    }
    result.push_str(rest);
    Ok(Some(result))
}

fn parse(reference: &str) -> Result<(&str, Option<&str>), String> {
    let (name, default) = match reference.split_once(':') {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    let of_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if name.is_empty()
        || name.starts_with(|c: char| c.is_ascii_digit())
        || !name.bytes().all(of_name)
    {
        return Err("the name in ${…} is letters, digits and _".to_owned());
    }
    if default.is_some_and(|default| default.starts_with('-')) {
        return Err(format!(
            "a default is written ${{{name}:default}}, without -"
        ));
    }
    let ours = name.starts_with(PREFIX) && !name.starts_with(TEST_PREFIX);
    if ours && settings::by_name(name).is_none() {
        let nearest = settings::nearest_name(name);
        return Err(format!(
            "${{{name}}} is not a known setting; the nearest known name is {nearest}"
        ));
    }
    Ok((name, default))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> Option<&'static str> {
        match name {
            "HOST" => Some("db"),
            "CUSTOMER_HTTP_PORT" => Some("8007"),
            _ => None,
        }
    }

    #[test]
    fn replaces_references() {
        for (text, expected) in [
            ("plain $5", Some("plain $5")),
            ("${CUSTOMER_HTTP_PORT}", Some("8007")),
            ("${CUSTOMER_HTTP_PORT:1}", Some("8007")),
            ("${PORT:8003}", Some("8003")),
            ("${PORT:}", Some("")),
            ("${PORT:http://a:1}", Some("http://a:1")),
            ("a-${HOST}-${PORT:x}-b", Some("a-db-x-b")),
            ("$${HOST}", Some("${HOST}")),
            ("${PORT}", None),
        ] {
            assert_eq!(
                substitute(text, known),
                Ok(expected.map(str::to_owned)),
                "{text}"
            );
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_reference() {
        for (text, part) in [
            ("${HOST", "not closed"),
            ("${}", "letters, digits"),
            ("${A B}", "letters, digits"),
            ("postgres://${NOBODY}@db", "NOBODY is not set"),
            ("${PORT:-8003}", "without -"),
            ("${CUSTOMER_HTPP_PORT}", "CUSTOMER_HTTP_PORT"),
        ] {
            let error = substitute(text, known).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
