//! Why a request passes or not: for operators, over the API and on the command line, of the trail and of thin air.
use serde_json::{Value, json};

use crate::world::{World, chaperone, engineers, members, refused};

fn read_only() -> Value {
    json!({"access": "read_only", "duration": "1d"})
}

fn explain(world: &World, arguments: &[&str]) -> (Option<i32>, Value) {
    let config = world.config();
    let all = [&["policy", "explain", "--config", &config, "--format", "json"], arguments].concat();
    let told = chaperone(&all);
    let document = serde_json::from_str(&told.stdout);
    (told.code, document.unwrap_or_else(|error| panic!("{error}: {}{}", told.stdout, told.stderr)))
}

#[tokio::test]
async fn the_request_id_of_a_refusal_leads_to_what_would_permit_it() {
    let world = World::start().await;
    world.grant(&members::OLGA, read_only()).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let refusal = world.ask(&ada, "POST", "/w/acme/invoices").await;
    assert_eq!(refusal.problem(), refused(403, "read-only"));
    let id = refusal.json()["request_id"].as_str().unwrap().to_owned();
    // A refusal is noted beside the answer, so it may be in the trail a moment later.
    let operator = world.token("operator");
    let told = crate::world::eventually("the record", std::time::Duration::from_secs(20), async || {
        let told = world.api("POST", "/explain", &operator, Some(json!({"request_id": id}))).await;
        (told.status == 200).then(|| told.json())
    })
    .await;
    assert_eq!((&told["decision"], &told["code"]), (&json!("deny"), &json!("read-only")));
    assert_eq!(told["forbidden_or_not_permitted"], "forbidden");
    assert_eq!(told["policies"][0]["id"], "read-only");
    assert_eq!(told["policies"][0]["place"].as_str().unwrap().split(':').next(), Some("policies/base/access.cedar"));
    assert_eq!((&told["recorded"]["same_bundle"], &told["recorded"]["same_decision"]), (&json!(true), &json!(true)));
    let ways = told["would_permit"].as_array().unwrap();
    assert!(ways.contains(&json!(["the grant of `olga` gives full access in place of read-only access"])), "{told:#}");
    assert_eq!((&told["engineer"], &told["session"]), (&json!("ada"), &json!(ada.id)));

    let (code, again) = explain(&world, &["--request-id", &id]);
    assert_eq!((code, &again["would_permit"]), (Some(1), &told["would_permit"]));
}

#[tokio::test]
async fn a_described_request_is_explained_by_the_live_state() {
    let world = World::start().await;
    let ask = |more: Value| {
        let mut asked = json!({"engineer": "ada", "workspace": "acme", "method": "GET", "path": "/w/acme/invoices"});
        for (name, value) in more.as_object().unwrap() {
            asked[name] = value.clone();
        }
        asked
    };
    let operator = world.token("operator");
    let explained = async |more: Value| world.api("POST", "/explain", &operator, Some(ask(more))).await;

    assert_eq!(explained(json!({})).await.problem(), refused(404, "not-found"), "nobody has seen ada yet");
    assert_eq!(world.try_enter(&engineers::ADA, json!({"workspace": "acme", "reason": "x"})).await.status, 403);
    let nothing = explained(json!({})).await.expect(200).json();
    assert_eq!((&nothing["code"], &nothing["grant"]), (&json!("grant-missing"), &Value::Null));
    assert!(nothing["would_permit"][0][0].as_str().unwrap().starts_with("an owner of `acme` grants access"));

    let grant = world.grant(&members::OLGA, read_only()).await;
    let fine = explained(json!({})).await.expect(200).json();
    assert_eq!((&fine["decision"], &fine["grant"], &fine["session"]), (&json!("allow"), &json!(grant), &Value::Null));
    let ada = world.enter(&engineers::ADA, "acme").await;
    let inside = explained(json!({})).await.expect(200).json();
    assert_eq!((&inside["decision"], &inside["session"]), (&json!("allow"), &json!(ada.id)));
    let write = explained(json!({"method": "POST"})).await.expect(200).json();
    assert_eq!((&write["code"], &write["readings"][0]["effect"]), (&json!("read-only"), &json!("write")));
    let later = explained(json!({"at": "2999-01-01T00:00:00Z"})).await.expect(200).json();
    assert_eq!(later["code"], "grant-ended");
    let elsewhere = explained(json!({"path": "/w/globex/invoices"})).await.expect(200).json();
    assert_eq!(
        (&elsewhere["code"], &elsewhere["forbidden_or_not_permitted"]),
        (&json!("wrong-workspace"), &json!("not asked"))
    );
    let odd = explained(json!({"path": "/w/acme/../globex"})).await.expect(200).json();
    assert_eq!(odd["code"], "ambiguous-path");
    let of_otto = explained(json!({"subject": "otto", "method": "POST"})).await.expect(200).json();
    assert_eq!(of_otto["code"], "grant-missing");
    assert_eq!(explained(json!({"workspace": "nowhere"})).await.problem(), refused(404, "not-found"));

    world.revoke(&members::OLGA, &grant).await;
    let revoked = explained(json!({})).await.expect(200).json();
    assert_eq!((&revoked["code"], &revoked["grant"]), (&json!("grant-revoked"), &json!(grant)));
    let before = fine["at"].as_str().unwrap();
    let then = explained(json!({"at": before})).await.expect(200).json();
    assert_eq!(then["decision"], "allow", "it was not revoked yet: {then:#}");
}

