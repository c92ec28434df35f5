//! What the program gets from a file without mistakes.
use std::fs;
use std::time::Duration;

use http::Method;
use proptest::prelude::*;

use super::*;
use crate::config::Profile;
use crate::config::limits::{Limits, Rate};
use crate::config::people::JwksFrom;
use crate::config::reach::{Check, Timeouts, UpstreamHost, UpstreamTls};
use crate::config::support::SupportRequests;
use crate::config::trail::Durability;
use crate::config::types::{AssertionKey, Binding, Config, HeaderPiece, HostMatch, WorkspaceFrom};
use crate::domain::effect::Effect;
use crate::domain::time::Span;

const EVERY_KEY: &str = include_str!("../../../config/chaperone.toml");
const MINIMAL: &str = include_str!("../../../config/minimal.toml");

/// The configuration of each built-in profile.
const PROFILES: [&str; 5] = [
    include_str!("../../../config/profiles/lambdatest.toml"),
    include_str!("../../../config/profiles/segment.toml"),
    include_str!("../../../config/profiles/salesforce.toml"),
    include_str!("../../../config/profiles/bizible.toml"),
    include_str!("../../../config/profiles/tsa.toml"),
];

#[test]
fn every_profile_has_a_configuration_of_its_own() {
    for (profile, text) in Profile::ALL.into_iter().zip(PROFILES) {
        assert_eq!(config(text).policy.profile, Some(profile), "{profile}");
    }
}

fn config(text: &str) -> Config {
    read_text(text).unwrap_or_else(|errors| panic!("{errors}")).config
}

/// A complete file with `part` added, which may be keys of its route or sections.
fn config_with(part: &str) -> Config {
    config(&format!("{SERVER}{PEOPLE}{ROUTE}{part}"))
}

#[test]
fn the_shortest_file_gets_the_contracts_defaults() {
    let Config {
        server,
        ops,
        vendor,
        routes,
        staff,
        customers,
        store,
        policy,
        grants,
        requests,
        sessions,
        support_requests,
        tickets,
        emergency,
        audit,
        trusted_gates,
        limits,
        notify,
    } = config(MINIMAL);
    assert!(notify.email.is_none() && notify.webhook.is_none() && notify.templates.is_none());
    assert_eq!(notify.fallback, Span::from_seconds(120));
    assert!(trusted_gates.is_empty());
    assert_eq!(limits, Limits::default());
    assert_eq!((server.tls.is_none(), server.behind_tls_proxy, server.trusted_proxies.len()), (true, false, 0));
    assert_eq!((ops.listen.to_string().as_str(), vendor.name.as_str()), ("127.0.0.1:9090", "127.0.0.1:8080"));
    let [route] = routes.as_slice() else { panic!("one route") };
    assert_eq!((&route.host, route.assertion.bind), (&HostMatch::Any, Binding::Session));
    assert_eq!(route.assertion.audience, "http://127.0.0.1:8080");
    assert!(matches!(route.assertion.key, AssertionKey::EdDsa) && !route.pass_authorization);
    assert_eq!((staff.audience.as_str(), &staff.jwks), ("chaperone", &JwksFrom::Discovery));
    assert_eq!((staff.groups_claim.as_str(), staff.organization_claim.as_str()), ("groups", "org"));
    assert!(staff.allowed_groups.iter().eq(["support"]) && staff.organizations.is_empty());
    assert_eq!(customers.audience, "chaperone");
    assert_eq!(
        [customers.workspace_claim, customers.role_claim, customers.email_claim],
        ["workspace", "role", "email"]
    );
    assert_eq!(store.path, Path::new("/etc/chaperone/chaperone.db"));
    assert_eq!((store.lease, policy.dirs.len()), (Span::from_seconds(2), 0));
    let shown: Vec<_> = grants.presets.iter().map(Span::to_string).collect();
    assert_eq!((shown.join(" ").as_str(), grants.default), ("1d 3d 7d", Some(Span::from_seconds(3 * 86_400))));
    assert_eq!((grants.max.to_string(), grants.recommend_min.to_string()), ("7d".to_owned(), "1d".to_owned()));
    assert_eq!((requests.reason_min, requests.reason_words.len(), requests.lapse), (10, 0, Span::from_seconds(86_400)));
    assert_eq!((grants.until_revoked, grants.open, grants.purposes.len()), (false, 200, 0));
    assert_eq!((policy.profile, policy.built_in()), (None, Some(Profile::Segment)));
    assert_eq!((sessions.max.to_string(), sessions.idle.to_string()), ("8h".to_owned(), "30m".to_owned()));
    let SupportRequests { default, max, attachments, attachment_size, folder } = support_requests;
    assert_eq!((default.to_string(), max.to_string()), ("1d".to_owned(), "7d".to_owned()));
    assert_eq!((attachments, attachment_size, tickets.is_none()), (5, 20 << 20, true));
    assert_eq!(folder, Path::new("/etc/chaperone/attachments"));
    assert_eq!((emergency.max.to_string().as_str(), emergency.approvers), ("1h", 1));
    assert!(emergency.reason_codes.iter().eq(["data_loss", "outage", "security"]));
    assert_eq!((audit.dir.as_path(), audit.durability), (Path::new("/etc/chaperone/audit"), Durability::Strict));
    assert_eq!((audit.segment, audit.checkpoint), (256 << 20, Span::from_seconds(10)));
}

