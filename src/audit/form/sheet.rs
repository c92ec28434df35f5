//! The rows of a spreadsheet: what people sort and filter by, and in the last column the record itself, from which all of
//! the row can be made again. So whoever verifies the records verifies what is shown of them.
use std::borrow::Cow;
use std::io;

use csv::{QuoteStyle, WriterBuilder};
use serde::Deserialize;

use crate::audit::event::Response;
use crate::audit::kind::Kind;

/// The columns.
const COLUMNS: [&str; 25] = [
    "workspace_seq",
    "at",
    "name",
    "kind",
    "engineer",
    "subject",
    "session",
    "grant",
    "emergency",
    "reason",
    "ticket",
    "case",
    "request_id",
    "method",
    "host",
    "path",
    "effect",
    "ip",
    "user_agent",
    "allow",
    "code",
    "status",
    "bytes_out",
    "outcome",
    "record",
];

/// What a sheet begins with.
pub(in crate::audit) const BEGIN: &[u8] = br#""workspace_seq","#;

/// What the proof's row has for a name.
const PROOF: &str = "Proof";

/// The members that are shown.
#[derive(Deserialize)]
struct Shown<'a> {
    workspace_seq: u64,
    #[serde(borrow)]
    at: Cow<'a, str>,
    kind: Kind,
    engineer: Option<Cow<'a, str>>,
    subject: Option<Cow<'a, str>>,
    session: Option<Cow<'a, str>>,
    grant: Option<Cow<'a, str>>,
    emergency: Option<Cow<'a, str>>,
    reason: Option<Cow<'a, str>>,
    ticket: Option<Cow<'a, str>>,
    case: Option<Cow<'a, str>>,
    request: Option<Request<'a>>,
    decision: Option<Decision<'a>>,
    response: Option<Response>,
}

#[derive(Default, Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    method: Cow<'a, str>,
    host: Cow<'a, str>,
    path: Cow<'a, str>,
    effect: Cow<'a, str>,
    ip: Cow<'a, str>,
    user_agent: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Decision<'a> {
    allow: bool,
    #[serde(borrow)]
    code: Option<Cow<'a, str>>,
}

/// The row of the columns' names.
pub(in crate::audit) fn header() -> io::Result<Vec<u8>> {
    written(&COLUMNS.map(Cow::Borrowed))
}

/// The row of the proof with this line.
pub(in crate::audit) fn proof_row(line: &str) -> io::Result<Vec<u8>> {
    let shown = |column| if column == "name" { PROOF } else { "" };
    written(&COLUMNS.map(|column| Cow::Borrowed(if column == "record" { line } else { shown(column) })))
}

/// The row of the record with this line.
///
/// # Errors
/// When it is no record of a workspace.
pub(in crate::audit) fn row(line: &str) -> io::Result<Vec<u8>> {
    let shown: Shown<'_> = serde_json::from_str(line)?;
    let Shown { workspace_seq, at, kind, engineer, subject, session, grant, emergency, reason, ticket, case, .. } =
        shown;
    let (decision, response) = (shown.decision, shown.response);
    let Request { id, method, host, path, effect, ip, user_agent } = shown.request.unwrap_or_default();
    let (allow, code) = decision.map_or((None, None), |decision| (Some(decision.allow), decision.code));
    let number = |value: Option<u64>| Cow::Owned(value.map(|value| value.to_string()).unwrap_or_default());
    let word = |value: Option<Cow<'static, str>>| value.unwrap_or_default();
    written(&[
        Cow::Owned(workspace_seq.to_string()),
        at,
        Cow::Borrowed(kind.title()),
        Cow::Borrowed(kind.as_str()),
        engineer.unwrap_or_default(),
        subject.unwrap_or_default(),
        session.unwrap_or_default(),
        grant.unwrap_or_default(),
        emergency.unwrap_or_default(),
        reason.unwrap_or_default(),
        ticket.unwrap_or_default(),
        case.unwrap_or_default(),
        id,
        method,
        host,
        path,
        effect,
        ip,
        user_agent.unwrap_or_default(),
        word(allow.map(|allow| Cow::Borrowed(if allow { "true" } else { "false" }))),
        code.unwrap_or_default(),
        number(response.as_ref().map(|response| response.status.into())),
        number(response.as_ref().map(|response| response.bytes_out)),
        word(response.map(|response| Cow::Borrowed(response.outcome.as_str()))),
        Cow::Borrowed(line),
    ])
}

/// A row of these cells, each in quotes, so that no program takes a part of one for a cell of its own.
fn written(cells: &[Cow<'_, str>; COLUMNS.len()]) -> io::Result<Vec<u8>> {
    let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(Vec::new());
    writer.write_record(cells.iter().map(|cell| harmless(cell).into_owned()))?;
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// The text as a spreadsheet takes it for text: with an apostrophe before what would begin a formula.
fn harmless(text: &str) -> Cow<'_, str> {
    let formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    let begins = text.starts_with(formula) || text.trim_start().starts_with(formula);
    if begins { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::chain::Chain;
    use crate::audit::draft::Draft;
    use crate::audit::samples::event;

    fn cells(reason: &str) -> Vec<String> {
        let mut event = event(2);
        event.reason = Some(reason.to_owned());
        let mut line = Vec::new();
        Chain::new().append(&Draft::try_from(event).unwrap(), "node-1", &mut line).unwrap();
        let row = row(std::str::from_utf8(&line).unwrap().trim_end()).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_slice());
        reader.records().next().unwrap().unwrap().iter().map(str::to_owned).collect()
    }

    fn cell(cells: &[String], column: &str) -> String {
        cells[COLUMNS.iter().position(|known| *known == column).unwrap()].clone()
    }

    #[test]
    fn nothing_that_people_typed_becomes_a_formula() {
        for typed in ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "＝1"] {
            assert_eq!(cell(&cells(typed), "reason"), format!("'{typed}"));
        }
        for plain in ["the export hangs", "a=b", "1-2", "", "\"quoted\", and\nmore"] {
            assert_eq!(cell(&cells(plain), "reason"), plain);
        }
    }

    #[test]
    fn no_cell_of_any_row_begins_like_a_formula() {
        for cell in cells("=1") {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
    }

    #[test]
    fn a_row_shows_what_people_look_for() {
        let cells = cells("why");
        for (column, shown) in [
            ("workspace_seq", "1"),
            ("name", "Support Action Permitted"),
            ("kind", "access.permitted"),
            ("engineer", "ada"),
            ("path", "/w/acme/reports/2"),
            ("allow", "true"),
            ("status", ""),
        ] {
            assert_eq!(cell(&cells, column), shown, "{column}");
        }
        assert!(cell(&cells, "record").starts_with(r#"{"seq":1,"#));
    }
}
