//! THE LOOK of what people see in a browser: one layout, one style sheet, one way to tell time. It knows nobody's rights.
//!
//! * here: the frame around every page, and how a page is sent.
//! * `asset`: files that pages load, at addresses that change with their content.
//! * `words`: lengths and moments of time, as people say them.
//!
//! A room's page extends `face/base.html` and holds a [`Frame`]: `{% extends "face/base.html" %}`, then the blocks `title` and
//! `main`, in a template with the field `frame`.
//!
//! Architecture Invariant: no page holds a script or a style of its own, loads anything from elsewhere, or can be framed.
mod asset;
mod words;

use axum::Router;
use axum::response::{Html, IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY};

use crate::config::Vendor;

pub use asset::Asset;
pub use words::{Moment, in_words, readable};

/// The style of every page.
pub static STYLE: Asset = Asset::style("face", include_str!("static/face.css"));
/// What every page does by itself: times count down, parts that change are fetched again.
pub static SCRIPT: Asset = Asset::script("face", include_str!("static/face.js"));

/// What an engineer sees on the app's own pages.
pub static BANNER: Asset = Asset::script("banner", include_str!("static/banner.js"));
/// Where [`BANNER`] asks whether its session goes on.
pub const CURRENT_SESSION: &str = "/.chaperone/api/v1/sessions/current";

/// What a page may load and do: what is ours alone, and it cannot be framed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What stands around a page's own content.
#[derive(Debug)]
pub struct Frame<'a> {
    /// Who runs the app.
    pub vendor: &'a Vendor,
    /// Which of our places this is, such as `Support console`.
    pub place: &'static str,
    /// Where its name leads.
    pub home: String,
    /// The pages of the place.
    pub nav: Vec<Nav>,
    /// Who looks at it; nobody when they are not signed in.
    pub who: Option<Who<'a>>,
    /// The room's own script, after [`SCRIPT`].
    pub script: Option<&'static Asset>,
}

impl Frame<'_> {
    /// The addresses of the scripts.
    pub fn scripts(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(&SCRIPT).chain(self.script).map(Asset::address)
    }
}

/// One page of a place, as its navigation names it.
#[derive(Debug)]
pub struct Nav {
    /// Where it is.
    pub href: String,
    /// What it is called.
    pub text: &'static str,
    /// Whether this is the page that is shown.
    pub current: bool,
    /// How many things wait there; nothing is said of zero.
    pub waiting: usize,
}

/// Who looks at a page.
#[derive(Debug)]
pub struct Who<'a> {
    /// Their name or address.
    pub name: &'a str,
    /// Where a form signs them out.
    pub sign_out: &'static str,
}

/// The files of the look.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    STYLE.route().merge(SCRIPT.route()).merge(BANNER.route())
}

/// Sends `page`, or an apology if it could not be written: writing into a text does not fail.
pub fn page(page: &impl askama::Template) -> Response {
    let mut response = Html(page.render().unwrap_or_default()).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use askama::Template;

    #[derive(Template)]
    #[template(
        source = r#"{% extends "face/base.html" %}{% block title %}Here{% endblock %}{% block main %}<h1>Here</h1>{% endblock %}"#,
        ext = "html"
    )]
    struct Here<'a> {
        frame: Frame<'a>,
    }

    fn shown(name: &str) -> String {
        let vendor = Vendor { name: "Example".to_owned(), ..Vendor::default() };
        let nav = vec![Nav { href: "/a".to_owned(), text: "First", current: true, waiting: 2 }];
        let who = Some(Who { name, sign_out: "/out" });
        let frame = Frame { vendor: &vendor, place: "Place", home: "/".to_owned(), nav, who, script: None };
        Here { frame }.render().unwrap()
    }

    #[test]
    fn a_page_says_where_one_is_and_as_whom() {
        let html = shown("Ada");
        for part in [
            "<title>Here · Example</title>",
            "aria-current=\"page\"",
            "Ada",
            "2<span class=\"unseen\"> waiting",
            "<h1>Here",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    #[test]
    fn a_page_brings_no_script_of_its_own_and_escapes_what_people_wrote() {
        let html = shown("<script>x</script>");
        assert!(!html.contains("<script>") && html.contains("&#60;script&#62;"), "{html}");
        assert!(!html.contains("style=") && !html.contains("<style"), "{html}");
    }
}
