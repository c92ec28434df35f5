//! Whom does the app believe? It is asked the same thing with and without headers that say who somebody is, past the
//! gate, as anybody could who reaches it.
use http::header::LOCATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::cli::client::{Answer, Call, Place, ask};

use super::finding::Finding;
use super::throwaway;
use super::upstreams::Asked;

/// What an answer looks like from afar.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    status: u16,
    location: Option<HeaderValue>,
    body: Vec<u8>,
}

/// Two looks at what a stranger gets: what differs between them says nothing later.
#[derive(Debug)]
struct Stranger([Look; 2]);

impl From<Answer> for Look {
    fn from(answer: Answer) -> Self {
        let location = answer.headers.get(LOCATION).cloned();
        Self { status: answer.status.as_u16(), location, body: answer.body.to_vec() }
    }
}

impl Stranger {
    /// Whether `look` is an answer to somebody whom the app takes for another.
    fn differs(&self, look: &Look) -> bool {
        let Self([first, second]) = self;
        let steady = |same: bool, differs: bool| same && differs;
        steady(first.status == second.status, look.status != first.status)
            || steady(first.location == second.location, look.location != first.location)
            || steady(first.body == second.body, look.body != first.body)
    }
}

/// Asks the app behind the route at `place`.
pub(super) async fn check(asked: &Asked<'_>, place: &Place) -> Vec<Finding> {
    let check = format!("route {}, identity", asked.route);
    let got = async |headers| look(asked, place, headers).await;
    let (Some(first), Some(second)) = (got(HeaderMap::new()).await, got(HeaderMap::new()).await) else {
        return vec![Finding::not_checked(check, "not checked: the app stopped to answer")];
    };
    let stranger = Stranger([first, second]);
    let mut groups = vec![("X-Chaperone-*".to_owned(), throwaway::own())];
    for (name, value) in throwaway::mapped(asked.settings) {
        for name in spellings(&name) {
            groups.push((shown(&name), HeaderMap::from_iter([(name, value.clone())])));
        }
    }
    let mut believed = Vec::new();
    for (name, headers) in groups {
        if got(headers).await.is_some_and(|look| stranger.differs(&look)) {
            believed.push(name);
        }
    }
    let everything = got(throwaway::everything(asked.settings)).await;
    vec![verdict(check, &believed, everything.map(|look| stranger.differs(&look)), asked.path)]
}

async fn look(asked: &Asked<'_>, place: &Place, headers: HeaderMap) -> Option<Look> {
    let call = Call { headers, ..Call::get(asked.path) };
    ask(place, asked.trust, call).await.ok().map(Look::from)
}

/// The spellings of a header that apps may take for it: its own, and that with underscores, which CGI and WSGI cannot
/// tell apart.
fn spellings(name: &HeaderName) -> Vec<HeaderName> {
    let underscored = HeaderName::try_from(name.as_str().replace('-', "_")).ok();
    let mut all = vec![name.clone()];
    all.extend(underscored.filter(|other| other != name));
    all
}

fn shown(name: &HeaderName) -> String {
    name.to_string()
}

fn verdict(check: String, believed: &[String], everything: Option<bool>, path: &str) -> Finding {
    if !believed.is_empty() {
        let names = believed.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        return Finding::warn(
            check,
            format!("the app believes {names} from anybody who reaches it: `{path}` answers otherwise with it"),
            "let only the gate reach the app, and have it verify `X-Chaperone-Assertion` or a secret header of the route",
        );
    }
    match everything {
        Some(true) => Finding::ok(
            check,
            format!("`{path}` answers otherwise to the gate's headers together, and to none of them alone"),
        ),
        Some(false) | None => Finding::not_checked(
            check,
            format!(
                "not checked: forged headers changed nothing on `{path}`; that says something only where the answer \
                 depends on who asks (`--probe-path`)"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(status: u16, body: &str) -> Look {
        Look { status, location: None, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_difference_counts_only_where_strangers_are_answered_alike() {
        let steady = Stranger([look(200, "sign in"), look(200, "sign in")]);
        assert!(steady.differs(&look(200, "hello, olga")) && steady.differs(&look(302, "sign in")));
        assert!(!steady.differs(&look(200, "sign in")));
        let nonces = Stranger([look(200, "sign in, 1"), look(200, "sign in, 2")]);
        assert!(!nonces.differs(&look(200, "sign in, 3")) && nonces.differs(&look(401, "sign in, 3")));
    }

    #[test]
    fn both_spellings_are_tried() {
        let names = spellings(&HeaderName::from_static("remote-user")).iter().map(shown).collect::<Vec<_>>();
        assert_eq!(names, ["remote-user", "remote_user"]);
        assert_eq!(spellings(&HeaderName::from_static("user")).len(), 1);
    }
}
