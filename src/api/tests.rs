//! The edges of the API: what every call meets, whatever it asks for.
use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CACHE_CONTROL, CONTENT_TYPE, ORIGIN, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Builder;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::ServiceExt;

use crate::access::AccessError;
use crate::domain::id::{GrantId, WorkspaceId};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::{Clock, Span};
use crate::limits::{Client, Limits};
use crate::store::StoreError;
use crate::telemetry::metrics::Metrics;

use super::envelope::Frame;
use super::error::ApiError;
use super::idempotency::Creating;
use super::input::{AtPath, BODY_LIMIT, JsonBody, Paging};
use super::{envelope, framed};
use crate::config::{self, Vendor};

const APP: &str = "https://app.example.com";
const PREFIX: &str = "/.chaperone/api/v1";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    reason: String,
    duration: Option<Span>,
}

/// Answers as the real calls do, from the same extractors, without a control plane behind.
fn gate() -> Router {
    let routes = Router::new()
        .route("/ask", post(async |JsonBody(ask): JsonBody<Ask>| Json(ask)))
        .route("/create", post(create))
        .route("/things", get(async |Paging(page): Paging| format!("{:?} {:?}", page.after, page.limit)))
        .route("/workspaces/{workspace}", get(async |AtPath(id): AtPath<WorkspaceId>| id.to_string()))
        .route("/workspaces/{workspace}/grants/{grant}", get(one_grant))
        .route("/refused", get(async || ApiError::from(AccessError::from(Code::ForcedSso))))
        .route("/choose", get(choose))
        .route("/stranger", get(async || ApiError::unauthenticated("the token has expired, or is not valid yet")))
        .route("/broken", get(broken))
        .route("/cached", get(async || [(CACHE_CONTROL, "public, max-age=300")]));
    framed(
        Router::new().nest(PREFIX, routes),
        Arc::new(BTreeSet::from([APP.to_owned()])),
        Frame { clock: Clock::system(), vendor: Vendor::default() },
        limits(&config::Limits::default()),
    )
}

fn limits(config: &config::Limits) -> Arc<Limits> {
    Limits::new(config, 1024, &Clock::system(), &Metrics::new())
}

async fn create(creating: Creating<Ask>) -> String {
    creating.idempotency.map_or_else(String::new, |it| format!("{} {:?}", it.key, it.digest))
}

async fn one_grant(AtPath((workspace, grant)): AtPath<(WorkspaceId, GrantId)>) -> String {
    format!("{workspace} {grant}")
}

async fn choose() -> ApiError {
    let grants = ["gr_1", "gr_2"].map(|id| id.parse().expect("an id"));
    AccessError::ChooseGrant(grants.to_vec()).into()
}

async fn broken() -> ApiError {
    let problem = "SELECT secret FROM grants".to_owned();
    AccessError::from(StoreError::Corrupt { table: "grants", problem }).into()
}

async fn call(mut request: Request) -> Response {
    request.extensions_mut().insert(Client([192, 0, 2, 7].into()));
    gate().oneshot(request).await.expect("a router always answers")
}

fn request(method: Method, path: &str) -> Builder {
    Request::builder().method(method).uri(format!("{PREFIX}{path}"))
}

async fn read(path: &str) -> Response {
    call(request(Method::GET, path).body(Body::empty()).expect("a request")).await
}

async fn ask(body: &str) -> Response {
    post_as("application/json", body).await
}

