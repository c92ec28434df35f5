//! Is a session presented where and by whom it may be: at its own host, from its own browser, by an engineer whom the
//! identity provider has vouched for lately? Nothing of this asks the database.
use http::Method;
use http::header::HOST;
use http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::cache::Entry;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::identity::StaffToken;
use crate::request::Routed;

use super::gate::Gate;

/// Checks what a session's token alone does not show.
///
/// # Errors
/// `no-session` at another host than the session's own; `unauthenticated` without the staff cookie of its browser, or when
/// the engineer's sign-in has ended or was verified too long ago.
pub(super) fn vouched(gate: &Gate, entry: &Entry, routed: &Routed, now: Timestamp) -> Result<(), Refusal> {
    let request = &routed.request;
    if gate.server.session_host.as_ref().is_some_and(|hosts| hosts.host(&entry.session.id) != request.host) {
        return Err(Refusal::because(Code::NoSession, "this session is open at its own host only")
            .next("use the address that came with the session"));
    }
    let cookie = request.cookies.staff.as_deref().and_then(|value| StaffToken::parse(value).ok());
    let cookie = cookie.map(|token| token.hash());
    if !entry.proof.fits(cookie.as_ref()) {
        return Err(again("this session belongs to the sign-in of another browser, or its engineer has signed out"));
    }
    match entry.proof.until(gate.recheck) {
        Some(until) if until <= now => Err(match entry.proof.bound {
            Some(_) => again("your sign-in has ended, or was verified too long ago"),
            None => Refusal::because(Code::Unauthenticated, "your last genuine staff token came too long ago")
                .next("renew the session, or make any other call of the API, with a fresh staff token"),
        }),
        Some(_) | None => Ok(()),
    }
}

fn again(reason: &str) -> Refusal {
    Refusal::because(Code::Unauthenticated, reason).next("sign in again")
}

/// Where a person who was refused for `code` signs in again, and comes back to the address that they asked for.
pub(super) fn way_back(gate: &Gate, code: &Code, head: &Parts) -> Option<String> {
    if !gate.signs_in {
        return None;
    }
    let public_url = &gate.server.public_url;
    let asked = head.uri.path_and_query().filter(|_| head.method == Method::GET).map_or("/", |asked| asked.as_str());
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let session = gate.server.session_host.as_ref().and_then(|hosts| hosts.session(&host(head)));
    let again = matches!(code, Code::Unauthenticated | Code::StepUp);
    let there = match session {
        Some(ref session) if again || *code == Code::NoSession => {
            format!("/.chaperone/enter?session={session}&return={}", encoded(asked))
        }
        None if again => asked.to_owned(),
        Some(_) | None => return None,
    };
    Some(match (code, session) {
        (Code::StepUp, _) => format!("{public_url}/.chaperone/login?fresh=true&return={}", encoded(&there)),
        (_, Some(_)) => format!("{public_url}{there}"),
        (_, None) => format!("{public_url}/.chaperone/login?return={}", encoded(&there)),
    })
}

/// The host that was asked for, in lower case and without a port.
fn host(head: &Parts) -> String {
    let field = || head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let authority = head.uri.authority().map_or_else(field, |authority| authority.as_str());
    authority.split(':').next().unwrap_or_default().to_ascii_lowercase()
}
