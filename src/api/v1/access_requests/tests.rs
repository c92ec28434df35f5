//! The shapes of access requests, asked for and shown.
use serde_json::{Value, json};

use crate::access::access_requests::{NewRequest, Shown};
use crate::api::error::ApiError;
use crate::api::input;
use crate::api::v1::tests::{at, pretty, refused, span};
use crate::domain::access_request::{AccessRequest, How, Narrowed};
use crate::domain::grant::Access;

use super::{ApproveRequest, CreateRequest, DeclineRequest, RequestShown};

fn request() -> AccessRequest {
    AccessRequest {
        id: "ar_1".parse().expect("an id"),
        workspace: "acme".parse().expect("an id"),
        engineer: "ada".parse().expect("an id"),
        subject: None,
        access: Access::Full,
        duration: span("4h"),
        reason: "the import of Monday hangs".to_owned(),
        ticket: Some("T-1".to_owned()),
        purpose: None,
        extends: None,
        created_at: at("2026-11-20T09:00:00Z"),
        lapses_at: at("2026-11-21T09:00:00Z"),
        closing: None,
    }
}

fn shown(request: AccessRequest, now: &str) -> RequestShown {
    let (engineer_name, engineer_email) = ("Ada Byron".to_owned(), "ada@vendor.example".to_owned());
    RequestShown::new(Shown { request, engineer_name, engineer_email }, at(now))
}

#[test]
fn a_request_shows_who_asks_for_what_and_how_it_ended() {
    insta::assert_snapshot!(pretty(&shown(request(), "2026-11-20T10:00:00Z")), @r##"
    {
      "id": "ar_1",
      "workspace": "acme",
      "engineer": {
        "id": "ada",
        "name": "Ada Byron",
        "email": "ada@vendor.example"
      },
      "state": "pending",
      "access": "full",
      "duration": "4h",
      "reason": "the import of Monday hangs",
      "ticket": "T-1",
      "created_at": "2026-11-20T09:00:00.000Z",
      "lapses_at": "2026-11-21T09:00:00.000Z"
    }
    "##);
    let now = "2026-11-20T10:00:00Z";
    let declined = request().closed(at(now), "olga", How::Declined(Some("not during the audit".to_owned())));
    insta::assert_snapshot!(pretty(&shown(declined, now)), @r##"
    {
      "id": "ar_1",
      "workspace": "acme",
      "engineer": {
        "id": "ada",
        "name": "Ada Byron",
        "email": "ada@vendor.example"
      },
      "state": "declined",
      "access": "full",
      "duration": "4h",
      "reason": "the import of Monday hangs",
      "ticket": "T-1",
      "created_at": "2026-11-20T09:00:00.000Z",
      "lapses_at": "2026-11-21T09:00:00.000Z",
      "closed_at": "2026-11-20T10:00:00.000Z",
      "closed_by": "olga",
      "comment": "not during the audit"
    }
    "##);
    let approved = request().closed(at(now), "olga", How::Approved("gr_1".parse().expect("an id")));
    let approved = serde_json::to_value(shown(approved, now)).expect("json");
    assert_eq!((&approved["state"], &approved["grant"]), (&json!("approved"), &json!("gr_1")));
}

#[test]
fn a_request_whose_time_is_over_is_shown_as_lapsed_before_that_is_written_down() {
    let late = serde_json::to_value(shown(request(), "2026-11-21T09:00:00Z")).expect("json");
    assert_eq!(late["state"], "lapsed");
}

#[test]
fn a_malformed_request_is_told_by_its_field() {
    let new = |body: &Value| -> Result<NewRequest, ApiError> {
        input::parse::<CreateRequest>(body.to_string().as_bytes())?.try_into()
    };
    let fine = json!({"workspace": "acme", "access": "full", "duration": "4h", "reason": "the import hangs"});
    assert!(new(&fine).is_ok());
    let mut told = Vec::new();
    for (field, value) in [
        ("workspace", json!("a/b")),
        ("subject", json!("a b")),
        ("access", json!("root")),
        ("duration", json!("0s")),
        ("duration", json!(7)),
        ("reason", json!(" ")),
        ("reason", json!("two\nlines")),
        ("engineers", json!(["ada"])),
    ] {
        let mut body = fine.clone();
        body[field] = value;
        told.push(refused(new(&body)));
    }
    let reasons = told.iter().filter_map(|told| told.split("reason: \"").nth(1)?.split("\", next").next());
    insta::assert_snapshot!(reasons.collect::<Vec<_>>().join("\n"), @r##"
    workspace: `a/b` is not an id of 1 to 64 letters, digits, `.`, `_` or `-` at line 1 column 18
    subject: `a b` is not an id of 1 to 64 letters, digits, `.`, `_` or `-` at line 1 column 96
    access: unknown variant `root`, expected `read_only` or `full` at line 1 column 35
    duration: `0s` is not longer than zero
    duration: invalid type: integer `7`, expected a string at line 1 column 48
    reason: it is empty at line 1 column 65
    reason: it has a line break or another control character at line 1 column 74
    engineers: unknown field `engineers`, expected one of `workspace`, `subject`, `access`, `duration`, `reason`, `ticket`, `purpose`, `grant` at line 1 column 91
    "##);
}

#[test]
fn an_answer_says_how_far_and_how_long_or_what_speaks_against_it() {
    let approve = |body: &str| input::parse::<ApproveRequest>(body.as_bytes()).map(Narrowed::from);
    assert_eq!(approve("{}").ok(), Some(Narrowed::default()));
    let less = Narrowed { access: Some(Access::ReadOnly), duration: Some(span("1h")) };
    assert_eq!(approve(r#"{"access": "read_only", "duration": "1h"}"#).ok(), Some(less));
    assert!(refused(approve(r#"{"ticket": "T-2"}"#)).contains("unknown field `ticket`"));
    let decline = |body: &str| input::parse::<DeclineRequest>(body.as_bytes()).map(|body| body.comment);
    assert_eq!(decline("{}").ok(), Some(None));
    assert!(refused(decline(r#"{"comment": ""}"#)).contains("comment: it is empty"));
}
