//! The sign-in of engineers by browser: OpenID Connect's authorization code flow with PKCE (S256), `state`, `nonce` and
//! the `iss` of the callback (RFC 9207). The ID token is verified as strictly as any bearer.
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config;
use crate::domain::time::{Clock, Span, Timestamp, Uptime};

use super::fetch::{FetchError, may_be_asked, send};
use super::flow::Flow;
use super::jwt::{JwtError, VerifiedJwt, Verifier};

/// How long what the provider says of itself is used without being asked for again.
const FRESH: Duration = Duration::from_mins(10);

/// What makes a token one of logout.
const BACK_CHANNEL_LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// How old a logout token may be: an older one signs nobody out who has come back since.
const RECENT: Span = Span::from_seconds(120);

/// What is asked for, if the provider says that it knows it. `openid` is always asked for.
const SCOPES: [&str; 4] = ["email", "profile", "groups", "offline_access"];

/// Why nobody is signed in. The texts are for our log and for the engineer: they hold nothing secret.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The identity provider does not answer.
    #[error("the staff identity provider does not answer")]
    Unreachable(#[source] FetchError),
    /// What it says of itself cannot be used.
    #[error("the staff identity provider's discovery document {0}")]
    Discovery(&'static str),
    /// The callback does not belong to a sign-in that this browser began, or comes from elsewhere.
    #[error("the sign-in cannot be completed: {0}")]
    Callback(&'static str),
    /// The identity provider says no.
    #[error("the staff identity provider refuses: `{0}`")]
    Refused(String),
    /// What it answers with is not what is needed.
    #[error("the staff identity provider's answer is not a token response with an ID token")]
    Answer,
    /// The ID token does not hold.
    #[error("the ID token is refused: {0}")]
    Token(JwtError),
}

/// What came back with the callback's query.
#[derive(Debug, Default, Deserialize)]
pub struct Returned {
    /// The code, when the engineer has signed in.
    code: Option<String>,
    /// `state`, as we sent it.
    state: Option<String>,
    /// Who answers (RFC 9207).
    iss: Option<String>,
    /// Why the engineer has not signed in.
    error: Option<String>,
}

/// An engineer whom the provider has just vouched for.
pub struct Identified {
    /// The ID token's claims.
    pub jwt: VerifiedJwt,
    /// What the provider gave us to ask it again without the engineer, if it did.
    pub refresh: Option<SecretString>,
}

/// What we read of a discovery document (OpenID Connect Discovery 1.0, section 3).
#[derive(Debug, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    end_session_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    scopes_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// What the token endpoint adds in OpenID Connect.
#[derive(Serialize, Deserialize)]
struct WithIdToken {
    id_token: Option<String>,
}

impl ExtraTokenFields for WithIdToken {}

impl std::fmt::Debug for WithIdToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WithIdToken(…)")
    }
}

type Tokens = StandardTokenResponse<WithIdToken, BasicTokenType>;
type Client = oauth2::Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The staff's identity provider.
#[derive(Debug)]
pub struct Provider {
    issuer: String,
    sign_in: config::SignIn,
    /// Where it sends browsers back to.
    callback: String,
    verifier: Verifier,
    clock: Arc<Clock>,
    known: Mutex<Option<(Uptime, Arc<Discovery>)>>,
}

impl Provider {
    /// The provider `issuer`, which knows us as `sign_in` says and sends browsers back to `callback`. `verifier` is that
    /// of the staff's bearer tokens: ID tokens are verified by the same keys.
    #[must_use]
    pub fn new(
        issuer: String,
        sign_in: config::SignIn,
        callback: String,
        verifier: &Verifier,
        clock: Arc<Clock>,
    ) -> Self {
        let verifier = verifier.for_audience(sign_in.client_id.clone());
        Self { issuer, sign_in, callback, verifier, clock, known: Mutex::default() }
    }

    /// Where the browser goes to sign in.
    ///
    /// # Errors
    /// When the provider does not say where that is.
    pub async fn authorize(&self, flow: &Flow) -> Result<String, OidcError> {
        let discovery = self.discovery().await?;
        let client = self.client(&discovery)?;
        let state = flow.state.clone();
        let verifier = PkceCodeVerifier::new(flow.verifier.clone());
        let known = SCOPES.into_iter().filter(|scope| discovery.scopes_supported.iter().any(|s| s == scope));
        let (mut url, _state) = client
            .authorize_url(move || CsrfToken::new(state))
            .add_scope(Scope::new("openid".to_owned()))
            .add_scopes(known.map(|scope| Scope::new(scope.to_owned())))
            .add_extra_param("nonce", flow.nonce.clone())
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        if flow.fresh {
            url.query_pairs_mut().append_pair("max_age", "0");
            url.query_pairs_mut().extend_pairs(self.sign_in.step_up_acr.iter().map(|acr| ("acr_values", acr)));
        }
        Ok(url.into())
    }

