//! The script by which the app shows parts of our pages: three elements, their style, and nothing that it loads.
use std::sync::LazyLock;

use axum::response::IntoResponse;
use http::HeaderName;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::face::STYLE;

/// Any page may load it: it is public, and does nothing without the app's token.
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

static TEXT: LazyLock<String> = LazyLock::new(|| {
    // Inside a shadow root the document's root is the host.
    let style = format!("{}{}", STYLE.text().replace(":root", ":host"), include_str!("static/embed.css"));
    // A text can always be written as JSON.
    let style = serde_json::to_string(&style).unwrap_or_default();
    let (forms, times, source, elements) = (
        include_str!("static/forms.js"),
        include_str!("static/times.js"),
        include_str!("static/source.js"),
        include_str!("static/elements.js"),
    );
    format!("(() => {{\n\"use strict\";\nconst STYLE = {style};\n{forms}{times}{source}{elements}}})();\n")
});

/// Hands it out. Five minutes in a cache, so that a new version is soon there.
pub(super) async fn script() -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=300"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"),
    ];
    (headers, TEXT.as_str())
}