#[tokio::test]
async fn what_is_explained_is_what_the_gate_does() {
    let world = World::start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d", "scope": ["/w/acme/imports/**"]})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    let operator = world.token("operator");
    for (method, path) in [
        ("GET", "/w/acme/imports/3"),
        ("POST", "/w/acme/imports/3"),
        ("GET", "/w/acme/invoices"),
        ("GET", "/w/globex/imports"),
        ("POST", "/api/chaperone-token"),
        ("GET", "/w/acme/imports/%2e%2e/invoices"),
        ("GET", "/w/acme/imports;x/3"),
        ("PROPFIND", "/w/acme/imports"),
    ] {
        let answer = world.ask(&ada, method, path).await;
        let asked = json!({"engineer": "ada", "workspace": "acme", "method": method, "path": path});
        let told = world.api("POST", "/explain", &operator, Some(asked)).await.expect(200).json();
        let code = if answer.status.is_success() { Value::Null } else { answer.json()["code"].clone() };
        assert_eq!(told["code"], code, "{method} {path}");
    }
}

#[tokio::test]
async fn a_request_that_nobody_recorded_is_not_found_and_says_what_to_do() {
    let world = World::start().await;
    let operator = world.token("operator");
    let told = world.api("POST", "/explain", &operator, Some(json!({"request_id": "rq_none"}))).await;
    assert_eq!(told.problem(), refused(404, "not-found"));
    assert!(told.json()["next"].as_str().unwrap().contains("describe the request instead"));
    for body in [json!({}), json!({"request_id": "rq_none", "engineer": "ada"}), json!({"engineer": "ada"})] {
        let told = world.api("POST", "/explain", &operator, Some(body)).await;
        assert_eq!(told.problem(), refused(400, "bad-request"));
    }
    let told = chaperone(&["policy", "explain", "--config", &world.config(), "--request-id", "rq_none"]);
    assert_eq!(told.code, Some(2));
    assert!(told.stderr.contains("rq_none") && told.stderr.contains("next: "), "{}", told.stderr);
}

#[test]
fn facts_in_a_file_are_explained_without_a_gate() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("case.json");
    let case = json!({"name": "a day late", "action": "Read", "at": "2026-11-25T12:00:00Z"});
    std::fs::write(&file, case.to_string()).unwrap();
    let told = chaperone(&["policy", "explain", "--case", file.to_str().unwrap()]);
    assert_eq!(told.code, Some(1), "{}", told.stderr);
    let digest = told.stdout.lines().find_map(|line| line.strip_prefix("policies sha256:")).unwrap();
    insta::assert_snapshot!(told.stdout.replace(digest, "[digest]"));
    std::fs::write(&file, json!([{"action": "Read"}]).to_string()).unwrap();
    assert_eq!(chaperone(&["policy", "explain", "--case", file.to_str().unwrap()]).code, Some(0));
    for wrong in [
        &["policy", "explain"][..],
        &["policy", "explain", "--case", "/nowhere"],
        &["policy", "explain", "--engineer", "ada"],
    ] {
        assert_eq!(chaperone(wrong).code, Some(2));
    }
}
