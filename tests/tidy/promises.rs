//! What only one place may do: make a permit, refuse with a status, read a clock; and what no place may do.
use super::source::{Name, Source};

/// Who may name a status that is no success, besides `problem`; outside tests.
const STATUSES: [(&str, &str, &str); 4] = [
    ("src/api/error.rs", "METHOD_NOT_ALLOWED", "HTTP has a status of its own for this kind of `bad-request`"),
    ("src/api/error.rs", "UNAUTHORIZED", "asks whether the answer needs `WWW-Authenticate`; sets nothing"),
    ("src/server/ops.rs", "SERVICE_UNAVAILABLE", "a probe's answer, not a refusal"),
    ("src/demo/", "*", "answers of the sample app and of the desk, which are not the gate's"),
];

/// Who may read a clock, besides `domain::time`; outside tests.
const CLOCKS: [(&str, &str); 1] =
    [("src/demo/app/assertion.rs", "the sample app is a program of the vendor's: it limits how often it asks")];

/// Where an arm `_ =>` hides no decision, in the rooms that decide.
const WILDCARDS: [(&str, &str); 2] = [
    ("src/proxy/tunnel.rs", "the length of a WebSocket frame"),
    ("src/proxy/cookie_jar.rs", "attributes of a cookie that the jar does not know"),
];

/// The rooms that decide.
const DECIDING: [&str; 8] = ["domain", "problem", "request", "identity", "policy", "cache", "access", "proxy"];

/// Types that hold a secret, and the files that define one.
const SECRETS: [&str; 8] =
    ["AnswerKey", "ApiKey", "SessionToken", "SecretHash", "Keys", "Pair", "Signer", "SigningKey"];
const SECRET_FILES: [&str; 3] = ["src/identity/secret.rs", "src/identity/keys/pair.rs", "src/config/secret.rs"];

/// Permits that are not made by `decide_access`.
pub(crate) fn permits(source: &Source) -> Vec<String> {
    let door = |within: &str| source.path == "src/policy/decide.rs" && within == "decide_access";
    let made = source.built.iter().filter(|built| built.what == "Permit" && !door(&built.within));
    made.map(|built| format!("{}: only `decide_access` makes a permit", source.at(built.line))).collect()
}

/// Statuses of refusals outside `problem`.
pub(crate) fn statuses(source: &Source) -> Vec<String> {
    if source.room().is_none_or(|room| room == "problem") || source.for_tests {
        return Vec::new();
    }
    let named = source.names.iter().filter(|name| !name.in_tests);
    let refusing = named.filter_map(|name| Some((name, refusing(name)?)));
    let refusing = refusing.filter(|(_, status)| !may(source, status));
    refusing.map(|(name, status)| format!("{}: `{status}` is for `problem` to say", source.at(name.line))).collect()
}

/// The status that a name stands for, unless it is one of success; or how it gets at every status.
fn refusing(name: &Name) -> Option<&str> {
    const FINE: [&str; 7] = ["CONTINUE", "SWITCHING_PROTOCOLS", "OK", "CREATED", "ACCEPTED", "NO_CONTENT", "SEE_OTHER"];
    let at = name.segments.iter().position(|segment| segment == "StatusCode")?;
    match name.segments.get(at + 1) {
        None => name.import.as_ref().filter(|import| import.renamed).map(|_| "StatusCode as …"),
        Some(status) if status == "from_u16" || status == "from_bytes" || status == "*" => Some(status),
        Some(status) => {
            let constant = status.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            (constant && !FINE.contains(&status.as_str())).then_some(status)
        }
    }
}

fn may(source: &Source, status: &str) -> bool {
    STATUSES.iter().any(|(path, allowed, _)| source.path.starts_with(path) && [status, "*"].contains(allowed))
}

/// Clocks that are read outside `domain::time`.
pub(crate) fn clocks(source: &Source) -> Vec<String> {
    let exempt = CLOCKS.iter().any(|(path, _)| source.path == *path) || source.path == "src/domain/time.rs";
    if exempt || source.for_tests {
        return Vec::new();
    }
    let reads = |name: &&Name| {
        let [.., before, last] = name.segments.as_slice() else { return false };
        let kinds = ["SystemTime", "Instant", "Zoned"];
        let now = kinds.contains(&before.as_str()) && ["now", "elapsed"].contains(&last.as_str());
        let jiff = name.segments.starts_with(&["jiff".to_owned()]) && last == "now";
        now || jiff || last == "clock_gettime" || (last == "SystemTime" && name.import.is_some())
    };
    let read = source.names.iter().filter(|name| !name.in_tests).filter(reads);
    read.map(|name| {
        format!("{}: `{}`: only `domain::time` reads a clock", source.at(name.line), name.segments.join("::"))
    })
    .collect()
}

