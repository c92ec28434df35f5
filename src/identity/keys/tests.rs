//! The signing key: kept, guarded, and recognised in what it signed.
use super::*;
use crate::identity::testing::{Issuer, token};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn the_first_start_makes_a_key_for_us_alone_and_the_next_one_finds_it() {
    let home = tempfile::tempdir().expect("a folder");
    let dir = home.path().join("state/keys");
    let made = Keys::open(&dir).expect("a new key");
    let found = Keys::open(&dir).expect("the same key");
    assert_eq!(made.jwks(), found.jwks());
    assert_eq!((mode(&dir), mode(&dir.join(FILE))), (0o700, 0o600));
    assert_eq!(fs::read_dir(&dir).expect("the folder").count(), 1, "no draft is left behind");
}

#[test]
fn many_first_starts_at_once_agree_on_one_key() {
    let home = tempfile::tempdir().expect("a folder");
    let kids: Vec<String> = std::thread::scope(|scope| {
        let starts: Vec<_> =
            (0..8).map(|_| scope.spawn(|| Keys::open(home.path()).expect("a key").kid().to_owned())).collect();
        starts.into_iter().map(|start| start.join().expect("no panic")).collect()
    });
    assert!(kids.iter().all(|kid| *kid == kids[0]), "{kids:?}");
}

#[test]
fn a_key_that_others_may_read_is_refused_with_a_hint() {
    let home = tempfile::tempdir().expect("a folder");
    Keys::open(home.path()).expect("a new key");
    for open in [0o640, 0o604, 0o620] {
        fs::set_permissions(home.path().join(FILE), fs::Permissions::from_mode(open)).expect("it is ours");
        let refused = Keys::open(home.path()).expect_err("others may read it").to_string();
        assert!(refused.contains(FILE) && refused.contains("chmod 600"), "{refused}");
    }
}

#[test]
fn a_file_without_a_key_is_refused_and_not_replaced() {
    let home = tempfile::tempdir().expect("a folder");
    Keys::open(home.path()).expect("a new key");
    let path = home.path().join(FILE);
    fs::write(&path, "half a ke").expect("it is ours");
    assert!(Keys::open(home.path()).expect_err("no key").to_string().contains("holds no Ed25519 key"));
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "half a ke");
}

#[test]
fn the_thumbprint_is_that_of_rfc_8037() {
    // RFC 8037, appendices A.2 and A.3.
    assert_eq!(
        thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn our_own_assertion_is_recognised_even_when_it_has_expired_and_nobody_elses_is() {
    let home = tempfile::tempdir().expect("a folder");
    let keys = Keys::open(home.path()).expect("a new key");
    let header = json!({ "alg": "EdDSA", "kid": keys.kid(), "typ": "JWT" });
    let claims = json!({ "iss": "https://support.example.com", "iat": 1_700_000_000, "exp": 1_700_000_060 });
    let ours = token(&header, &claims, |message| keys.pair.sign(message).as_ref().to_vec());

    assert!(keys.verifies(&ours), "it expired long ago, but was made inside a login");
    assert!(!keys.verifies("not a token"));

    let forger = Issuer::ed25519(keys.kid());
    assert!(!keys.verifies(&token(&header, &claims, |message| forger.sign(message))), "another key, our kid");
}

#[test]
fn debug_output_shows_no_key() {
    let home = tempfile::tempdir().expect("a folder");
    let keys = Keys::open(home.path()).expect("a new key");
    assert_eq!(format!("{keys:?}"), format!("Keys {{ kid: {:?}, .. }}", keys.kid()));
}
