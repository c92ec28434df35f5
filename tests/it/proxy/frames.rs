//! HTTP/2, octet by octet: what no client library would send.
use crate::world::HOST;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A request on the first stream of a connection, as one character for each octet.
pub(super) struct Framed {
    /// Its fields in order, the pseudo-header fields among them.
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: &'static str,
    pub(super) trailers: Vec<(&'static str, &'static str)>,
}

impl Framed {
    /// A request for `path` in the session of `cookie`.
    pub(super) fn new(method: &str, path: &str, cookie: &str) -> Self {
        let fields =
            [(":method", method), (":scheme", "http"), (":authority", HOST), (":path", path), ("cookie", cookie)];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { fields, body: "", trailers: Vec::new() }
    }

    /// One more field at the end.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without the fields of this name.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(other, _)| other != name);
        self
    }

    pub(super) fn body(self, body: &'static str) -> Self {
        Self { body, ..self }
    }

    pub(super) fn trailer(mut self, name: &'static str, value: &'static str) -> Self {
        self.trailers.push((name, value));
        self
    }

    /// The whole connection, from the preface on.
    pub(super) fn bytes(&self) -> String {
        let block = block(self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let (has_body, has_trailers) = (!self.body.is_empty(), !self.trailers.is_empty());
        let mut bytes = opening();
        let ends = if has_body || has_trailers { 0 } else { END_STREAM };
        bytes += &frame(HEADERS, END_HEADERS | ends, 1, &block);
        if has_body {
            bytes += &frame(DATA, if has_trailers { 0 } else { END_STREAM }, 1, self.body);
        }
        if has_trailers {
            let trailers = self::block(self.trailers.iter().copied());
            bytes += &frame(HEADERS, END_HEADERS | END_STREAM, 1, &trailers);
        }
        bytes
    }

    /// The same, with a head that goes on in five thousand more pieces and never ends.
    pub(super) fn endless(&self) -> String {
        let block = block(self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let more = frame(CONTINUATION, 0, 1, &self::block([("x-a", "b".repeat(1000).as_str())]));
        opening() + &frame(HEADERS, END_STREAM, 1, &block) + &more.repeat(5000)
    }
}

fn opening() -> String {
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned() + &frame(SETTINGS, 0, 0, "")
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &str) -> String {
    let length = u32::try_from(payload.chars().count()).unwrap().to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags, 0, 0, 0, stream];
    head.map(char::from).into_iter().collect::<String>() + payload
}

/// Fields as literals that nobody remembers (RFC 7541 section 6.2.2), names and values octet by octet.
fn block<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut block = String::new();
    for (name, value) in fields {
        block.push('\0');
        block += &literal(name);
        block += &literal(value);
    }
    block
}

fn literal(text: &str) -> String {
    let mut left = text.chars().count();
    if left < 127 {
        return format!("{}{text}", char::from(u8::try_from(left).unwrap()));
    }
    let mut length = vec![127];
    left -= 127;
    while left >= 128 {
        length.push(u8::try_from(left % 128).unwrap() | 128);
        left /= 128;
    }
    length.push(u8::try_from(left).unwrap());
    length.into_iter().map(char::from).collect::<String>() + text
}

/// The first digit of the first stream's status, once its head is there. A stream that is reset is refused: that is the
/// protocol's own 4xx.
pub(super) fn answer_of(mut got: &[u8]) -> Option<u8> {
    while got.len() >= 9 {
        let length = usize::from(got[0]) << 16 | usize::from(got[1]) << 8 | usize::from(got[2]);
        let (head, payload) = (&got[..9], got.get(9..9 + length)?);
        match head[3] {
            HEADERS => return Some(first_digit(payload)),
            RST_STREAM => return Some(4),
            _other => got = &got[9 + length..],
        }
    }
    None
}

/// The status is the first field: one of the static table, or a literal (RFC 7541 appendices A and B).
fn first_digit(block: &[u8]) -> u8 {
    match block[0] {
        0x88..=0x8a => 2,
        0x8b => 3,
        0x8c | 0x8d => 4,
        0x8e => 5,
        _literal if block[1] & 0x80 == 0 => block[2] - b'0',
        // Huffman: `0`, `1`, `2` have five bits, the others six, in order.
        _literal if block[2] >> 3 < 3 => block[2] >> 3,
        _literal => (block[2] >> 2) - 0b01_1001 + 3,
    }
}
