//! What a lax backend makes of one path segment, and the segments that nobody may send because of it.
//!
//! The argument: lax backends drop `;` parameters and the names of NTFS streams, drop dots and blanks at the end, ignore case, normalize Unicode
//! (NFKC), and drop accents and what is not ASCII, in any order, some of them or all. [`fold`] does all of it until
//! nothing changes, so whatever subset and order turns a segment `s` into a pattern's segment `p`,
//! `fold(s) == fold(p)`: a folded pattern matches the folded path of every request that some backend would match.
//! What folding cannot answer, [`check`] refuses: segments that may vanish, climb, split or decode once more.
//! `judge_tests` holds both.
use unicode_normalization::UnicodeNormalization;

/// Why a segment has more than one reading.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Ambiguity {
    /// It is `.` or `..`, or some backend makes it so, or nothing at all.
    #[error("the path segment `{0}` may be read as `.`, `..` or nothing")]
    Vanishes(String),
    /// A control character, or one that nobody sees.
    #[error("the path holds the invisible character `U+{0:04X}`")]
    Invisible(u32),
    /// A character that becomes a delimiter when Unicode is normalized or converted to a smaller character set.
    #[error("the path holds `{0}`, which some backends read as a delimiter")]
    Delimiter(char),
    /// A percent sign that would decode a second time, or UTF-8 that was encoded twice.
    #[error("the path segment `{0}` is encoded twice")]
    Twice(String),
    /// Parameters or a stream beside another delimiter: their order of meaning differs between backends.
    #[error("the path segment `{0}` holds `;`, or `:` and `$`, beside another encoded delimiter")]
    Parameters(String),
}

/// What lax backends make of one segment: Unicode-normalized (NFKC), without `;` parameters and streams, without dots and blanks
/// at its end, in lower case, and without accents and all else that is not ASCII if ASCII letters or digits remain.
/// Idempotent.
#[must_use]
pub fn fold(segment: &str) -> String {
    if is_plain(segment) {
        return segment.to_owned();
    }
    let mut folded = segment.to_owned();
    loop {
        let again = fold_once(&folded);
        if again == folded {
            return folded;
        }
        folded = again;
    }
}

/// [`fold`], segment by segment.
pub(super) fn fold_path(path: &str) -> String {
    let folded: Vec<String> = path.split('/').map(fold).collect();
    folded.join("/")
}

/// Whether folding changes nothing, seen at a glance.
pub(super) fn is_plain(segment: &str) -> bool {
    !segment.ends_with('.')
        && segment.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.'))
}

fn fold_once(segment: &str) -> String {
    // Upper case first: some letters, such as `ı` and `ſ`, meet others only there.
    let text: String = segment.nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    let head = without_stream(without_parameters(&text)).trim_end_matches(is_dot_or_blank);
    if head.contains(|c: char| c.is_ascii_alphanumeric()) {
        head.chars().filter(char::is_ascii).collect()
    } else {
        head.nfkc().collect()
    }
}

fn without_parameters(segment: &str) -> &str {
    segment.split_once(';').map_or(segment, |(head, _)| head)
}

/// What stands before the name of a stream, or its type: `admin::$DATA` is `admin` on NTFS.
pub(super) fn without_stream(segment: &str) -> &str {
    segment.split_once(":$").map_or(segment, |(head, _)| head.trim_end_matches(':'))
}

