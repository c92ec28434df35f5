//! An identity provider: discovery, sign-in, tokens with PKCE, keys, refresh, sign-out. It is strict, and does on request
//! what an attacker would like it to do.
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::people::{Engineer, Issuer, engineers};

/// Our name there.
pub(crate) const CLIENT: &str = "chaperone-web";
/// Our secret there.
pub(crate) const SECRET: &str = "s3cret:with/odd+signs";

type Fields = HashMap<String, String>;

/// The identity provider, as long as this lives.
#[derive(Clone)]
pub(crate) struct Idp {
    pub(crate) address: SocketAddr,
    pub(crate) issuer: Arc<Issuer>,
    mind: Arc<Mutex<Mind>>,
}

/// What it has in mind.
pub(crate) struct Mind {
    /// Who sits before the browser.
    pub(crate) claims: Value,
    /// What goes into ID tokens whatever was asked for.
    pub(crate) forced: Value,
    /// What the callback says of its issuer, instead of the truth; null: nothing.
    pub(crate) answers_as: Option<Value>,
    /// Whether it gives something to ask it again with.
    pub(crate) gives_refresh: bool,
    /// Whether it still vouches for those who signed in before.
    pub(crate) vouches: bool,
    /// How many sign-ins and refreshes it has answered.
    pub(crate) refreshed: usize,
    codes: HashMap<String, Fields>,
    made: usize,
}

impl Idp {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mind = Mind {
            claims: engineers::ADA.claims(),
            forced: json!({}),
            answers_as: None,
            gives_refresh: true,
            vouches: true,
            refreshed: 0,
            codes: HashMap::new(),
            made: 0,
        };
        let issuer = Arc::new(Issuer::at(format!("http://{address}")));
        let idp = Self { address, issuer, mind: Arc::new(Mutex::new(mind)) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/jwks", get(async |State(idp): State<Idp>| Json(idp.issuer.jwks())))
            .route("/end-session", get(async || "signed out"))
            .with_state(idp.clone());
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await.unwrap() });
        idp
    }

    /// Its mind, to be read and changed.
    pub(crate) fn mind(&self) -> MutexGuard<'_, Mind> {
        self.mind.lock().unwrap()
    }

    /// From now on this engineer sits before the browser.
    pub(crate) fn meets(&self, engineer: &Engineer) {
        self.mind().claims = engineer.claims();
    }
}

async fn discovery(State(idp): State<Idp>) -> Json<Value> {
    let issuer = idp.issuer.name();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "end_session_endpoint": format!("{issuer}/end-session"),
        "scopes_supported": ["openid", "email", "profile", "offline_access"],
        "authorization_response_iss_parameter_supported": true,
        "code_challenge_methods_supported": ["S256"],
    }))
}

/// Signs whoever sits there in, and sends the browser back.
async fn authorize(State(idp): State<Idp>, Query(asked): Query<Fields>) -> Response {
    let field = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let fine = field("response_type") == "code"
        && field("client_id") == CLIENT
        && field("code_challenge_method") == "S256"
        && field("scope") == "openid email profile offline_access"
        && !field("nonce").is_empty();
    if !fine {
        return (StatusCode::BAD_REQUEST, format!("{asked:?}")).into_response();
    }
    let mut mind = idp.mind();
    mind.made += 1;
    let code = format!("code-{}", mind.made);
    let iss = mind.answers_as.clone().unwrap_or_else(|| json!(idp.issuer.name()));
    let iss = iss.as_str().map(|iss| format!("&iss={iss}")).unwrap_or_default();
    let back = format!("{}?code={code}&state={}{iss}", field("redirect_uri"), field("state"));
    mind.codes.insert(code, asked);
    Redirect::to(&back).into_response()
}

async fn token(State(idp): State<Idp>, headers: HeaderMap, Form(asked): Form<Fields>) -> Response {
    let quoted = SECRET.replace(':', "%3A").replace('/', "%2F").replace('+', "%2B");
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{quoted}")));
    if headers.get("authorization").is_none_or(|given| given.as_bytes() != basic.as_bytes()) {
        return no("invalid_client");
    }
    let field = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let mut mind = idp.mind();
    let nonce = match field("grant_type") {
        "authorization_code" => {
            let Some(begun) = mind.codes.remove(field("code")) else { return no("invalid_grant") };
            let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, field("code_verifier").as_bytes()));
            if begun["code_challenge"] != challenge || begun["redirect_uri"] != field("redirect_uri") {
                return no("invalid_grant");
            }
            Some(begun["nonce"].clone())
        }
        "refresh_token" if mind.vouches && field("refresh_token").starts_with("refresh-") => {
            mind.refreshed += 1;
            None
        }
        _ => return no("invalid_grant"),
    };
    let mut claims = json!({"aud": CLIENT});
    claims.as_object_mut().unwrap().extend(mind.claims.as_object().unwrap().clone());
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    claims.as_object_mut().unwrap().extend(mind.forced.as_object().unwrap().clone());
    mind.made += 1;
    let refresh = format!("refresh-{}", mind.made);
    let id_token = idp.issuer.sign(&claims);
    let mut answer = json!({"access_token": "a", "token_type": "Bearer", "id_token": id_token});
    if mind.gives_refresh {
        answer["refresh_token"] = json!(refresh);
    }
    Json(answer).into_response()
}

fn no(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
}