#[test]
fn the_explained_file_loads_as_it_stands_without_a_warning() {
    let loaded = read_text(EVERY_KEY).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(loaded.warnings, Vec::<String>::new());
}

#[test]
fn the_explained_file_loads_with_every_key_set() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    for file in [
        "c.pem",
        "k.pem",
        "ca.pem",
        "staff.jwks.json",
        "gate-secret.txt",
        "client-secret.txt",
        "webhook-secret.txt",
        "smtp-password.txt",
    ] {
        fs::write(folder.path().join(file), "some content\n")?;
    }
    fs::create_dir(folder.path().join("mails"))?;
    fs::write(folder.path().join("tickets-secret.txt"), "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")?;
    fs::write(folder.path().join("assertion-key.txt"), "0123456789abcdef0123456789abcdef")?;
    let set = |line: &'static str| line.strip_prefix('#').filter(|key| !key.starts_with(' ')).unwrap_or(line);
    let every = EVERY_KEY.lines().map(set).collect::<Vec<_>>().join("\n");
    // TLS towards the app wants an upstream that has it.
    let every = every.replace("upstream = [\"http:", "upstream = [\"https:");
    let loaded = read_in(folder.path(), &every, &[]).unwrap_or_else(|errors| panic!("{errors}"));
    insta::assert_snapshot!("warnings", loaded.warnings.join("\n"));
    Ok(())
}

#[test]
fn a_routes_keys_become_types() {
    let config = config_with(
        r#"
        host = "Support.Example.com:8443"
        methods = ["PROPFIND"]
        workspace = { path = "/w/{workspace}/**" }
        headers = { "Remote-User" = "u:{subject.email}", "X-Gate-Secret" = "hunter2" }
        effects = [ { method = "POST", path = "/api/search", effect = "read" } ]
        labels = [ { path = "/billing/**", label = "billing" } ]
        assertion = { bind = "request", audience = "app" }
        allow_encoded = ["%2f"]
        "#,
    );
    let [route] = config.routes.as_slice() else { panic!("one route") };
    assert_eq!(route.host, HostMatch::Exact("support.example.com:8443".to_owned()));
    assert_eq!(route.workspace, Some(WorkspaceFrom::Path { before: vec!["w".to_owned()] }));
    let (name, pieces) = &route.headers["remote-user"];
    assert_eq!(name.as_str(), "remote-user");
    assert_eq!(pieces, &[HeaderPiece::Text("u:".to_owned()), HeaderPiece::SubjectEmail]);
    let [rule] = route.effects.as_slice() else { panic!("one rule") };
    assert_eq!((&rule.method, rule.effect), (&Some(Method::POST), Effect::Read));
    assert!(route.labels[0].path.matches("/billing/7") && route.allow_encoded.contains("%2F"));
    assert_eq!((route.assertion.bind, route.assertion.audience.as_str()), (Binding::Request, "app"));
}

#[test]
fn how_the_app_is_reached_has_defaults_and_keys() {
    let reach = &config(MINIMAL).routes[0].reach;
    assert_eq!((reach.host, reach.connections, reach.timeouts), (UpstreamHost::Preserve, 4096, Timeouts::default()));
    assert_eq!((reach.health.failures, reach.health.eject, &reach.health.check), (3, Duration::from_secs(1), &None));
    assert_eq!(reach.tls, UpstreamTls::default());
    let config = config_with(
        r#"
        upstream_host = "rewrite"
        upstream_connections = 7
        timeouts = { head = "90s" }
        health = { path = "/healthz?deep=1", failures = 1 }
        "#,
    );
    let reach = &config.routes[0].reach;
    assert_eq!((reach.host, reach.connections), (UpstreamHost::Rewrite, 7));
    assert_eq!(reach.timeouts, Timeouts { head: Duration::from_secs(90), ..Timeouts::default() });
    let check = Check { path: "/healthz?deep=1".to_owned(), interval: Duration::from_secs(5) };
    assert_eq!((reach.health.failures, &reach.health.check), (1, &Some(check)));
}

