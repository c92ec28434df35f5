//! Do the app's tokens tell who acts? While support is inside, a token that the app mints for its user must name the
//! engineer in `act` (RFC 8693); without it a token could consent in the customer's name.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use serde_json::Value;

use crate::cli::client::{Call, Place, ask};

use super::finding::Finding;
use super::throwaway;
use super::upstreams::Asked;

/// Asks the app for a token at each path that is known.
pub(super) async fn check(asked: &Asked<'_>, place: &Place, path: Option<&str>) -> Vec<Finding> {
    let fixed = asked.config.customers.token_paths.iter().map(ToString::to_string).filter(|path| !path.contains('*'));
    let paths: Vec<String> = path.map_or_else(|| fixed.collect(), |path| vec![path.to_owned()]);
    let check = format!("route {}, tokens", asked.route);
    if paths.is_empty() {
        return vec![Finding::not_checked(
            check,
            "not checked: no fixed path in `customers.token_paths` (`--mint-path`)",
        )];
    }
    let mut findings = Vec::new();
    for path in paths {
        findings.push(minted(asked, place, &check, &path).await);
    }
    findings
}

async fn minted(asked: &Asked<'_>, place: &Place, check: &str, path: &str) -> Finding {
    let call = |method| {
        let headers = throwaway::everything(asked.settings);
        ask(place, asked.trust, Call { method, headers, ..Call::get(path) })
    };
    let mut answer = call(Method::POST).await;
    if answer.as_ref().is_ok_and(|answer| answer.status.as_u16() == 405) {
        answer = call(Method::GET).await;
    }
    match answer {
        Ok(answer) => verdict(check, path, answer.status, &String::from_utf8_lossy(&answer.body)),
        Err(_) => Finding::not_checked(check, format!("not checked: no answer on `{path}`")),
    }
}

fn verdict(check: &str, path: &str, status: StatusCode, body: &str) -> Finding {
    let tokens: Vec<Value> = tokens(body).collect();
    let names_actor = |claims: &Value| claims.pointer("/act/sub").is_some_and(Value::is_string);
    if tokens.is_empty() {
        return Finding::not_checked(
            check,
            format!(
                "not checked: `{path}` answers {} without a token, to somebody who does not exist and has no assertion; \
                 test in the app that its tokens carry `act`",
                status.as_u16()
            ),
        );
    }
    if tokens.iter().all(names_actor) {
        return Finding::ok(check, format!("a token of `{path}` names in `act` who acts"));
    }
    Finding::fail(
        check,
        format!(
            "a token of `{path}` has no `act`, although `X-Chaperone-Actor` was there: support could consent with it"
        ),
        "put `act: {sub, email}` of the actor into tokens while `X-Chaperone-Actor` is present",
    )
}

/// The claims of everything in `text` that looks like a JWT.
fn tokens(text: &str) -> impl Iterator<Item = Value> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
    words.filter_map(|word| {
        let [header, claims, _signature] = word.split('.').collect::<Vec<_>>().try_into().ok()?;
        let object = |part: &str| {
            let json = URL_SAFE_NO_PAD.decode(part).ok()?;
            serde_json::from_slice::<Value>(&json).ok().filter(Value::is_object)
        };
        object(header)?.get("alg")?;
        object(claims)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::finding::Level;
    use super::*;

    fn token(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2lnbmF0dXJl", part(&json!({"alg": "ES256"})), part(claims))
    }

    fn level(body: &str) -> Level {
        verdict("tokens", "/api/token", StatusCode::OK, body).level
    }

    #[test]
    fn a_token_without_an_actor_is_a_failure_wherever_it_stands() {
        let with = token(&json!({"sub": "olga", "act": {"sub": "ada"}}));
        let without = token(&json!({"sub": "olga"}));
        assert_eq!(level(&json!({ "token": with }).to_string()), Level::Ok);
        for body in [without.clone(), json!({ "data": { "jwt": without } }).to_string(), format!("{with} {without}")] {
            assert_eq!(level(&body), Level::Fail, "{body}");
        }
        assert_eq!(level(&token(&json!({"sub": "olga", "act": null}))), Level::Fail);
        assert_eq!(level("who are you? see www.example.com"), Level::NotChecked);
    }

    #[test]
    fn no_finding_shows_a_token() {
        let body = token(&json!({"sub": "olga"}));
        assert!(!format!("{:?}", verdict("tokens", "/t", StatusCode::OK, &body)).contains(&body));
    }
}