    /// Completes a sign-in: checks what came back, and exchanges the code for an ID token.
    ///
    /// # Errors
    /// Says what does not hold. `flow` is spent in any case.
    pub async fn complete(&self, flow: Flow, returned: Returned) -> Result<Identified, OidcError> {
        let discovery = self.discovery().await?;
        let code = self.code(&discovery, &flow, returned)?;
        let client = self.client(&discovery)?;
        let asked = client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(flow.verifier.clone()))
            .request_async(&relay)
            .await;
        let tokens = asked.map_err(refused)?;
        let id_token = tokens.extra_fields().id_token.as_deref().ok_or(OidcError::Answer)?;
        let jwt = self.verified(id_token).await?;
        if jwt.text("nonce") != Some(&flow.nonce) {
            return Err(OidcError::Token(JwtError::Claim("nonce")));
        }
        if flow.fresh {
            self.is_fresh(&flow, &jwt)?;
        }
        let refresh = tokens.refresh_token().map(|token| SecretString::from(token.secret().clone()));
        Ok(Identified { jwt, refresh })
    }

    /// OpenID Connect Core 1.0, sections 2 and 3.1.2.1: who asks with `max_age` gets `auth_time`, and must look at it; a class
    /// that was asked for by `acr_values` may have been passed over.
    fn is_fresh(&self, flow: &Flow, jwt: &VerifiedJwt) -> Result<(), OidcError> {
        let seconds = jwt.claims.get("auth_time").and_then(Value::as_i64);
        let at = seconds.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1000)));
        if !at.is_some_and(|at| flow.is_met_by(at)) {
            return Err(OidcError::Token(JwtError::Claim("auth_time")));
        }
        let wanted = self.sign_in.step_up_acr.as_deref();
        if wanted.is_some() && jwt.text("acr") != wanted {
            return Err(OidcError::Token(JwtError::Claim("acr")));
        }
        Ok(())
    }

    /// Whom the provider has signed out, by its logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6). One that names
    /// a session of the provider alone is refused: we ask for none.
    ///
    /// # Errors
    /// Says what does not hold.
    pub async fn signed_out(&self, logout_token: &str) -> Result<String, JwtError> {
        let now = self.clock.now();
        let jwt = self.verifier.verify_logout(logout_token, now).await?;
        let is_logout = |events: &Value| events.get(BACK_CHANNEL_LOGOUT).is_some_and(Value::is_object);
        if !jwt.claims.get("events").is_some_and(is_logout) {
            return Err(JwtError::Claim("events"));
        }
        if jwt.claims.contains_key("nonce") {
            return Err(JwtError::Claim("nonce"));
        }
        if jwt.issued_at.plus(RECENT) <= now {
            return Err(JwtError::Time);
        }
        Ok(jwt.subject)
    }

    /// Asks the provider again for an engineer who signed in before. Without an ID token in the answer nothing is known of
    /// the engineer, and the answer counts for nothing.
    ///
    /// # Errors
    /// [`OidcError::Refused`] when the provider does not vouch for the engineer any more.
    pub async fn ask_again(&self, refresh: &SecretString) -> Result<Identified, OidcError> {
        let client = self.client(&*self.discovery().await?)?;
        let token = RefreshToken::new(refresh.expose_secret().to_owned());
        let tokens = client.exchange_refresh_token(&token).request_async(&relay).await.map_err(refused)?;
        let id_token = tokens.extra_fields().id_token.as_deref().ok_or(OidcError::Answer)?;
        let jwt = self.verified(id_token).await?;
        let next = tokens.refresh_token().map(|token| SecretString::from(token.secret().clone()));
        Ok(Identified { jwt, refresh: next.or_else(|| Some(refresh.clone())) })
    }

    /// Where a browser goes to sign out at the provider too (OpenID Connect RP-Initiated Logout 1.0), and from there
    /// back to `back`; none when the provider knows no such thing, or does not answer.
    pub async fn sign_out(&self, back: &str) -> Option<String> {
        let discovery = self.discovery().await.ok()?;
        let endpoint = discovery.end_session_endpoint.as_deref()?;
        fit(endpoint).ok()?;
        let mut url = oauth2::url::Url::parse(endpoint).ok()?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.sign_in.client_id)
            .append_pair("post_logout_redirect_uri", back);
        Some(url.into())
    }

    /// The code in the callback, if it answers `flow` and comes from this provider.
    fn code(&self, discovery: &Discovery, flow: &Flow, returned: Returned) -> Result<String, OidcError> {
        let Returned { code, state, iss, error } = returned;
        if !state.is_some_and(|state| flow.is_answered_by(&state)) {
            return Err(OidcError::Callback("its `state` is not the one that this browser began with"));
        }
        match iss {
            Some(iss) if iss != self.issuer => {
                return Err(OidcError::Callback("it comes from another issuer than `staff.issuer`"));
            }
            None if discovery.authorization_response_iss_parameter_supported => {
                return Err(OidcError::Callback("it does not say which issuer it comes from"));
            }
            Some(_) | None => {}
        }
        if let Some(error) = error {
            return Err(OidcError::Refused(word(&error)));
        }
        code.ok_or(OidcError::Callback("it has no code"))
    }

    async fn verified(&self, id_token: &str) -> Result<VerifiedJwt, OidcError> {
        let jwt = self.verifier.verify(id_token, self.clock.now()).await.map_err(OidcError::Token)?;
        let several = jwt.claims.get("aud").and_then(Value::as_array).is_some_and(|aud| aud.len() > 1);
        // OpenID Connect Core 1.0, section 3.1.3.7: who asked for the token.
        match jwt.claims.get("azp") {
            None if !several => Ok(jwt),
            Some(azp) if azp.as_str() == Some(&self.sign_in.client_id) => Ok(jwt),
            Some(_) | None => Err(OidcError::Token(JwtError::Claim("azp"))),
        }
    }

    fn client(&self, discovery: &Discovery) -> Result<Client, OidcError> {
        let unfit = |_| OidcError::Discovery("names an endpoint that is not an address");
        let client = oauth2::Client::new(ClientId::new(self.sign_in.client_id.clone()))
            .set_auth_uri(AuthUrl::new(discovery.authorization_endpoint.clone()).map_err(unfit)?)
            .set_token_uri(TokenUrl::new(discovery.token_endpoint.clone()).map_err(unfit)?)
            .set_redirect_uri(RedirectUrl::new(self.callback.clone()).map_err(unfit)?)
            .set_auth_type(discovery.auth_type());
        Ok(match &self.sign_in.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned())),
            None => client,
        })
    }

    /// What the provider says of itself; asked for again every ten minutes.
    async fn discovery(&self) -> Result<Arc<Discovery>, OidcError> {
        let now = self.clock.uptime();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, discovery)) = known.filter(|(at, _)| now.since(*at) < FRESH) {
            return Ok(discovery);
        }
        let discovery = Arc::new(discover(&self.issuer).await?);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&discovery)));
        Ok(discovery)
    }
}

