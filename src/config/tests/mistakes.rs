//! Mistakes as a person reads them: one snapshot for each kind.
use std::fmt::Write as _;

use super::*;

/// The messages for each of `texts`, one after the other, under the text.
fn read_aloud<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut out = String::new();
    for text in texts {
        let _ = write!(out, "{}\n\n{}\n{}\n", text.trim_end(), complaint(text), "=".repeat(40));
    }
    out
}

/// The messages for a complete file with `part` added, without the file.
fn about(part: &str) -> String {
    format!("{part}\n\n{}\n", complaint(&format!("{SERVER}{PEOPLE}{ROUTE}{part}\n")))
}

#[test]
fn what_is_no_toml() {
    let said = read_aloud([
        "[server]\nlisten = 127.0.0.1:8443\n",
        "[server]\nlisten \"127.0.0.1:8443\"\n",
        "[server]\nlisten = \"127.0.0.1:8443\npublic_url = 1\n",
        "[server\nlisten = 1\n",
        "[staff]\nissuer = \"a\"\nissuer = \"b\"\n",
        "[[route]]\nupstream = [\"http://a\" \"http://b\"]\n",
    ]);
    insta::assert_snapshot!(said);
}

#[test]
fn keys_that_are_missing_or_unknown() {
    let said = read_aloud([
        "",
        "[sever]\nlisten = \"127.0.0.1:8443\"\n",
        "[server]\npublic-url = \"https://support.example.com\"\nport = 8443\n[[route]]\nhost = \"*\"\n[staff]\n[customers]\n",
    ]);
    insta::assert_snapshot!(said);
}

#[test]
fn values_of_another_type() {
    let said = read_aloud(["server = 1\nroute = 1.5\nstaff = [1]\ncustomers = true\n"]);
    insta::assert_snapshot!(said);
    let said = [
        about("methods = \"MOVE\""),
        about("upstreams = []\npass_authorization = \"yes\""),
        about("[emergency]\napprovers = \"two\""),
        about("[emergency]\napprovers = 99999999999999999999"),
    ]
    .concat();
    insta::assert_snapshot!("values_of_another_type_in_sections", said);
}

#[test]
fn support_requests_and_the_ticket_system() {
    let said = [
        about("[support_requests]\nmax = \"8d\""),
        about("[support_requests]\nmax = \"2d\"\ndefault = \"3d\""),
        about("[support_requests]\nattachments = 21\nattachment_size = \"2GiB\""),
        about("[tickets]"),
        about("[tickets]\nsecret = \"too short\""),
    ]
    .concat();
    insta::assert_snapshot!(said);
}

#[test]
fn limits_of_clients() {
    let said = [
        about("[limits]\nhead = \"1MB\""),
        about("[limits]\nhead = \"4KiB\"\nhead_time = \"10ms\"\nh2_streams = 0\nconnections = -1"),
        about("[limits]\nrequests_per_address = 50"),
        about("[limits]\nrequests_per_address = { burst = 500 }\nunproven_per_address = { per_second = 0 }"),
        about("[limits]\nconections = 5"),
    ]
    .concat();
    insta::assert_snapshot!(said);
}

#[test]
fn listeners() {
    let with = |listen: &str, rest: &str| format!("[server]\nlisten = \"{listen}\"\n{rest}\n{PEOPLE}{ROUTE}");
    let texts = [
        with("0.0.0.0:8443", "public_url = \"https://support.example.com\""),
        with(
            "localhost:8443",
            "public_url = \"https://support.example.com/\"\ntrusted_proxies = [\"10.0.0.0/40\"]\ntrusted_headers = \"x-real-ip\"",
        ),
        with("127.0.0.1:1", "public_url = \"https://a\"\nproxy_protocol = \"required\""),
        with(
            "127.0.0.1:1",
            "public_url = \"https://a\"\ntls = { cert = \"n.pem\", key = \"n.pem\", certificates = [{ cert = \"n.pem\" }] }",
        ),
        with("127.0.0.1:443", "public_url = \"ftp://a\""),
        with("127.0.0.1:1", "public_url = \"HTTPS://Support.example.com:443\"\ntls = { cert = \"nowhere.pem\" }"),
        with(
            "127.0.0.1:1",
            "public_url = \"https://a\"\nsession_host = \"support.example.com\"\n[ops]\nlisten = \"127.0.0.1:1\"",
        ),
    ];
    let said = read_aloud(texts.iter().map(String::as_str));
    insta::assert_snapshot!(said);
}

#[test]
fn routes() {
    let said = [
            about("mode = \"reverse\"\nmethods = [\"CONNECT\", \"move\", \"A B\"]\nallow_encoded = [\"%00\"]"),
            about("expose_cookies = [\"__Host-chaperone\", \"a;b\"]\n[[route]]\nupstream = [\"http://a/path\", \"ftp://a\", \"http://u:pw@a\"]"),
            about("[[route]]\nhost = \"*.example.com\"\nupstream = []"),
            about("workspace = { path = \"/w/{workspace}\" }"),
            about("workspace = { path = \"/w/{workspace}/**\", host = \"{workspace}.a\" }"),
            about("workspace = { host = \"{workspace}.{workspace}.a\" }"),
            about("effects = [ { method = \"MOVE\", path = \"/a\", effect = \"read\" }, { path = \"a\", effect = \"see\" } ]"),
            about("labels = [ { path = \"/**/a\", label = \"a b\" }, {} ]"),
    ].concat();
    insta::assert_snapshot!(said);
}

