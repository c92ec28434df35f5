//! "Ledgerly": the sample customer app, a small invoicing tool whose customers are Acme, Globex and Initech.
//!
//! It shows what an app behind the gate has to do, and no more: believe who is there only from the gate's signed
//! assertion, say so on every page, and put `act` into the tokens that it mints meanwhile.
//!
//! * `visitor`: who is there, by `assertion` (support, through the gate) or by `front_door` (customers, directly).
//! * `books` and `sample`: the data. `dashboard` (with its `chart`), `notes`, `invoices`, `admin`, `billing`: pages over it.
//! * `support_access`: the gate's own panel, as a part of the app. `embed_token`: tokens for it.
//! * `live`: a ticker (server-sent events) and an echo (WebSocket), to see streams end with the consent.
//! * `problem`: what goes wrong, as a page.
mod admin;
mod assertion;
mod billing;
mod books;
mod chart;
mod dashboard;
mod embed_token;
mod front_door;
mod invoices;
mod live;
mod notes;
mod problem;
mod sample;
mod support_access;
mod visitor;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use http::HeaderValue;
use http::header::CONTENT_SECURITY_POLICY;
use tokio_util::sync::CancellationToken;

use crate::domain::time::Clock;

use super::api::Api;
use super::identities::Issuers;
use super::places::Places;
use super::web::{self, Origin};
use assertion::GateKeys;
use books::Books;
use front_door::Logins;
use problem::AppProblem;

/// The name of the app, and the audience of the assertions that it takes.
pub(super) const AUDIENCE: &str = "ledgerly";

/// Everything that the app's handlers share.
pub(super) struct App {
    books: Mutex<Books>,
    logins: Mutex<Logins>,
    gate_keys: GateKeys,
    issuers: Arc<Issuers>,
    clock: Arc<Clock>,
    places: Places,
    /// Ends open streams when the demo ends.
    stop: CancellationToken,
}

impl App {
    /// The app with its sample books.
    pub(super) fn new(places: Places, issuers: Arc<Issuers>, clock: Arc<Clock>, stop: CancellationToken) -> Arc<Self> {
        let api = Api::new(places.gate.clone());
        Arc::new(Self {
            books: Mutex::new(Books::sample(clock.now())),
            logins: Mutex::default(),
            gate_keys: GateKeys::new(api, places.gate.clone()),
            issuers,
            clock,
            places,
            stop,
        })
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn logins(&self) -> MutexGuard<'_, Logins> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The app's routes.
pub(super) fn router(app: Arc<App>) -> Router {
    let own_forms = middleware::from_fn_with_state(Arc::clone(&app), refuse_foreign_forms);
    Router::new()
        .route("/", get(front_door::home))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/assets/ledgerly.js", get(|| async { web::script(include_str!("../templates/app/ledgerly.js")) }))
        .route("/front-door", get(front_door::show))
        .route("/front-door/sign-in", post(front_door::sign_in))
        .route("/front-door/sign-out", post(front_door::sign_out))
        .route("/w/{workspace}", get(dashboard::show))
        .route("/w/{workspace}/", get(dashboard::show))
        .route("/w/{workspace}/notes", get(notes::list).post(notes::add))
        .route("/w/{workspace}/notes/{id}", delete(notes::delete))
        .route("/w/{workspace}/notes/{id}/delete", post(notes::delete_by_form))
        .route("/w/{workspace}/notes/{id}/attachments/{name}", put(notes::attach))
        .route("/w/{workspace}/invoices", get(invoices::list))
        .route("/w/{workspace}/invoices.csv", get(invoices::csv))
        .route("/w/{workspace}/invoices/{number}", get(invoices::show))
        .route("/w/{workspace}/invoices/{number}/paid", post(invoices::mark_paid))
        .route("/w/{workspace}/events", get(live::ticker))
        .route("/w/{workspace}/live", get(live::page_or_socket))
        .route("/w/{workspace}/settings/support-access", get(support_access::show))
        .route("/w/{workspace}/settings/support-access/enter", post(support_access::enter))
        .route("/admin", get(admin::show))
        .route("/admin/login-as/{user}", post(admin::login_as))
        .route("/billing", get(billing::show))
        .route("/billing/plan", post(billing::change_plan))
        .route("/api/me", get(dashboard::me))
        .route("/api/search", post(invoices::search))
        .route("/api/chaperone-token", post(embed_token::mint))
        .fallback(|| async { AppProblem::NotFound })
        .layer(own_forms)
        .layer(middleware::map_response_with_state(Arc::clone(&app), show_the_gate))
        .with_state(app)
}

/// Forms count only from the app's own pages: seen directly, or through the gate.
async fn refuse_foreign_forms(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let ours = [app.places.app.clone(), app.places.gate.clone()];
    if !request.method().is_safe() && web::origin(request.headers(), &ours) == Origin::Foreign {
        return axum::response::IntoResponse::into_response(AppProblem::Forbidden("this form came from another site"));
    }
    next.run(request).await
}

/// The app's pages show parts of the gate's: they load its script, call it, and send it one form.
async fn show_the_gate(State(app): State<Arc<App>>, mut response: Response) -> Response {
    let policy = HeaderValue::try_from(web::content_policy(&app.places.gate)).ok();
    if let Some((known, policy)) = response.headers_mut().get_mut(CONTENT_SECURITY_POLICY).zip(policy) {
        *known = policy;
    }
    response
}

#[cfg(test)]
mod tests;
