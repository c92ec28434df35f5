//! Passwords and keys that people write into a text although nobody may ask for them: found before they are kept.
//!
//! What is found is what no reader would doubt: a named password with its value, the header that carries a token, a private
//! key, keys whose makers gave them a shape, an address with a password in it. Nothing here repeats any of the text.
use std::fmt;

/// What somebody wrote that they had better not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObviousSecret {
    /// A password beside its name.
    Password,
    /// A token as programs send it.
    Token,
    /// A private key.
    PrivateKey,
    /// A key of a service, by its shape.
    ServiceKey,
    /// An address with a password in it.
    AddressWithPassword,
}

impl fmt::Display for ObviousSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password => "a password",
            Self::Token => "an access token",
            Self::PrivateKey => "a private key",
            Self::ServiceKey => "a key of a service",
            Self::AddressWithPassword => "an address with a password in it",
        })
    }
}

/// What names a password.
const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "passwort",
    "kennwort",
    "pwd",
    "pw",
    "secret",
    "api_key",
    "apikey",
];

/// What stands after `password:` in a sentence about passwords, rather than as one.
const WORDS: &str = "a after again all an and any are as at but can cannot did do does expired fails field for forgot \
forgotten from how i if in incorrect invalid is it missing my no none not of on or required reset see the there they this \
to unknown was we what when where why wrong you";

/// Beginnings of keys, with the least number of letters and digits that follow.
const SHAPES: [(&str, usize); 10] = [
    ("AKIA ASIA", 16),
    ("AIza", 35),
    ("ghp_ gho_ ghu_ ghs_ ghr_", 36),
    ("github_pat_", 22),
    ("glpat-", 20),
    ("sk_live_ sk_test_ rk_live_ rk_test_", 16),
    ("xoxa- xoxb- xoxp- xoxr- xoxs- xapp-", 10),
    ("whsec_", 24),
    ("npm_", 36),
    ("chap_", 40),
];

/// The first obvious secret in `text`, if there is one.
#[must_use]
pub fn find(text: &str) -> Option<ObviousSecret> {
    if has_private_key(text) {
        return Some(ObviousSecret::PrivateKey);
    }
    text.lines().find_map(in_line)
}

fn in_line(line: &str) -> Option<ObviousSecret> {
    if line.split(is_between).any(has_shape) {
        Some(ObviousSecret::ServiceKey)
    } else if has_bearer(line) || line.split(is_between).any(is_jwt) {
        Some(ObviousSecret::Token)
    } else if has_address_with_password(line) {
        Some(ObviousSecret::AddressWithPassword)
    } else if has_password(line) {
        Some(ObviousSecret::Password)
    } else {
        None
    }
}

/// Whether a character stands between words, and in no key.
fn is_between(character: char) -> bool {
    character.is_whitespace() || "\"'`<>()[]{},;=:&?|".contains(character)
}

fn has_private_key(text: &str) -> bool {
    let begins = text.split("-----BEGIN ").skip(1);
    begins.filter_map(|rest| rest.split("-----").next()).any(|name| name.ends_with("PRIVATE KEY"))
}

fn has_shape(word: &str) -> bool {
    let key = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is = |beginning: &str, least| {
        word.strip_prefix(beginning).is_some_and(|rest| rest.chars().take_while(key).count() >= least)
    };
    SHAPES.iter().any(|(beginnings, least)| beginnings.split(' ').any(|beginning| is(beginning, *least)))
}

/// A JSON Web Token: three parts in base64url, the first of which is an object.
fn is_jwt(word: &str) -> bool {
    let mut parts = word.trim_end_matches('.').split('.');
    let head = parts.next().is_some_and(|part| part.starts_with("eyJ") && part.len() >= 10);
    let payload = parts.next().is_some_and(|part| part.starts_with("eyJ") && part.len() >= 10);
    head && payload && parts.next().is_some_and(|part| part.len() >= 10)
}

