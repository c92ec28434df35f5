//! The shapes of bodies and answers; `grants` has its own.
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::access::hygiene::{Review, Why};
use crate::access::sessions::{NewSession, Shown};
use crate::access::support_access::{Offers, Overview};
use crate::api::error::ApiError;
use crate::api::input;
use crate::domain::grant::{Access, Grant, Origin};
use crate::domain::refusal::Code;
use crate::domain::session::{BasisId, Ended, Session};
use crate::domain::time::{Span, Timestamp};

use super::sessions::{SessionShown, StartSession};
use super::support_access::OverviewShown;
use super::workspaces::PutWorkspace;

pub(super) fn at(time: &str) -> Timestamp {
    time.parse().expect("a time")
}

pub(super) fn span(length: &str) -> Span {
    length.parse().expect("a duration")
}

/// Olga of Acme lent her login for three days, from Friday on.
pub(super) fn grant() -> Grant {
    Grant {
        id: "gr_1".parse().expect("an id"),
        workspace: "acme".parse().expect("an id"),
        subject: "olga".parse().expect("an id"),
        access: Access::ReadOnly,
        origin: Origin::Direct,
        starts_at: at("2026-11-20T09:00:00Z"),
        expires_at: Some(at("2026-11-23T09:00:00Z")),
        engineers: None,
        groups: None,
        organization: None,
        ticket: None,
        purpose: None,
        scope: None,
        created_at: at("2026-11-20T08:59:00Z"),
        revoked_at: None,
        revoked_by: None,
        revision: 1,
    }
}

/// Ada used it on Saturday.
fn session() -> Session {
    Session {
        id: "se_1".parse().expect("an id"),
        workspace: "acme".parse().expect("an id"),
        subject: "olga".parse().expect("an id"),
        engineer: "ada".parse().expect("an id"),
        basis: BasisId::Grant("gr_1".parse().expect("an id")),
        reason: "the import hangs".to_owned(),
        ticket: Some("T-1".to_owned()),
        started_at: at("2026-11-21T10:00:00Z"),
        expires_at: at("2026-11-21T18:00:00Z"),
        last_seen_at: at("2026-11-21T10:05:00Z"),
        mfa_at: None,
        signed_by: None,
        ended: None,
    }
}

pub(super) fn pretty(shown: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(shown).expect("json")
}

pub(super) fn refused<T>(answer: Result<T, ApiError>) -> String {
    let error = answer.err().expect("a refusal");
    format!("{error:?}")
}

#[test]
fn no_two_calls_share_a_path() {
    let _ = Arc::new(super::routes());
}

