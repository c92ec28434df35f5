//! Whether a request comes from inside a login: at this gate, or at one that is trusted to say so.
use crate::request::Routed;

use super::gate::Gate;

/// How many assertions a request may bring along to be looked at one by one.
const MOST: usize = 8;

/// Whether some assertion that the request brings along is genuine, or may be. More of them than a chain of gates would
/// add are not looked at: they count.
pub(super) fn is_chained(routed: &Routed, gate: &Gate) -> bool {
    let values = &routed.request.assertions;
    let values: Vec<_> = values.iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let all = || values.iter().flat_map(|value| tokens(value));
    let counts =
        |token: &str| gate.keys.verifies(token) || gate.secret_verifies(token) || gate.trusted.may_have_signed(token);
    all().nth(MOST).is_some() || all().any(counts)
}

/// The pieces of `text` that could each be a token in compact form, whatever stands between them.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let of_a_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.split(move |c| !of_a_token(c)).filter(|piece| piece.matches('.').count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_wherever_they_stand() {
        for (text, found) in [
            ("a.b.c", vec!["a.b.c"]),
            ("a.b.c,d.e-1.f_2", vec!["a.b.c", "d.e-1.f_2"]),
            ("Bearer a.b.c", vec!["a.b.c"]),
            ("\"a.b.c\"; x=d.e.f", vec!["a.b.c", "d.e.f"]),
            ("mallory, a.b, a.b.c.d, \u{fffd}", vec![]),
        ] {
            assert_eq!(tokens(text).collect::<Vec<_>>(), found, "{text}");
        }
    }
}
