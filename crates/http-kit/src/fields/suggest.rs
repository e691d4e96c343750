//! Suggests what an unknown name may have meant.

/// Returns "did you mean …" for a likely typo, else the list of accepted names.
pub(super) fn hint(name: &str, known: &[&'static str]) -> String {
    let nearest = known
        .iter()
        .map(|candidate| {
            // Members of inner objects may be sent without the object's name.
            let bare = candidate.rsplit('/').next().unwrap_or(candidate);
            (
                distance(name, candidate).min(distance(name, bare)),
                candidate,
            )
        })
        .min();
    match nearest {
        _ if known.is_empty() => "none is accepted".to_owned(),
        Some((slips, candidate)) if slips <= 2 && 2 * slips < candidate.len() => {
            format!("did you mean {candidate}?")
        }
        _ => format!("accepted are {}", known.join(", ")),
    }
}

/// Returns the edit distance of two names; `usize::MAX` if their lengths differ by more than 2, because one of them may
/// be as long as a body.
fn distance(left: &str, right: &str) -> usize {
    if left.len().abs_diff(right.len()) > 2 {
        return usize::MAX;
    }
    strsim::levenshtein(left, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        let cases = [
            ("email", "email", 0),
            ("emial", "email", 2),
            ("mail", "email", 1),
            ("abc", "", usize::MAX),
            ("ab", "", 2),
        ];
        for (left, right, edits) in cases {
            assert_eq!(distance(left, right), edits, "{left} {right}");
        }
    }

    #[test]
    fn a_slip_is_corrected_and_anything_else_gets_the_list() {
        let known = ["email", "tags", "profile/firstName"];
        assert_eq!(hint("emial", &known), "did you mean email?");
        assert_eq!(
            hint("profile/firstname", &known),
            "did you mean profile/firstName?"
        );
        assert_eq!(
            hint("colour", &known),
            "accepted are email, tags, profile/firstName"
        );
        assert_eq!(hint("colour", &[]), "none is accepted");
    }
}
