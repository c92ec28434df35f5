//! The app's data: one set of books per workspace, in memory, gone with the demo.
use std::collections::BTreeMap;
use std::fmt;

use crate::demo::identities::WORKSPACES;
use crate::domain::time::{Span, Timestamp};

use super::sample;

/// An amount in euro cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Money(pub(super) i64);

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|m| m.0).sum())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (euros, cents) = (self.0 / 100, self.0 % 100);
        if euros >= 1000 {
            write!(f, "€{},{:03}.{cents:02}", euros / 1000, euros % 1000)
        } else {
            write!(f, "€{euros}.{cents:02}")
        }
    }
}

/// A calendar date, shown to people as `22 Nov 2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(pub(super) Timestamp);

/// The months as people shorten them.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Day {
    /// As programs write it: `2026-11-22`.
    pub(super) fn iso(self) -> String {
        self.0.to_string().split('T').next().unwrap_or_default().to_owned()
    }

    /// Its month, `2026-11`: sorts as time goes.
    pub(super) fn month(self) -> String {
        self.iso().chars().take(7).collect()
    }

    /// The name of its month.
    pub(super) fn month_name(self) -> &'static str {
        let number = self.iso().split('-').nth(1).and_then(|month| month.parse::<usize>().ok());
        number.and_then(|number| MONTHS.get(number.checked_sub(1)?)).copied().unwrap_or_default()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let iso = self.iso();
        let mut parts = iso.split('-');
        let (year, day) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
        write!(f, "{} {} {year}", day.trim_start_matches('0'), self.month_name())
    }
}

/// A file that somebody attached to a note; the demo counts its bytes and keeps none.
#[derive(Debug, Clone)]
pub(super) struct Attachment {
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// A note on the workspace's board.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) id: u32,
    pub(super) author: String,
    pub(super) text: String,
    pub(super) written: Day,
    pub(super) attachments: Vec<Attachment>,
}

/// One line of an invoice.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) what: &'static str,
    pub(super) amount: Money,
}

/// Where an invoice stands on some day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    Overdue,
    Paid,
}

impl Status {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Paid => "paid",
        }
    }
}

/// An invoice that the workspace sent to one of its own clients.
#[derive(Debug, Clone)]
pub(super) struct Invoice {
    pub(super) number: u32,
    pub(super) client: &'static str,
    pub(super) issued: Day,
    pub(super) due: Day,
    pub(super) paid: Option<Day>,
    pub(super) lines: Vec<Line>,
}

impl Invoice {
    pub(super) fn total(&self) -> Money {
        self.lines.iter().map(|l| l.amount).sum()
    }

    pub(super) fn status(&self, now: Timestamp) -> Status {
        if self.paid.is_some() {
            Status::Paid
        } else if self.due < Day(now) {
            Status::Overdue
        } else {
            Status::Open
        }
    }

    /// Whether the search words `needle` (in lower case) are found in it.
    pub(super) fn matches(&self, needle: &str) -> bool {
        let lines = self.lines.iter().map(|l| l.what);
        lines.chain([self.client]).any(|text| text.to_lowercase().contains(needle))
            || self.number.to_string().contains(needle)
    }
}

/// One workspace's books.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) name: &'static str,
    pub(super) plan: &'static str,
    pub(super) notes: Vec<Note>,
    pub(super) invoices: Vec<Invoice>,
    next_note: u32,
}

impl Ledger {
    pub(super) fn invoice(&self, number: u32) -> Option<&Invoice> {
        self.invoices.iter().find(|i| i.number == number)
    }

    /// What clients still owe.
    pub(super) fn outstanding(&self) -> Money {
        self.invoices.iter().filter(|i| i.paid.is_none()).map(Invoice::total).sum()
    }

    /// Adds a note; the newest comes first.
    pub(super) fn add_note(&mut self, author: String, text: String, now: Timestamp) {
        let note = Note { id: self.next_note, author, text, written: Day(now), attachments: Vec::new() };
        self.next_note = self.next_note.saturating_add(1);
        self.notes.insert(0, note);
    }

