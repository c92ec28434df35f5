//! The desk over real sockets, with a stand-in for the gate.
use std::path::Path;
use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Desk, router, word};
use crate::config::Profile;
use crate::demo::api::Api;
use crate::demo::fake_gate::{FakeGate, send, serve};
use crate::demo::seed;
use crate::identity::{ApiKey, SessionToken};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const API: &str = "/.chaperone/api/v1";

/// A desk, its stand-in gate, and its origin.
async fn desk() -> (Arc<FakeGate>, String) {
    let (app, socket) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let gate = FakeGate::start(&app, &socket).await;
    let (issuers, clock) = (Arc::clone(&gate.issuers), Arc::clone(&gate.clock));
    let words = [word(Path::new("/opt/bin/chaperone")), word(Path::new("/tmp/de mo/audit"))];
    let verify = words.join(" audit verify --dir ");
    serve(socket, router(Desk::new(gate.places.clone(), issuers, clock, Profile::Segment, verify)));
    let origin = gate.places.desk.clone();
    (gate, origin)
}

fn problem(code: &str) -> Value {
    json!({"type": "urn:x", "title": "No", "status": 403, "code": code, "detail": "it is so", "next": "ask", "request_id": "rq_1"})
}

#[tokio::test]
async fn a_refusal_is_shown_with_its_code_reason_and_next_step() {
    let (gate, origin) = desk().await;
    gate.lay("POST /.chaperone/api/v1/sessions", StatusCode::FORBIDDEN, problem("grant-missing"));
    let headers = [FORM, ("origin", origin.as_str())];
    let form = "workspace=globex&reason=It%27s+broken&ticket=";
    let (status, answer, _) = send("POST", &format!("{origin}/engineer/ada/enter"), &headers, form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(!answer.contains_key("set-cookie"));
    assert_eq!(gate.seen()[0].body, json!({"workspace": "globex", "reason": "It's broken"}));
    let (_, _, page) = send("GET", &format!("{origin}/engineer/ada"), &[], "").await;
    for shown in ["grant-missing", "it is so", "<dt>Next</dt><dd>ask</dd>", "403"] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[tokio::test]
async fn entering_gives_this_browser_the_sessions_cookie_and_leaving_takes_it() {
    let (gate, origin) = desk().await;
    let token = SessionToken::mint();
    let body =
        json!({"id": "se_1", "token": token.reveal(), "url": "http://g/", "expires_at": "2026-11-22T17:00:00.000Z"});
    gate.lay("POST /.chaperone/api/v1/sessions", StatusCode::CREATED, body);
    gate.lay("DELETE /.chaperone/api/v1/sessions/se_1", StatusCode::OK, json!({"id": "se_1"}));
    let headers = [FORM, ("origin", origin.as_str())];
    let enter = format!("{origin}/engineer/ada/enter");
    let (_, answer, _) = send("POST", &enter, &headers, "workspace=acme&reason=r&ticket=T-1").await;
    let cookie = answer["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with(&format!("__Host-chaperone={};", token.reveal())) && cookie.contains("Secure"),
        "{cookie}"
    );
    let page = send("GET", &format!("{origin}/engineer/ada"), &[], "").await.2;
    assert!(page.contains(&format!("{}/w/acme/", gate.places.gate)) && page.contains("2026-11-22 17:00 UTC"));
    let (_, answer, _) = send("POST", &format!("{origin}/engineer/ada/leave"), &headers, "").await;
    assert!(answer["set-cookie"].to_str().unwrap().starts_with("__Host-chaperone=;"));
    assert!(gate.seen().iter().any(|seen| seen.line == format!("DELETE {API}/sessions/se_1")));
}

#[tokio::test]
async fn entering_again_ends_the_session_whose_cookie_is_gone_and_an_ended_one_shows_its_cause() {
    let (gate, origin) = desk().await;
    let begun =
        |id: &str| json!({"id": id, "token": SessionToken::mint().reveal(), "expires_at": "2026-11-22T17:00:00.000Z"});
    let headers = [FORM, ("origin", origin.as_str())];
    let (ada, enter) = (format!("{origin}/engineer/ada"), format!("{origin}/engineer/ada/enter"));
    gate.lay("POST /.chaperone/api/v1/sessions", StatusCode::CREATED, begun("se_1"));
    gate.lay("GET /.chaperone/api/v1/sessions/current", StatusCode::OK, json!({"standing": "live"}));
    for _ in 0..2 {
        send("POST", &enter, &headers, "workspace=acme&reason=r").await;
    }
    let ended = |gate: &FakeGate| gate.seen().iter().filter(|seen| seen.line.starts_with("DELETE")).count();
    assert_eq!(ended(&gate), 1);
    gate.lay("GET /.chaperone/api/v1/sessions/current", StatusCode::OK, json!({"cause": "grant-revoked"}));
    assert!(send("GET", &ada, &[], "").await.2.contains("grant-revoked"));
    send("POST", &enter, &headers, "workspace=acme&reason=r").await;
    assert_eq!(ended(&gate), 1, "what has ended is not ended again");
}

#[tokio::test]
async fn when_several_grants_fit_the_engineer_chooses_one() {
    let (gate, origin) = desk().await;
    let mut several = problem("choose-grant");
    several["grants"] = json!(["gr_1", "gr_2"]);
    gate.lay("POST /.chaperone/api/v1/sessions", StatusCode::CONFLICT, several);
    let (ada, headers) = (format!("{origin}/engineer/ada"), [FORM, ("origin", origin.as_str())]);
    send("POST", &format!("{ada}/enter"), &headers, "workspace=acme&reason=r").await;
    let page = send("GET", &ada, &[], "").await.2;
    assert!(page.contains("name=\"grant\" value=\"gr_1\"") && page.contains("name=\"grant\" value=\"gr_2\""));
    gate.lay("POST /.chaperone/api/v1/sessions", StatusCode::FORBIDDEN, problem("grant-revoked"));
    send("POST", &format!("{ada}/enter"), &headers, "workspace=acme&reason=r&grant=gr_2").await;
    assert_eq!(gate.seen()[1].body, json!({"workspace": "acme", "reason": "r", "grant": "gr_2"}));
    assert!(!send("GET", &ada, &[], "").await.2.contains("name=\"grant\""));
}

#[tokio::test]
async fn a_form_from_elsewhere_or_under_another_name_does_nothing() {
    let (gate, origin) = desk().await;
    let url = format!("{origin}/member/acme/olga/grant");
    for headers in [vec![FORM], vec![FORM, ("origin", "http://evil.example")], vec![FORM, ("origin", "null")]] {
        let (status, ..) = send("POST", &url, &headers, "duration=7d&access=full").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    let (status, _, page) = send("GET", &format!("{origin}/walk"), &[("host", "rebound.example")], "").await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
    assert!(!page.contains("Bearer"));
    assert!(gate.seen().is_empty());
}

#[tokio::test]
async fn an_owner_sees_where_access_stands_grants_and_revokes() {
    let (gate, origin) = desk().await;
    gate.lay(
        "GET /.chaperone/api/v1/workspaces/acme/support-access",
        StatusCode::OK,
        json!({"granted": true, "sessions": [], "grants": [{"id": "gr_1", "subject": "olga", "access": "full",
               "expires_at": "2026-11-25T09:00:00.000Z"}]}),
    );
    gate.lay("DELETE", StatusCode::OK, json!({"revoked_at": "x", "sessions_ended": 1, "streams_cut": 2}));
    let olga = format!("{origin}/member/acme/olga");
    let page = send("GET", &olga, &[], "").await.2;
    assert!(page.contains("until 2026-11-25 09:00 UTC") && page.contains("gr_1"));
    let headers = [FORM, ("origin", origin.as_str())];
    assert_eq!(send("POST", &format!("{olga}/revoke"), &headers, "id=gr_1").await.0, StatusCode::SEE_OTHER);
    assert_eq!(send("POST", &format!("{olga}/revoke"), &headers, "id=../x").await.0, StatusCode::NOT_FOUND);
    assert!(gate.seen().iter().any(|seen| seen.line == format!("DELETE {API}/workspaces/acme/grants/gr_1")));
    assert!(send("GET", &olga, &[], "").await.2.contains("&#34;streams_cut&#34;: 2"));
}

#[tokio::test]
async fn every_command_of_the_walk_through_is_sound_shell() {
    let (_gate, origin) = desk().await;
    let (status, _, page) = send("GET", &format!("{origin}/walk"), &[], "").await;
    assert_eq!(status, StatusCode::OK);
    let unescaped = page.replace("&#34;", "\"").replace("&#39;", "'").replace("&#62;", ">").replace("&#38;", "&");
    let commands: Vec<_> = unescaped.split("<pre>").skip(1).map(|rest| rest.split("</pre>").next().unwrap()).collect();
    assert_eq!(commands.len(), 12);
    for command in &commands {
        let checked = std::process::Command::new("sh").args(["-n", "-c", command]).output().unwrap();
        assert!(checked.status.success(), "{command}");
    }
    assert_eq!(*commands.last().unwrap(), "'/opt/bin/chaperone' audit verify --dir '/tmp/de mo/audit'");
}

#[tokio::test]
async fn seeding_keeps_the_directory_and_grants_once() {
    let (gate, _) = desk().await;
    gate.lay("PUT", StatusCode::CREATED, json!({}));
    gate.lay(
        "GET /.chaperone/api/v1/workspaces/acme/grants",
        StatusCode::OK,
        json!({"items": [{"standing": "ended"}]}),
    );
    gate.lay("POST /.chaperone/api/v1/workspaces/acme/grants", StatusCode::CREATED, json!({"id": "gr_1"}));
    let key = ApiKey::mint();
    let api = Api::new(gate.places.gate.clone());
    seed::seed(&api, &gate.issuers, &key, Profile::Segment, gate.clock.now()).await.unwrap();
    let seen = gate.seen();
    assert_eq!(seen.iter().filter(|s| s.line.starts_with("PUT")).count(), 7);
    assert!(seen[..7].iter().all(|s| s.bearer.as_deref() == Some(key.reveal())));
    let grant = seen.last().unwrap();
    assert_eq!((&grant.body["duration"], &grant.body["access"]), (&json!("3d"), &json!("full")));
}
