//! Forms with files, as browsers send them.
use bytes::Bytes;
use http::Request;
use http::request::Builder;
use http_body_util::Full;

use super::client::body;

/// What stands between the parts.
const BOUNDARY: &str = "----chaperone-test-boundary";

/// A form under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form(Vec<u8>);

impl Form {
    /// Adds a field of text.
    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), None, value.as_bytes())
    }

    /// Adds a file.
    pub(crate) fn file(self, name: &str, declared: &str, content: &[u8]) -> Self {
        self.part(&format!("name=\"attachments\"; filename=\"{name}\""), Some(declared), content)
    }

    /// Adds a part whose disposition goes on with `about`.
    pub(crate) fn part(mut self, about: &str, declared: Option<&str>, content: &[u8]) -> Self {
        let declared = declared.map(|declared| format!("Content-Type: {declared}\r\n")).unwrap_or_default();
        self.0.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {about}\r\n{declared}\r\n").bytes());
        self.0.extend_from_slice(content);
        self.0.extend(b"\r\n");
        self
    }

    /// Its bytes, to the end.
    pub(crate) fn bytes(&self) -> Bytes {
        let mut bytes = self.0.clone();
        bytes.extend(format!("--{BOUNDARY}--\r\n").bytes());
        bytes.into()
    }

    /// Its media type.
    pub(crate) fn kind() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    /// The request that sends it.
    pub(crate) fn by(&self, request: Builder) -> Request<Full<Bytes>> {
        request.header("content-type", Self::kind()).body(body(self.bytes())).unwrap()
    }
}
