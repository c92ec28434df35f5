//! How an attachment is handed out: as a download of the type that it is of, which no page shows and no browser runs.
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::{Stream, unfold};
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use crate::domain::attachment::Attachment;

/// What of a file is read at once.
const PIECE: usize = 64 << 10;

/// What stands in a name as it is (RFC 8187, `attr-char`).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// The digest of what is sent (RFC 9530).
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// The answer that hands out the `file` of an attachment.
pub(super) fn handed_out(attachment: &Attachment, file: File) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (CONTENT_TYPE, attachment.media.mime()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(CONTENT_LENGTH, attachment.size.into());
    for (name, value) in [
        (CONTENT_DISPOSITION, disposition(attachment)),
        (REPR_DIGEST, format!("sha-256=:{}:", STANDARD.encode(attachment.sha256))),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    (headers, Body::from_stream(pieces(file))).into_response()
}

/// A download under the name that the file had, with the ending of what it is.
fn disposition(attachment: &Attachment) -> String {
    let (name, ending) = (attachment.name.as_str(), attachment.media.extension());
    let ends = name.rsplit_once('.').is_some_and(|(_, last)| last.eq_ignore_ascii_case(ending));
    let name = if ends { name.to_owned() } else { format!("{name}.{ending}") };
    let name = utf8_percent_encode(&name, ENCODED);
    format!("attachment; filename=\"{}.{ending}\"; filename*=UTF-8''{name}", attachment.id)
}

/// The file, piece by piece.
fn pieces(file: File) -> impl Stream<Item = std::io::Result<Bytes>> {
    unfold(Some(file), async |file| {
        let mut file = file?;
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece).await {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some((Ok(piece.into()), Some(file)))
            }
            Err(error) => Some((Err(error), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attachment::Media;

    fn named(name: &str, media: Media) -> String {
        let id = "at_1".parse().unwrap();
        disposition(&Attachment { id, name: name.parse().unwrap(), media, size: 1, sha256: [0; 32] })
    }

    #[test]
    fn a_download_ends_like_what_it_is() {
        assert_eq!(named("a b.png", Media::Png), "attachment; filename=\"at_1.png\"; filename*=UTF-8''a%20b.png");
        assert!(named("run.exe", Media::Png).ends_with("''run.exe.png"));
        assert!(named("page.html", Media::Pdf).ends_with("''page.html.pdf"));
        assert!(named("Ä\"; x=y.PDF", Media::Pdf).ends_with("''%C3%84%22%3B%20x%3Dy.PDF"));
    }
}