/// `Bearer` and what only a program could have written, or the header that carries credentials.
fn has_bearer(line: &str) -> bool {
    let lower = line.to_lowercase();
    let after = |name: &'static str| lower.split(name).skip(1).map(|rest| rest.trim_start_matches(is_quoting));
    let token = |rest: &str| rest.split(|c| is_between(c) && c != '=').next().unwrap_or_default().to_owned();
    let long = |token: &str| token.len() >= 16 && token.bytes().any(|byte| byte.is_ascii_digit());
    let sent = |rest: &str| {
        let given = rest.strip_prefix(':').map(|rest| rest.trim_start_matches(is_quoting)).unwrap_or_default();
        let credentials = ["bearer ", "basic "].iter().find_map(|scheme| given.strip_prefix(scheme));
        credentials.map(str::trim_start).is_some_and(|rest| {
            let token = rest.split_whitespace().next().unwrap_or_default();
            token != "token" && is_value(token)
        })
    };
    after("bearer").any(|rest| long(&token(rest))) || after("authorization").any(sent)
}

/// Quotes and stars around a name or a value, and white space.
fn is_quoting(character: char) -> bool {
    matches!(character, '"' | '\'' | '`' | '*') || character.is_whitespace()
}

/// `scheme://user:password@host`.
fn has_address_with_password(line: &str) -> bool {
    line.split("://").skip(1).any(|rest| {
        let authority = rest.split(|c: char| c.is_whitespace() || "/?#\"'<>".contains(c)).next().unwrap_or_default();
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| is_value(password))
    })
}

/// A name of passwords, a sign that a value follows, and a value.
fn has_password(line: &str) -> bool {
    let lower = line.to_lowercase();
    NAMES.iter().any(|name| {
        lower.match_indices(name).any(|(at, _)| {
            let before = lower.get(..at).and_then(|before| before.chars().next_back());
            let rest = lower.get(at + name.len()..).unwrap_or_default();
            !before.is_some_and(char::is_alphanumeric) && names_value(rest)
        })
    })
}

/// Whether `rest`, which stands after the name of a password, tells one.
fn names_value(rest: &str) -> bool {
    let rest = rest.trim_start_matches(is_quoting);
    match rest.strip_prefix([':', '=']) {
        Some(value) => is_given(value.trim_start_matches('>')),
        None => rest.strip_prefix("is ").is_some_and(is_told),
    }
}

/// Whether `password: …` goes on with a value. Stars around the name end here; more of them hide a value.
fn is_given(value: &str) -> bool {
    let value = value.strip_prefix("**").filter(|rest| !rest.starts_with('*')).unwrap_or(value);
    let value = value.trim_start_matches(|c: char| is_quoting(c) && c != '*');
    let word = value.split(|c: char| c.is_whitespace() || "\"'`,;&".contains(c)).next().unwrap_or_default();
    is_value(word.trim_end_matches(['.', '?', '!', ')']))
}

/// Whether `password is …` goes on with what is no word: letters and digits together.
fn is_told(said: &str) -> bool {
    let said = said.trim_start_matches(|c: char| is_quoting(c) || c == ':');
    let word = said.split_whitespace().next().unwrap_or_default().trim_matches(|c: char| c.is_ascii_punctuation());
    let (letters, digits) = (word.chars().any(char::is_alphabetic), word.chars().any(|c| c.is_ascii_digit()));
    word.chars().count() >= 6 && letters && digits
}

/// Whether this stands for itself: neither hidden nor a word of a sentence.
fn is_value(word: &str) -> bool {
    !word.is_empty() && !is_masked(word) && !is_ordinary(word)
}

/// `****`, `<password>`, `[removed]`, `{{secret}}`, `$PASSWORD`, `…`, `???`.
fn is_masked(word: &str) -> bool {
    word.starts_with(['<', '[', '{', '(', '$', '%']) || word.chars().all(|c| !c.is_alphanumeric()) || {
        let same = word.chars().next().is_some_and(|first| first == 'x' && word.chars().all(|c| c == first));
        same && word.len() >= 3
    }
}

