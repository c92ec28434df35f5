//! The token in a mail's link, by which one member answers one access request: what it says, under our own HMAC-SHA256 key.
//! It is kept nowhere. It works once because a request that was answered waits for no other answer.
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::id::{AccessRequestId, MemberKey};
use crate::domain::random;
use crate::domain::time::Timestamp;

use super::KeyError;

/// The path of the page that a link leads to.
pub const ANSWER_PATH: &str = "/.chaperone/support-access/answer";
/// What a token begins with.
const PREFIX: &str = "cha_";
/// What the key signs besides a token's fields, so that it signs nothing else by mistake.
const CONTEXT: &[u8] = b"chaperone answer\n";
/// The name of the key's file.
const FILE: &str = "answer-key";
/// How many bytes the key and a signature have.
const LENGTH: usize = 32;

/// What a link says: which member may answer which request, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerLink {
    /// The request.
    pub request: AccessRequestId,
    /// Who answers by it.
    pub member: MemberKey,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// The key that signs links.
pub struct AnswerKey(hmac::Key);

impl AnswerKey {
    /// The key in the folder of keys, which is there; the first start makes one (0600).
    ///
    /// # Errors
    /// When it cannot be read or made, may be read by others, or is no key.
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(FILE);
        if !path.exists() {
            make(folder, &path).map_err(|source| KeyError::Io { path: path.clone(), source })?;
        }
        let failed = |source| KeyError::Io { path: path.clone(), source };
        let unfit = |problem| KeyError::Unfit { path: path.clone(), problem };
        if fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(unfit(
                "may be read by others than its owner; run `chmod 600` on it, or delete it to get a new one",
            ));
        }
        let text = fs::read_to_string(&path).map_err(failed)?;
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end()).ok().filter(|bytes| bytes.len() == LENGTH);
        let bytes = bytes.ok_or_else(|| unfit("holds no key for links in mails; delete it to get a new one"))?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The address that a mail has, at the gate `public_url`. Whoever holds it may answer.
    #[must_use]
    pub fn address(&self, public_url: &str, link: &AnswerLink) -> String {
        format!("{public_url}{ANSWER_PATH}?token={}", self.token(link))
    }

    /// The token of a link: base64url, so it needs no escaping in an address or a form.
    #[must_use]
    pub fn token(&self, link: &AnswerLink) -> String {
        let AnswerLink { request, member: MemberKey { workspace, id }, expires_at } = link;
        let fields = format!("{request}\n{workspace}\n{id}\n{}", expires_at.as_millis());
        let tag = hmac::sign(&self.0, &signed(fields.as_bytes()));
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([tag.as_ref(), fields.as_bytes()].concat()))
    }

    /// What a token says, if we made it. Whether its time is over is the caller's question.
    #[must_use]
    pub fn read(&self, token: &str) -> Option<AnswerLink> {
        let octets = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let (tag, fields) = octets.split_at_checked(LENGTH)?;
        hmac::verify(&self.0, &signed(fields), tag).ok()?;
        let mut fields = str::from_utf8(fields).ok()?.split('\n');
        let link = AnswerLink {
            request: fields.next()?.parse().ok()?,
            member: MemberKey { workspace: fields.next()?.parse().ok()?, id: fields.next()?.parse().ok()? },
            expires_at: Timestamp::from_millis(fields.next()?.parse().ok()?),
        };
        fields.next().is_none().then_some(link)
    }
}

impl fmt::Debug for AnswerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerKey(…)")
    }
}

fn signed(fields: &[u8]) -> Vec<u8> {
    [CONTEXT, fields].concat()
}

/// Makes a key: all of it or nothing, durable, and never over one that is there.
fn make(folder: &Path, path: &Path) -> io::Result<()> {
    let draft = folder.join(format!("{FILE}.draft-{}", URL_SAFE_NO_PAD.encode(random::bytes::<6>())));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written =
        writeln!(file, "{}", URL_SAFE_NO_PAD.encode(random::bytes::<LENGTH>())).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        // Another start was faster: its key is as good.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let removed = fs::remove_file(&draft);
    linked.and(removed)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn link() -> AnswerLink {
        AnswerLink {
            request: "ar_019a6e0d1f3c7b52a4e19c0d5b7f2a61".parse().unwrap(),
            member: MemberKey { workspace: "acme".parse().unwrap(), id: "olga".parse().unwrap() },
            expires_at: Timestamp::from_millis(1_800_000_000_000),
        }
    }

    #[test]
    fn a_link_comes_back_out_of_its_token_under_its_key_alone_and_after_a_restart() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = AnswerKey::open(folder.path()).unwrap();
        let token = key.token(&link());
        assert_eq!(key.read(&token), Some(link()));
        assert_eq!(AnswerKey::open(folder.path()).unwrap().read(&token), Some(link()));
        assert_eq!(AnswerKey::open(other.path()).unwrap().read(&token), None);
        let address = key.address("https://support.example.com", &link());
        assert_eq!(address, format!("https://support.example.com/.chaperone/support-access/answer?token={token}"));
        assert_eq!(format!("{key:?}"), "AnswerKey(…)");
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!((mode & 0o777, fs::read_dir(folder.path()).unwrap().count()), (0o600, 1));
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        AnswerKey::open(folder.path()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(AnswerKey::open(folder.path()).unwrap_err().to_string().contains("chmod 600"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for text in ["", "short", "not base64url, though it is long enough to be one"] {
            fs::write(&path, text).unwrap();
            assert!(AnswerKey::open(folder.path()).unwrap_err().to_string().contains("delete it"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_changed_in_a_token_it_is_not_ours_any_more(place in 0_usize..200, to in "[A-Za-z0-9_-]") {
            let folder = tempfile::tempdir().unwrap();
            let key = AnswerKey::open(folder.path()).unwrap();
            let token = key.token(&link());
            let place = place % token.len();
            let forged = format!("{}{to}{}", &token[..place], &token[place + 1..]);
            prop_assert!(forged == token || key.read(&forged).is_none());
            prop_assert!(key.read(&token[..place]).is_none());
        }
    }
}
