//! Checks that units of work end with a commit.

use std::str::FromStr as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::repository::{Fault, Repository};
use crate::tokens::{after_item, body, is_cfg_test, is_tests_file, visit};

/// The functions that begin a unit of work. One with such a name may return it uncommitted, so the rule applies to
/// its callers.
const OPENERS: [&str; 2] = ["begin", "begin_idempotent"];

/// A unit of work that is dropped rolls back silently, so the function that begins one must also commit it.
pub(super) fn what_begins_commits(repository: &Repository) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, text) in repository
        .ending_in(".rs")
        .filter(|(path, _)| path.starts_with("crates/app/src/"))
    {
        if is_tests_file(path) {
            continue;
        }
        // `nothing_unfinished` reports files that are not valid Rust.
        let Ok(tokens) = TokenStream::from_str(text) else {
            continue;
        };
        for (name, line, body) in functions(tokens) {
            let begins = OPENERS.iter().any(|method| calls(body.clone(), method));
            if begins && !OPENERS.contains(&name.as_str()) && !calls(body, "commit") {
                faults.push(Fault::in_line(
                    path,
                    line,
                    format!("`{name}` begins a unit of work and never commits it"),
                ));
            }
        }
    }
    faults
}

/// Returns the name, line and body of every function, without those in `#[cfg(test)]` items and
/// those that have no body.
fn functions(tokens: TokenStream) -> Vec<(String, usize, TokenStream)> {
    let level: Vec<_> = tokens.into_iter().collect();
    let mut found = Vec::new();
    let mut rest = level.as_slice();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (TokenTree::Punct(mark), [TokenTree::Group(attribute), ..])
                if mark.as_char() == '#' && is_cfg_test(attribute) =>
            {
                rest = after_item(tail);
            }
            (TokenTree::Ident(keyword), [TokenTree::Ident(name), ..]) if keyword == "fn" => {
                if let Some(body) = body(tail) {
                    found.push((name.to_string(), name.span().start().line, body.stream()));
                }
            }
            (TokenTree::Group(group), _) => found.extend(functions(group.stream())),
            _ => {}
        }
    }
    found
}

/// Returns whether `.name(…)` or `::name(…)` occurs at any depth.
fn calls(tokens: TokenStream, name: &str) -> bool {
    let mut found = false;
    visit(tokens, &mut |level| {
        found |= level.windows(3).any(|triple| match triple {
            [
                TokenTree::Punct(mark),
                TokenTree::Ident(method),
                TokenTree::Group(arguments),
            ] => {
                ['.', ':'].contains(&mark.as_char())
                    && method == name
                    && arguments.delimiter() == Delimiter::Parenthesis
            }
            _ => false,
        });
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins(code: &str) -> Vec<String> {
        let repository = Repository::of([("crates/app/src/address.rs", code)]);
        what_begins_commits(&repository)
            .into_iter()
            .map(|fault| fault.message)
            .collect()
    }

    #[test]
    fn a_function_that_begins_and_commits_is_accepted() {
        let code = "impl A { async fn add(&self) -> R { let mut w = self.t.begin(&s).await?; w.commit().await } }";

        assert_eq!(begins(code), Vec::<String>::new());
    }

    #[test]
    fn a_function_that_begins_and_never_commits_is_refused() {
        let code = "impl A {\n async fn add(&self) -> R { if x { self.t.begin(&s).await?; } Ok(()) }\n
            async fn put(&self) -> R { Transactions::begin_idempotent(&t, k).await; }\n fn other(&self) { w.commit() } }";

        assert_eq!(
            begins(code),
            [
                "`add` begins a unit of work and never commits it",
                "`put` begins a unit of work and never commits it"
            ]
        );
    }

    #[test]
    fn a_function_that_hands_the_unit_of_work_on_is_accepted_and_its_callers_are_held_to_the_rule()
    {
        let code = "impl Once { async fn begin(&self) -> R { t.begin(&s).await } }\nasync fn add() { once.begin(&t).await?; }";

        assert_eq!(
            begins(code),
            ["`add` begins a unit of work and never commits it"]
        );
    }

    #[test]
    fn declarations_comments_tests_and_other_crates_do_not_begin() {
        let code = "trait T { fn begin(&self); }\n// self.begin(x)\n#[cfg(test)]\nmod tests { fn f() { t.begin(&s) } }\n";

        assert_eq!(begins(code), Vec::<String>::new());
        let elsewhere = Repository::of([("crates/testkit/src/a.rs", "fn f() { t.begin(&s) }")]);
        assert_eq!(what_begins_commits(&elsewhere), []);
    }

    #[test]
    fn code_behind_a_test_module_is_still_read() {
        let code = "#[cfg(test)]\nmod tests;\nfn f() { t.begin(&s) }\n";

        assert_eq!(
            begins(code),
            ["`f` begins a unit of work and never commits it"]
        );
    }
}
