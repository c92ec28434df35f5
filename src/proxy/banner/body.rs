//! A page's body on its way to the browser: our tag is put at its head as soon as that has come; all that follows passes as it is.
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Frame;
use lol_html::errors::RewritingError;
use lol_html::html_content::ContentType;
use lol_html::send::{HtmlRewriter, Settings};
use lol_html::{MemorySettings, element, end};

use crate::proxy::body::{Body, BoxError};

use super::decode::Decoder;

/// The body.
pub(super) struct Placed {
    inner: Body,
    decoder: Decoder,
    seeker: Option<Seeker>,
    /// What comes after the data that was flushed last.
    trailers: Option<Frame<Bytes>>,
    over: bool,
}

impl Placed {
    /// `inner` with `tag` at its head.
    pub(super) fn new(inner: Body, decoder: Decoder, tag: String) -> Self {
        Self { inner, decoder, seeker: Some(Seeker::new(tag)), trailers: None, over: false }
    }

    /// What a piece of the app's body becomes.
    fn piece(&mut self, bytes: Bytes) -> Result<Bytes, BoxError> {
        let plain = self.decoder.piece(bytes)?;
        self.sought(plain)
    }

    /// What is left when it has ended.
    fn rest(&mut self) -> Result<Bytes, BoxError> {
        let plain = self.decoder.end()?;
        let mut rest = self.sought(plain)?.to_vec();
        if let Some(seeker) = self.seeker.take() {
            rest.extend(seeker.end()?);
        }
        Ok(rest.into())
    }

    fn sought(&mut self, plain: Bytes) -> Result<Bytes, BoxError> {
        let Some(seeker) = &mut self.seeker else { return Ok(plain) };
        let mut found = seeker.piece(&plain)?;
        if seeker.is_done()
            && let Some(seeker) = self.seeker.take()
        {
            found.extend(seeker.end()?);
        }
        Ok(found.into())
    }
}

impl http_body::Body for Placed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if self.over {
                return Poll::Ready(self.trailers.take().map(Ok));
            }
            let piece = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.piece(data),
                    Err(trailers) => {
                        self.over = true;
                        self.trailers = Some(trailers);
                        self.rest()
                    }
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    self.over = true;
                    self.rest()
                }
            };
            match piece {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Err(error) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over && self.trailers.is_none()
    }
}

/// Looks for the place where the tag goes: the start of `<head>`; without one, before `<body>`; without that, the end.
struct Seeker {
    rewriter: HtmlRewriter<'static, Sink>,
    written: Shared<Vec<u8>>,
    /// The tag, until it is put somewhere.
    tag: Shared<Option<String>>,
}

type Shared<T> = Arc<Mutex<T>>;
type Sink = Box<dyn FnMut(&[u8]) + Send>;

/// What is kept of a page at most until its head has come, in bytes; a page with a longer one passes without a banner.
const LONGEST: usize = 1024 * 1024;

impl Seeker {
    fn new(tag: String) -> Self {
        let tag = Arc::new(Mutex::new(Some(tag)));
        let written = Shared::<Vec<u8>>::default();
        let (head, body, last) = (Arc::clone(&tag), Arc::clone(&tag), Arc::clone(&tag));
        let memory = MemorySettings::new()
            .with_max_allowed_memory_usage(LONGEST)
            .with_graceful_bail_out_on_memory_limit_exceeded(true);
        let settings = Settings::new_send()
            .with_strict(false)
            .with_memory_settings(memory)
            .append_element_content_handler(element!("head", move |found| {
                locked(&head).take().into_iter().for_each(|tag| found.prepend(&tag, ContentType::Html));
                Ok(())
            }))
            .append_element_content_handler(element!("body", move |found| {
                locked(&body).take().into_iter().for_each(|tag| found.before(&tag, ContentType::Html));
                Ok(())
            }))
            .append_document_content_handler(end!(move |end| {
                locked(&last).take().into_iter().for_each(|tag| end.append(&tag, ContentType::Html));
                Ok(())
            }));
        let sink = Arc::clone(&written);
        let sink: Sink = Box::new(move |bytes| locked(&sink).extend_from_slice(bytes));
        Self { rewriter: HtmlRewriter::new(settings, sink), written, tag }
    }

    /// What may be sent when this has come.
    fn piece(&mut self, plain: &[u8]) -> Result<Vec<u8>, RewritingError> {
        self.rewriter.write(plain)?;
        Ok(std::mem::take(&mut *locked(&self.written)))
    }

    /// Whether the tag has its place: nothing is sought any more.
    fn is_done(&self) -> bool {
        locked(&self.tag).is_none()
    }

    /// What was held back.
    fn end(self) -> Result<Vec<u8>, RewritingError> {
        self.rewriter.end()?;
        Ok(std::mem::take(&mut *locked(&self.written)))
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the browser gets of `page`, in pieces of `size` bytes.
    fn sent(page: &str, size: usize) -> String {
        let mut body = Placed::new(crate::proxy::body::full(""), Decoder::Plain, "<TAG>".to_owned());
        let mut sent: Vec<u8> = Vec::new();
        for piece in page.as_bytes().chunks(size) {
            sent.extend(body.piece(Bytes::copy_from_slice(piece)).unwrap());
        }
        sent.extend(body.rest().unwrap());
        String::from_utf8(sent).unwrap()
    }

    #[test]
    fn the_tag_stands_at_the_head_of_the_page_however_it_comes_in() {
        for (page, with) in [
            (
                "<!doctype html><html><head><title>x</title></head><body>y",
                "<!doctype html><html><head><TAG><title>x</title></head><body>y",
            ),
            (
                "<!doctype html><HTML lang=\"de\"><HEAD data-x='>'>z",
                "<!doctype html><HTML lang=\"de\"><HEAD data-x='>'><TAG>z",
            ),
            ("<!-- <head> --><html><body class=a><p>", "<!-- <head> --><html><TAG><body class=a><p>"),
            ("<h1>only that</h1>", "<h1>only that</h1><TAG>"),
            ("", "<TAG>"),
        ] {
            for size in [1, 7, 4096] {
                assert_eq!(sent(page, size), with, "in pieces of {size}");
            }
        }
    }

    #[test]
    fn no_other_byte_changes() {
        let page =
            "<head></head><body><svg viewBox='0 0 1 1'/><script>if (a<b) '<head>'</script>&nbsp;\u{e4}<head><unclosed";
        assert_eq!(sent(page, 3).replacen("<TAG>", "", 1), page);
    }

    #[test]
    fn what_follows_the_head_is_not_held_back() {
        let mut body = Placed::new(crate::proxy::body::full(""), Decoder::Plain, "<TAG>".to_owned());
        assert_eq!(body.piece(Bytes::from_static(b"<head>")).unwrap(), "<head><TAG>");
        assert_eq!(body.piece(Bytes::from_static(b"<unfini")).unwrap(), "<unfini");
    }
}
