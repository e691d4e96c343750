//! Reads Rust as tokens, so that comments and strings never count as code.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// Calls `look` with the tokens of every nesting level.
pub(crate) fn visit(tokens: TokenStream, look: &mut impl FnMut(&[TokenTree])) {
    let level: Vec<_> = tokens.into_iter().collect();
    look(&level);
    for token in level {
        if let TokenTree::Group(group) = token {
            visit(group.stream(), look);
        }
    }
}

/// Returns whether a path is that of a file of tests, which its parent includes under
/// `#[cfg(test)]`.
pub(crate) fn is_tests_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// Returns whether this is the attribute `#[cfg(test)]`, seen from its brackets.
pub(crate) fn is_cfg_test(attribute: &Group) -> bool {
    attribute.delimiter() == Delimiter::Bracket
        && attribute.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// Returns the braces of the item that begins here; `None` if it ends with a semicolon.
pub(crate) fn body(item: &[TokenTree]) -> Option<&Group> {
    match &item[end(item)?] {
        TokenTree::Group(group) => Some(group),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    }
}

/// Returns what follows the item that begins here.
pub(crate) fn after_item(item: &[TokenTree]) -> &[TokenTree] {
    end(item).map_or(&[], |end| &item[end + 1..])
}

/// Returns the index at which an item ends: at its braces or at its semicolon.
fn end(item: &[TokenTree]) -> Option<usize> {
    item.iter().position(|token| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(mark) => mark.as_char() == ';',
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    })
}
