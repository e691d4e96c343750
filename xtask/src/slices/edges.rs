//! Which slices use which: compares the paths in a crate's source with the list in its row.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Row;
use crate::repository::{Fault, Repository};
use crate::tokens::{after_item, is_cfg_test, is_tests_file};

/// A slice or a file of plumbing, and the slice that it uses.
type Edge<'a> = (&'a str, &'a str);
/// The file and line where an edge was found first.
type Place<'a> = (&'a str, usize);
/// The names of a path from the root of the crate, and its line.
type Found = (Vec<String>, usize);

/// Returns the slices that, according to the row, use themselves through others: the parts of a circle cannot be
/// read, tested or moved separately.
pub(super) fn circles(row: &Row) -> Vec<Fault> {
    // Repeatedly removes slices that use no remaining one; those in circles, and those that use them, are left.
    let mut left: Vec<_> = row.uses.to_vec();
    loop {
        let before = left.len();
        let users: Vec<_> = left.iter().map(|(user, _)| *user).collect();
        left.retain(|(_, used)| used.iter().any(|slice| users.contains(slice)));
        if left.len() == before {
            break;
        }
    }
    let users = left.iter().map(|(user, _)| *user);
    let advice = "move what both need into plumbing, or one into the other";
    users
        .map(|user| {
            let place = format!("crates/{}/src/{user}", row.folder);
            Fault::at(place, format!("uses slices in a circle: {advice}"))
        })
        .collect()
}

/// Returns a fault for every edge that the row does not allow, and for every allowed one that does not exist.
pub(super) fn check(repository: &Repository, row: &Row) -> Vec<Fault> {
    let source = format!("crates/{}/src/", row.folder);
    let files: Vec<_> = repository
        .ending_in(".rs")
        .filter(|(path, _)| path.starts_with(&source) && !is_tests_file(path))
        .map(|(path, text)| (path, module(path, &source), paths(path, &source, text)))
        .collect();
    let reexports: BTreeMap<&str, &str> = files
        .iter()
        .filter(|(_, module, _)| *module == "lib")
        .flat_map(|(_, _, paths)| paths)
        .filter_map(|(path, _)| Some((path.last()?.as_str(), row.slice(path.first()?)?)))
        .collect();
    let mut edges: BTreeMap<Edge<'_>, Place<'_>> = BTreeMap::new();
    for (file, module, paths) in &files {
        let top = module.split('/').next().unwrap_or(module);
        let from = row.slice(top).unwrap_or(module);
        for (path, line) in paths {
            let Some(first) = path.first() else { continue };
            let slice = row
                .slice(first)
                .or_else(|| reexports.get(&**first).copied());
            // A glob import from the root may import any slice.
            let to = slice.or_else(|| (first == "*").then_some("*"));
            if let Some(to) = to.filter(|to| *to != from) {
                edges.entry((from, to)).or_insert((file, *line));
            }
        }
    }
    compare(row, &edges)
}

fn compare(row: &Row, edges: &BTreeMap<Edge<'_>, Place<'_>>) -> Vec<Fault> {
    let unknown = edges
        .iter()
        .filter(|((from, to), _)| !row.composition.contains(from) && !row.allows(from, to))
        .map(|((from, to), (file, line))| {
            let advice = "xtask/src/slices.rs lists what it may use";
            Fault::in_line(
                *file,
                *line,
                format!("`{from}` may not use `{to}`: {advice}"),
            )
        });
    let listed = row
        .uses
        .iter()
        .flat_map(|(from, slices)| slices.iter().map(move |to| (*from, *to)));
    let gone = listed
        .filter(|edge| !edges.contains_key(edge))
        .map(|(from, to)| {
            Fault::at(
                format!("crates/{}/src/{from}", row.folder),
                format!("no longer uses `{to}`: take that out of xtask/src/slices.rs"),
            )
        });
    let idle = row
        .composition
        .iter()
        .filter(|file| !edges.keys().any(|(from, _)| from == *file))
        .map(|file| {
            Fault::at(
                format!("crates/{}/src/{file}", row.folder),
                "composes no slices: take it out of xtask/src/slices.rs",
            )
        });
    unknown.chain(gone).chain(idle).collect()
}

/// Returns `customer/list/filter` for `crates/NAME/src/customer/list/filter.rs`.
fn module<'a>(path: &'a str, source: &str) -> &'a str {
    let inside = path.strip_prefix(source).unwrap_or(path);
    inside.strip_suffix(".rs").unwrap_or(inside)
}

