//! Overrides from the environment.
use super::*;
use crate::config::types::{Config, HostMatch};

fn overridden(variables: &[(&str, &str)]) -> Config {
    let text = format!("{SERVER}{PEOPLE}{ROUTE}");
    read_in(Path::new("/etc/chaperone"), &text, variables).unwrap_or_else(|errors| panic!("{errors}")).config
}

#[test]
fn a_variable_sets_what_its_key_takes() {
    let config = overridden(&[
        ("CHAPERONE__SERVER__LISTEN", "127.0.0.1:9000"),
        ("chaperone__server__public_url", "\"https://other.example.com\""),
        ("CHAPERONE__SERVER__BEHIND_TLS_PROXY", "true"),
        ("CHAPERONE__STAFF__ALLOWED_GROUPS", "[\"a\", \"b\"]"),
        ("CHAPERONE__EMERGENCY__APPROVERS", "2"),
        ("CHAPERONE__STORE__LEASE", "5s"),
        ("CHAPERONE__VENDOR", "{ name = \"Acme\" }"),
        ("CHAPERONE_LOG", "debug"),
        ("PATH", "/bin"),
    ]);
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(config.server.public_url, "https://other.example.com");
    assert!(config.server.behind_tls_proxy && config.staff.allowed_groups.iter().eq(["a", "b"]));
    assert_eq!((config.emergency.approvers, config.store.lease.to_string().as_str()), (2, "5s"));
    assert_eq!(config.vendor.name, "Acme");
}

#[test]
fn a_string_that_looks_like_something_else_stays_a_string() {
    let config = overridden(&[("CHAPERONE__STAFF__AUDIENCE", "7"), ("CHAPERONE__CUSTOMERS__AUDIENCE", "true")]);
    assert_eq!((config.staff.audience.as_str(), config.customers.audience.as_str()), ("7", "true"));
}

#[test]
fn a_list_is_changed_and_lengthened_by_place() {
    let config = overridden(&[
        ("CHAPERONE__ROUTE__0__HOST", "a.example.com"),
        ("CHAPERONE__ROUTE__0__UPSTREAM__1", "http://127.0.0.1:3001"),
        ("CHAPERONE__ROUTE__1__UPSTREAM", "[\"http://127.0.0.1:4000\"]"),
    ]);
    assert_eq!(config.routes[0].host, HostMatch::Exact("a.example.com".to_owned()));
    assert_eq!((config.routes[0].upstream.len(), config.routes.len()), (2, 2));
}

#[test]
fn a_header_of_the_file_is_overridden_whatever_its_case() {
    let text = format!("{SERVER}{PEOPLE}{ROUTE}headers = {{ \"X-Gate\" = \"a\" }}\n");
    let loaded = read_in(Path::new("/"), &text, &[("CHAPERONE__ROUTE__0__HEADERS__X-GATE", "{engineer.id}")]);
    let config = loaded.unwrap_or_else(|errors| panic!("{errors}")).config;
    assert_eq!(config.routes[0].headers["x-gate"].1, [crate::config::HeaderPiece::EngineerId]);
}

#[test]
fn everything_may_come_from_the_environment() {
    let variables = [
        ("CHAPERONE__SERVER__LISTEN", "127.0.0.1:9000"),
        ("CHAPERONE__SERVER__PUBLIC_URL", "https://support.example.com"),
        ("CHAPERONE__ROUTE__0__UPSTREAM__0", "http://127.0.0.1:3000"),
        ("CHAPERONE__STAFF__ISSUER", "https://idp.example.com"),
        ("CHAPERONE__CUSTOMERS__ISSUER", "https://app.example.com"),
    ];
    assert!(read_in(Path::new("/"), "", &variables).is_ok());
}

#[test]
fn a_mistake_names_its_variable() {
    let text = format!("{SERVER}{PEOPLE}{ROUTE}");
    let variables = [
        ("CHAPERONE__SERVER__LISTEN", "9000"),
        ("CHAPERONE__SERVER__LISTENS", "9000"),
        ("CHAPERONE__SERVER__LISTEN__PORT", "9000"),
        ("CHAPERONE__ROUTE__7__HOST", "a.example.com"),
        ("CHAPERONE__ROUTE____HOST", "a.example.com"),
        ("CHAPERONE__STAFF__ALLOWED_GROUPS", "support"),
        ("CHAPERONE__GRANTS__UNTIL_REVOKED", "yes"),
        ("CHAPERONE__A__A__A__A__A__A__A__A__A", "deep"),
    ];
    let errors = read_in(Path::new("/"), &text, &variables).expect_err("all of them are mistaken");
    insta::assert_snapshot!(errors.to_string());
}