#[test]
fn how_the_app_is_reached() {
    let said = [
        about("upstream_host = \"origin\"\nupstream_connections = 0\nupstream_tls = { ca = \"nowhere.pem\" }"),
        about("timeouts = { connect = \"2m\", head = \"0s\", read = \"1s\" }"),
        about("health = { path = \"healthz\", failures = 101, eject = \"1h\" }"),
        about("health = { interval = \"5s\" }"),
        about("upstream_tls = { cert = \"nowhere.pem\", server_name = \"a b\" }"),
    ]
    .concat();
    insta::assert_snapshot!(said);
}

#[test]
fn mapped_headers() {
    let said = [
            about("headers = { Remote_User = \"a\", X-Chaperone-Actor = \"a\", Cookie = \"a\", Host = \"a\", X-Forwarded-For = \"a\" }"),
            about("headers = { Remote-User = \"{subject.emial}\", A = \"{subject.id\", B = \"a\\nb\", C = \"\" }"),
            about("headers = { Remote-User = \"a\", remote-user = \"b\" }"),
            about("pass_authorization = true\nheaders = { Authorization = \"a\" }"),
            about("mode = \"inline\"\nheaders = { authorization = \"a\" }"),
    ].concat();
    insta::assert_snapshot!(said);
}

#[test]
fn assertions() {
    let said = [
        about("assertion = { bind = \"grant\", alg = \"RS256\", audience = \"\" }"),
        about("assertion = { alg = \"HS256\" }"),
        about("assertion = { alg = \"HS256\", key = \"too short\" }"),
        about("assertion = { key = \"hunter2\" }"),
    ]
    .concat();
    insta::assert_snapshot!(said);
}

#[test]
fn unreachable_routes() {
    let said = [
        about("[[route]]\nhost = \"a.example.com\"\nupstream = [\"http://127.0.0.1:1\"]"),
        format!(
            "two of one host\n\n{}\n",
            complaint(&format!(
                "{SERVER}{PEOPLE}{ROUTE}host = \"a.example.com\"\n{ROUTE}host = \"A.example.com\"\n{ROUTE}"
            ))
        ),
    ]
    .concat();
    insta::assert_snapshot!(said);
    assert_eq!(complaint(&format!("route = []\n{SERVER}{PEOPLE}")).matches("there is no route").count(), 1);
}

#[test]
fn organizations_with_issuers_of_their_own() {
    let staff = |organizations: &str| {
        let customers = "[customers]\nissuer = \"https://app.example.com\"";
        format!("{SERVER}{ROUTE}[staff]\nissuer = \"https://idp.example.com\"\n{organizations}\n{customers}\n")
    };
    let texts = [
        staff("organizations = [{ id = \"a\", name = \"A\", issuer = \"https://idp.example.com\" }]"),
        staff("organizations = [{ id = \"a b\", name = \"A\", issuer = \"https://app.example.com\" }]"),
        staff("organizations = [{ id = \"a\", name = \"A\", audience = \"us\" }]"),
    ];
    let said = read_aloud(texts.iter().map(String::as_str));
    insta::assert_snapshot!(said);
}

#[test]
fn people() {
    let staff = |rest: &str| format!("{SERVER}{ROUTE}[staff]\nissuer = \"https://idp.example.com\"\n{rest}\n");
    let texts = [
        staff("[customers]\nissuer = \"https://idp.example.com\""),
        staff(
            "jwks_file = \"nowhere.json\"\n[customers]\nissuer = \"the app\"\njwks_file = \"a\"\njwks_url = \"https://a\"",
        ),
        staff(
            "recheck = \"soon\"\n[customers]\nissuer = \"http://app.example.com\"\norigins = [\"*\"]\nlogin_url = \"javascript:alert(1)\"",
        ),
        staff(
            "organizations = [{ id = \"a\", name = \"A\" }, { id = \"a\", name = \"B\" }]\n[customers]\nissuer = \"a\"\njwks_url = \"http://app.example.com/keys\"",
        ),
    ];
    let said = read_aloud(texts.iter().map(String::as_str));
    insta::assert_snapshot!(said);
}

#[test]
fn state_and_limits() {
    let said = [
            about("[store]\nurl = \"postgres://chaperone:hunter2@db/chaperone\"\nlease = \"100ms\""),
            about("[store]\nurl = \"sqlite::memory:\"\nlease = \"11s\""),
            about("[policy]\nbase = \"none\"\ndirs = [\"nowhere\"]\nproof = \"maybe\""),
            about("[grants]\nmax = \"2d\"\ndefault = \"3d\"\npresets = [\"1d\", \"3d\"]\nrecommend_min = \"0s\""),
            about("[requests]\nreason_min = 0\nreason_words = [\"\"]\nlapse = \"0s\"\nreasons = 1"),
            about("[policy]\nprofile = \"sgment\"\n[grants]\ndefault = \"until-revoked\"\nopen = 0"),
            about("[sessions]\nmax = \"1h\"\nidle = \"2h\"\n[emergency]\napprovers = 0\nreason_codes = []"),
            about("[audit]\ndurability = \"lax\""),
            about("[notify.email]\nsmtp = \"mail.example.com\"\nfrom = \"support\"\n[notify.webhook]\nurl = \"http://a.example.com\""),
    ].concat();
    insta::assert_snapshot!(said);
}
