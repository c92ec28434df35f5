//! The app over real sockets, with a stand-in for the gate's keys.
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_util::sync::CancellationToken;

use super::{AUDIENCE, App, router};
use crate::demo::fake_gate::{FakeGate, send, serve};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// An app, its stand-in gate, and its origin.
async fn app() -> (Arc<FakeGate>, String, CancellationToken) {
    let (socket, desk) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let gate = FakeGate::start(&socket, &desk).await;
    let stop = CancellationToken::new();
    let app = App::new(gate.places.clone(), Arc::clone(&gate.issuers), Arc::clone(&gate.clock), stop.clone());
    serve(socket, router(app));
    let origin = gate.places.app.clone();
    (gate, origin, stop)
}

/// Signs somebody in at the front door and gives their `Cookie`.
async fn signed_in(origin: &str, workspace: &str, member: &str) -> String {
    let form = format!("workspace={workspace}&member={member}");
    let (status, headers, _) = send("POST", &format!("{origin}/front-door/sign-in"), &[FORM], &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let cookie = headers["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn nobody_comes_in_without_an_assertion_or_a_login() {
    let (_gate, origin, _) = app().await;
    for path in ["/w/acme/", "/w/acme/notes", "/admin", "/billing", "/api/me", "/w/acme/events"] {
        let (status, ..) = send("GET", &format!("{origin}{path}"), &[], "").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let (status, _, text) = send("GET", &format!("{origin}/healthz"), &[], "").await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "ok\n"));
}

#[tokio::test]
async fn a_genuine_assertion_brings_support_in_and_every_page_says_so() {
    let (gate, origin, _) = app().await;
    let assertion = gate.assertion("acme", "olga", "ada", AUDIENCE);
    let headers = [("x-chaperone-assertion", assertion.as_str())];
    for path in ["/w/acme/", "/w/acme/notes", "/w/acme/invoices", "/w/acme/live", "/admin", "/billing"] {
        let (status, _, text) = send("GET", &format!("{origin}{path}"), &headers, "").await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(text.contains("Ada (support) is here as Olga"), "{path}");
    }
    let (_, _, me) = send("GET", &format!("{origin}/api/me"), &headers, "").await;
    assert_eq!(serde_json::from_str::<Value>(&me).unwrap()["actor"]["id"], "ada");
}

#[tokio::test]
async fn an_assertion_that_does_not_verify_never_falls_back_to_the_cookie() {
    let (gate, origin, _) = app().await;
    let cookie = signed_in(&origin, "acme", "olga").await;
    let for_another_app = gate.assertion("acme", "olga", "ada", "elsewhere");
    let by_another_key =
        gate.issuers.customers.sign(json!({"aud": AUDIENCE, "sub": "olga"}), gate.clock.now()).unwrap();
    for bad in [for_another_app.as_str(), by_another_key.as_str(), "nonsense", ""] {
        let headers = [("cookie", cookie.as_str()), ("x-chaperone-assertion", bad)];
        let (status, ..) = send("GET", &format!("{origin}/w/acme/"), &headers, "").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{bad}");
    }
    let plain = [("x-chaperone-subject", "olga"), ("x-chaperone-workspace", "acme")];
    let (status, ..) = send("GET", &format!("{origin}/w/acme/"), &plain, "").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "plain headers are nobody's word");
}