impl Discovery {
    /// How the token endpoint wants our secret: in the head, unless it takes the body only.
    fn auth_type(&self) -> AuthType {
        let methods = self.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let takes = |name: &str| methods.iter().any(|method| method == name);
        if takes("client_secret_post") && !takes("client_secret_basic") {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        }
    }
}

async fn discover(issuer: &str) -> Result<Discovery, OidcError> {
    let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = place.parse().map_err(|_| OidcError::Discovery("has no address: correct `staff.issuer`"))?;
    let answer = send(request).await.map_err(OidcError::Unreachable)?;
    if answer.status() != StatusCode::OK {
        return Err(OidcError::Discovery("is not there"));
    }
    let discovery: Discovery = serde_json::from_slice(answer.body())
        .map_err(|_| OidcError::Discovery("is not an object with the endpoints that sign-in needs"))?;
    if discovery.issuer != issuer {
        return Err(OidcError::Discovery("speaks for another issuer than `staff.issuer`"));
    }
    fit(&discovery.authorization_endpoint)?;
    fit(&discovery.token_endpoint)?;
    Ok(discovery)
}

/// Refuses an address on the way to which somebody could read along.
fn fit(address: &str) -> Result<(), OidcError> {
    let url: Option<Uri> = address.parse().ok();
    match url.filter(may_be_asked) {
        Some(_) => Ok(()),
        None => Err(OidcError::Discovery("names an endpoint that is neither https nor on loopback")),
    }
}

/// Sends the library's requests as all of ours are sent.
async fn relay(request: HttpRequest) -> Result<HttpResponse, FetchError> {
    let answer = send(request.map(Bytes::from)).await?;
    Ok(answer.map(|body| body.to_vec()))
}

fn refused(error: RequestTokenError<FetchError, BasicErrorResponse>) -> OidcError {
    match error {
        RequestTokenError::Request(error) => OidcError::Unreachable(error),
        RequestTokenError::ServerResponse(told) => match told.error() {
            BasicErrorResponseType::Extension(other) => OidcError::Refused(word(other)),
            known => OidcError::Refused(known.to_string()),
        },
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => OidcError::Answer,
    }
}

/// An error code of the provider's as our texts repeat it (RFC 6749, section 4.1.2.1): a short word.
fn word(given: &str) -> String {
    given.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect()
}
