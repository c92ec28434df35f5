//! A file that pages load. Its address holds a digest of its content, so browsers keep it for good and never see an old one.
use std::fmt::Write;
use std::sync::OnceLock;

use aws_lc_rs::digest;
use axum::Router;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

/// Where such files are.
const FOLDER: &str = "/.chaperone/static/";

/// A style sheet or a script, part of the program.
#[derive(Debug)]
pub struct Asset {
    stem: &'static str,
    suffix: &'static str,
    media_type: &'static str,
    text: &'static str,
    address: OnceLock<String>,
}

impl Asset {
    /// A style sheet named `stem`.
    #[must_use]
    pub const fn style(stem: &'static str, text: &'static str) -> Self {
        Self { stem, suffix: "css", media_type: "text/css; charset=utf-8", text, address: OnceLock::new() }
    }

    /// A script named `stem`.
    #[must_use]
    pub const fn script(stem: &'static str, text: &'static str) -> Self {
        Self { stem, suffix: "js", media_type: "text/javascript; charset=utf-8", text, address: OnceLock::new() }
    }

    /// Where it is: `/.chaperone/static/face-0123456789abcdef.css`.
    pub fn address(&self) -> &str {
        self.address.get_or_init(|| format!("{FOLDER}{}-{}.{}", self.stem, fingerprint(self.text), self.suffix))
    }

    /// Its content.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// What answers at its address.
    pub fn route<S: Clone + Send + Sync + 'static>(&'static self) -> Router<S> {
        let headers = [(CONTENT_TYPE, self.media_type), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
        Router::new().route(self.address(), get(async move || (headers, self.text)))
    }
}

/// Enough of a digest that another content has another one.
fn fingerprint(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest.as_ref().iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing into a text does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_content_has_another_address() {
        let (one, other) = (Asset::style("face", "a{}"), Asset::style("face", "b{}"));
        assert_ne!(one.address(), other.address());
        assert!(one.address().starts_with("/.chaperone/static/face-") && one.address().contains(".css"));
    }
}
