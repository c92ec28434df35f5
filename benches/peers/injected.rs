//! The headers for the app that the authorizer answers with: those of the gate.
use chaperone::cache::{Entry, SignedFor};
use chaperone::domain::grant::Access;
use chaperone::domain::random;
use chaperone::domain::time::{Span, Timestamp};
use chaperone::identity::{Act, Claims};
use chaperone::request::Routed;
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use super::authorizer::Authorizer;

/// How long an assertion counts, and when a new one is signed.
const LASTS: Span = Span::from_seconds(60);
const RENEWED_AFTER: Span = Span::from_seconds(40);

/// Identity headers, mapped headers, and the assertion, which is signed once a session and renewed before it ends.
pub(crate) fn headers(
    authorizer: &Authorizer,
    routed: &Routed,
    entry: &Entry,
    now: Timestamp,
) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(16);
    for (name, value) in [
        ("x-chaperone-subject", entry.subject.id.as_str()),
        ("x-chaperone-subject-email", entry.subject.email.as_str()),
        ("x-chaperone-actor", entry.engineer.id.as_str()),
        ("x-chaperone-actor-email", entry.engineer.email.as_str()),
        ("x-chaperone-workspace", entry.workspace.id.as_str()),
        ("x-chaperone-session", entry.session.id.as_str()),
        ("x-chaperone-access", entry.basis.access().as_str()),
        ("x-chaperone-mode", entry.basis.mode()),
        ("x-chaperone-grant", entry.basis.grant().map(|grant| grant.id.as_str()).unwrap_or_default()),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value)?);
    }
    for (name, pieces) in routed.route.config.headers.values() {
        let value: String = pieces.iter().map(|piece| entry.resolve(piece)).collect();
        headers.insert(name.clone(), HeaderValue::from_str(&value)?);
    }
    headers.insert("x-chaperone-assertion", assertion(authorizer, routed, entry, now)?);
    Ok(headers)
}

fn assertion(authorizer: &Authorizer, routed: &Routed, entry: &Entry, now: Timestamp) -> anyhow::Result<HeaderValue> {
    let (key, route) = (authorizer.signer.key(now)?, routed.route.index);
    if let Some(kept) = entry.assertion(route, key.id(), now) {
        return Ok(kept);
    }
    let iat = now.as_seconds();
    let value = key.sign(&Claims {
        iss: &authorizer.config.server.public_url,
        aud: &routed.route.config.assertion.audience,
        sub: entry.subject.id.as_str(),
        workspace: entry.workspace.id.as_str(),
        session: entry.session.id.as_str(),
        grant: entry.basis.grant().map(|grant| grant.id.as_str()),
        access: Access::as_str(entry.basis.access()),
        mode: entry.basis.mode(),
        ticket: entry.session.ticket.as_deref(),
        iat,
        nbf: iat,
        exp: entry.expires_at().min(now.plus(LASTS)).as_seconds(),
        jti: Uuid::from_bytes(random::bytes()).simple().to_string(),
        act: Act { sub: entry.engineer.id.as_str(), email: entry.engineer.email.as_str() },
        method: None,
        path: None,
    })?;
    let signed =
        SignedFor { route, signed_by: key.id().to_owned(), renew_at: now.plus(RENEWED_AFTER), value: value.clone() };
    entry.keep_assertion(signed);
    Ok(value)
}
