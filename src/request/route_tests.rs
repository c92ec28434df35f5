//! The stories of routing: which route, which readings, which workspace.
use http::Method;

use crate::config::{self, HostMatch, WorkspaceFrom};
use crate::domain::effect::Effect;
use crate::domain::refusal::Code;

use super::testing::{any_route, effect, h1, head, label, read, routed};
use super::{Reading, Routed, Routes, route};

fn readings(method: &str, target: &str, fields: &[(&str, &str)], config: config::Route) -> Vec<(String, Effect, bool)> {
    let routed = routed(&h1(method, target, fields), config).unwrap();
    routed.readings().map(|r| (r.path.clone(), r.effect, r.folded)).collect()
}

fn effects(method: &str, target: &str, config: config::Route) -> Vec<Effect> {
    readings(method, target, &[], config).into_iter().map(|(_, effect, _)| effect).collect()
}

fn by_path() -> config::Route {
    config::Route { workspace: Some(WorkspaceFrom::Path { before: vec!["w".to_owned()] }), ..any_route() }
}

fn named(target: &str, fields: &[(&str, &str)]) -> Result<Option<String>, Code> {
    let mut config = by_path();
    config.methods.insert("MOVE".to_owned());
    config.allow_encoded.insert("%2F".to_owned());
    routed(&h1("MOVE", target, fields), config).map(|routed| routed.workspace).map_err(|refusal| refusal.code)
}

#[test]
fn the_first_route_whose_host_matches_takes_the_request() {
    let route_for = |host: &str| config::Route { host: HostMatch::Exact(host.to_owned()), ..any_route() };
    let routes = Routes::new(&[route_for("a.example"), route_for("b.example:8443"), route_for("[::1]:80")], &[]);
    let index = |host: &str| -> Result<usize, Code> {
        let request = read(&head(http::Version::HTTP_11, "GET", "/", &[("host", host)]).unwrap()).unwrap();
        route(request, &routes).map(|Routed { route, .. }| route.index).map_err(|refusal| refusal.code)
    };
    assert_eq!(
        [index("A.example"), index("a.example:9000"), index("b.example:8443"), index("[::1]:80")],
        [Ok(0), Ok(0), Ok(1), Ok(2)]
    );
    assert_eq!(
        [index("b.example"), index("c.example"), index("[::1]")],
        [Err(Code::NotFound), Err(Code::NotFound), Err(Code::NotFound)]
    );
}

#[test]
fn methods_besides_the_usual_ones_are_the_routes_to_allow() {
    let mut config = any_route();
    config.methods.insert("PROPFIND".to_owned());
    assert_eq!(effects("PROPFIND", "/cal", config), [Effect::Write]);
    let refusal = routed(&h1("PROPFIND", "/cal", &[]), any_route()).unwrap_err();
    assert_eq!(refusal.code, Code::BadRequest);
    assert!(refusal.next.unwrap().contains("`methods`"));
}

#[test]
fn the_method_tells_the_effect_where_no_rule_does() {
    let usual = [
        ("GET", Effect::Read),
        ("HEAD", Effect::Read),
        ("OPTIONS", Effect::Read),
        ("DELETE", Effect::Delete),
        ("POST", Effect::Write),
        ("PUT", Effect::Write),
        ("PATCH", Effect::Write),
    ];
    for (method, effect) in usual {
        assert_eq!(effects(method, "/x", any_route()), [effect], "{method}");
    }
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")];
    assert_eq!(readings("GET", "/live", &upgrade, any_route()), [("/live".to_owned(), Effect::Write, false)]);
}

