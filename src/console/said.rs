//! What a page says first: what was just done, or why it was not. What was done is told once, on the next page, by a cookie
//! that holds one of our own words: no address holds it, and nobody can make a page say anything else.
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::api::error::ApiError;
use crate::domain::refusal::Refusal;
use crate::problem::{Meaning, meaning};

/// The cookie; it lies beside the cookies that let anybody do anything.
const COOKIE_DONE: &str = "console-done";

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// Access was asked for.
    Asked,
    /// A request was taken back.
    Withdrawn,
    /// A session's end was moved.
    Extended,
    /// A session was ended.
    Left,
    /// A case was taken up.
    TakenUp,
    /// A case was resolved.
    Resolved,
    /// An emergency was declared.
    Declared,
    /// An emergency was approved.
    Approved,
    /// An emergency was reviewed.
    Reviewed,
}

impl Done {
    const ALL: [(Self, &'static str, &'static str); 9] = [
        (Self::Asked, "asked", "Your request is on its way. This page shows the answer when it comes."),
        (Self::Withdrawn, "withdrawn", "The request is withdrawn. Nobody can answer it any more."),
        (Self::Extended, "extended", "The session lasts as long as it may from now."),
        (Self::Left, "left", "You have left. Nothing of that session passes any more."),
        (Self::TakenUp, "taken-up", "The case is yours. You may enter for it."),
        (Self::Resolved, "resolved", "The case is resolved, and the access that came with it is over."),
        (Self::Declared, "declared", "The emergency is declared. A colleague has to approve it before you can enter."),
        (Self::Approved, "approved", "You approved the emergency. The customer is told before anybody enters."),
        (Self::Reviewed, "reviewed", "The emergency is reviewed."),
    ];

    fn row(self) -> Option<&'static (Self, &'static str, &'static str)> {
        Self::ALL.iter().find(|(done, ..)| *done == self)
    }

    /// In words.
    pub(super) fn words(self) -> &'static str {
        self.row().map_or("", |(_, _, words)| words)
    }

    /// The field that has the next page tell it.
    pub(super) fn told_next(self) -> (HeaderName, HeaderValue) {
        let word = self.row().map_or("", |(_, word, _)| word);
        (SET_COOKIE, cookie(word, 60))
    }
}

/// What a page says first.
#[derive(Debug)]
pub(super) enum Said {
    /// Nothing.
    Nothing,
    /// What was just done.
    Done(Done),
    /// Why it was not done.
    Refused(Box<Told>),
}

/// A refusal, as a page tells it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) title: &'static str,
    pub(super) detail: String,
    pub(super) next: String,
    pub(super) code: String,
    pub(super) policy: Option<String>,
}

impl Said {
    /// What the page of a request with these headers says.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let fields = headers.get_all(COOKIE).iter().filter_map(|field| field.to_str().ok());
        let mut pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let word = pairs.find(|(name, _)| *name == COOKIE_DONE).map(|(_, word)| word);
        let done = Done::ALL.iter().find(|(_, known, _)| Some(*known) == word);
        done.map_or(Self::Nothing, |(done, ..)| Self::Done(*done))
    }

    /// The field that takes the word from the browser once it is told.
    pub(super) fn told(&self) -> Option<(HeaderName, HeaderValue)> {
        matches!(self, Self::Done(_)).then(|| (SET_COOKIE, cookie("", 0)))
    }
}

impl From<&Refusal> for Told {
    fn from(refusal: &Refusal) -> Self {
        let Meaning { status, title, reason, next } = meaning(&refusal.code);
        Self {
            status,
            title,
            detail: if refusal.reason.is_empty() { reason.to_owned() } else { refusal.reason.clone() },
            next: refusal.next.clone().unwrap_or_else(|| next.to_owned()),
            code: refusal.code.to_string(),
            policy: refusal.policy.clone(),
        }
    }
}

impl From<&ApiError> for Said {
    fn from(error: &ApiError) -> Self {
        Self::Refused(Box::new(Told::from(error.refusal())))
    }
}

fn cookie(word: &'static str, seconds: u32) -> HeaderValue {
    let text =
        format!("{COOKIE_DONE}={word}; Path=/.chaperone/console; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(cookies: &'static str) -> Said {
        Said::of(&HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(cookies))]))
    }

    #[test]
    fn what_was_done_is_told_on_the_next_page() {
        for (done, word, words) in Done::ALL {
            let (_, value) = done.told_next();
            assert!(value.to_str().unwrap().starts_with(&format!("console-done={word}; Path=/.chaperone/console;")));
            assert!(!words.is_empty() && done.words() == words);
        }
        let told = said("theme=dark; console-done=left");
        assert!(matches!(told, Said::Done(Done::Left)), "{told:?}");
        assert!(told.told().unwrap().1.to_str().unwrap().contains("Max-Age=0"));
    }

    #[test]
    fn nobody_makes_a_page_say_anything_else() {
        for cookies in ["", "console-done=", "console-done=<b>you won</b>", "xconsole-done=left", "console-done"] {
            assert!(matches!(said(cookies), Said::Nothing), "{cookies}");
        }
    }
}
