//! The app's `Content-Security-Policy`, widened by nothing but our script and the one address that it asks.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::domain::random;

use super::tag::Sources;

const HEADERS: [HeaderName; 2] = [CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY];
/// The directives that say which scripts load; the first that is there counts (CSP level 3, section 6.8.3).
const SCRIPTS: [&str; 3] = ["script-src-elem", "script-src", "default-src"];
/// The same of what scripts fetch.
const FETCHES: [&str; 2] = ["connect-src", "default-src"];
const NONE: &str = "'none'";

/// Lets `sources` pass every policy in `headers`; says which nonce our tag needs for that.
///
/// A policy that goes by nonces and hashes gets a nonce, the page's own if it has one. One that goes by hosts gets our script's
/// address: a nonce would switch its `'unsafe-inline'` off.
pub(super) fn admit(headers: &mut HeaderMap, sources: &Sources) -> Option<String> {
    let texts = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let nonce = HEADERS.iter().flat_map(texts).flat_map(str::split_ascii_whitespace).find_map(nonce_of);
    let nonce = nonce.map_or_else(|| STANDARD.encode(random::bytes::<16>()), str::to_owned);
    let mut needed = false;
    for name in HEADERS {
        let policies: Vec<String> = headers
            .get_all(&name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|policy| {
                let (policy, by_nonce) = widened(policy, sources, &nonce);
                needed |= by_nonce;
                policy
            })
            .collect();
        if let Ok(value) = HeaderValue::from_str(&policies.join(", "))
            && !policies.is_empty()
        {
            headers.insert(name, value);
        }
    }
    needed.then_some(nonce)
}

/// One policy that lets us pass, and whether it does so by the nonce.
fn widened(policy: &str, sources: &Sources, nonce: &str) -> (String, bool) {
    let mut directives: Vec<Vec<&str>> =
        policy.split(';').map(|text| text.split_ascii_whitespace().collect()).collect();
    directives.retain(|directive| !directive.is_empty());
    let nonce = format!("'nonce-{nonce}'");
    let scripts = governing(&directives, &SCRIPTS);
    let by_nonce = scripts.and_then(|at| directives.get(at)).is_some_and(|directive| directive.iter().any(is_strict));
    let script = if by_nonce { nonce.as_str() } else { sources.script.as_str() };
    for (at, source) in [(scripts, script), (governing(&directives, &FETCHES), sources.connect.as_str())] {
        if let Some(directive) = at.and_then(|at| directives.get_mut(at)) {
            directive.retain(|token| !token.eq_ignore_ascii_case(NONE));
            if !directive.contains(&source) {
                directive.push(source);
            }
        }
    }
    let texts: Vec<String> = directives.iter().map(|directive| directive.join(" ")).collect();
    (texts.join("; "), by_nonce)
}

/// Which directive counts; of two of one name, the first.
fn governing(directives: &[Vec<&str>], names: &[&str]) -> Option<usize> {
    let position = |wanted: &&str| {
        directives.iter().position(|directive| directive.first().is_some_and(|name| name.eq_ignore_ascii_case(wanted)))
    };
    names.iter().find_map(position)
}

/// Whether a source makes browsers pass over addresses or `'unsafe-inline'`.
fn is_strict(token: &&str) -> bool {
    let token = token.to_ascii_lowercase();
    ["'nonce-", "'sha256-", "'sha384-", "'sha512-", "'strict-dynamic'"].iter().any(|kind| token.starts_with(kind))
}

fn nonce_of(token: &str) -> Option<&str> {
    token.trim_end_matches([';', ',']).strip_prefix("'nonce-")?.strip_suffix('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "acme.example/.chaperone/static/banner-0.js";
    const CURRENT: &str = "acme.example/.chaperone/api/v1/sessions/current";

    fn admitted(policies: &[&'static str]) -> (Vec<String>, Option<String>) {
        let mut headers = HeaderMap::new();
        for policy in policies {
            headers.append(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        }
        let sources = Sources { script: SCRIPT.to_owned(), connect: CURRENT.to_owned() };
        let nonce = admit(&mut headers, &sources);
        let texts = headers.get_all(CONTENT_SECURITY_POLICY).iter().map(|value| value.to_str().unwrap().to_owned());
        (texts.collect(), nonce)
    }

    #[test]
    fn a_policy_by_hosts_gets_our_two_addresses_and_nothing_more() {
        let (policies, nonce) = admitted(&["script-src 'self' 'unsafe-inline'; connect-src 'none'; img-src *"]);
        assert_eq!(policies, [format!("script-src 'self' 'unsafe-inline' {SCRIPT}; connect-src {CURRENT}; img-src *")]);
        assert_eq!(nonce, None);
        let (policies, _) = admitted(&["default-src 'none'"]);
        assert_eq!(policies, [format!("default-src {SCRIPT} {CURRENT}")]);
        assert_eq!(admitted(&["frame-ancestors 'none'"]).0, ["frame-ancestors 'none'"]);
        assert!(admitted(&[]).0.is_empty());
    }

    #[test]
    fn a_policy_by_nonces_gets_ours_and_the_pages_own_is_used_where_there_is_one() {
        let (policies, nonce) = admitted(&["script-src 'nonce-abc' 'strict-dynamic'; object-src 'none'"]);
        assert_eq!(policies, ["script-src 'nonce-abc' 'strict-dynamic'; object-src 'none'"]);
        assert_eq!(nonce.as_deref(), Some("abc"));
        let (policies, nonce) = admitted(&["script-src 'sha256-AAAA='"]);
        assert_eq!(policies, [format!("script-src 'sha256-AAAA=' 'nonce-{}'", nonce.unwrap())]);
    }

    #[test]
    fn every_one_of_several_policies_lets_us_pass() {
        let (policies, nonce) = admitted(&["script-src 'self', default-src 'nonce-x'", "Script-Src-Elem 'none'"]);
        assert_eq!(
            policies,
            [format!("script-src 'self' {SCRIPT}, default-src 'nonce-x' {CURRENT}, Script-Src-Elem {SCRIPT}")]
        );
        assert_eq!(nonce.as_deref(), Some("x"));
    }
}