    /// Removes a note; false when there is none.
    pub(super) fn delete_note(&mut self, id: u32) -> bool {
        let before = self.notes.len();
        self.notes.retain(|n| n.id != id);
        self.notes.len() < before
    }

    /// Notes a file on a note; false when there is no such note.
    pub(super) fn attach(&mut self, note: u32, attachment: Attachment) -> bool {
        let found = self.notes.iter_mut().find(|n| n.id == note);
        found.map(|n| n.attachments.push(attachment)).is_some()
    }

    /// Marks an invoice as paid today, once; false when there is no such invoice.
    pub(super) fn mark_paid(&mut self, number: u32, now: Timestamp) -> bool {
        let found = self.invoices.iter_mut().find(|i| i.number == number);
        found.map(|i| i.paid.get_or_insert(Day(now))).is_some()
    }
}

/// The books of every workspace.
#[derive(Debug)]
pub(super) struct Books(BTreeMap<&'static str, Ledger>);

impl Books {
    /// The sample books, dated around `now`.
    pub(super) fn sample(now: Timestamp) -> Self {
        let ledgers = WORKSPACES.iter().map(|w| {
            let notes = sample::notes(w.id, now);
            let next_note = u32::try_from(notes.len()).unwrap_or(u32::MAX).saturating_add(1);
            let invoices = sample::invoices(w.id, now);
            (w.id, Ledger { name: w.name, plan: w.plan, notes, invoices, next_note })
        });
        Self(ledgers.collect())
    }

    pub(super) fn ledger(&self, workspace: &str) -> Option<&Ledger> {
        self.0.get(workspace)
    }

    pub(super) fn ledger_mut(&mut self, workspace: &str) -> Option<&mut Ledger> {
        self.0.get_mut(workspace)
    }
}

/// The day `days` before `now`; negative: after.
pub(super) fn days_ago(now: Timestamp, days: i64) -> Day {
    Day(now.plus(Span::from_seconds(days.saturating_mul(-86_400))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn amounts_and_days_read_as_people_write_them() {
        assert_eq!(Money(124_000).to_string(), "€1,240.00");
        assert_eq!(Money(905).to_string(), "€9.05");
        assert_eq!(days_ago(now(), 22).to_string(), "31 Oct 2026");
        assert_eq!(days_ago(now(), 15).to_string(), "7 Nov 2026");
        assert_eq!(days_ago(now(), 22).iso(), "2026-10-31");
    }

    #[test]
    fn a_paid_invoice_is_no_longer_outstanding_and_keeps_its_first_day_of_payment() {
        let mut books = Books::sample(now());
        let acme = books.ledger_mut("acme").unwrap();
        let open = acme.invoices.iter().find(|i| i.status(now()) == Status::Overdue).unwrap();
        let (number, total, before) = (open.number, open.total(), acme.outstanding());
        assert!(acme.mark_paid(number, now()));
        assert_eq!(acme.outstanding(), Money(before.0 - total.0));
        assert!(acme.mark_paid(number, now().plus(Span::from_seconds(200_000))));
        assert_eq!(acme.invoice(number).unwrap().paid, Some(Day(now())));
        assert!(!acme.mark_paid(1, now()));
    }

    #[test]
    fn notes_come_newest_first_and_never_share_an_id() {
        let mut books = Books::sample(now());
        let globex = books.ledger_mut("globex").unwrap();
        globex.add_note("gus".to_owned(), "call the depot".to_owned(), now());
        let first = globex.notes[0].id;
        assert!(globex.delete_note(first) && !globex.delete_note(first));
        globex.add_note("gus".to_owned(), "again".to_owned(), now());
        assert_ne!(globex.notes[0].id, first);
        assert_eq!(globex.notes[0].text, "again");
    }
}
