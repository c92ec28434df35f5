//! Whether a reason is one: people decide by it, so `.` and `aaaaaaaaaa` are none.
use std::collections::BTreeSet;

use crate::config::Requests;
use crate::domain::refusal::{Code, Refusal};

/// How many different letters and digits a reason has at least: fewer are a key that was held down.
const DIFFERENT: usize = 5;

/// Refuses a reason that tells nothing, with what to write instead.
///
/// # Errors
/// `bad-request`.
pub(super) fn check(rules: &Requests, reason: &str) -> Result<(), Refusal> {
    let letters = || reason.chars().filter(|c| c.is_alphanumeric());
    if reason.chars().count() < rules.reason_min || letters().count() * 2 < rules.reason_min {
        let wanted = rules.reason_min;
        return Err(none(format!("reason: it is too short to decide by: at least {wanted} characters are needed")));
    }
    if letters().flat_map(char::to_lowercase).collect::<BTreeSet<_>>().len() < DIFFERENT {
        return Err(none("reason: it is the same few characters again and again".to_owned()));
    }
    if rules.reason_words.is_empty() || reason.split_whitespace().any(|word| begins(word, &rules.reason_words)) {
        return Ok(());
    }
    let known: Vec<_> = rules.reason_words.iter().map(|word| format!("`{word}`")).collect();
    let reason = format!("reason: no word of it begins with one of {}", known.join(", "));
    Err(Refusal::because(Code::BadRequest, reason).next("use one of these words, and say what you want to do and why"))
}

/// Whether `word`, without quotes or brackets before it, begins with one of `words`, in whatever case.
fn begins(word: &str, words: &[String]) -> bool {
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    words.iter().any(|known| word.starts_with(&known.to_lowercase()))
}

fn none(reason: String) -> Refusal {
    Refusal::because(Code::BadRequest, reason)
        .next("say what you want to do in the account and why, so that the customer can decide")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Span;

    fn rules(words: &[&str]) -> Requests {
        let reason_words = words.iter().map(ToString::to_string).collect();
        Requests { reason_min: 10, reason_words, lapse: Span::from_seconds(86_400) }
    }

    #[test]
    fn a_sentence_in_any_script_is_a_reason() {
        for reason in [
            "the import of Monday hangs",
            "客户无法导出十一月的发票",
            "Счёт не открывается",
            "SUP-1042: 500 on /export",
        ] {
            assert_eq!(check(&rules(&[]), reason), Ok(()), "{reason}");
        }
    }

    #[test]
    fn what_tells_nothing_is_refused_with_what_to_write() {
        for (reason, why) in [
            (".", "at least 10 characters"),
            ("debugging", "at least 10 characters"),
            (". . . . . . . . . .", "at least 10 characters"),
            ("----------------", "at least 10 characters"),
            ("aaaaaaaaaaaaaaa", "again and again"),
            ("asdasdasdasdasd", "again and again"),
            ("TEST test Test test", "again and again"),
        ] {
            let refusal = check(&rules(&[]), reason).unwrap_err();
            assert_eq!(refusal.code, Code::BadRequest);
            assert!(refusal.reason.contains(why), "{reason}: {}", refusal.reason);
            assert!(refusal.next.is_some_and(|next| next.contains("what you want to do")));
        }
    }

    #[test]
    fn where_words_are_asked_for_one_of_them_begins_a_word() {
        let rules = rules(&["SUP-", "debug"]);
        for fine in ["see SUP-1042, please", "to look at (sup-7)", "Debugging the import"] {
            assert_eq!(check(&rules, fine), Ok(()), "{fine}");
        }
        for other in ["the import hangs again", "we undebugged the import"] {
            let refusal = check(&rules, other).unwrap_err();
            assert!(refusal.reason.contains("`SUP-`, `debug`"), "{}", refusal.reason);
        }
    }
}