#[test]
fn workspaces_stand_in_paths_and_hosts() {
    let path = |before: &[&str]| WorkspaceFrom::Path { before: before.iter().map(|s| (*s).to_owned()).collect() };
    let host = |before: &str, after: &str| WorkspaceFrom::Host { before: before.to_owned(), after: after.to_owned() };
    for (given, want) in [
        (r#"path = "/{workspace}/**""#, path(&[])),
        (r#"path = "/api/v1/w/{workspace}/**""#, path(&["api", "v1", "w"])),
        (r#"host = "{workspace}.app.example.com""#, host("", ".app.example.com")),
        (r#"host = "App-{workspace}.example.com""#, host("app-", ".example.com")),
    ] {
        let config = config_with(&format!("workspace = {{ {given} }}"));
        assert_eq!(config.routes[0].workspace, Some(want), "{given}");
    }
}

#[test]
fn addresses_are_taken_in_their_usual_spellings() {
    for part in [
        "[vendor]\nsupport_url = \"mailto:help@example.com\"",
        "[vendor]\nreport_url = \"https://example.com/report?from=chaperone\"",
        "[store]\nurl = \"sqlite:///var/lib/chaperone/state.db\"\nlease = \"PT10S\"",
        "[[trusted_gate]]\njwks_url = \"http://127.0.0.1:9/jwks.json\"",
        "[ops]\nlisten = \"[::1]:9090\"",
    ] {
        assert_eq!(keys_and_messages(part), [], "{part}");
    }
    let behind_proxy = "listen = \"[::]:80\"\npublic_url = \"https://[::1]:8443\"\nbehind_tls_proxy = true\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n";
    assert_eq!(config(&format!("[server]\n{behind_proxy}{PEOPLE}{ROUTE}")).server.trusted_proxies.len(), 2);
}

#[test]
fn a_default_never_exceeds_the_sections_max() {
    let config = config_with("[grants]\nmax = \"2d\"\n[sessions]\nmax = \"10m\"");
    let presets: Vec<_> = config.grants.presets.iter().map(Span::to_string).collect();
    assert_eq!((presets.join(" ").as_str(), config.grants.default), ("1d 2d", Some(Span::from_seconds(2 * 86_400))));
    assert_eq!(config.sessions.idle.to_string(), "10m");
}

#[test]
fn limits_of_clients_are_what_the_file_says() {
    let limits = config_with(
        r#"
        [limits]
        head = "16KiB"
        body = "2GiB"
        idle = "5m"
        connections = 9
        requests_per_address = { per_second = 50, burst = 500 }
        unproven_per_address = { per_second = 7 }
        "#,
    )
    .limits;
    let wanted = Limits {
        head: 16 << 10,
        body: Some(2 << 30),
        idle: Duration::from_mins(5),
        connections: Some(9),
        requests_per_address: Rate::new(50, 500),
        unproven_per_address: Rate::new(7, 7),
        ..Limits::default()
    };
    assert_eq!(limits, wanted);
}

proptest! {
    #[test]
    fn no_text_whatever_makes_it_panic(text in "\\PC*", tail in ".*") {
        let _ = read_text(&text).map_err(|errors| errors.to_string());
        let _ = read_text(&format!("{MINIMAL}{tail}")).map_err(|errors| errors.to_string());
    }

    #[test]
    fn no_change_of_a_right_file_makes_it_panic(at in 0..EVERY_KEY.len(), length in 0..40_usize, put in "[\\[\\]{}=\"'.,#\\n a-zé0-9]{0,12}") {
        let start = EVERY_KEY.floor_char_boundary(at);
        let end = EVERY_KEY.floor_char_boundary((start + length).min(EVERY_KEY.len()));
        let text = format!("{}{put}{}", &EVERY_KEY[..start], &EVERY_KEY[end..]);
        let _ = read_text(&text).map_err(|errors| errors.to_string());
    }

    #[test]
    fn no_variable_makes_it_panic(name in "[a-z_0-9]{0,30}", value in "\\PC{0,30}") {
        let name = format!("CHAPERONE__{name}");
        let _ = read_in(Path::new("/nowhere"), MINIMAL, &[(&name, &value)]).map_err(|errors| errors.to_string());
    }
}
