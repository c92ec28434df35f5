//! The shapes of grants, asked for and shown.
use serde_json::{Value, json};

use crate::access::grants::{Lasting, NewGrant, Revoked};
use crate::api::error::ApiError;
use crate::api::input;
use crate::api::v1::tests::{at, grant, pretty, refused, span};
use crate::domain::grant::Grant;

use super::{ChangeGrant, CreateGrant, GrantShown, RevokedShown};

fn new_grant(body: &Value) -> Result<NewGrant, ApiError> {
    input::parse::<CreateGrant>(body.to_string().as_bytes())?.try_into()
}

#[test]
fn a_grant_shows_what_the_contract_lists_and_no_more() {
    insta::assert_snapshot!(pretty(&GrantShown::new(grant(), at("2026-11-21T10:00:00Z"))), @r##"
    {
      "id": "gr_1",
      "workspace": "acme",
      "subject": "olga",
      "access": "read_only",
      "origin": "direct",
      "standing": "live",
      "starts_at": "2026-11-20T09:00:00.000Z",
      "expires_at": "2026-11-23T09:00:00.000Z",
      "created_at": "2026-11-20T08:59:00.000Z"
    }
    "##);
    let full = Grant {
        expires_at: None,
        engineers: Some(vec!["ada".parse().expect("an id")]),
        groups: Some(vec!["tier-2".to_owned()]),
        organization: Some("vendor".to_owned()),
        ticket: Some("T-1".to_owned()),
        purpose: Some("import".to_owned()),
        scope: Some(vec!["/imports/**".parse().expect("a pattern")]),
        revoked_at: Some(at("2026-11-21T11:00:00Z")),
        revoked_by: Some("olga".to_owned()),
        ..grant()
    };
    insta::assert_snapshot!(pretty(&GrantShown::new(full, at("2026-11-21T12:00:00Z"))), @r##"
    {
      "id": "gr_1",
      "workspace": "acme",
      "subject": "olga",
      "access": "read_only",
      "origin": "direct",
      "standing": "revoked",
      "starts_at": "2026-11-20T09:00:00.000Z",
      "expires_at": null,
      "engineers": [
        "ada"
      ],
      "groups": [
        "tier-2"
      ],
      "organization": "vendor",
      "ticket": "T-1",
      "purpose": "import",
      "scope": [
        "/imports/**"
      ],
      "created_at": "2026-11-20T08:59:00.000Z",
      "revoked_at": "2026-11-21T11:00:00.000Z",
      "revoked_by": "olga"
    }
    "##);
}

#[test]
fn a_grants_standing_is_the_one_of_this_moment() {
    let standing = |now| serde_json::to_value(GrantShown::new(grant(), at(now))).expect("json")["standing"].clone();
    assert_eq!(standing("2026-11-20T08:59:59Z"), "not_yet");
    assert_eq!(standing("2026-11-20T09:00:00Z"), "live");
    assert_eq!(standing("2026-11-23T09:00:00Z"), "ended");
}

#[test]
fn a_new_grant_says_how_long_in_one_way_or_not_at_all() {
    let lasting = |body: Value| new_grant(&body).map(|new| new.lasting);
    let end = "2026-11-23T09:00:00Z";
    assert_eq!(lasting(json!({"access": "full", "duration": "7d"})).ok(), Some(Some(Lasting::For(span("7d")))));
    assert_eq!(lasting(json!({"access": "full", "expires_at": end})).ok(), Some(Some(Lasting::Until(at(end)))));
    assert_eq!(lasting(json!({"access": "full", "until_revoked": true})).ok(), Some(Some(Lasting::UntilRevoked)));
    assert_eq!(lasting(json!({"access": "full", "until_revoked": false})).ok(), Some(None));
    assert_eq!(lasting(json!({"access": "full"})).ok(), Some(None));
    for two in [
        json!({"access": "full", "duration": "7d", "expires_at": end}),
        json!({"access": "full", "duration": "7d", "until_revoked": true}),
        json!({"access": "full", "expires_at": end, "until_revoked": true}),
        json!({"access": "full", "duration": "7d", "expires_at": end, "until_revoked": true}),
    ] {
        assert!(refused(lasting(two)).contains("more than one of"));
    }
    for length in ["0s", "-1d"] {
        let told = refused(lasting(json!({"access": "full", "duration": length})));
        assert!(told.contains("not longer than zero"), "{told}");
    }
}

#[test]
fn a_change_says_how_long_in_exactly_one_way() {
    let change = |body: Value| -> Result<Lasting, ApiError> {
        input::parse::<ChangeGrant>(body.to_string().as_bytes())?.try_into()
    };
    assert_eq!(change(json!({"duration": "1d"})).ok(), Some(Lasting::For(span("1d"))));
    assert!(refused(change(json!({}))).contains("none of"));
    assert!(refused(change(json!({"until_revoked": false}))).contains("none of"));
    assert!(refused(change(json!({"duration": "1d", "until_revoked": true}))).contains("more than one of"));
    assert!(refused(change(json!({"access": "full"}))).contains("unknown field `access`"));
}

#[test]
fn a_grant_is_narrowed_by_lists_that_are_never_empty() {
    for field in ["engineers", "groups", "scope"] {
        let told = refused(new_grant(&json!({"access": "full", "duration": "1d", field: []})));
        assert!(told.contains(&format!("{field}: the list is empty")), "{told}");
    }
    let new = new_grant(&json!({
        "access": "read_only", "duration": "1d", "engineers": ["ada"], "groups": ["tier-2"], "organization": "vendor",
        "ticket": "T-1", "purpose": "import", "scope": ["/imports/**"], "starts_at": "2026-11-20T09:00:00Z",
    }));
    let new = new.expect("a grant");
    assert_eq!(new.starts_at, Some(at("2026-11-20T09:00:00Z")));
    assert_eq!(new.engineers, Some(vec!["ada".parse().expect("an id")]));
    assert_eq!(new.groups, Some(vec!["tier-2".to_owned()]));
    let lines = [new.organization, new.ticket, new.purpose].map(|line| line.map(String::from));
    assert_eq!(lines, ["vendor", "T-1", "import"].map(|line| Some(line.to_owned())));
    assert_eq!(new.scope, Some(vec!["/imports/**".parse().expect("a pattern")]));
}

#[test]
fn a_malformed_grant_is_told_by_its_field() {
    let bodies = [
        json!({"duration": "1d"}),
        json!({"access": "root", "duration": "1d"}),
        json!({"access": "full", "duration": 7}),
        json!({"access": "full", "starts_at": "tomorrow"}),
        json!({"access": "full", "engineers": ["a b"]}),
        json!({"access": "full", "scope": ["imports"]}),
        json!({"access": "full", "ticket": "two\nlines"}),
        json!({"access": "full", "subject": "igor"}),
    ];
    let told = bodies.iter().map(|body| refused(new_grant(body))).collect::<Vec<_>>();
    let reasons = told.iter().filter_map(|told| told.split("reason: \"").nth(1)?.split("\", next").next());
    insta::assert_snapshot!(reasons.collect::<Vec<_>>().join("\n"), @r##"
    missing field `access` at line 1 column 17
    access: unknown variant `root`, expected `read_only` or `full` at line 1 column 16
    duration: invalid type: integer `7`, expected a string at line 1 column 29
    starts_at: `tomorrow` is not a time such as `2026-11-22T17:00:00Z` (RFC 3339) at line 1 column 40
    engineers[0]: `a b` is not an id of 1 to 255 visible ASCII characters at line 1 column 36
    scope[0]: a pattern begins with `/` at line 1 column 36
    ticket: it has a line break or another control character at line 1 column 39
    subject: unknown field `subject`, expected one of `starts_at`, `duration`, `expires_at`, `until_revoked`, `access`, `engineers`, `groups`, `organization`, `ticket`, `purpose`, `scope` at line 1 column 26
    "##);
}

#[test]
fn a_revoke_tells_what_came_of_it() {
    let revoked = Revoked { revoked_at: at("2026-11-21T11:00:00Z"), sessions_ended: 2, streams_cut: 5 };
    let told = serde_json::to_value(RevokedShown::from(revoked)).expect("json");
    assert_eq!(told, json!({"revoked_at": "2026-11-21T11:00:00.000Z", "sessions_ended": 2, "streams_cut": 5}));
}