fn is_dot_or_blank(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

/// Refuses a decoded segment that folding cannot answer for. It may hold `/` and `\` (a route may let them through
/// encoded): every piece between them must stand on its own.
pub(super) fn check(segment: &str) -> Result<(), Ambiguity> {
    segment.chars().try_for_each(check_char)?;
    if [segment, &fold(segment)].into_iter().any(decodes_again) || is_utf8_twice(segment) {
        return Err(Ambiguity::Twice(segment.to_owned()));
    }
    if may_be_cut(segment) && segment.contains(['/', '\\', '?', '#']) {
        return Err(Ambiguity::Parameters(segment.to_owned()));
    }
    segment.split(['/', '\\']).try_for_each(|piece| {
        // A backend may decode first and then cut the query or the fragment off.
        let head = piece.split(['?', '#']).next().unwrap_or(piece);
        let vanishes = may_vanish(piece) || (!head.is_empty() && may_vanish(head));
        if vanishes { Err(Ambiguity::Vanishes(piece.to_owned())) } else { Ok(()) }
    })
}

/// Whether parameters or a stream may stand in it, also once other characters are dropped from between.
fn may_be_cut(segment: &str) -> bool {
    segment.contains(';') || (segment.contains(':') && segment.chars().nfkc().any(|c| c == '$'))
}

/// Whether some order of the steps leaves nothing, `.` or `..`: then only dots and blanks stand before
/// parameters or a stream.
fn may_vanish(piece: &str) -> bool {
    let text: String = piece.nfkc().collect();
    without_stream(without_parameters(&text)).chars().all(is_dot_or_blank)
}

fn check_char(c: char) -> Result<(), Ambiguity> {
    if c.is_control() || is_invisible(c) {
        Err(Ambiguity::Invisible(u32::from(c)))
    } else if !c.is_ascii() && (is_best_fit_slash(c) || [c].into_iter().nfkd().any(is_delimiter)) {
        Err(Ambiguity::Delimiter(c))
    } else {
        Ok(())
    }
}

/// Delimiters of paths, and controls, that no other character may turn into.
fn is_delimiter(c: char) -> bool {
    c.is_ascii_control() || matches!(c, '/' | '\\' | '%' | '?' | '#' | ';' | ':')
}

/// What conversions to a smaller character set turn into a slash or a backslash, though NFKC does not.
fn is_best_fit_slash(c: char) -> bool {
    matches!(c, '\u{2044}' | '\u{2215}' | '\u{2216}')
}

/// Separators, fillers, zero-width and bidirectional controls, tags, and the private characters that stand for ASCII
/// on some file systems.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{F000}'..='\u{F0FF}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether a percent sign stands where a second decoding would take it: before two hex digits, or `u` and four.
fn decodes_again(text: &str) -> bool {
    let hex =
        |digits: &str, count: usize| digits.len() >= count && digits.bytes().take(count).all(|b| b.is_ascii_hexdigit());
    text.split('%')
        .skip(1)
        .any(|after| hex(after, 2) || after.strip_prefix(['u', 'U']).is_some_and(|digits| hex(digits, 4)))
}

/// Whether the characters, taken as octets, are UTF-8 again.
fn is_utf8_twice(text: &str) -> bool {
    let octets: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    !text.is_ascii() && octets.is_ok_and(|octets| std::str::from_utf8(&octets).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lax_backends_see_one_word_in_many_spellings() {
        for spelling in [
            "admin",
            "Admin",
            "admin.",
            "admin. .",
            "admin;v=1",
            "admin ;x",
            "ＡＤＭＩＮ",
            "admın",
            "admin\u{A0}",
            "admin😀",
            "a\u{4E2D}dmin",
            "admİn",
            "ⓐdmin",
            "admin…",
            "ádmin",
            "admin\u{301}.",
            "admin::$DATA",
            "admin:$I30:$INDEX_ALLOCATION;x",
            "Admin.::＄data",
        ] {
            assert_eq!(fold(spelling), "admin", "{spelling}");
        }
        assert_eq!(fold("файл"), "файл");
        assert_eq!(fold("notes:draft:$DATA"), "notes:draft", "another content than that of `notes`");
        assert_eq!(fold("ФАЙЛ.;v=1"), "файл");
    }

    #[test]
    fn folding_twice_changes_nothing_for_any_character() {
        // Every character that normalizing or case may change lies in these two ranges.
        for c in ('\0'..='\u{1FFFF}').chain('\u{2F800}'..='\u{2FA1F}') {
            for text in [c.to_string(), format!("a{c}.")] {
                let folded = fold(&text);
                assert_eq!(fold(&folded), folded, "U+{:04X}", u32::from(c));
            }
        }
    }

    #[test]
    fn segments_that_may_vanish_or_climb_are_refused() {
        for odd in [
            ".",
            "..",
            "...",
            ". ",
            " ",
            "..;",
            "..;x=1",
            ".;x",
            ";x",
            ". .",
            "‥",
            "…",
            "．．",
            "\u{A0}",
            ".?x",
            "..#x",
            "::$DATA",
            "..::$DATA",
            ".:$I30",
            ":＄",
        ] {
            assert!(check(odd).is_err(), "{odd}");
        }
        for fine in [".well-known", "...a", "a..b", "#rust", "?what", "C#", "a;b", ".é", "и т.д.", "~"] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn an_encoded_separator_makes_no_odd_segment() {
        for odd in [
            "a/../b",
            "a\\..",
            "/a",
            "a/",
            "a//b",
            "a/.;x",
            "a:$x/b",
            "a:\u{301}$?b",
            "a;x/b",
            "a\\b;c",
            "a;b?c",
            "a#b;c",
            "a/./b",
        ] {
            assert!(check(odd).is_err(), "{odd}");
        }
        assert_eq!(check("group/project"), Ok(()));
    }

    #[test]
    fn characters_that_turn_into_delimiters_are_refused() {
        for odd in ['／', '＼', '％', '？', '＃', '；', '：', '﹪', '℀', '\u{37E}', '\u{2044}', '\u{2215}', '\u{2216}']
        {
            assert_eq!(check_char(odd), Err(Ambiguity::Delimiter(odd)));
        }
        for odd in ['\0', '\t', '\u{7F}', '\u{85}', '\u{AD}', '\u{200B}', '\u{2028}', '\u{202E}', '\u{FEFF}'] {
            assert_eq!(check_char(odd), Err(Ambiguity::Invisible(u32::from(odd))));
        }
        for fine in "aé日½Ж😀٪".chars() {
            assert_eq!(check_char(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn nothing_is_decoded_twice() {
        for odd in ["%2e", "a%2Fb", "%u0061", "%２e", "%é2e", "Ã©", "biË¡Ë¡ing"] {
            assert_eq!(check(odd), Err(Ambiguity::Twice(odd.to_owned())), "{odd}");
        }
        for fine in ["100%", "100% sure", "50%u", "café", "Ärger"] {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
    }
}
