//! What Rust files may contain.

use std::str::FromStr as _;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::repository::{Fault, Repository};
use crate::tokens::visit;

const MAX_LINES: usize = 400;

/// Files that may be longer, each with its reason. An entry that is no longer needed is a fault too.
const LONG_FILES: &[(&str, &str)] = &[];

const MARKERS: [&str; 2] = [concat!("FIX", "ME"), concat!("XX", "X")];

pub(super) fn files_are_short(repository: &Repository) -> Vec<Fault> {
    long_files(repository, LONG_FILES)
}

fn long_files(repository: &Repository, allowed: &[(&str, &str)]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, text) in repository.ending_in(".rs") {
        let lines = text.lines().count();
        if lines > MAX_LINES && !allowed.iter().any(|(known, _)| *known == path) {
            let advice = "make it a folder of the same name, or give LONG_FILES in xtask/src/tidy/source.rs a reason";
            faults.push(Fault::at(
                path,
                format!("has {lines} lines, more than {MAX_LINES}: {advice}"),
            ));
        }
    }
    for (path, _) in allowed {
        if repository
            .text(path)
            .is_none_or(|text| text.lines().count() <= MAX_LINES)
        {
            faults.push(Fault::at(
                *path,
                "is listed in LONG_FILES but is not long, or not there: take it out",
            ));
        }
    }
    faults
}

pub(super) fn nothing_unfinished(repository: &Repository) -> Vec<Fault> {
    let mut faults = markers(repository);
    for (path, text) in repository.ending_in(".rs") {
        match TokenStream::from_str(text) {
            Ok(tokens) => visit(tokens, &mut |level| faults.extend(unfinished(path, level))),
            Err(error) => faults.push(Fault::in_line(
                path,
                error.span().start().line,
                "is not valid Rust",
            )),
        }
    }
    faults
}

/// Finds markers of unfinished work in comments.
fn markers(repository: &Repository) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, text) in repository.files() {
        let Some(comment) = comment_start(path) else {
            continue;
        };
        for (number, line) in (1..).zip(text.lines()) {
            let Some((_, note)) = line.split_once(comment) else {
                continue;
            };
            let mut words = note.split(|letter: char| !letter.is_alphanumeric());
            if let Some(marker) = words.find(|word| MARKERS.contains(word)) {
                faults.push(Fault::in_line(
                    path,
                    number,
                    format!("`{marker}`: do it, or file it where work is tracked"),
                ));
            }
        }
    }
    faults
}

fn comment_start(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map_or(name, |(_, ending)| ending) {
        "rs" => Some("//"),
        "sql" => Some("--"),
        "toml" | "yaml" | "yml" | "sh" | "run" | "Makefile" | "Dockerfile" => Some("#"),
        _ => None,
    }
}

/// Finds unfinished code and ignored tests among the tokens of one level.
fn unfinished(path: &str, level: &[TokenTree]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for pair in level.windows(2) {
        match pair {
            [TokenTree::Ident(name), TokenTree::Punct(mark)]
                if mark.as_char() == '!' && (name == "todo" || name == "unimplemented") =>
            {
                let line = name.span().start().line;
                faults.push(Fault::in_line(
                    path,
                    line,
                    format!("`{name}!`: only what is finished is committed"),
                ));
            }
            [TokenTree::Punct(mark), TokenTree::Group(attribute)]
                if mark.as_char() == '#' && attribute_names(attribute, "ignore") =>
            {
                let line = attribute.span().start().line;
                faults.push(Fault::in_line(
                    path,
                    line,
                    "a test that is ignored proves nothing: make it pass, or remove it",
                ));
            }
            _ => {}
        }
    }
    faults
}

/// Returns whether an attribute is `[name…]` or `[cfg_attr(…, name…)]`.
fn attribute_names(attribute: &Group, name: &str) -> bool {
    let tokens: Vec<_> = attribute.stream().into_iter().collect();
    match tokens.as_slice() {
        _ if attribute.delimiter() != Delimiter::Bracket => false,
        [TokenTree::Ident(first), TokenTree::Group(arguments), ..] if first == "cfg_attr" => {
            arguments
                .stream()
                .into_iter()
                .any(|token| matches!(token, TokenTree::Ident(ident) if ident == name))
        }
        [TokenTree::Ident(first), ..] => first == name,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(faults: &[Fault]) -> Vec<usize> {
        faults.iter().filter_map(|fault| fault.line).collect()
    }

    #[test]
    fn a_file_over_the_limit_is_refused_unless_it_is_listed() {
        let short = "\n".repeat(MAX_LINES);
        let long = "\n".repeat(MAX_LINES + 1);
        let repository = Repository::of([
            ("a.rs", long.as_str()),
            ("b.rs", short.as_str()),
            ("c.md", long.as_str()),
        ]);

        let faults = long_files(&repository, &[]);
        assert_eq!(
            faults
                .iter()
                .map(|fault| fault.place.as_str())
                .collect::<Vec<_>>(),
            ["a.rs"]
        );
        assert_eq!(long_files(&repository, &[("a.rs", "a table")]), []);
    }

    #[test]
    fn an_entry_for_a_file_that_is_not_long_is_refused() {
        let repository = Repository::of([("a.rs", "")]);

        assert_eq!(
            long_files(
                &repository,
                &[("a.rs", "was long"), ("gone.rs", "was long")]
            )
            .len(),
            2
        );
    }

    #[test]
    fn finished_code_is_accepted() {
        let code = r#"
            // Do not ignore this.
            fn f() -> &'static str { let ignore = "todo!() #[ignore]"; ignore }
        "#;

        assert_eq!(
            nothing_unfinished(&Repository::of([
                ("a.rs", code),
                ("b.sql", "SELECT 1; -- done")
            ])),
            []
        );
    }

    #[test]
    fn unfinished_code_and_ignored_tests_are_refused() {
        let code = "fn f() { todo!() }\n\nmod t {\n #[test]\n #[ignore = \"slow\"]\n fn g() { unimplemented!(\"later\") }\n #[cfg_attr(miri, ignore)] fn h() {}\n}\n";

        let faults = nothing_unfinished(&Repository::of([("a.rs", code)]));
        assert_eq!(lines(&faults), [1, 5, 7, 6]);
    }

    #[test]
    fn markers_in_comments_are_refused_and_in_strings_are_not() {
        let code = format!(
            "// {}: later\nlet currency = \"{}\";\n/// ({})\n",
            MARKERS[0], MARKERS[1], MARKERS[1]
        );
        let sql = format!("SELECT '{}';\n-- {}\n", MARKERS[1], MARKERS[0]);

        let faults = markers(&Repository::of([
            ("a.rs", code.as_str()),
            ("b.sql", sql.as_str()),
        ]));
        assert_eq!(lines(&faults), [1, 3, 2]);
    }

    #[test]
    fn a_file_that_is_not_rust_is_named() {
        let faults = nothing_unfinished(&Repository::of([("a.rs", "fn f() {\n")]));

        assert_eq!(faults.len(), 1);
    }
}
