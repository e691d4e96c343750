//! `.env`: one `NAME=value` per line.
//!
//! A line may begin with `export`; blank lines and `#` comments are skipped. A value is bare, in single quotes (taken
//! literally) or in double quotes (with `\n`, `\"`, `\\` and `\$`). Nothing is expanded.

use super::super::{Faults, Variables};
use super::DOTENV_FILE;

pub(super) fn parse(text: &str, faults: &mut Faults) -> Variables {
    let mut variables = Variables::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = index + 1;
        // The line is not shown, as it may contain a secret.
        match assignment(line) {
            Ok((name, value)) => {
                let previous = variables.insert(name.to_owned(), value.clone());
                if previous.is_some_and(|previous| previous != value) {
                    faults.add(format!(
                        "{DOTENV_FILE} line {number}: {name} is set twice, to different values"
                    ));
                }
            }
            Err(fault) => faults.add(format!("{DOTENV_FILE} line {number}: {fault}")),
        }
    }
    variables
}

fn assignment(line: &str) -> Result<(&str, String), &'static str> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=').ok_or("NAME=value is expected")?;
    let name = name.trim();
    let of_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if name.is_empty()
        || name.starts_with(|c: char| c.is_ascii_digit())
        || !name.bytes().all(of_name)
    {
        return Err("a name is letters, digits and _");
    }
    let value = value.trim();
    let (value, rest) = match value.chars().next() {
        Some('\'') => single_quoted(&value[1..])?,
        Some('"') => double_quoted(&value[1..])?,
        _ => (bare(value), ""),
    };
    let rest = rest.trim();
    if rest.is_empty() || rest.starts_with('#') {
        Ok((name, value))
    } else {
        Err("text follows the closing quote")
    }
}

/// Returns the text up to a comment: a `#` at the beginning or after a space.
fn bare(text: &str) -> String {
    if text.starts_with('#') {
        return String::new();
    }
    text.split_once(" #")
        .map_or(text, |(value, _)| value)
        .trim_end()
        .to_owned()
}

fn single_quoted(text: &str) -> Result<(String, &str), &'static str> {
    let (value, rest) = text.split_once('\'').ok_or("the closing ' is missing")?;
    Ok((value.to_owned(), rest))
}

fn double_quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok((value, rest.as_str())),
            '\\' => value.push(match rest.next() {
                Some('n') => '\n',
                Some(escaped @ ('"' | '\\' | '$')) => escaped,
                _ => return Err(r#"after \ only n, ", \ and $ are known"#),
            }),
            other => value.push(other),
        }
    }
    Err(r#"the closing " is missing"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_usual_forms() {
        for (line, name, value) in [
            ("A=b", "A", "b"),
            ("export A=b", "A", "b"),
            ("  A = b  ", "A", "b"),
            ("A=", "A", ""),
            ("A=b # comment", "A", "b"),
            ("A=b#c", "A", "b#c"),
            ("A= # comment", "A", ""),
            ("A='b # $c' # comment", "A", "b # $c"),
            (r#"A="b \"c\" \\ \$ # d\n""#, "A", "b \"c\" \\ $ # d\n"),
            (
                "A=postgres://u:p=q@h/d?x=y",
                "A",
                "postgres://u:p=q@h/d?x=y",
            ),
        ] {
            let mut faults = Faults::default();
            let variables = parse(line, &mut faults);
            assert_eq!(faults, Faults::default(), "{line}");
            assert_eq!(
                variables,
                [(name.to_owned(), value.to_owned())].into(),
                "{line}"
            );
        }
    }

    #[test]
    fn skips_blank_lines_and_comments() {
        let mut faults = Faults::default();
        assert_eq!(
            parse("\u{feff}\n# A=b\r\n\r\nA=c\r\n", &mut faults).len(),
            1
        );
        assert_eq!(faults, Faults::default());
    }

    #[test]
    fn names_every_bad_line_and_shows_none() {
        let mut faults = Faults::default();
        parse(
            "hunter2\n1A=hunter2\nA='hunter2\nA=\"hunter2\nA=\"hunter2\" x\nA=\"\\x\"\nB=1\nB=2\nB=2",
            &mut faults,
        );
        let lines = faults.lines();
        assert_eq!(lines.len(), 7, "{lines:#?}");
        for (line, number) in lines.iter().zip([1, 2, 3, 4, 5, 6, 8]) {
            assert!(line.starts_with(&format!(".env line {number}: ")), "{line}");
            assert!(!line.contains("hunter2"), "{line}");
        }
    }
}
