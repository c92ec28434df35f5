//! The app's webhook: keeps what it gets, and answers as it is told to.
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::Router;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::wait::eventually;

/// How long a call may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is shared with the gate.
pub(crate) const SECRET: &str = "whsec_Zm9yIHRlc3RzIG9ubHksIGFuZCBub3RoaW5nIGVsc2U=";

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) body: Value,
    /// Whether its signature is that of Standard Webhooks.
    pub(crate) is_genuine: bool,
}

/// The webhook, as long as this lives.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<Mind>>,
}

struct Mind {
    /// Calls that were answered with 2xx.
    taken: Vec<Call>,
    /// How often it was called in all.
    calls: usize,
    status: StatusCode,
}

impl Hook {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mind = Mind { taken: Vec::new(), calls: 0, status: StatusCode::NO_CONTENT };
        let hook = Self { address: listener.local_addr().unwrap(), state: Arc::new(Mutex::new(mind)) };
        let router = Router::new().fallback(take).with_state(hook.clone());
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await.unwrap() });
        hook
    }

    /// Answers with this status from now on; a redirect leads to itself.
    pub(crate) fn answer(&self, status: u16) {
        self.state.lock().unwrap().status = StatusCode::from_u16(status).unwrap();
    }

    /// What it has taken so far.
    pub(crate) fn taken(&self) -> Vec<Call> {
        self.state.lock().unwrap().taken.clone()
    }

    /// How often it was called, taken or not.
    pub(crate) fn calls(&self) -> usize {
        self.state.lock().unwrap().calls
    }

    /// Waits for a call about this kind of event.
    pub(crate) async fn call(&self, kind: &str) -> Call {
        let fits = |call: &Call| call.body["type"] == kind;
        eventually(&format!("a call about {kind}"), PATIENCE, async || self.taken().into_iter().find(fits)).await
    }
}

async fn take(State(hook): State<Hook>, headers: HeaderMap, body: Bytes) -> (StatusCode, [(&'static str, String); 1]) {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, at, signature) = (text("webhook-id"), text("webhook-timestamp"), text("webhook-signature"));
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let signed = [format!("{id}.{at}.").as_bytes(), &body].concat();
    let given = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
    let is_genuine = hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed, &given).is_ok();
    let mut mind = hook.state.lock().unwrap();
    mind.calls += 1;
    if mind.status.is_success() {
        mind.taken.push(Call { id, body: serde_json::from_slice(&body).unwrap(), is_genuine });
    }
    (mind.status, [("location", format!("http://{}/elsewhere", hook.address))])
}
