//! THE BANNER: on every page of the app, an engineer sees whose login they are in, on what, and for how long. A script of ours is
//! put at the head of the page while it streams; no other byte of it changes, and nothing else is touched.
//!
//! * here: which answers are pages, and what their head becomes.
//! * `tag`: the script's tag, with what the banner says.
//! * `body`: puts it into the body. `decode`: for bodies that come compressed.
//! * `content_policy`: lets the app's `Content-Security-Policy` pass it.
mod body;
mod content_policy;
mod decode;
mod tag;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::cache::Entry;
use crate::request::Routed;

use super::body::Body;

use body::Placed;
use decode::Decoder;
use tag::Tag;

const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
/// By these, scripts say that they fetch a fragment and not a page.
const FRAGMENTS: [&str; 5] = ["x-requested-with", "hx-request", "turbo-frame", "x-pjax", "x-inertia"];
/// What is said of the bytes of a body, and is no longer true.
const OF_BYTES: [HeaderName; 5] = [CONTENT_LENGTH, CONTENT_ENCODING, ACCEPT_RANGES, ETAG, LAST_MODIFIED];
/// The same, of newer standards (RFC 9530) and older ones.
const DIGESTS: [&str; 4] = ["content-digest", "repr-digest", "digest", "content-md5"];

/// The banner of one session, for a request that asks for a page.
#[derive(Debug)]
pub(super) struct Banner {
    tag: Tag,
}

impl Banner {
    /// The banner, if the request is for what a browser shows as a page of its own, and the route wants one.
    pub(super) fn wanted(routed: &Routed, entry: &Entry) -> Option<Self> {
        let request = &routed.request;
        let wanted = routed.route.config.banner && request.method != Method::HEAD && is_for_page(&request.headers);
        wanted.then(|| Self { tag: Tag::new(entry, &request.authority, routed.route.config.watermark) })
    }

    /// What is sent upstream: a page as it is, whole and in plain.
    pub(super) fn ask(headers: &mut HeaderMap) {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.remove(IF_NONE_MATCH);
        headers.remove(IF_MODIFIED_SINCE);
    }

    /// The answer with the banner, if it is a page; otherwise as it is.
    pub(super) fn put(mut self, status: StatusCode, headers: &mut HeaderMap, body: Body) -> Body {
        let Some(decoder) = Decoder::of(headers).filter(|_| is_page(status, headers)) else { return body };
        let nonce = content_policy::admit(headers, &self.tag.sources());
        self.tag.nonce = nonce;
        for name in OF_BYTES {
            headers.remove(name);
        }
        for name in DIGESTS {
            headers.remove(name);
        }
        Body::new(Placed::new(body, decoder, self.tag.to_string()))
    }
}

/// Whether a browser will show the answer as a page. Browsers that do not say so name HTML, and scripts say that they are none.
fn is_for_page(headers: &[(HeaderName, HeaderValue)]) -> bool {
    let value =
        |wanted: &HeaderName| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_bytes());
    if let Some(destination) = value(&FETCH_DEST) {
        return destination == b"document";
    }
    let fragment = headers.iter().any(|(name, _)| FRAGMENTS.contains(&name.as_str()));
    !fragment && value(&ACCEPT).is_some_and(|accepts| accepts.windows(9).any(|part| part == b"text/html"))
}

/// Whether the answer is a whole page in an encoding in which our tag reads as it does in ASCII.
fn is_page(status: StatusCode, headers: &HeaderMap) -> bool {
    // No content, part of it, or what the browser has already.
    let bodiless = status.is_informational() || matches!(status.as_u16(), 204 | 206 | 304);
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_ascii_lowercase);
    let html = kind.is_some_and(|kind| kind.trim_start().starts_with("text/html") && !kind.contains("utf-16"));
    let download = headers.get(CONTENT_DISPOSITION).is_some_and(|value| value.as_bytes().starts_with(b"attachment"));
    html && !bodiless && !download
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(fields: &[(&'static str, &'static str)]) -> bool {
        let fields =
            fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        is_for_page(&fields.collect::<Vec<_>>())
    }

    #[test]
    fn pages_are_asked_for_by_browsers_and_not_by_scripts_frames_or_images() {
        assert!(asks(&[("sec-fetch-dest", "document"), ("accept", "*/*")]));
        assert!(asks(&[("accept", "text/html,application/xhtml+xml")]));
        for (name, value) in [
            ("sec-fetch-dest", "empty"),
            ("sec-fetch-dest", "iframe"),
            ("hx-request", "true"),
            ("x-requested-with", "XMLHttpRequest"),
        ] {
            assert!(!asks(&[("accept", "text/html"), (name, value)]), "{name}: {value}");
        }
        assert!(!asks(&[("accept", "application/json")]) && !asks(&[]));
    }

    #[test]
    fn only_whole_pages_get_one() {
        let page = |status: u16, fields: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            is_page(StatusCode::from_u16(status).unwrap(), &headers)
        };
        assert!(page(200, &[("content-type", "Text/HTML; charset=utf-8")]));
        assert!(page(404, &[("content-type", "text/html")]));
        for status in [204, 206, 304] {
            assert!(!page(status, &[("content-type", "text/html")]), "{status}");
        }
        assert!(!page(200, &[("content-type", "application/json")]) && !page(200, &[]));
        assert!(!page(200, &[("content-type", "text/html; charset=UTF-16LE")]));
        assert!(!page(200, &[("content-type", "text/html"), ("content-disposition", "attachment; filename=a.html")]));
    }
}
