//! A stand-in for the gate in tests: keys, and answers that are laid out beforehand; it notes what it was asked.
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::domain::time::Clock;

use super::identities::{Issuer, Issuers};
use super::places::Places;

/// A call that the gate saw.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Method and path.
    pub(super) line: String,
    pub(super) bearer: Option<String>,
    pub(super) body: Value,
}

/// Answers to calls whose line begins so.
type Laid = Vec<(&'static str, StatusCode, Value)>;

/// The stand-in.
pub(super) struct FakeGate {
    pub(super) places: Places,
    /// Signs assertions, as the gate would.
    pub(super) signer: Issuer,
    pub(super) issuers: Arc<Issuers>,
    pub(super) clock: Arc<Clock>,
    laid: Mutex<Laid>,
    seen: Mutex<Vec<Seen>>,
}

impl FakeGate {
    /// Starts one; `app` and `desk` are where those will be.
    pub(super) async fn start(app: &TcpListener, desk: &TcpListener) -> Arc<Self> {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = |socket: &TcpListener| format!("http://{}", socket.local_addr().unwrap());
        let places = Places { gate: origin(&socket), app: origin(app), desk: origin(desk), idp: origin(desk) };
        let gate = Arc::new(Self {
            signer: Issuer::new(places.gate.clone()).unwrap(),
            issuers: Arc::new(Issuers::new(&places.idp).unwrap()),
            places,
            clock: Clock::system(),
            laid: Mutex::default(),
            seen: Mutex::default(),
        });
        serve(socket, Router::new().fallback(answer).with_state(Arc::clone(&gate)));
        gate
    }

    /// Lays out the answer to calls that begin with `line`, in place of an earlier one, such as `POST /.chaperone/api/v1/sessions`.
    pub(super) fn lay(&self, line: &'static str, status: StatusCode, body: Value) {
        self.laid.lock().unwrap().push((line, status, body));
    }

    /// Every call so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// An assertion that `engineer` acts as `subject` of `workspace`, for the audience `aud`.
    pub(super) fn assertion(&self, workspace: &str, subject: &str, engineer: &str, aud: &str) -> String {
        let now = self.clock.now();
        let claims = json!({
            "aud": aud, "sub": subject, "workspace": workspace, "session": "se_1", "grant": "gr_1", "access": "full",
            "mode": "consented", "nbf": now.as_seconds(),
            "act": {"sub": engineer, "email": format!("{engineer}@support.ledgerly.example")},
        });
        self.signer.sign(claims, now).unwrap()
    }
}

async fn answer(
    State(gate): State<Arc<FakeGate>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    if uri.path() == "/.chaperone/jwks.json" {
        return (StatusCode::OK, Json(gate.signer.jwks()));
    }
    let line = format!("{method} {uri}");
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
    let body = serde_json::from_str(&body).unwrap_or(Value::Null);
    gate.seen.lock().unwrap().push(Seen { line: line.clone(), bearer: bearer.map(str::to_owned), body });
    let laid = gate.laid.lock().unwrap();
    let found = laid.iter().rev().find(|(begin, ..)| line.starts_with(begin));
    found.map_or((StatusCode::NOT_FOUND, Json(Value::Null)), |(_, status, body)| (*status, Json(body.clone())))
}

/// Serves `router` until the test ends.
pub(super) fn serve(socket: TcpListener, router: Router) {
    tokio_util::task::TaskTracker::new().spawn(async move { axum::serve(socket, router).await });
}

/// One request, as a browser or a shell would send it: status, headers and text.
pub(super) async fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (StatusCode, HeaderMap, String) {
    use http_body_util::{BodyExt, Full};
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>();
    let mut request = http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = client.request(request.body(Full::from(body.to_owned())).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (head.status, head.headers, text)
}
