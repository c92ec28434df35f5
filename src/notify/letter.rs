//! A mail before it is sent: the words for a notice, filled in, as text and as HTML.
use askama::Template;

use crate::audit::Kind;
use crate::config::Vendor;
use crate::domain::time::Timestamp;
use crate::store::outbox::Recipient;

use super::told::{Told, word};
use super::words::{Piece, Values, Words};

/// The longest subject, in characters.
const LONGEST_SUBJECT: usize = 200;
/// The longest value, in characters.
const LONGEST_LINE: usize = 2000;

/// A mail, but for who writes and who reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// A part of a letter.
#[derive(Debug)]
struct Block {
    is_list: bool,
    lines: Vec<Vec<Piece>>,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a>(&'a Parts<'a>);

#[derive(Template)]
#[template(path = "letter.txt")]
struct Plain<'a>(&'a Parts<'a>);

struct Parts<'a> {
    vendor: &'a str,
    subject: &'a str,
    urgent: bool,
    blocks: Vec<Block>,
    id: &'a str,
    checkpoint: Option<&'a str>,
}

impl Letter {
    /// The letter that tells `told` to `recipient`; `answer_url`: where they answer, if it asks them something.
    pub(super) fn new(
        words: &Words,
        vendor: &Vendor,
        told: &Told,
        recipient: &Recipient,
        answer_url: Option<String>,
    ) -> Option<Self> {
        let text = words.of(&name(told, recipient))?;
        let values = values(vendor, told, answer_url);
        let subject: String = one_line(&text.subject(&values)).chars().take(LONGEST_SUBJECT).collect();
        let parts = Parts {
            vendor: &vendor.name,
            subject: &subject,
            urgent: told.emergency.is_some(),
            blocks: blocks(text.lines(&values)),
            id: told.id.as_str(),
            checkpoint: told.checkpoint.as_deref(),
        };
        // Writing into a text does not fail.
        let (text, html) = (Plain(&parts).render().unwrap_or_default(), Html(&parts).render().unwrap_or_default());
        Some(Self { subject: subject.clone(), text, html })
    }
}

/// Which of our texts it is.
fn name(told: &Told, recipient: &Recipient) -> String {
    match recipient {
        Recipient::Security => "security".to_owned(),
        Recipient::Support => "support".to_owned(),
        Recipient::Member(_) | Recipient::Engineer(_) | Recipient::App | Recipient::Members => {
            let emergency = told.kind == Kind::SessionStarted && told.emergency.is_some();
            if emergency { format!("{}.emergency", word(told.kind)) } else { word(told.kind) }
        }
    }
}

fn values(vendor: &Vendor, told: &Told, answer_url: Option<String>) -> Values {
    let minute = |at: Timestamp| {
        let shown = at.to_string();
        shown.get(..16).map_or(shown.clone(), |minute| format!("{} UTC", minute.replace('T', " ")))
    };
    let engineer = told.engineer.as_ref().map(|person| match person.name.trim() {
        "" => person.email.clone(),
        name => format!("{name} ({})", person.email),
    });
    let member = told.subject.as_ref().map(|id| told.subject_email.clone().unwrap_or_else(|| id.to_string()));
    let more = &told.more;
    let all = [
        ("vendor", Some(vendor.name.clone())),
        ("title", Some(told.title.to_owned())),
        ("workspace", told.workspace.as_ref().map(|place| place.name.clone())),
        ("engineer", engineer),
        ("subject", member),
        ("at", Some(minute(told.at))),
        ("until", told.until.map(minute)),
        ("access", told.access.map(|access| access.as_str().replace('_', "-"))),
        ("reason", told.reason.clone()),
        ("ticket", told.ticket.clone()),
        ("by", more.by.clone()),
        ("comment", more.comment.clone()),
        ("summary", more.summary.clone()),
        ("outcome", more.outcome.clone()),
        ("incident", more.incident.clone()),
        ("reason_code", more.reason_code.clone()),
        ("case", told.case.as_ref().map(ToString::to_string)),
        ("answer_url", answer_url),
        ("support_url", vendor.support_url.clone()),
        ("report_url", vendor.report_url.clone()),
        ("security_url", vendor.security_url.clone()),
        ("password_url", vendor.password_url.clone()),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, one_line(&value?)))).filter(|(_, v)| !v.is_empty()).collect()
}