#[test]
fn consent_and_login_as_win_then_the_first_rule() {
    let mut config = any_route();
    config.effects = vec![
        effect(Some(Method::POST), "/api/search", Effect::Read),
        effect(None, "/api/**", Effect::Delete),
        effect(None, "/api/become/**", Effect::LoginAs),
        effect(Some(Method::GET), "/become", Effect::LoginAs),
        effect(None, "/live", Effect::Read),
    ];
    assert_eq!(effects("POST", "/api/search", config.clone()), [Effect::Read]);
    assert_eq!(effects("GET", "/api/search", config.clone()), [Effect::Delete]);
    assert_eq!(effects("GET", "/api/become/7", config.clone()), [Effect::LoginAs]);
    assert_eq!(effects("HEAD", "/become", config.clone()), [Effect::LoginAs], "apps answer HEAD as GET");
    assert_eq!(effects("POST", "/auth/token", config.clone()), [Effect::Consent], "minting tokens, on every route");
    assert_eq!(effects("POST", "/Auth/Token;x", config.clone()), [Effect::Write, Effect::Consent]);
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")];
    assert_eq!(readings("GET", "/live", &upgrade, config), [("/live".to_owned(), Effect::Read, false)]);
}

#[test]
fn every_matching_label_counts_and_folded_paths_have_their_own() {
    let mut config = any_route();
    config.labels.push(label("/**", "all"));
    config.labels.push(label("/Reports/**", "reports"));
    let routed =
        |target| routed(&h1("GET", target, &[]), config.clone()).unwrap().readings().cloned().collect::<Vec<_>>();
    let labels = |reading: &Reading| reading.labels.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(labels(&routed("/admin/x")[0]), ["admin", "all"]);
    let lax = routed("/ADMIN/x");
    assert_eq!(
        (lax.len(), labels(&lax[0]), labels(&lax[1])),
        (2, vec!["all".to_owned()], vec!["admin".to_owned(), "all".to_owned()])
    );
    let pattern_folds = routed("/reports/x");
    assert_eq!((pattern_folds.len(), labels(&pattern_folds[1])), (2, vec!["all".to_owned(), "reports".to_owned()]));
}

#[test]
fn a_scope_covers_each_reading_in_its_own_way() {
    let scope = ["/Café/**".parse().unwrap()];
    let within = |target| routed(&h1("GET", target, &[]), any_route()).unwrap().readings().all(|r| r.within(&scope));
    assert!(within("/Caf%C3%A9/menu"));
    assert!(!within("/caf%C3%A9/menu"), "another spelling is another path");
    assert!(!within("/menu"));
    let mut config = any_route();
    config.methods.insert("MOVE".to_owned());
    let away = routed(&h1("MOVE", "/Caf%C3%A9", &[("destination", "/cafe")]), config).unwrap();
    assert!(!away.readings().all(|r| r.within(&scope)), "the destination is not the path folded");
}

#[test]
fn encoded_octets_pass_only_by_leave_of_the_route_and_are_read_both_ways() {
    for target in ["/a%2Fb", "/a%5Cb", "/a%2Eb", "/100%25"] {
        let refusal = routed(&h1("GET", target, &[]), any_route()).unwrap_err();
        assert_eq!(refusal.code, Code::AmbiguousPath, "{target}");
        assert!(refusal.next.unwrap().contains("`allow_encoded`"));
    }
    let mut config = any_route();
    config.allow_encoded = ["%2F", "%5C", "%2E", "%25"].map(str::to_owned).into();
    let paths =
        |target| readings("GET", target, &[], config.clone()).into_iter().map(|(path, ..)| path).collect::<Vec<_>>();
    assert_eq!(paths("/p/group%2fadmin"), ["/p/group%2Fadmin", "/p/group%2fadmin", "/p/group/admin"]);
    assert_eq!(paths("/a%5Cb"), ["/a\\b", "/a/b"]);
    assert_eq!(paths("/v1%2E0"), ["/v1.0"]);
    assert_eq!(paths("/100%25"), ["/100%"]);
    for target in
        ["/x%2F..%2Fadmin", "/%2e%2e/admin", "/%2Fadmin", "/%252e%252e/admin", "/x%5C..", "/x%2f%2fy", "/a;x%2Fb"]
    {
        assert!(routed(&h1("GET", target, &[]), config.clone()).is_err(), "{target}");
    }
}

