//! The sample identity provider of the vendor's staff: OpenID Connect's code flow with PKCE (S256), where one chooses who one is
//! instead of proving it. It vouches for whoever is chosen, so it listens on loopback.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::random;
use crate::domain::time::Clock;

use super::identities::{DemoEngineer, ENGINEERS, Issuers, engineer};
use super::places::Places;
use super::web;

/// The gate's name here; it is a public client, so PKCE alone ties a code to it.
pub(super) const CLIENT: &str = "chaperone-demo";

/// What the provider's handlers share.
pub(super) struct Idp {
    places: Places,
    issuers: Arc<Issuers>,
    clock: Arc<Clock>,
    given: Mutex<Given>,
}

/// What it has given out, until the demo ends.
#[derive(Default)]
struct Given {
    /// Codes, each good for one token.
    codes: BTreeMap<String, Begun>,
    /// What sign-ins are renewed with.
    refresh: BTreeMap<String, &'static DemoEngineer>,
}

/// A sign-in that waits for its token.
struct Begun {
    engineer: &'static DemoEngineer,
    asked: Asked,
}

/// What the gate asks for (OpenID Connect Core, section 3.1.2.1).
#[derive(Debug, Clone, Deserialize)]
struct Asked {
    client_id: String,
    redirect_uri: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
    /// Who was chosen; nobody yet when the gate sends the browser here.
    r#as: Option<String>,
}

#[derive(Template)]
#[template(path = "desk/idp.html")]
struct Chooser {
    engineers: Vec<(&'static DemoEngineer, String)>,
}

impl Idp {
    /// A provider at `places.idp`, which vouches with the staff's keys.
    pub(super) fn new(places: Places, issuers: Arc<Issuers>, clock: Arc<Clock>) -> Arc<Self> {
        Arc::new(Self { places, issuers, clock, given: Mutex::default() })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Given) -> T) -> T {
        change(&mut self.given.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The answer to whoever has shown a code, or a refresh token: another of each kind.
    fn tokens(&self, engineer: &'static DemoEngineer, nonce: Option<&str>) -> Response {
        let Ok(id_token) = self.issuers.id_token(engineer, (CLIENT, nonce), self.clock.now()) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let refresh = secret();
        self.with(|given| given.refresh.insert(refresh.clone(), engineer));
        Json(json!({"access_token": secret(), "token_type": "Bearer", "id_token": id_token, "refresh_token": refresh}))
            .into_response()
    }
}

/// The provider's routes.
pub(super) fn router(idp: Arc<Idp>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .route("/jwks", get(async |State(idp): State<Arc<Idp>>| Json(idp.issuers.staff.jwks())))
        .route("/end-session", get(end_session))
        .route("/assets/desk.js", get(async || web::script(include_str!("templates/desk/desk.js"))))
        .with_state(idp)
}

async fn discovery(State(idp): State<Arc<Idp>>) -> Json<Value> {
    let issuer = &idp.places.idp;
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

/// Asks who one is; once that is chosen, the browser goes back with a code. Nothing but our gate is ever gone back to.
async fn authorize(State(idp): State<Arc<Idp>>, uri: http::Uri, Query(asked): Query<Asked>) -> Response {
    let ours = asked.redirect_uri.starts_with(&format!("{}/", idp.places.gate));
    if asked.client_id != CLIENT || !ours || asked.code_challenge_method != "S256" {
        return (StatusCode::BAD_REQUEST, "not a sign-in of this demo's gate").into_response();
    }
    let Some(engineer) = asked.r#as.as_deref().and_then(engineer) else {
        let here = uri.path_and_query().map_or("/authorize", |here| here.as_str());
        let engineers = ENGINEERS.iter().map(|one| (one, format!("{here}&as={}", one.id))).collect();
        return web::page(StatusCode::OK, &Chooser { engineers });
    };
    let code = secret();
    let back = format!("{}?code={code}&state={}&iss={}", asked.redirect_uri, asked.state, idp.places.idp);
    idp.with(|given| given.codes.insert(code, Begun { engineer, asked }));
    web::see_other(&back, [])
}

/// What the gate shows for a token.
#[derive(Debug, Deserialize)]
#[serde(tag = "grant_type", rename_all = "snake_case")]
enum Shown {
    AuthorizationCode { code: String, redirect_uri: String, code_verifier: String },
    RefreshToken { refresh_token: String },
}

async fn token(State(idp): State<Arc<Idp>>, Form(shown): Form<Shown>) -> Response {
    let refused = || (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
    match shown {
        Shown::AuthorizationCode { code, redirect_uri, code_verifier } => {
            let Some(Begun { engineer, asked }) = idp.with(|given| given.codes.remove(&code)) else { return refused() };
            let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, code_verifier.as_bytes()));
            if challenge != asked.code_challenge || redirect_uri != asked.redirect_uri {
                return refused();
            }
            idp.tokens(engineer, Some(&asked.nonce))
        }
        Shown::RefreshToken { refresh_token } => match idp.with(|given| given.refresh.remove(&refresh_token)) {
            Some(engineer) => idp.tokens(engineer, None),
            None => refused(),
        },
    }
}

/// Where to go after signing out.
#[derive(Debug, Deserialize)]
struct Farewell {
    post_logout_redirect_uri: Option<String>,
}

async fn end_session(State(idp): State<Arc<Idp>>, Query(farewell): Query<Farewell>) -> Response {
    let ours = |uri: &String| uri.starts_with(&format!("{}/", idp.places.gate));
    let to = farewell.post_logout_redirect_uri.filter(ours).unwrap_or_else(|| format!("{}/", idp.places.desk));
    web::see_other(&to, [])
}

fn secret() -> String {
    URL_SAFE_NO_PAD.encode(random::bytes::<24>())
}