async fn post_as(kind: &str, body: &str) -> Response {
    let request = request(Method::POST, "/ask").header(CONTENT_TYPE, kind);
    call(request.body(Body::from(body.to_owned())).expect("a request")).await
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// The problem document with the id that differs each time made equal.
async fn problem(response: Response) -> String {
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    let id = response.headers()[envelope::X_REQUEST_ID].to_str().expect("an id").to_owned();
    let status = response.status().as_u16();
    let body = text(response).await;
    let document: Value = serde_json::from_str(&body).expect("json");
    assert_eq!(document["status"], status, "the document says what the status line says");
    assert_eq!(document["request_id"], id.as_str(), "the document says what `X-Request-Id` says");
    serde_json::to_string_pretty(&document).expect("json").replace(&id, "[id]")
}

async fn detail(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let document: Value = serde_json::from_str(&problem(response).await).expect("json");
    (status, document["detail"].as_str().expect("a detail").to_owned())
}

#[tokio::test]
async fn a_refusal_is_a_problem_document() {
    insta::assert_snapshot!(problem(read("/refused").await).await, @r##"
    {
      "type": "urn:chaperone:error:forced-sso",
      "title": "Single sign-on is forced",
      "status": 403,
      "detail": "this workspace forces single sign-on, which excludes support access",
      "code": "forced-sso",
      "next": "work with the customer directly",
      "request_id": "[id]"
    }
    "##);
}

#[tokio::test]
async fn several_grants_are_listed_to_choose_from() {
    insta::assert_snapshot!(problem(read("/choose").await).await, @r##"
    {
      "type": "urn:chaperone:error:choose-grant",
      "title": "Several grants fit",
      "status": 409,
      "detail": "several grants fit",
      "code": "choose-grant",
      "next": "name one in `grant`",
      "request_id": "[id]",
      "grants": [
        "gr_1",
        "gr_2"
      ]
    }
    "##);
}

#[tokio::test]
async fn a_stranger_is_told_how_to_say_who_they_are() {
    let response = read("/stranger").await;
    assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
    insta::assert_snapshot!(problem(response).await, @r##"
    {
      "type": "urn:chaperone:error:unauthenticated",
      "title": "Who is asking?",
      "status": 401,
      "detail": "the token has expired, or is not valid yet",
      "code": "unauthenticated",
      "next": "sign in, or send a valid token in `Authorization: Bearer`",
      "request_id": "[id]"
    }
    "##);
}

#[tokio::test]
async fn a_broken_store_is_a_reason_to_try_again_and_shows_nothing_of_itself() {
    let response = read("/broken").await;
    assert!(response.headers().contains_key(RETRY_AFTER));
    let problem = problem(response).await;
    assert!(!problem.contains("SELECT"), "{problem}");
    insta::assert_snapshot!(problem, @r##"
    {
      "type": "urn:chaperone:error:stale-state",
      "title": "Not sure enough",
      "status": 503,
      "detail": "the state of grants and sessions cannot be read or written",
      "code": "stale-state",
      "next": "try again in a moment",
      "request_id": "[id]"
    }
    "##);
}

#[tokio::test]
async fn what_is_not_here_is_not_found_and_a_wrong_method_says_the_right_ones() {
    assert_eq!(read("/nothing").await.status(), StatusCode::NOT_FOUND);
    insta::assert_snapshot!(problem(read("/nothing").await).await, @r##"
    {
      "type": "urn:chaperone:error:not-found",
      "title": "Not found",
      "status": 404,
      "detail": "there is no such thing here",
      "code": "not-found",
      "next": "check the address",
      "request_id": "[id]"
    }
    "##);
    let response = read("/ask").await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[ALLOW], "POST");
    insta::assert_snapshot!(problem(response).await, @r##"
    {
      "type": "urn:chaperone:error:bad-request",
      "title": "A malformed request",
      "status": 405,
      "detail": "this address does not take `GET`",
      "code": "bad-request",
      "next": "use one of the methods that `Allow` lists",
      "request_id": "[id]"
    }
    "##);
}

#[tokio::test]
async fn bodies_are_strict_and_the_answer_names_the_field() {
    assert_eq!(ask(r#"{"reason": "r", "duration": "PT1H"}"#).await.status(), StatusCode::OK);
    let mut told = Vec::new();
    for body in [
        r#"{"reason": "r", "sudo": true}"#,
        r#"{"reason": 7}"#,
        r#"{"reason": "r", "reason": "s"}"#,
        r#"{"reason": "r", "duration": "soon"}"#,
        r#"{"duration": "1h"}"#,
        r#"{"reason": "r"} {}"#,
        r#"{"reason": "#,
        "",
    ] {
        let (status, detail) = detail(ask(body).await).await;
        assert_eq!(status, 400, "{body}");
        told.push(detail);
    }
    insta::assert_snapshot!(told.join("\n"), @r##"
    sudo: unknown field `sudo`, expected `reason` or `duration` at line 1 column 22
    reason: invalid type: integer `7`, expected a string at line 1 column 12
    duplicate field `reason` at line 1 column 24
    duration: `soon` is not a duration such as `7d`, `90m` or `PT1H` at line 1 column 35
    missing field `reason` at line 1 column 18
    trailing characters at line 1 column 17
    reason: EOF while parsing a value at line 1 column 11
    EOF while parsing a value at line 1 column 0
    "##);
}

#[tokio::test]
async fn an_answer_repeats_little_of_a_long_mistake() {
    let (_, detail) = detail(ask(&format!(r#"{{"reason": "r", "{}": 1}}"#, "x".repeat(1000))).await).await;
    assert_eq!(detail.chars().count(), 300, "{detail}");
}

#[tokio::test]
async fn only_json_is_taken_and_not_too_much_of_it() {
    let fine = r#"{"reason": "r"}"#;
    assert_eq!(post_as("Application/JSON; charset=utf-8", fine).await.status(), StatusCode::OK);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "text/json"] {
        assert_eq!(post_as(kind, fine).await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let full = format!(r#"{{"reason": "{}"}}"#, "x".repeat(BODY_LIMIT - fine.len() + 1));
    assert_eq!((full.len(), ask(&full).await.status()), (BODY_LIMIT, StatusCode::OK));
    let over = format!("{full} ");
    assert_eq!(ask(&over).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn ids_and_paging_are_parsed_or_refused_by_name() {
    assert_eq!(text(read("/workspaces/acme").await).await, "acme");
    assert_eq!(text(read("/workspaces/acme/grants/gr_1").await).await, "acme gr_1");
    assert_eq!(text(read("/things?after=x&limit=200").await).await, r#"Some("x") Some(200)"#);
    let mut told = Vec::new();
    for path in [
        "/workspaces/a%20b",
        "/workspaces/%FF",
        "/workspaces/acme/grants/gr%2F1",
        "/things?limit=0",
        "/things?limit=201",
        "/things?limit=many",
        "/things?page=2",
    ] {
        let (status, detail) = detail(read(path).await).await;
        assert_eq!(status, 400, "{path}");
        told.push(detail);
    }
    insta::assert_snapshot!(told.join("\n"), @r##"
    `a b` is not an id of 1 to 64 letters, digits, `.`, `_` or `-`
    Invalid UTF-8 in `workspace`
    `gr/1` is not an id of ours
    `limit` is not a number from 1 to 200
    `limit` is not a number from 1 to 200
    limit: invalid digit found in string
    page: unknown field `page`, expected `after` or `limit`
    "##);
}

#[tokio::test]
async fn every_answer_is_private_unless_it_says_otherwise() {
    for path in ["/workspaces/acme", "/refused", "/nothing"] {
        let response = read(path).await;
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store", "{path}");
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert!(response.headers().contains_key(envelope::X_REQUEST_ID), "{path}");
        assert_eq!(response.headers()[VARY], "Origin", "{path}");
    }
    assert_eq!(read("/cached").await.headers()[CACHE_CONTROL], "public, max-age=300");
}

#[tokio::test]
async fn the_apps_own_pages_may_call_and_read_refusals() {
    let preflight = request(Method::OPTIONS, "/ask").header(ORIGIN, APP).header(ACCESS_CONTROL_REQUEST_METHOD, "POST");
    let response = call(preflight.body(Body::empty()).expect("a request")).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], APP);
    assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_METHODS], "GET, POST, PUT, PATCH, DELETE");
    assert_eq!(
        response.headers()[ACCESS_CONTROL_ALLOW_HEADERS],
        "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"
    );
    assert!(!response.headers().contains_key("access-control-allow-credentials"));
    let response = call(request(Method::GET, "/refused").header(ORIGIN, APP).body(Body::empty()).expect("a request"));
    assert_eq!(response.await.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], APP);
}

#[tokio::test]
async fn no_other_origin_is_ever_reflected() {
    for origin in ["https://app.example.com.evil.example", "http://app.example.com", "null", "https://APP.example.com"]
    {
        for method in [Method::OPTIONS, Method::GET] {
            let request =
                request(method, "/refused").header(ORIGIN, origin).header(ACCESS_CONTROL_REQUEST_METHOD, "GET");
            let response = call(request.body(Body::empty()).expect("a request")).await;
            let granted = response.headers().keys().any(|name| name.as_str().starts_with("access-control-"));
            assert!(!granted, "{origin}");
            assert_eq!(response.headers()[VARY], "Origin");
        }
    }
    let both = request(Method::GET, "/refused").header(ORIGIN, APP).header(ORIGIN, "https://evil.example");
    let response = call(both.body(Body::empty()).expect("a request")).await;
    assert!(!response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
}

async fn create_with(path: &str, keys: &[&str], body: &str) -> Response {
    let mut request = request(Method::POST, path).header(CONTENT_TYPE, "application/json");
    for key in keys {
        request = request.header("Idempotency-Key", *key);
    }
    call(request.body(Body::from(body.to_owned())).expect("a request")).await
}

#[tokio::test]
async fn a_repeated_call_has_the_same_fingerprint_and_another_body_a_different_one() {
    let (one, two) = (r#"{"reason": "one"}"#, r#"{"reason": "two"}"#);
    let first = text(create_with("/create", &["k-1"], one).await).await;
    assert!(first.starts_with("k-1 ["), "{first}");
    assert_eq!(first, text(create_with("/create", &["k-1"], one).await).await);
    assert_ne!(first, text(create_with("/create", &["k-1"], two).await).await);
    assert_eq!("", text(create_with("/create", &[], one).await).await);
    for keys in [&[""][..], &["a b"], &["a\tb"], &["ä"], &["one", "two"], &[&"x".repeat(256)]] {
        assert_eq!(create_with("/create", keys, one).await.status(), StatusCode::BAD_REQUEST, "{keys:?}");
    }
}

#[test]
fn a_refusal_of_the_control_plane_keeps_its_own_words() {
    let refusal = Refusal::because(Code::NotOwner, "only owners grant access").next("ask olga");
    let error = ApiError::from(AccessError::from(refusal.clone()));
    assert_eq!(format!("{error:?}"), format!("{:?}", ApiError::from(refusal)));
}