/// Returns every path in a file that begins at `crate`, `self` or `super`, and in the root also every imported one.
/// Empty if the file is not valid Rust, which tidy reports.
fn paths(path: &str, source: &str, text: &str) -> Vec<Found> {
    let module = module(path, source).split('/').map(str::to_owned);
    let mut reader = Reader {
        module: module.filter(|name| name != "lib").collect(),
        found: Vec::new(),
    };
    reader.read(TokenStream::from_str(text).unwrap_or_default());
    reader.found
}

struct Reader {
    module: Vec<String>,
    found: Vec<Found>,
}

impl Reader {
    fn read(&mut self, tokens: TokenStream) {
        let level: Vec<_> = tokens.into_iter().collect();
        let mut rest = level.as_slice();
        while let [first, tail @ ..] = rest {
            rest = tail;
            match (first, tail) {
                (TokenTree::Punct(mark), [TokenTree::Group(attribute), ..])
                    if mark.as_char() == '#' && is_cfg_test(attribute) =>
                {
                    rest = after_item(tail);
                }
                (TokenTree::Ident(word), [TokenTree::Ident(name), TokenTree::Group(body), ..])
                    if word == "mod" =>
                {
                    self.module.push(name.to_string());
                    self.read(body.stream());
                    self.module.pop();
                    rest = &tail[2..];
                }
                // Excludes `use<…>`, which lists what a type captures.
                (TokenTree::Ident(word), [TokenTree::Ident(_), ..]) if word == "use" => {
                    let end = tail.iter().position(|token| is_mark(token, ';'));
                    let (tree, after) = tail.split_at(end.unwrap_or(tail.len()));
                    self.read_tree(tree, &[]);
                    rest = after;
                }
                (TokenTree::Ident(word), [colon, ..])
                    if ["crate", "self", "super"].iter().any(|start| word == start)
                        && is_mark(colon, ':') =>
                {
                    let names = rest_of_path(tail);
                    let path = [word.to_string()].into_iter().chain(names);
                    self.note(path.collect(), first);
                }
                (TokenTree::Group(group), _) => self.read(group.stream()),
                _ => {}
            }
        }
    }

    /// Reads the tokens between `use` and its semicolon, or a part of them.
    fn read_tree(&mut self, tree: &[TokenTree], before: &[String]) {
        let mut path = before.to_vec();
        for token in tree {
            match token {
                // A new name counts as one below the renamed path.
                TokenTree::Ident(name) if name == "as" => {}
                TokenTree::Ident(name) => path.push(name.to_string()),
                TokenTree::Punct(mark) if mark.as_char() == '*' => path.push("*".to_owned()),
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let tokens: Vec<_> = group.stream().into_iter().collect();
                    for branch in tokens.split(|token| is_mark(token, ',')) {
                        self.read_tree(branch, &path);
                    }
                    return;
                }
                TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        if let Some(last) = tree.last() {
            self.note(path, last);
        }
    }

    fn note(&mut self, path: Vec<String>, token: &TokenTree) {
        if let Some(path) = self.rooted(path) {
            self.found.push((path, token.span().start().line));
        }
    }

    /// Returns a path from the root of the crate; `None` if it leads to another crate, or only further into this
    /// module.
    fn rooted(&self, path: Vec<String>) -> Option<Vec<String>> {
        let mut base = self.module.clone();
        let mut names = path.into_iter().peekable();
        match names.peek()?.as_str() {
            "crate" => base.clear(),
            "self" | "super" => {}
            _ if base.is_empty() => return Some(names.collect()),
            _ => return None,
        }
        while let Some(step) =
            names.next_if(|name| ["crate", "self", "super"].contains(&name.as_str()))
        {
            if step == "super" {
                base.pop();
            }
        }
        base.extend(names);
        Some(base)
    }
}

/// Returns the names of a path after the first one.
fn rest_of_path(tail: &[TokenTree]) -> Vec<String> {
    let (steps, _) = tail.as_chunks::<3>();
    let names = steps.iter().map_while(|step| match step {
        [one, other, TokenTree::Ident(name)] if is_mark(one, ':') && is_mark(other, ':') => {
            Some(name.to_string())
        }
        _ => None,
    });
    names.collect()
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

#[cfg(test)]
mod tests;
