//! The checked configuration. Paths are absolute, secrets are read, patterns and durations are parsed.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use http::{HeaderName, Method, Uri};
use ipnet::IpNet;
use secrecy::SecretString;

use crate::domain::effect::Effect;
use crate::domain::path_pattern::PathPattern;
use crate::domain::time::Span;

use super::limits::Limits;
use super::listener::{ProxyProtocol, Tls, TrustedHeaders};
use super::notify::Notify;
use super::people::{Customers, Staff};
use super::profile::Profile;
use super::reach::Reach;
use super::rights::{Emergency, Grants, Requests, Sessions};
use super::session_host::SessionHost;
use super::support::{SupportRequests, Tickets};
use super::trail::Audit;

/// Everything that `serve` needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The public listener.
    pub server: Server,
    /// The operators' listener.
    pub ops: Ops,
    /// What pages and mails say.
    pub vendor: Vendor,
    /// Where requests go, in order: the first route whose host matches takes the request.
    pub routes: Vec<Route>,
    /// Who engineers are.
    pub staff: Staff,
    /// Who members are.
    pub customers: Customers,
    /// Where state is kept.
    pub store: Store,
    /// What decides.
    pub policy: Policy,
    /// Limits of grants.
    pub grants: Grants,
    /// What an engineer's request for access needs.
    pub requests: Requests,
    /// Limits of sessions.
    pub sessions: Sessions,
    /// Limits of support requests.
    pub support_requests: SupportRequests,
    /// The ticket system; none: nobody tells that tickets were closed.
    pub tickets: Option<Tickets>,
    /// Limits of emergencies.
    pub emergency: Emergency,
    /// The trail.
    pub audit: Audit,
    /// Limits of clients.
    pub limits: Limits,
    /// Who is told.
    pub notify: Notify,
    /// Where the keys of other gates are, whose assertions make a request count as chained.
    pub trusted_gates: Vec<Uri>,
}

/// The public listener.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The origin that browsers see, without a path or a slash at the end: also `iss` of assertions.
    pub public_url: String,
    /// TLS; none: plaintext, on loopback or behind a TLS proxy only.
    pub tls: Option<Tls>,
    /// Plaintext off loopback is meant: another proxy ends TLS.
    pub behind_tls_proxy: bool,
    /// Whose forwarding headers are believed; empty: nobody's.
    pub trusted_proxies: Vec<IpNet>,
    /// Which of their headers; others are not read, for a proxy may pass on what its client sent.
    pub trusted_headers: TrustedHeaders,
    /// Whether their connections begin with a header of the PROXY protocol.
    pub proxy_protocol: ProxyProtocol,
    /// An origin for each session; none: all sessions are at `public_url`.
    pub session_host: Option<SessionHost>,
}

/// The operators' listener.
#[derive(Debug, Clone)]
pub struct Ops {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where traces are sent; none: nowhere.
    pub traces: Option<Traces>,
}

/// A collector of traces.
#[derive(Debug, Clone)]
pub struct Traces {
    /// Where it takes OTLP over HTTP, path included.
    pub url: Uri,
    /// How many of the traces that begin here are sent, in percent, 1 to 100.
    pub percent: u64,
}

/// What pages and mails say.
#[derive(Debug, Clone, Default)]
pub struct Vendor {
    /// The vendor's name.
    pub name: String,
    /// Where people ask for help.
    pub support_url: Option<String>,
    /// Where people report what they did not expect.
    pub report_url: Option<String>,
    /// Where members review their security settings.
    pub security_url: Option<String>,
    /// Where members change their password.
    pub password_url: Option<String>,
}

/// Which host a route serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostMatch {
    /// `*`.
    Any,
    /// This host, in lower case, with a port only if the file says one.
    Exact(String),
}

/// Where a request names its workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkspaceFrom {
    /// In a path segment: the segments before it, as in `/w/{workspace}/**`.
    Path {
        /// The fixed segments before the workspace's.
        before: Vec<String>,
    },
    /// In the host: what stands before and after it, as in `{workspace}.app.example.com`.
    Host {
        /// What stands before it.
        before: String,
        /// What stands after it.
        after: String,
    },
}

/// One piece of a mapped header's value.
#[derive(Clone, PartialEq, Eq)]
pub enum HeaderPiece {
    /// Fixed text; may be a secret.
    Text(String),
    /// `{subject.id}`.
    SubjectId,
    /// `{subject.email}`.
    SubjectEmail,
    /// `{subject.role}`.
    SubjectRole,
    /// `{engineer.id}`.
    EngineerId,
    /// `{engineer.email}`.
    EngineerEmail,
    /// `{workspace.id}`.
    WorkspaceId,
    /// `{session.id}`.
    SessionId,
}