fn is_ordinary(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    WORDS.split(' ').any(|known| word.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_anybody_would_take_for_a_secret_is_found() {
        use ObviousSecret::{AddressWithPassword, Password, PrivateKey, ServiceKey, Token};
        let github = format!("ghp_{}", "a1".repeat(18));
        let github = format!("the token {github} does not work");
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
        let jwt = "cookie: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLi4u";
        let stripe = format!("charge with sk_live_{}", "4eC39HqLyjWDarjt");
        let slack = format!("hook: xoxb-{}", "1234567890-abcdef");
        for (text, what) in [
            ("password: x", Password),
            ("my Password = hunter2 and it fails", Password),
            ("pwd=letmein", Password),
            ("log in with\nuser: olga\npassword: correct-horse\nthen wait", Password),
            ("{\"user\": \"olga\", \"password\": \"s3cret!\"}", Password),
            ("https://app.example/login?user=olga&password=hunter2", Password),
            ("my password is hunter2", Password),
            ("Passwort: geheim", Password),
            ("DB_PASSWORD=hunter", Password),
            ("passphrase => 'open sesame'", Password),
            ("**Password:** tr0ub4dor", Password),
            ("curl -H 'Authorization: Bearer abc.def' https://api.example", Token),
            ("Bearer 9f86d081884c7d659a2feaa0c55ad015", Token),
            ("Authorization: Basic b2xnYTpodW50ZXIy", Token),
            (jwt, Token),
            (key, PrivateKey),
            ("-----BEGIN PRIVATE KEY-----", PrivateKey),
            ("we use AKIAIOSFODNN7EXAMPLE for uploads", ServiceKey),
            (&github, ServiceKey),
            (&stripe, ServiceKey),
            (&slack, ServiceKey),
            ("postgres://olga:hunter2@db.example/books", AddressWithPassword),
            ("see https://olga:hunter2@app.example/", AddressWithPassword),
        ] {
            assert_eq!(find(text), Some(what), "{text}");
        }
    }

    #[test]
    fn a_text_about_passwords_and_tokens_passes() {
        for text in [
            "I forgot my password",
            "password reset fails",
            "The password: what do I do when I forgot it?",
            "Password: ****",
            "password: <removed>",
            "my password is not accepted",
            "the password is 12 characters long",
            "it says \"wrong password\"",
            "Wrong password: the form says nothing more",
            "the bearer token is rejected with 401",
            "Authorization: Bearer <token>",
            "Authorization: Bearer token is missing",
            "our public key is -----BEGIN PUBLIC KEY-----",
            "I clicked https://app.example/reset?step=2 and mailed olga@acme.example",
            "mailto:olga@acme.example",
            "ssh://git@host.example/repo",
            "3 of 5 tests pass: the others fail, and key: value pairs get lost",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    /// Words of a sentence that somebody writes to support.
    fn ordinary() -> impl Strategy<Value = &'static str> {
        let words = "I we the my password passwords reset fails is was not wrong token login page invoice import since \
            Monday and then an error appears key secret bearer authorization export button forgot forgotten changed \
            yesterday pass user 2026 404 https://app.example/settings olga@acme.example";
        prop::sample::select(words.split_whitespace().collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn ordinary_sentences_pass(
            words in prop::collection::vec(ordinary(), 1..40),
            ends in prop::collection::vec(prop::sample::select(vec!["", "", "", ",", ".", "?", "!", ".\n"]), 40),
        ) {
            let text: Vec<_> = words.iter().zip(&ends).map(|(word, end)| format!("{word}{end}")).collect();
            let text = text.join(" ");
            prop_assert_eq!(find(&text), None, "{}", text);
        }

        #[test]
        fn a_password_beside_its_name_is_found_wherever_it_stands(
            before in prop::collection::vec(ordinary(), 0..10),
            name in prop::sample::select(NAMES.as_slice()),
            sign in prop::sample::select(vec![": ", ":", "=", " = ", " : "]),
            password in "[a-z]{2,6}[0-9]{1,4}[!.#]?[a-z]{0,3}",
        ) {
            let text = format!("{} {name}{sign}{password} fails", before.join(" "));
            prop_assert!(find(&text).is_some(), "{}", text);
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = find(&text);
        }
    }
}
