//! Asking for help: what the form takes, and what is refused.
use serde_json::json;

use crate::world::{Form, SEGMENT, World, engineers, members, refused, request};

use super::{PNG, form};

#[tokio::test]
async fn t13_t14_t15_the_form_takes_the_issue_what_was_tried_and_what_was_expected() {
    let world = World::start().await;
    let case = world.ask_for_help(&members::OLGA, &form()).await;
    assert_eq!(case["issue"], "The import of June hangs at 40 %.\r\nIt did so twice.");
    assert_eq!((&case["tried"], &case["expected"]), (&json!("another browser"), &json!("all 1,200 rows")));
    assert_eq!((&case["subject"], &case["access"]), (&json!("olga"), &json!("full")));
    assert_eq!(case, world.case(&members::OLGA, &case).await);

    let read_only = form().text("access", "read_only").text("duration", "2h");
    let case = world.ask_for_help(&members::OLGA, &read_only).await;
    assert_eq!((&case["access"], &case["standing"]), (&json!("read_only"), &json!("live")));
    for (form, wrong) in [
        (Form::default().text("tried", "x"), "`issue` is missing"),
        (form().text("issue", "again"), "`issue` is given more than once"),
        (form().text("access", "everything"), "`access` is neither"),
        (form().text("duration", "soon"), "`duration`"),
        (form().text("severity", "1"), "a field that there is not"),
    ] {
        let answer = world.try_ask_for_help(&members::OLGA, &form).await;
        assert_eq!(answer.problem(), refused(400, "bad-request"), "{}", answer.text());
        assert!(answer.text().contains(wrong), "{}", answer.text());
    }
    let longer = form().text("duration", "8d");
    assert_eq!(
        world.try_ask_for_help(&members::OLGA, &longer).await.problem(),
        refused(403, "duration-too-long"),
        "the vendor's limit"
    );
}

#[tokio::test]
async fn t24_it_is_for_paid_plans_where_the_policies_say_so() {
    let paid = r#"
@id("paid-plans") @code("plan-required") @reason("support requests are part of paid plans") @next("upgrade the plan")
forbid (principal is Member, action == Action::"OpenSupportRequest", resource) when { resource.plan == "free" };"#;
    let world = World::builder().policy("own.cedar", format!("{SEGMENT}{paid}")).start().await;
    world.put_workspace("acme", json!({"plan": "free"})).await;
    let files = form().file("s.png", "image/png", PNG);
    let answer = world.try_ask_for_help(&members::OLGA, &files).await;
    assert_eq!(answer.problem(), refused(403, "plan-required"));
    assert!(world.kept().is_empty());
    world.put_workspace("acme", json!({"plan": "team"})).await;
    world.ask_for_help(&members::OLGA, &files).await;
}

#[tokio::test]
async fn f3_passwords_are_refused_and_kept_nowhere() {
    let world = World::start().await;
    let secret = "canary-hunter2";
    for (field, text) in [
        ("tried", format!("log in with\npassword: {secret}")),
        ("expected", format!("pwd={secret} is accepted")),
        ("issue", format!("curl -H 'Authorization: Bearer {secret}' fails")),
        ("issue", format!("https://olga:{secret}@app.example fails")),
    ] {
        let form = Form::default().file("s.png", "image/png", PNG).text(field, &text);
        let answer = world.try_ask_for_help(&members::OLGA, &form).await;
        assert_eq!(answer.problem(), refused(400, "bad-request"));
        assert!(
            answer.text().contains(&format!("`{field}`")) && answer.text().contains("support never needs it"),
            "{}",
            answer.text()
        );
        assert!(!answer.text().contains("canary"), "{}", answer.text());
    }
    let case = world.ask_for_help(&members::OLGA, &form()).await;
    let told = world.resolve_case(&engineers::ADA, &case, &format!("your new password: {secret}")).await;
    assert_eq!(told.problem(), refused(400, "bad-request"));
    assert!(world.kept().is_empty());
    for line in world.gate.log() {
        assert!(!line.to_string().contains("canary"), "{line}");
    }
    for file in ["chaperone.db", "chaperone.db-wal"] {
        let bytes = std::fs::read(world.path(file)).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("canary"), "{file}");
    }
    world
        .ask_for_help(&members::OLGA, &Form::default().text("issue", "I forgot my password and the reset fails"))
        .await;
}

#[tokio::test]
async fn forced_sso_refuses_new_cases_and_lets_support_finish_old_ones() {
    let world = World::start().await;
    let case = world.ask_for_help(&members::OLGA, &form()).await;
    world.put_workspace("acme", json!({"forced_sso": true})).await;
    assert_eq!(world.try_ask_for_help(&members::OLGA, &form()).await.problem(), refused(403, "forced-sso"));
    assert_eq!(world.case(&members::OLGA, &case).await["standing"], "revoked");
    world.resolve_case(&engineers::ADA, &case, "Solved by telephone.").await.expect(200);
}

#[tokio::test]
async fn nobody_asks_for_help_in_the_login_of_somebody_else() {
    let world = World::start().await;
    let mut claims = members::OLGA.claims();
    claims["act"] = json!({"sub": "ada"});
    let call = request("POST", "/.chaperone/api/v1/workspaces/acme/support-requests");
    let call = call.header("authorization", format!("Bearer {}", world.customers.sign(&claims)));
    let answer = world.send(form().file("s.png", "image/png", PNG).by(call)).await;
    assert_eq!(answer.problem(), refused(403, "consent-while-impersonated"));
    assert!(world.kept().is_empty());
}

#[tokio::test]
async fn a_call_that_is_sent_again_makes_one_case() {
    let world = World::start().await;
    let send = async |form: Form| {
        let call = request("POST", "/.chaperone/api/v1/workspaces/acme/support-requests");
        let call = call.header("authorization", format!("Bearer {}", world.member(&members::OLGA)));
        world.send(form.by(call.header("idempotency-key", "once"))).await
    };
    let first = send(form().file("s.png", "image/png", PNG)).await.expect(201).json();
    let again = send(form().file("s.png", "image/png", PNG)).await.expect(201).json();
    assert_eq!(first, again);
    let other = send(form().file("s.png", "image/png", &[PNG, b"!"].concat())).await;
    assert_eq!(other.problem(), refused(409, "conflict"));
    assert_eq!(world.kept().len(), 1);
}
