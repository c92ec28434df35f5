//! The pages that people see here: a heading, a sentence, perhaps one button. No page can be framed, none loads anything.
use askama::Template;
use aws_lc_rs::digest;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};

use crate::config::Vendor;
use crate::problem::Problem;

/// What spares people a click where they have nothing to decide.
const SUBMIT: &str = "document.forms[0].submit()";

/// What no page may: load anything, run scripts, be framed.
const BASE: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// A page.
#[derive(Template)]
#[template(path = "note.html")]
struct Page<'a> {
    vendor_name: &'a str,
    title: &'a str,
    detail: &'a str,
    problem: Option<Told<'a>>,
    form: Option<&'a Form>,
    link: Option<(&'a str, &'a str)>,
    submits: bool,
    script: &'static str,
}

/// What a page tells of a refusal.
struct Told<'a> {
    code: &'a str,
    status: u16,
    next: &'a str,
    request_id: &'a str,
}

/// The one button of a page.
#[derive(Debug)]
pub(crate) struct Form {
    /// Where it leads.
    pub(crate) action: String,
    /// What it brings along.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// What it says.
    pub(crate) button: &'static str,
    /// Whether it is pressed by itself.
    pub(crate) submits: bool,
    /// Which origins besides ours it leads to, at once or by a redirect.
    pub(crate) leads_to: Vec<String>,
}

/// Whether a person looks at the answer: the client names HTML.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}

/// A page with a button.
pub(crate) fn with_form(vendor: &Vendor, title: &str, detail: &str, form: &Form) -> Response {
    show(&page(vendor, title, detail, Some(form)), Some(form))
}

/// A page without one.
pub(crate) fn plain(vendor: &Vendor, title: &str, detail: &str, link: Option<(&str, &str)>) -> Response {
    show(&Page { link, ..page(vendor, title, detail, None) }, None)
}

/// A page that was made elsewhere, whose forms lead to our own origin alone.
pub(crate) fn with_own_forms(html: String) -> Response {
    sent(html, &format!("{BASE}; form-action 'self'"))
}

/// The page of a refusal.
pub(crate) fn refusal(problem: &Problem, vendor: &Vendor) -> Response {
    let next = problem.next.as_deref().unwrap_or_default();
    let Problem { code, status, request_id, .. } = problem;
    let told = Told { code, status: *status, next, request_id: request_id.as_str() };
    let link = vendor.support_url.as_deref().map(|url| (url, "Ask for help"));
    let page = Page { problem: Some(told), link, ..page(vendor, problem.title, &problem.detail, None) };
    let mut response = show(&page, None);
    *response.status_mut() = problem.status();
    if let Some(seconds) = problem.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn page<'a>(vendor: &'a Vendor, title: &'a str, detail: &'a str, form: Option<&'a Form>) -> Page<'a> {
    let submits = form.is_some_and(|form| form.submits);
    Page { vendor_name: &vendor.name, title, detail, problem: None, form, link: None, submits, script: SUBMIT }
}

fn show(page: &Page<'_>, form: Option<&Form>) -> Response {
    // Writing into a text does not fail.
    sent(page.render().unwrap_or_default(), &policy(form))
}

fn sent(html: String, policy: &str) -> Response {
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    // A form's `Origin` is `null` under a stricter policy than this.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    response
}

fn policy(form: Option<&Form>) -> String {
    let Some(form) = form else { return format!("{BASE}; form-action 'none'") };
    let sources = [&["'self'".to_owned()], form.leads_to.as_slice()].concat().join(" ");
    let script = STANDARD.encode(digest::digest(&digest::SHA256, SUBMIT.as_bytes()));
    let script = if form.submits { format!("; script-src 'sha256-{script}'") } else { String::new() };
    format!("{BASE}; form-action {sources}{script}")
}
