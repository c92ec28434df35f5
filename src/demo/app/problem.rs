//! What goes wrong in the app, as a page for people.
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::demo::web;

/// Why the app says no.
#[derive(Debug)]
pub(super) enum AppProblem {
    /// Neither an assertion nor a customer's login.
    WhoAreYou,
    /// An assertion that does not verify.
    BadAssertion,
    /// Not there, or another customer's.
    NotFound,
    /// Not for this login, because of this.
    Forbidden(&'static str),
    /// A form that cannot be taken, because of this.
    BadForm(&'static str),
    /// The gate did not do what was asked, because of this.
    Gate(String),
}

#[derive(Template)]
#[template(path = "app/problem.html")]
struct Page<'a> {
    title: &'a str,
    detail: &'a str,
    next: &'a str,
}

impl IntoResponse for AppProblem {
    fn into_response(self) -> Response {
        use StatusCode as S;
        let (status, title, detail, next) = match &self {
            Self::WhoAreYou => {
                (S::UNAUTHORIZED, "Please sign in", "this is open to customers who are signed in", "use the front door")
            }
            Self::BadAssertion => {
                (S::UNAUTHORIZED, "Not believed", "the gate's assertion does not verify", "come in through the gate")
            }
            Self::NotFound => {
                (S::NOT_FOUND, "Not found", "there is no such page in your workspace", "check the address")
            }
            Self::Forbidden(why) => (S::FORBIDDEN, "Not for this login", *why, "ask an owner of the workspace"),
            Self::BadForm(why) => (S::BAD_REQUEST, "That did not work", *why, "go back and try again"),
            Self::Gate(why) => (S::BAD_GATEWAY, "The gate is away", why.as_str(), "try again in a moment"),
        };
        web::page(status, &Page { title, detail, next })
    }
}
