//! An attachment of a support request. What it is, its first bytes say: a client's word only must not say otherwise.
use std::str::FromStr;

use super::id::AttachmentId;

/// How many bytes tell what a file is.
pub const TELLTALE: usize = 64;

/// The brands of MP4 files that browsers play (ISO/IEC 14496-12): audio, photographs and QuickTime have others.
const MP4_BRANDS: [&[u8; 4]; 9] = [b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "];

/// What may be attached: pictures, short videos, documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// A picture.
    Png,
    /// A picture.
    Jpeg,
    /// A picture.
    Gif,
    /// A picture.
    Webp,
    /// A video.
    Mp4,
    /// A video.
    Webm,
    /// A document.
    Pdf,
}

impl Media {
    /// All there are.
    pub const ALL: [Self; 7] = [Self::Png, Self::Jpeg, Self::Gif, Self::Webp, Self::Mp4, Self::Webm, Self::Pdf];

    /// What a file is that begins with `bytes`: its first [`TELLTALE`], or all it has.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|media| media.begins(bytes))
    }

    fn begins(self, bytes: &[u8]) -> bool {
        let at = |from: usize, wanted: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(wanted));
        match self {
            Self::Png => at(0, b"\x89PNG\r\n\x1a\n"),
            Self::Jpeg => at(0, b"\xff\xd8\xff"),
            Self::Gif => at(0, b"GIF87a") || at(0, b"GIF89a"),
            Self::Webp => at(0, b"RIFF") && at(8, b"WEBP"),
            Self::Mp4 => at(4, b"ftyp") && MP4_BRANDS.iter().any(|brand| at(8, *brand)),
            Self::Webm => at(0, b"\x1a\x45\xdf\xa3") && is_webm(bytes),
            Self::Pdf => at(0, b"%PDF-"),
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
            Self::Pdf => "application/pdf",
        }
    }

    /// The ending of its name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Mp4 => "mp4",
            Self::Webm => "webm",
            Self::Pdf => "pdf",
        }
    }
}

/// Why a word is no media type of an attachment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no media type of an attachment")]
pub struct BadMedia(String);

impl FromStr for Media {
    type Err = BadMedia;
    fn from_str(mime: &str) -> Result<Self, BadMedia> {
        Self::ALL.into_iter().find(|media| media.mime() == mime).ok_or_else(|| BadMedia(mime.to_owned()))
    }
}

/// Whether the document type of an EBML head (element 0x4282 of RFC 8794) is `webm`.
fn is_webm(bytes: &[u8]) -> bool {
    let head = bytes.get(..TELLTALE.min(bytes.len())).unwrap_or_default();
    let kind = b"\x42\x82\x84webm";
    head.windows(kind.len()).any(|window| window == kind)
}

/// Why a name is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFileName {
    /// Nothing is left of it.
    #[error("it is empty")]
    Empty,
    /// Too long to be one.
    #[error("it is longer than 200 characters")]
    TooLong,
    /// A control character, or one that makes the text run backwards.
    #[error("it has a character that cannot be seen")]
    Invisible,
}

/// The name that the customer's file had, without any folder. It names no file of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FileName {
    type Err = BadFileName;
    fn from_str(given: &str) -> Result<Self, BadFileName> {
        // Some browsers send the whole path.
        let name = given.rsplit(['/', '\\']).next().unwrap_or_default().trim();
        if name.is_empty() || name.chars().all(|character| character == '.') {
            Err(BadFileName::Empty)
        } else if name.chars().count() > 200 {
            Err(BadFileName::TooLong)
        } else if name.chars().any(is_invisible) {
            Err(BadFileName::Invisible)
        } else {
            Ok(Self(name.to_owned()))
        }
    }
}

/// Control characters, and those of Unicode's that have no width or turn the direction of writing.
fn is_invisible(character: char) -> bool {
    let formats =
        matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    character.is_control() || formats
}

/// A file that came with a support request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its id, which is its file's name too.
    pub id: AttachmentId,
    /// The name that it had.
    pub name: FileName,
    /// What it is.
    pub media: Media,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

impl Attachment {
    /// Its digest in hexadecimal.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        use std::fmt::Write as _;
        self.sha256.iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing into a text does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_bytes_tell_what_a_file_is() {
        for (bytes, media) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some(Media::Png)),
            (b"\xff\xd8\xff\xe0..JFIF", Some(Media::Jpeg)),
            (b"GIF89a......", Some(Media::Gif)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some(Media::Webp)),
            (b"\0\0\0\x20ftypisom\0\0\x02\0", Some(Media::Mp4)),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", Some(Media::Webm)),
            (b"%PDF-1.7", Some(Media::Pdf)),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", None),
            (b"\0\0\0\x18ftypheic\0\0\0\0", None),
            (b"\0\0\0\x18ftypqt  \0\0\0\0", None),
            (b"<svg xmlns=", None),
            (b"<!doctype html>", None),
            (b"MZ\x90\0", None),
            (b"PK\x03\x04", None),
            (b" %PDF-1.7", None),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"", None),
        ] {
            assert_eq!(Media::of(bytes), media, "{bytes:?}");
        }
    }

    #[test]
    fn a_name_loses_its_folders_and_never_names_one() {
        let name = |given: &str| given.parse::<FileName>().map(|name| name.0);
        assert_eq!(name("C:\\Users\\olga\\screen.png"), Ok("screen.png".to_owned()));
        assert_eq!(name("../../etc/passwd"), Ok("passwd".to_owned()));
        for empty in ["", "..", "folder/", ".", "  "] {
            assert_eq!(name(empty), Err(BadFileName::Empty), "{empty:?}");
        }
        for hidden in ["a\nb.png", "a\u{202e}gnp.exe", "a\0.png"] {
            assert_eq!(name(hidden), Err(BadFileName::Invisible), "{hidden:?}");
        }
        assert_eq!(name(&"x".repeat(201)), Err(BadFileName::TooLong));
    }

    proptest! {
        #[test]
        fn no_name_leads_anywhere(given in any::<String>()) {
            if let Ok(name) = given.parse::<FileName>() {
                prop_assert!(!name.as_str().contains(['/', '\\', '\0', '\r', '\n']) && name.as_str() != "..");
            }
        }

        #[test]
        fn what_a_file_is_depends_on_its_first_bytes_alone(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let head = bytes.get(..TELLTALE.min(bytes.len())).unwrap_or_default();
            prop_assert_eq!(Media::of(&bytes), Media::of(head));
        }
    }
}