#[test]
fn a_workspace_needs_three_fields_and_takes_three_more() {
    let put = |body: Value| {
        let id = "acme".parse().expect("an id");
        input::parse::<PutWorkspace>(body.to_string().as_bytes())?.named(id)
    };
    let least = put(json!({"name": "Acme", "plan": "team", "forced_sso": false}));
    insta::assert_snapshot!(pretty(&least.expect("a workspace")), @r##"
    {
      "id": "acme",
      "name": "Acme",
      "plan": "team",
      "forced_sso": false,
      "region": "",
      "emergency_access": "allowed",
      "labels": []
    }
    "##);
    let all = json!({"name": "Acme", "plan": "business", "forced_sso": true, "region": "eu",
        "emergency_access": "never", "labels": ["health", "eu"]});
    insta::assert_snapshot!(pretty(&put(all).expect("a workspace")), @r##"
    {
      "id": "acme",
      "name": "Acme",
      "plan": "business",
      "forced_sso": true,
      "region": "eu",
      "emergency_access": "never",
      "labels": [
        "eu",
        "health"
      ]
    }
    "##);
    for (field, value) in [
        ("plan", json!("gold")),
        ("forced_sso", json!("no")),
        ("region", json!("a\nb")),
        ("name", json!(" ")),
        ("labels", json!([""])),
        ("emergency_access", json!(true)),
    ] {
        let mut body = json!({"name": "Acme", "plan": "team", "forced_sso": false});
        body[field] = value;
        let told = refused(put(body));
        assert!(told.contains(&format!("{field}: ")) || told.contains(&format!("{field}[")), "{told}");
    }
    for missing in ["name", "plan", "forced_sso"] {
        let mut body = json!({"name": "Acme", "plan": "team", "forced_sso": false});
        body.as_object_mut().expect("an object").remove(missing);
        assert!(refused(put(body)).contains(&format!("missing field `{missing}`")));
    }
}

#[test]
fn a_session_is_asked_for_with_a_reason_on_a_grant_or_on_an_emergency() {
    let start = |body: Value| -> Result<NewSession, ApiError> {
        input::parse::<StartSession>(body.to_string().as_bytes())?.try_into()
    };
    let new = start(json!({"workspace": "acme", "reason": "the import hangs", "grant": "gr_1"})).expect("a session");
    assert_eq!((new.workspace.as_str(), new.reason.as_str()), ("acme", "the import hangs"));
    assert_eq!(new.on, Some(BasisId::Grant("gr_1".parse().expect("an id"))));
    assert!(refused(start(json!({"workspace": "acme"}))).contains("missing field `reason`"));
    assert!(refused(start(json!({"workspace": "acme", "reason": " "}))).contains("reason: it is empty"));
    let emergency = json!({"workspace": "acme", "reason": "all is down", "emergency": "em_1"});
    let new = start(emergency.clone()).expect("a session");
    assert_eq!(new.on, Some(BasisId::Emergency("em_1".parse().expect("an id"))));
    let mut both = emergency;
    both["grant"] = json!("gr_1");
    assert!(refused(start(both)).contains("on `grant` or on `emergency`"));
}

#[test]
fn a_session_shows_whether_it_lives_and_why_not() {
    let now = at("2026-11-21T10:10:00Z");
    insta::assert_snapshot!(pretty(&SessionShown::new(session(), now)), @r##"
    {
      "id": "se_1",
      "workspace": "acme",
      "subject": "olga",
      "mode": "consented",
      "grant": "gr_1",
      "reason": "the import hangs",
      "ticket": "T-1",
      "standing": "live",
      "started_at": "2026-11-21T10:00:00.000Z",
      "expires_at": "2026-11-21T18:00:00.000Z",
      "last_seen_at": "2026-11-21T10:05:00.000Z"
    }
    "##);
    let ended = Ended { at: at("2026-11-21T10:06:00Z"), cause: Code::GrantRevoked };
    let shown = SessionShown::new(Session { ended: Some(ended), ..session() }, now);
    insta::assert_snapshot!(pretty(&shown), @r##"
    {
      "id": "se_1",
      "workspace": "acme",
      "subject": "olga",
      "mode": "consented",
      "grant": "gr_1",
      "reason": "the import hangs",
      "ticket": "T-1",
      "standing": "ended",
      "started_at": "2026-11-21T10:00:00.000Z",
      "expires_at": "2026-11-21T18:00:00.000Z",
      "last_seen_at": "2026-11-21T10:05:00.000Z",
      "ended_at": "2026-11-21T10:06:00.000Z",
      "cause": "grant-revoked"
    }
    "##);
    let late = serde_json::to_value(SessionShown::new(session(), at("2026-11-21T18:00:00Z"))).expect("json");
    let told = [&late["standing"], &late["ended_at"], &late["cause"]];
    assert_eq!(told, ["ended", "2026-11-21T18:00:00.000Z", "session-ended"]);
}

fn overview() -> Overview {
    let shown = Shown {
        session: session(),
        engineer_name: "Ada Byron".to_owned(),
        engineer_email: "ada@vendor.example".to_owned(),
    };
    Overview {
        workspace_name: "Acme".to_owned(),
        granted: true,
        excluded: None,
        offers: Offers { read_only: true, full: true, any_organization: true },
        grants: vec![grant()],
        names: BTreeMap::new(),
        review: vec![Review { grant: grant().id, why: Why::Unused, since: at("2026-11-20T10:00:00Z") }],
        sessions: vec![shown],
        waiting: Vec::new(),
        emergencies: Vec::new(),
        presets: vec![span("1d"), span("7d")],
        default: Some(span("1d")),
        max: span("7d"),
        recommend_min: span("36h"),
        until_revoked: false,
        purposes: vec!["diagnosis".to_owned()],
        organizations: [("vendor".to_owned(), "Example Support".to_owned())].into(),
    }
}

#[test]
fn a_member_sees_who_is_inside_and_what_may_be_chosen() {
    let acme = || "acme".parse().expect("an id");
    let now = at("2026-11-21T10:10:00Z");
    let mut told = serde_json::to_value(OverviewShown::new(acme(), overview(), now)).expect("json");
    assert_eq!(told["grants"][0]["id"], "gr_1");
    told["grants"] = json!([]);
    insta::assert_snapshot!(pretty(&told), @r##"
    {
      "workspace": "acme",
      "granted": true,
      "grants": [],
      "review": [
        {
          "grant": "gr_1",
          "why": "unused",
          "since": "2026-11-20T10:00:00.000Z"
        }
      ],
      "sessions": [
        {
          "id": "se_1",
          "engineer": {
            "name": "Ada Byron",
            "email": "ada@vendor.example"
          },
          "subject": "olga",
          "mode": "consented",
          "grant": "gr_1",
          "started_at": "2026-11-21T10:00:00.000Z",
          "expires_at": "2026-11-21T18:00:00.000Z",
          "last_seen_at": "2026-11-21T10:05:00.000Z"
        }
      ],
      "emergencies": [],
      "waiting": [],
      "choices": {
        "presets": [
          "1d",
          "7d"
        ],
        "default": "1d",
        "max": "7d",
        "recommend_min": "36h",
        "until_revoked": false,
        "purposes": [
          "diagnosis"
        ],
        "organizations": [
          {
            "id": "vendor",
            "name": "Example Support"
          }
        ]
      }
    }
    "##);
    let excluded = Overview { excluded: Some(Code::ForcedSso.into()), granted: false, ..overview() };
    let told = serde_json::to_value(OverviewShown::new(acme(), excluded, now)).expect("json");
    assert_eq!([&told["excluded"], &told["granted"]], [&json!("forced-sso"), &json!(false)]);
}