impl fmt::Debug for HeaderPiece {
    /// Without the text, which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(…)",
            Self::SubjectId => "SubjectId",
            Self::SubjectEmail => "SubjectEmail",
            Self::SubjectRole => "SubjectRole",
            Self::EngineerId => "EngineerId",
            Self::EngineerEmail => "EngineerEmail",
            Self::WorkspaceId => "WorkspaceId",
            Self::SessionId => "SessionId",
        })
    }
}

/// A rule of `effects`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectRule {
    /// The method it is for; none: any.
    pub method: Option<Method>,
    /// The paths it is for.
    pub path: PathPattern,
    /// What such a request does.
    pub effect: Effect,
}

/// A rule of `labels`.
#[derive(Debug, Clone)]
pub struct LabelRule {
    /// The paths it is for.
    pub path: PathPattern,
    /// The name that policies use.
    pub label: String,
}

/// What an assertion is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// To the session and the grant's revision: signed once, reused.
    Session,
    /// To method and path too: signed for each request.
    Request,
}

/// How assertions are signed.
#[derive(Debug, Clone)]
pub enum AssertionKey {
    /// With our own key; apps verify by `/.chaperone/jwks.json`.
    EdDsa,
    /// With a secret shared with the app.
    Hs256(SecretString),
}

/// A route's assertion.
#[derive(Debug, Clone)]
pub struct Assertion {
    /// What it is bound to.
    pub bind: Binding,
    /// How it is signed.
    pub key: AssertionKey,
    /// Its `aud`.
    pub audience: String,
}

/// Who passes a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Support sessions only.
    Support,
    /// Everybody: what presents no cookie of ours passes unjudged, without any identity of ours.
    Inline,
}

/// One `[[route]]`.
#[derive(Debug, Clone)]
pub struct Route {
    /// Which host it serves.
    pub host: HostMatch,
    /// Who passes.
    pub mode: Mode,
    /// The app: origins without a path. At least one.
    pub upstream: Vec<Uri>,
    /// How it is reached.
    pub reach: Reach,
    /// Methods besides the usual seven.
    pub methods: BTreeSet<String>,
    /// Where a request names its workspace, if it does.
    pub workspace: Option<WorkspaceFrom>,
    /// Headers to add, by name, with the pieces of their values.
    pub headers: BTreeMap<String, (HeaderName, Vec<HeaderPiece>)>,
    /// What requests do, where the method does not tell.
    pub effects: Vec<EffectRule>,
    /// Names for paths.
    pub labels: Vec<LabelRule>,
    /// The assertion.
    pub assertion: Assertion,
    /// Names of the app's cookies that the browser gets.
    pub expose_cookies: BTreeSet<String>,
    /// Encoded octets that may stand in a path, in upper case, such as `%2F`.
    pub allow_encoded: BTreeSet<String>,
    /// Whether a client's own `Authorization` goes to the app.
    pub pass_authorization: bool,
    /// Whether engineers see a banner on the app's pages.
    pub banner: bool,
    /// Whether their address and the session's id lie over the pages too.
    pub watermark: bool,
}

/// Where state is kept.
#[derive(Debug, Clone)]
pub struct Store {
    /// The SQLite file.
    pub path: PathBuf,
    /// How long what is known of grants may be used without being confirmed: 0.5 s to 10 s, by default 2 s.
    pub lease: Span,
}

/// What decides, beside the built-in guardrails.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The built-in profile, as far as the file names one.
    pub profile: Option<Profile>,
    /// Folders of `*.cedar` files: in place of a profile, or beside the one that is named.
    pub dirs: Vec<PathBuf>,
    /// Whether changed folders are read again by themselves; on SIGHUP they are in any case.
    pub reload: bool,
    /// Whether a set is proved before it decides.
    pub proving: Proving,
    /// The program that proves; none: `$CVC5`, or `cvc5` on the path.
    pub solver: Option<PathBuf>,
    /// The vendor's own invariants, beside those of the guardrails: files or folders of them.
    pub invariants: Vec<PathBuf>,
}

impl Policy {
    /// The built-in profile that decides: the one that is named; without a name and without folders the default one.
    #[must_use]
    pub fn built_in(&self) -> Option<Profile> {
        self.profile.or_else(|| self.dirs.is_empty().then(Profile::default))
    }
}

/// Whether policies are proved before they decide. What is refuted never decides, but for `Off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proving {
    /// They are not.
    #[default]
    Off,
    /// What cannot be proved, for want of a solver or of time, decides all the same, with a warning.
    WhenAvailable,
    /// What is not proved does not decide.
    Required,
}
