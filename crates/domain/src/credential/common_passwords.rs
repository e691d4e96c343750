//! The most common passwords, which attackers try first.
//!
//! The list contains the passwords of at least 8 characters among the 20,000 most frequent ones of
//! published breaches, in lower case and byte order, one per line.

const LIST: &str = include_str!("common_passwords.txt");

/// Returns whether `password`, in lower case, is on the list. Searches the text itself in binary:
/// nothing is built at start or copied.
pub(super) fn contains(password: &str) -> bool {
    let (mut low, mut high) = (0, LIST.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = LIST.as_bytes()[..middle]
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        let end = LIST.as_bytes()[start..]
            .iter()
            .position(|b| *b == b'\n')
            .map_or(LIST.len(), |at| start + at);
        match LIST.as_bytes()[start..end].cmp(password.as_bytes()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_the_list_is_in_order() {
        assert!(LIST.lines().is_sorted());
        assert!(LIST.lines().all(contains));
        assert!(LIST.lines().count() > 3_000);
    }

    #[test]
    fn what_is_not_a_whole_line_is_not_found() {
        for absent in ["", "passwor", "password-x9", "zzzzzzzzzzzzzzzzz", "\n"] {
            assert!(!contains(absent), "{absent}");
        }
    }
}
