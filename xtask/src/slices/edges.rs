//! Which modules use which: compares the paths in a crate's source with the list in its row.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Row;
use crate::repository::{Fault, Repository};
use crate::tokens::{after_item, is_cfg_test, is_tests_file};

/// A slice or a file of plumbing, and the module that it uses.
pub(super) type Edge<'a> = (&'a str, &'a str);
/// The file and line where an edge was found first.
pub(super) type Place<'a> = (&'a str, usize);
/// The names of a path from the root of the crate, and its line.
type Found = (Vec<String>, usize);

/// Returns a fault for every module in a circle that the row does not list, since the parts of a circle cannot be read,
/// tested or moved separately, and for every listed circle that does not exist.
pub(super) fn circles<'a>(row: &Row, edges: impl Iterator<Item = Edge<'a>>) -> Vec<Fault> {
    let found = circles_of(edges.map(|(from, to)| (top(from), to)));
    let place = |module| format!("crates/{}/src/{module}", row.folder);
    let is_listed = |circle: &[&str]| row.circles.iter().any(|(listed, _)| *listed == circle);
    let unknown = found.iter().filter(|circle| !is_listed(circle));
    let unknown = unknown.flat_map(|circle| {
        let has_slice = circle.iter().any(|module| row.slice(module).is_some());
        let kind = if has_slice { "slices" } else { "plumbing" };
        let names = circle.join(", ");
        let advice = "move what both need into other plumbing, or one into the other";
        let message = format!("uses {kind} in a circle ({names}): {advice}");
        circle.iter().map(move |module| (*module, message.clone()))
    });
    let listed = row.circles.iter().map(|(listed, _)| *listed);
    let gone = listed.filter(|listed| !found.iter().any(|circle| circle == listed));
    let advice = "that is no longer a circle: take it out of xtask/src/slices.rs";
    let gone = gone.map(|circle| (circle[0], format!("{}: {advice}", circle.join(", "))));
    let faults = unknown.chain(gone);
    faults
        .map(|(module, message)| Fault::at(place(module), message))
        .collect()
}

/// Returns the largest sets of modules that all use each other, directly or through others.
fn circles_of<'a>(edges: impl Iterator<Item = Edge<'a>>) -> BTreeSet<Vec<&'a str>> {
    let mut below: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in edges {
        below.entry(from).or_default().insert(to);
    }
    let modules: Vec<_> = below.keys().copied().collect();
    for by in &modules {
        let further = below.get(by).cloned().unwrap_or_default();
        let users = below.values_mut().filter(|used| used.contains(by));
        users.for_each(|used| used.extend(&further));
    }
    let reaches = |from: &str, to: &str| below.get(from).is_some_and(|used| used.contains(to));
    let circle_of = |one: &str| {
        let both_ways = |other: &&str| reaches(one, other) && reaches(other, one);
        modules.iter().copied().filter(both_ways).collect()
    };
    let in_circles = modules.iter().filter(|module| reaches(module, module));
    in_circles.map(|module| circle_of(module)).collect()
}

/// Returns the edges between the modules of a crate, each with the place where it was found first.
pub(super) fn of<'a>(repository: &'a Repository, row: &Row) -> BTreeMap<Edge<'a>, Place<'a>> {
    let source = format!("crates/{}/src/", row.folder);
    let files: Vec<_> = repository
        .ending_in(".rs")
        .filter(|(path, _)| path.starts_with(&source) && !is_tests_file(path))
        .map(|(path, text)| (path, module(path, &source), paths(path, &source, text)))
        .collect();
    let reexports: BTreeMap<&str, &'static str> = files
        .iter()
        .filter(|(_, module, _)| is_root(module))
        .flat_map(|(_, _, paths)| paths)
        .filter_map(|(path, _)| Some((path.last()?.as_str(), row.module(path.first()?)?)))
        .collect();
    let mut edges = BTreeMap::new();
    for (file, module, paths) in &files {
        let from = row.slice(top(module)).unwrap_or(module);
        for (path, line) in paths {
            let Some(first) = path.first() else { continue };
            let to = row
                .module(first)
                .or_else(|| reexports.get(&**first).copied())
                // A glob import from the root may import any module.
                .or_else(|| (first == "*").then_some("*"))
                // All other names are the root's own, except there: it imports from other crates.
                .or_else(|| (!is_root(module)).then_some("lib"));
            if let Some(to) = to.filter(|to| *to != top(from)) {
                edges.entry((from, to)).or_insert((*file, *line));
            }
        }
    }
    edges
}

/// Returns a fault for every edge that the row does not allow, and for every allowed one that does not exist.
pub(super) fn compare(row: &Row, edges: &BTreeMap<Edge<'_>, Place<'_>>) -> Vec<Fault> {
    let unknown = edges
        .iter()
        .filter(|((from, to), _)| !row.composition.contains(from) && !row.shared.contains(to))
        .filter(|((from, to), _)| {
            let mut listed = row.edges();
            !listed.any(|edge| is_part(from, edge.0) && edge.1 == *to)
        })
        .map(|((from, to), (file, line))| {
            let advice = "xtask/src/slices.rs lists what it may use";
            Fault::in_line(
                *file,
                *line,
                format!("`{from}` may not use `{to}`: {advice}"),
            )
        });
    let gone = row
        .edges()
        .filter(|listed| {
            let mut found = edges.keys();
            !found.any(|(from, to)| is_part(from, listed.0) && *to == listed.1)
        })
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

/// Returns the name of a file's module directly in `src/`.
fn top(module: &str) -> &str {
    module.split('/').next().unwrap_or(module)
}

fn is_root(module: &str) -> bool {
    ["lib", "main"].contains(&module)
}

/// Returns whether a listed name is that of the file `from` or of its module.
fn is_part(from: &str, listed: &str) -> bool {
    from == listed || top(from) == listed
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
        module: module.filter(|name| !is_root(name)).collect(),
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
