//! Bodies that come compressed although they were asked for in plain: pages are made plain, as they stream.
use std::io::Write;

use brotli_decompressor::DecompressorWriter;
use bytes::Bytes;
use flate2::write::GzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// The size of brotli's buffer, in bytes.
const BUFFER: usize = 4096;

/// What makes a body plain.
pub(super) enum Decoder {
    /// It is plain.
    Plain,
    /// `gzip`.
    Gzip(Box<GzDecoder<Vec<u8>>>),
    /// `br`.
    Brotli(Box<DecompressorWriter<Vec<u8>>>),
}

impl Decoder {
    /// For a body with these headers; none for a coding that we cannot read.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut codings = headers.get_all(CONTENT_ENCODING).iter();
        let (coding, another) = (codings.next(), codings.next());
        if another.is_some() {
            return None;
        }
        match coding.map(|coding| coding.to_str().unwrap_or("?").trim().to_ascii_lowercase()).as_deref() {
            None | Some("identity" | "") => Some(Self::Plain),
            Some("gzip" | "x-gzip") => Some(Self::Gzip(Box::new(GzDecoder::new(Vec::new())))),
            Some("br") => Some(Self::Brotli(Box::new(DecompressorWriter::new(Vec::new(), BUFFER)))),
            Some(_) => None,
        }
    }

    /// What a piece becomes.
    pub(super) fn piece(&mut self, bytes: Bytes) -> std::io::Result<Bytes> {
        match self {
            Self::Plain => Ok(bytes),
            Self::Gzip(decoder) => {
                decoder.write_all(&bytes)?;
                decoder.flush()?;
                Ok(std::mem::take(decoder.get_mut()).into())
            }
            Self::Brotli(decoder) => {
                decoder.write_all(&bytes)?;
                decoder.flush()?;
                Ok(std::mem::take(decoder.get_mut()).into())
            }
        }
    }

    /// What is left at the end.
    pub(super) fn end(&mut self) -> std::io::Result<Bytes> {
        match self {
            Self::Plain => Ok(Bytes::new()),
            Self::Gzip(decoder) => {
                decoder.try_finish()?;
                Ok(std::mem::take(decoder.get_mut()).into())
            }
            Self::Brotli(decoder) => {
                decoder.close()?;
                Ok(std::mem::take(decoder.get_mut()).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::HeaderValue;

    use super::*;

    fn of(coding: &'static str) -> Option<Decoder> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        Decoder::of(&headers)
    }

    #[test]
    fn a_compressed_page_is_read_piece_by_piece() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"<head>").unwrap();
        encoder.flush().unwrap();
        let first = encoder.get_ref().len();
        encoder.write_all(b"</head>").unwrap();
        let whole = encoder.finish().unwrap();
        let (first, rest) = whole.split_at(first);
        let mut decoder = of("gzip").unwrap();
        assert_eq!(decoder.piece(Bytes::copy_from_slice(first)).unwrap(), "<head>");
        assert_eq!(decoder.piece(Bytes::copy_from_slice(rest)).unwrap(), "</head>");
        assert!(decoder.end().unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_left_alone() {
        assert!(of("zstd").is_none() && of("gzip, br").is_none());
        assert!(matches!(of("identity"), Some(Decoder::Plain)));
        assert!(matches!(of("BR"), Some(Decoder::Brotli(_))));
    }
}
