//! A body of several parts, as browsers send forms with files: read part by part, never held in memory as a whole.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use axum::body::{Body, Bytes};
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use futures_util::StreamExt as _;

use crate::domain::refusal::{Code, Refusal};

use super::error::ApiError;
use super::idempotency::Key;

/// How much may have come of a body without being taken as the content of some part: heads of parts, and what is under way.
const AHEAD: u64 = 2 << 20;

/// How long a client may go on sending after it was refused.
const LINGER: Duration = Duration::from_secs(3);

/// The parts of a body, and a digest of all that was taken of them.
pub(crate) struct Parts {
    body: Multipart,
    meter: Arc<Meter>,
    digest: Context,
    key: Option<Key>,
}

/// What has come, and what was taken.
#[derive(Debug, Default)]
struct Meter {
    ahead: AtomicU64,
    over: AtomicBool,
    /// Nobody wants what comes now.
    lingers: AtomicBool,
}

impl Parts {
    /// Begins to read the body of `request`.
    ///
    /// # Errors
    /// `unsupported-media-type` for a body that has no parts.
    pub(crate) async fn of(request: Request) -> Result<Self, ApiError> {
        let (head, body) = request.into_parts();
        let key = Key::of(&head)?;
        let digest = Key::begin(&head);
        let meter = Arc::new(Meter::default());
        let metered = body.into_data_stream().map({
            let meter = Arc::clone(&meter);
            move |piece| meter.pass(piece)
        });
        let request = Request::from_parts(head, Body::from_stream(metered));
        let refusal = || Refusal::because(Code::UnsupportedMediaType, "the body is no form with files");
        let body = Multipart::from_request(request, &()).await;
        let body = body.map_err(|_| refusal().next("send `multipart/form-data`"))?;
        Ok(Self { body, meter, digest, key })
    }

    /// The next part; none at the end.
    ///
    /// # Errors
    /// `bad-request` for what is no part, `too-large` for one whose head has no end.
    pub(crate) async fn next(&mut self) -> Result<Option<Part<'_>>, ApiError> {
        self.meter.ahead.store(0, Ordering::Relaxed);
        let Some(field) = self.body.next_field().await.map_err(|_| self.meter.broken())? else { return Ok(None) };
        for word in [field.name(), field.file_name(), field.content_type()] {
            fix(&mut self.digest, word.unwrap_or_default().as_bytes());
        }
        Ok(Some(Part { field, meter: &self.meter, digest: &mut self.digest, content: Context::new(&SHA256) }))
    }

    /// Reads on for a while and forgets what comes: a client that is still sending might not hear the answer otherwise.
    pub(crate) async fn linger(mut self) {
        self.meter.lingers.store(true, Ordering::Relaxed);
        let rest = async {
            while let Ok(Some(mut field)) = self.body.next_field().await {
                while let Ok(Some(_)) = field.chunk().await {}
            }
        };
        // Whoever sends for longer has to do without.
        let _ = tokio::time::timeout(LINGER, rest).await;
    }

    /// What makes the call safe to repeat, if the client wants that; to be asked at the end.
    pub(crate) fn idempotency(self) -> Option<crate::access::Idempotency> {
        self.key.map(|key| key.with(self.digest))
    }
}

/// One part of a body.
pub(crate) struct Part<'p> {
    field: Field<'p>,
    meter: &'p Meter,
    digest: &'p mut Context,
    content: Context,
}

impl Part<'_> {
    /// What the form calls it.
    pub(crate) fn name(&self) -> &str {
        self.field.name().unwrap_or_default()
    }

    /// What the file is called; none: it is no file.
    pub(crate) fn file_name(&self) -> Option<&str> {
        self.field.file_name()
    }

    /// The media type that the client declares.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.field.content_type()
    }

    /// The next piece of its content; none at the end.
    ///
    /// # Errors
    /// `bad-request` when the body breaks off.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, ApiError> {
        let Some(piece) = self.field.chunk().await.map_err(|_| self.meter.broken())? else {
            let content = std::mem::replace(&mut self.content, Context::new(&SHA256));
            fix(self.digest, content.finish().as_ref());
            return Ok(None);
        };
        self.meter.ahead.fetch_sub(length(&piece).min(self.meter.ahead.load(Ordering::Relaxed)), Ordering::Relaxed);
        self.content.update(&piece);
        Ok(Some(piece))
    }

    /// All of its content as text, of at most `longest` bytes.
    ///
    /// # Errors
    /// `too-large`; `bad-request` for what is no text.
    pub(crate) async fn text(mut self, longest: usize) -> Result<String, ApiError> {
        let mut text = Vec::new();
        while let Some(piece) = self.piece().await? {
            text.extend_from_slice(&piece);
            if text.len() > longest {
                let name = self.name();
                return Err(Refusal::because(Code::TooLarge, format!("`{name}` is too long"))
                    .next("write less")
                    .into());
            }
        }
        String::from_utf8(text).map_err(|_| ApiError::bad_request(format!("`{}` is no text in UTF-8", self.name())))
    }
}

impl Meter {
    /// Lets a piece pass, unless too much has come that nobody took.
    fn pass(&self, piece: Result<Bytes, axum::Error>) -> Result<Bytes, axum::Error> {
        let piece = piece?;
        let ahead = self.ahead.fetch_add(length(&piece), Ordering::Relaxed).saturating_add(length(&piece));
        if ahead > AHEAD && !self.lingers.load(Ordering::Relaxed) {
            self.over.store(true, Ordering::Relaxed);
            return Err(axum::Error::new("too much at once"));
        }
        Ok(piece)
    }

    /// Why reading failed.
    fn broken(&self) -> ApiError {
        if self.over.load(Ordering::Relaxed) {
            return Code::TooLarge.into();
        }
        ApiError::bad_request("the body broke off, or is no `multipart/form-data` with the boundary that it names")
    }
}

fn length(piece: &Bytes) -> u64 {
    u64::try_from(piece.len()).unwrap_or(u64::MAX)
}

/// Adds a field of any length to a digest so that no two sequences of fields look the same.
fn fix(digest: &mut Context, field: &[u8]) {
    digest.update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
    digest.update(field);
}