/// Arms `_ =>` in the rooms that decide: what is added later must be decided on, not swept along.
pub(crate) fn wildcards(source: &Source) -> Vec<String> {
    let decides = source.room().is_some_and(|room| DECIDING.contains(&room)) && !source.for_tests;
    if !decides || WILDCARDS.iter().any(|(path, _)| source.path == *path) {
        return Vec::new();
    }
    source.wildcards.iter().map(|line| format!("{}: name what `_` stands for", source.at(*line))).collect()
}

/// Calls of the API that its document does not tell of.
pub(crate) fn undocumented(source: &Source) -> Vec<String> {
    if !source.path.starts_with("src/api/v1/") || source.for_tests {
        return Vec::new();
    }
    let routed = source.text.lines().zip(1..).filter(|(line, _)| line.contains(".route("));
    routed.map(|(_, line)| format!("{}: `.routes(routes!(…))`: so the document tells of it", source.at(line))).collect()
}

/// Secrets that can be printed.
pub(crate) fn printed(source: &Source) -> Vec<String> {
    let shown = source.displayed.iter().filter(|shown| SECRETS.contains(&shown.word.as_str()));
    let shown = shown.map(|shown| format!("{}: `{}` is a secret: no Display", source.at(shown.line), shown.word));
    let defines = SECRET_FILES.contains(&source.path.as_str());
    let names = source.names.iter().filter(|name| defines && !name.in_tests);
    let names = names.filter(|name| name.segments.iter().any(|segment| segment == "Display" || segment == "Serialize"));
    let names = names.map(|name| format!("{}: what is secret is not shown", source.at(name.line)));
    shown.chain(names).collect()
}

/// Entries of the lists above that nothing needs any more.
pub(crate) fn stale(sources: &[Source]) -> Vec<String> {
    let has = |path: &str, found: &dyn Fn(&Source) -> bool| {
        sources.iter().any(|source| source.path.starts_with(path) && !source.for_tests && found(source))
    };
    let status = |status: &str, name: &Name| refusing(name).is_some_and(|named| [named, "*"].contains(&status));
    let statuses = STATUSES.iter().filter(|(path, allowed, _)| {
        !has(path, &|source| source.names.iter().any(|name| !name.in_tests && status(allowed, name)))
    });
    let wildcards = WILDCARDS.iter().filter(|(path, _)| !has(path, &|source| !source.wildcards.is_empty()));
    let clocks = CLOCKS.iter().filter(|(path, _)| {
        !has(path, &|source| source.names.iter().any(|name| name.segments.ends_with(&["Instant".into(), "now".into()])))
    });
    let secrets = SECRET_FILES.iter().filter(|path| !has(path, &|_| true));
    let paths = statuses.map(|(path, ..)| path).chain(wildcards.chain(clocks).map(|(path, _)| path)).chain(secrets);
    paths.map(|path| format!("`{path}` needs no exception: remove it from tests/tidy/promises.rs")).collect()
}