#[test]
fn a_destination_is_judged_as_a_second_path_that_is_written() {
    let mut config = any_route();
    config.methods.insert("COPY".to_owned());
    config.effects = vec![effect(None, "/public/**", Effect::Read), effect(None, "/settings/**", Effect::Consent)];
    let to = |target: &str| readings("COPY", "/public/a", &[("destination", target)], config.clone());
    let source = ("/public/a".to_owned(), Effect::Read, false);
    assert_eq!(to("/public/b"), [source.clone(), ("/public/b".to_owned(), Effect::Write, false)]);
    assert_eq!(
        to("https://support.example.com/settings/x"),
        [source, ("/settings/x".to_owned(), Effect::Consent, false)]
    );
    let encoded = routed(&h1("COPY", "/public/a", &[("destination", "/b%2Fc")]), config);
    assert_eq!(encoded.unwrap_err().code, Code::AmbiguousPath);
}

#[test]
fn our_own_prefix_is_never_forwarded_in_any_reading() {
    let mut config = any_route();
    config.methods.insert("MOVE".to_owned());
    config.allow_encoded.insert("%2F".to_owned());
    for target in [
        "/.chaperone",
        "/.chaperone/",
        "/.chaperone/api/v1/grants",
        "/.Chaperone/x",
        "/.chaperone;x/y",
        "/.chaperone.",
        "/.chaperone%2Fapi",
        "/.chaperone%3Fx",
        "/%EF%BC%A3haperone/..",
        "/.%EF%BD%83haperone",
    ] {
        let refused = routed(&h1("GET", target, &[]), config.clone()).map(|_| ()).unwrap_err().code;
        assert!(matches!(refused, Code::NotFound | Code::AmbiguousPath), "{target}: {refused}");
    }
    let into = routed(&h1("MOVE", "/a", &[("destination", "/.chaperone/x")]), config.clone());
    assert_eq!(into.unwrap_err().code, Code::NotFound);
    assert!(routed(&h1("GET", "/.chaperoned/x", &[]), config).is_ok());
}

#[test]
fn a_path_names_its_workspace_in_every_reading_or_is_refused() {
    assert_eq!(named("/w/acme/notes", &[]), Ok(Some("acme".to_owned())));
    assert_eq!(named("/w/Acme", &[]), Ok(Some("Acme".to_owned())));
    for nowhere in ["/", "/w", "/w/", "/x/w/acme"] {
        assert_eq!(named(nowhere, &[]), Ok(None), "{nowhere}");
    }
    for unclear in ["/W/acme/notes", "/w;x/acme", "/w%2Facme", "/w/acme%2Fnotes", "/w/acme%3Fx", "/w%20/acme"] {
        assert_eq!(named(unclear, &[]), Err(Code::AmbiguousPath), "{unclear}");
    }
}

#[test]
fn a_destination_stays_in_the_workspace() {
    let to = |target| named("/w/acme/a", &[("destination", target)]);
    assert_eq!(to("/w/acme/b"), Ok(Some("acme".to_owned())));
    assert_eq!(to("/w/globex/b"), Err(Code::WrongWorkspace));
    assert_eq!(to("/W/globex/b"), Err(Code::AmbiguousPath));
    assert_eq!(named("/inbox/a", &[("destination", "/w/globex/b")]), Ok(Some("globex".to_owned())));
}

#[test]
fn a_host_names_its_workspace() {
    let workspace = Some(WorkspaceFrom::Host { before: String::new(), after: ".app.example.com".to_owned() });
    let config = config::Route { workspace, ..any_route() };
    let named = |host| {
        let head = head(http::Version::HTTP_11, "GET", "/", &[("host", host)]).unwrap();
        routed(&head, config.clone()).unwrap().workspace
    };
    assert_eq!(named("Acme.app.example.com:8443").as_deref(), Some("acme"));
    assert_eq!(named("app.example.com"), None);
    assert_eq!(named("acme.example.com"), None);
}