#[tokio::test]
async fn another_customers_workspace_does_not_exist() {
    let (gate, origin, _) = app().await;
    let assertion = gate.assertion("acme", "olga", "ada", AUDIENCE);
    for path in ["/w/globex/", "/w/globex/notes", "/w/globex/invoices/2311", "/w/globex/live", "/w/nobody/"] {
        let headers = [("x-chaperone-assertion", assertion.as_str())];
        let (status, ..) = send("GET", &format!("{origin}{path}"), &headers, "").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn notes_are_added_with_their_actors_name_and_deleted() {
    let (gate, origin, _) = app().await;
    let assertion = gate.assertion("acme", "olga", "ada", AUDIENCE);
    let (notes, support) = (format!("{origin}/w/acme/notes"), ("x-chaperone-assertion", assertion.as_str()));
    let text = "text=%3Cb%3Echecked+the+books%3C%2Fb%3E";
    assert_eq!(send("POST", &notes, &[support, FORM], text).await.0, StatusCode::SEE_OTHER);
    let (_, _, page) = send("GET", &notes, &[support], "").await;
    assert!(page.contains("Ada for olga") && page.contains("checked the books") && !page.contains("<b>"));
    assert_eq!(
        send("PUT", &format!("{notes}/4/attachments/log.txt"), &[support], "12345").await.0,
        StatusCode::CREATED
    );
    assert!(send("GET", &notes, &[support], "").await.2.contains("log.txt, 5 bytes"));
    assert_eq!(send("DELETE", &format!("{notes}/4"), &[support], "").await.0, StatusCode::NO_CONTENT);
    assert_eq!(send("DELETE", &format!("{notes}/4"), &[support], "").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn invoices_are_found_paid_and_taken_along() {
    let (_gate, origin, _) = app().await;
    let cookie = signed_in(&origin, "acme", "max").await;
    let (own, json) = (("cookie", cookie.as_str()), ("content-type", "application/json"));
    let (_, _, found) = send("POST", &format!("{origin}/api/search"), &[own, json], r#"{"q":"halden"}"#).await;
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!((found["items"].as_array().unwrap().len(), &found["items"][0]["status"]), (3, &json!("overdue")));
    let url = format!("{origin}/w/acme/invoices/{}", found["items"][0]["number"]);
    assert_eq!(send("POST", &format!("{url}/paid"), &[own], "").await.0, StatusCode::SEE_OTHER);
    assert!(!send("GET", &url, &[own], "").await.2.contains("Mark as paid"));
    let (_, headers, csv) = send("GET", &format!("{origin}/w/acme/invoices.csv"), &[own], "").await;
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert!(csv.contains("\"Halden Glassworks\"") && csv.contains(",paid,9400.00"), "{csv}");
}

#[tokio::test]
async fn areas_are_open_by_role_and_a_foreign_form_is_refused() {
    let (_gate, origin, _) = app().await;
    let max = signed_in(&origin, "acme", "max").await;
    for path in ["/admin", "/billing"] {
        let (status, ..) = send("GET", &format!("{origin}{path}"), &[("cookie", &max)], "").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    let olga = signed_in(&origin, "acme", "olga").await;
    let foreign = [("cookie", olga.as_str()), FORM, ("origin", "http://evil.example")];
    assert_eq!(send("POST", &format!("{origin}/billing/plan"), &foreign, "plan=free").await.0, StatusCode::FORBIDDEN);
    let own = [("cookie", olga.as_str()), FORM, ("origin", origin.as_str())];
    assert_eq!(send("POST", &format!("{origin}/billing/plan"), &own, "plan=free").await.0, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_token_endpoint_names_whoever_acts() {
    let (gate, origin, _) = app().await;
    let claims = |answer: &str| -> Value {
        use base64::Engine as _;
        let token = serde_json::from_str::<Value>(answer).unwrap()["token"].as_str().unwrap().to_owned();
        let body = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        serde_json::from_slice(&body).unwrap()
    };
    let (url, olga) = (format!("{origin}/api/chaperone-token"), signed_in(&origin, "acme", "olga").await);
    let own = claims(&send("POST", &url, &[("cookie", &olga)], "").await.2);
    assert!(own["sub"] == "olga" && own.get("act").is_none());
    let assertion = gate.assertion("acme", "olga", "ada", AUDIENCE);
    assert_eq!(claims(&send("POST", &url, &[("x-chaperone-assertion", &assertion)], "").await.2)["act"]["sub"], "ada");
    let (_, headers, _) = send("POST", &format!("{origin}/admin/login-as/max"), &[("cookie", &olga)], "").await;
    let as_max = headers["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    let lent = claims(&send("POST", &url, &[("cookie", as_max)], "").await.2);
    assert_eq!((&lent["sub"], &lent["act"]["sub"]), (&json!("max"), &json!("olga")));
}

#[tokio::test]
async fn support_cannot_touch_consent_even_if_the_gate_let_it_through() {
    let (gate, origin, _) = app().await;
    let assertion = gate.assertion("acme", "olga", "ada", AUDIENCE);
    let url = format!("{origin}/w/acme/settings/support-access");
    for (method, url) in [("GET", url.clone()), ("POST", format!("{url}/enter"))] {
        let (status, ..) = send(method, &url, &[("x-chaperone-assertion", &assertion), FORM], "").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{url}");
    }
    assert!(gate.seen().is_empty(), "the gate was not asked");
}

#[tokio::test]
async fn an_owner_goes_to_the_gates_own_pages_with_a_token_of_their_own() {
    let (_, origin, _) = app().await;
    let gus = signed_in(&origin, "globex", "gus").await;
    let url = format!("{origin}/w/globex/settings/support-access");
    let (status, headers, shown) = send("GET", &url, &[("cookie", &gus)], "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(shown.contains("<support-access-panel") && shown.contains("/.chaperone/embed.js"), "{shown}");
    assert!(headers["content-security-policy"].to_str().unwrap().contains("script-src 'self' http://"));
    let (_, _, first) = send("POST", &format!("{url}/enter"), &[("cookie", &gus), FORM], "").await;
    let (_, _, second) = send("POST", &format!("{url}/enter"), &[("cookie", &gus), FORM], "").await;
    assert!(first.contains("/.chaperone/support-access/enter\"") && first != second, "a token counts once");
}

#[tokio::test]
async fn the_echo_answers_and_the_ticker_ticks_until_the_demo_ends() {
    let (gate, origin, stop) = app().await;
    let assertion = gate.assertion("acme", "olga", "ada", AUDIENCE);
    let mut request = format!("{}/w/acme/live", origin.replace("http", "ws")).into_client_request().unwrap();
    request.headers_mut().insert("x-chaperone-assertion", assertion.parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
    let address = origin.trim_start_matches("http://");
    let mut ticker = TcpStream::connect(address).await.unwrap();
    let asked = format!(
        "GET /w/acme/events HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nx-chaperone-assertion: {assertion}\r\n\r\n"
    );
    ticker.write_all(asked.as_bytes()).await.unwrap();
    let mut ticks = Vec::new();
    while !String::from_utf8_lossy(&ticks).contains("event: tick\ndata: {") {
        assert_ne!(ticker.read_buf(&mut ticks).await.unwrap(), 0, "it ticks before it ends");
    }
    stop.cancel();
    ticker.read_to_end(&mut ticks).await.unwrap();
    assert!(!matches!(socket.next().await, Some(Ok(Message::Text(_)))));
}