/// Columns that say what time alone decides.
pub(crate) fn stored_standings(path: &str, sql: &str) -> Vec<String> {
    const COMPUTED: [&str; 8] = ["active", "is_active", "live", "is_live", "standing", "status", "expired", "idle"];
    let column = |line: &str| line.split_whitespace().next().is_some_and(|word| COMPUTED.contains(&word));
    let lines = sql.lines().zip(1..).filter(|(line, _)| column(line));
    lines.map(|(_, line)| format!("{path}:{line}: what depends on time is computed, never stored")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_is_made_behind_one_door() {
        let door = "fn decide_access() { Permit { decision } }";
        assert_eq!(permits(&Source::read("src/policy/decide.rs", door)), Vec::<String>::new());
        for (path, text) in [
            ("src/policy/decide.rs", "fn decide_otherwise() { Permit { decision } }"),
            ("src/policy/verdict.rs", "fn decide_access() { decide::Permit { decision } }"),
            ("src/proxy/authorize.rs", "fn f() { vec![Permit { decision }] }"),
        ] {
            assert_eq!(permits(&Source::read(path, text)).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_status_of_a_refusal_is_found_outside_problem() {
        for text in [
            "fn f() { StatusCode::FORBIDDEN; }",
            "fn f() { http::StatusCode::FORBIDDEN; }",
            "use http::{HeaderMap, StatusCode as S};",
            "use http::StatusCode; use StatusCode::*;",
            "fn f() { StatusCode::from_u16(403); }",
            "fn f() { matches!(x, StatusCode::NOT_FOUND); }",
        ] {
            assert_eq!(statuses(&Source::read("src/proxy/x.rs", text)).len(), 1, "{text}");
            assert!(statuses(&Source::read("src/problem/x.rs", text)).is_empty(), "{text}");
        }
        let fine = "fn f() { StatusCode::CREATED; } #[cfg(test)] mod tests { fn f() { StatusCode::FORBIDDEN; } }";
        assert!(statuses(&Source::read("src/proxy/x.rs", fine)).is_empty());
        let wrong_one = Source::read("src/api/error.rs", "fn f() { StatusCode::FORBIDDEN; StatusCode::UNAUTHORIZED; }");
        assert_eq!(statuses(&wrong_one).len(), 1);
    }

    #[test]
    fn a_clock_is_found_outside_domain_time() {
        for text in [
            "fn f() { std::time::SystemTime::now(); }",
            "fn f() { Instant::now(); }",
            "use std::time::SystemTime as Wall;",
            "fn f() { jiff::Timestamp::now(); }",
            "fn f() { info!(at = ?tokio::time::Instant::now()); }",
            "fn f() { rustix::time::clock_gettime(x); }",
        ] {
            assert_eq!(clocks(&Source::read("src/cache/x.rs", text)).len(), 1, "{text}");
            assert!(clocks(&Source::read("src/domain/time.rs", text)).is_empty(), "{text}");
        }
        assert!(clocks(&Source::read("src/cache/x.rs", "fn f(clock: &Clock) { clock.now(); }")).is_empty());
    }

    #[test]
    fn a_wildcard_is_found_where_it_is_decided() {
        let text = "fn f() { match x { A => 1, _ => 2 } } #[cfg(test)] mod tests { fn f() { match x { _ => 2 } } }";
        assert_eq!(wildcards(&Source::read("src/policy/x.rs", text)), ["src/policy/x.rs:1: name what `_` stands for"]);
        assert!(wildcards(&Source::read("src/cli/x.rs", text)).is_empty());
    }

    #[test]
    fn a_call_beside_the_document_is_found() {
        let beside = "fn f() { Router::new()\n.route(\"/x\", get(x)) }";
        assert_eq!(undocumented(&Source::read("src/api/v1/mod.rs", beside)).len(), 1);
        assert!(undocumented(&Source::read("src/api/v1/mod.rs", "fn f() { r.routes(routes!(x)) }")).is_empty());
        assert!(undocumented(&Source::read("src/server/ops.rs", beside)).is_empty());
    }

    #[test]
    fn a_secret_that_can_be_printed_is_found() {
        let printed = |path, text| printed(&Source::read(path, text)).len();
        assert_eq!(printed("src/api/x.rs", "impl fmt::Display for identity::ApiKey {}"), 1);
        assert_eq!(printed("src/identity/secret.rs", "macro_rules! m { () => { impl fmt::Display for $name {} } }"), 1);
        assert_eq!(printed("src/identity/keys/pair.rs", "#[derive(Debug, Serialize)] struct Stored;"), 1);
        assert_eq!(printed("src/api/x.rs", "impl fmt::Display for Answer {}"), 0);
    }

    #[test]
    fn an_exception_that_nothing_needs_is_found() {
        let only = [Source::read("src/server/ops.rs", "fn f() { StatusCode::SERVICE_UNAVAILABLE; }")];
        let stale = stale(&only);
        assert!(!stale.iter().any(|said| said.contains("ops.rs")), "{stale:?}");
        assert!(stale.iter().any(|said| said.contains("src/proxy/tunnel.rs")), "{stale:?}");
    }

    #[test]
    fn a_column_that_stores_a_standing_is_found() {
        let sql = "CREATE TABLE grants (\n    id TEXT,\n    standing TEXT\n);";
        let found = ["0001.sql:3: what depends on time is computed, never stored"];
        assert_eq!(stored_standings("0001.sql", sql), found);
    }
}