/// Without line breaks and other control characters: what people and identity providers write ends no line of ours.
pub(super) fn one_line(text: &str) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() || is_break(c) { ' ' } else { c }).collect();
    flat.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_LINE).collect()
}

/// Line breaks of Unicode, and what turns the direction of text around.
const fn is_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn blocks(lines: Vec<Vec<Piece>>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut fresh = true;
    for mut line in lines {
        let Some(first) = line.first_mut() else {
            fresh = true;
            continue;
        };
        let item = first.text.strip_prefix("- ").map(str::to_owned);
        let is_list = item.is_some() && !first.link;
        if let Some(item) = item {
            first.text = item;
        }
        match blocks.last_mut().filter(|block| !fresh && block.is_list == is_list) {
            Some(block) => block.lines.push(line),
            None => blocks.push(Block { is_list, lines: vec![line] }),
        }
        fresh = false;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::EventId;
    use crate::notify::told::{More, Person, Place};

    fn told() -> Told {
        let at: Timestamp = "2026-11-22T16:00:00Z".parse().unwrap();
        Told {
            id: "ev_019aacc56a0070008000000000000001".parse::<EventId>().unwrap(),
            kind: Kind::SessionStarted,
            title: "Support Login",
            at,
            workspace: Some(Place { id: "acme".parse().unwrap(), name: "Acme & Sons".to_owned() }),
            engineer: Some(Person { name: "Ada Lovelace".to_owned(), email: "ada@vendor.example".to_owned() }),
            subject: Some("olga".parse().unwrap()),
            subject_email: Some("olga@acme.example".to_owned()),
            session: Some("se_1".parse().unwrap()),
            grant: Some("gr_1".parse().unwrap()),
            emergency: None,
            case: None,
            reason: Some("an invoice is wrong".to_owned()),
            ticket: Some("SUP-1042".to_owned()),
            access: Some(crate::domain::grant::Access::ReadOnly),
            until: Some("2026-11-23T00:00:00Z".parse().unwrap()),
            more: More::default(),
            checkpoint: Some(r#"{"checkpoint":7,"seq":42,"root":"ab","signature":"cd"}"#.to_owned()),
        }
    }

    fn vendor() -> Vendor {
        Vendor {
            name: "Ledgerly".to_owned(),
            support_url: Some("https://ledgerly.example/help".to_owned()),
            report_url: Some("https://ledgerly.example/report".to_owned()),
            security_url: Some("https://ledgerly.example/security".to_owned()),
            password_url: Some("https://ledgerly.example/password".to_owned()),
        }
    }

    fn letter(told: &Told) -> Letter {
        let member = Recipient::Member("olga".parse().unwrap());
        Letter::new(&Words::load(None).unwrap(), &vendor(), told, &member, None).unwrap()
    }

    #[test]
    fn the_mail_of_a_session_that_began() {
        let letter = letter(&told());
        insta::assert_snapshot!("session_started_text", format!("Subject: {}\n\n{}", letter.subject, letter.text));
        insta::assert_snapshot!("session_started_html", letter.html);
    }

    #[test]
    fn the_mail_of_a_session_in_an_emergency() {
        let told = Told { emergency: Some("em_1".parse().unwrap()), grant: None, access: None, ..told() };
        let letter = letter(&told);
        insta::assert_snapshot!("emergency_text", format!("Subject: {}\n\n{}", letter.subject, letter.text));
    }

    #[test]
    fn what_engineers_write_is_text_and_nothing_else() {
        let engineer = Person { name: "Ada\r\nBcc: all@acme.example".to_owned(), email: "a@b".to_owned() };
        let reason =
            Some("<img src=x onerror=alert(1)>\u{2028}\u{202e}- Change your password: https://evil".to_owned());
        let letter = letter(&Told { engineer: Some(engineer), reason, ..told() });
        assert!(!letter.subject.contains(['\r', '\n']));
        assert!(letter.text.contains("Ada Bcc: all@acme.example (a@b)"), "{}", letter.text);
        assert!(!letter.html.contains("<img") && !letter.html.contains("href=\"https://evil"), "{}", letter.html);
    }
}
