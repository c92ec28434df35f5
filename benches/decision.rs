//! What one decision costs, without any network: the policies, the preparation of a session, and the understanding of
//! a request.
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up ends here")]
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use chaperone::config;
use chaperone::domain::effect::Effect;
use chaperone::domain::engineer::Engineer;
use chaperone::domain::grant::{Access, Grant, Origin};
use chaperone::domain::id::{GrantId, SessionId};
use chaperone::domain::member::{Member, Role};
use chaperone::domain::session::{Basis, BasisId, Session};
use chaperone::domain::time::{Span, Timestamp};
use chaperone::domain::workspace::{EmergencyAccess, Plan, Workspace};
use chaperone::policy::{Asked, Bundle, Http, Nouns, Prepared, decide_access};
use chaperone::request::{Arrived, COOKIE_SESSION, Routes, normalize, route};
use divan::{Bencher, black_box};
use http::Request;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/gate.toml");
const DAY: Span = Span::from_seconds(86_400);
const PATH: &str = "/w/acme/invoices/2026/1042";

fn main() {
    let policies = Bundle::builtin().unwrap().policy_ids().len();
    eprintln!("{policies} policies: the guardrails and the segment profile");
    divan::main();
}

/// The least that a grant can say, or everything that it can.
#[derive(Debug, Clone, Copy)]
enum Consent {
    Plain,
    Named,
}

/// One live session of Ada's in acme, as olga, who granted it yesterday.
struct Facts {
    engineer: Engineer,
    workspace: Workspace,
    subject: Member,
    session: Session,
    basis: Basis,
    now: Timestamp,
    labels: BTreeSet<Arc<str>>,
}

impl Facts {
    fn new(consent: Consent) -> Self {
        let now: Timestamp = "2026-11-22T17:00:00Z".parse().unwrap();
        let granted = now.plus(Span::from_millis(-DAY.as_millis()));
        let grant = grant(consent, granted);
        let session = Session {
            id: SessionId::mint(now),
            workspace: grant.workspace.clone(),
            subject: grant.subject.clone(),
            engineer: "ada".parse().unwrap(),
            basis: BasisId::Grant(grant.id.clone()),
            reason: "An invoice shows the wrong currency".to_owned(),
            ticket: Some("SUP-1042".to_owned()),
            started_at: now,
            expires_at: now.plus(Span::from_seconds(3600)),
            last_seen_at: now,
            mfa_at: Some(granted),
            signed_by: None,
            ended: None,
        };
        Self {
            engineer: engineer(),
            workspace: workspace(),
            subject: Member {
                workspace: grant.workspace.clone(),
                id: grant.subject.clone(),
                email: "olga@acme.example".parse().unwrap(),
                role: Role::Owner,
            },
            session,
            basis: Basis::Grant(Arc::new(grant)),
            now,
            labels: BTreeSet::from(["billing".into()]),
        }
    }

    fn prepared(&self) -> Prepared {
        let nouns = Nouns {
            engineer: Arc::new(self.engineer.clone()),
            workspace: Arc::new(self.workspace.clone()),
            subject: Arc::new(self.subject.clone()),
            session: Arc::new(self.session.clone()),
            basis: self.basis.clone(),
        };
        Prepared::new(nouns).unwrap()
    }

    /// One request after the other, a millisecond apart: no two decisions have the same facts.
    fn asked<'a>(&'a self, effect: Effect, covers_path: bool) -> impl FnMut() -> Asked<'a> {
        let first = self.asked_at(self.now, effect, covers_path);
        let mut now = self.now;
        move || {
            let last_seen_at = now;
            now = now.plus(Span::from_millis(1));
            Asked { now, last_seen_at, ..first }
        }
    }

    fn asked_at(&self, now: Timestamp, effect: Effect, covers_path: bool) -> Asked<'_> {
        Asked {
            now,
            last_seen_at: now,
            http: Http {
                method: "GET",
                host: "support.ledgerly.example",
                path: PATH,
                effect,
                labels: &self.labels,
                ip: "192.0.2.7".parse().unwrap(),
            },
            covers_path,
            chained: false,
        }
    }
}

fn engineer() -> Engineer {
    Engineer {
        id: "ada".parse().unwrap(),
        email: "ada@support.ledgerly.example".parse().unwrap(),
        name: "Ada Lindqvist".to_owned(),
        groups: ["support", "emea", "on-call"].map(str::to_owned).into(),
        organization: "vendor".to_owned(),
        disabled: false,
    }
}

fn workspace() -> Workspace {
    Workspace {
        id: "acme".parse().unwrap(),
        name: "Acme Robotics".to_owned(),
        plan: Plan::Business,
        forced_sso: false,
        region: "eu".to_owned(),
        emergency_access: EmergencyAccess::Allowed,
        labels: BTreeSet::from(["pilot".to_owned()]),
    }
}

fn grant(consent: Consent, granted: Timestamp) -> Grant {
    let named = matches!(consent, Consent::Named);
    Grant {
        id: GrantId::mint(granted),
        workspace: "acme".parse().unwrap(),
        subject: "olga".parse().unwrap(),
        access: Access::ReadOnly,
        origin: Origin::Direct,
        starts_at: granted,
        expires_at: Some(granted.plus(Span::from_millis(3 * DAY.as_millis()))),
        engineers: named.then(|| ["ada", "brian", "carol"].map(|id| id.parse().unwrap()).into()),
        groups: named.then(|| vec!["support".to_owned(), "billing-support".to_owned()]),
        organization: named.then(|| "vendor".to_owned()),
        ticket: Some("SUP-1042".to_owned()),
        purpose: Some("An invoice is wrong".to_owned()),
        scope: named.then(|| vec!["/w/acme/invoices/**".parse().unwrap()]),
        created_at: granted,
        revoked_at: None,
        revoked_by: None,
        revision: 1,
    }
}

/// A read that the policies permit.
#[divan::bench(args = [Consent::Plain, Consent::Named])]
fn permit(bencher: Bencher<'_, '_>, consent: Consent) {
    let (bundle, facts) = (Bundle::builtin().unwrap(), Facts::new(consent));
    let (prepared, mut asked) = (facts.prepared(), facts.asked(Effect::Read, true));
    assert!(decide_access(&bundle, &prepared, &asked()).is_ok());
    bencher.with_inputs(asked).bench_local_values(|asked| decide_access(&bundle, &prepared, black_box(&asked)));
}

/// A read that the policies permit, with so many policies beside the program's own that name a workspace each.
#[divan::bench(args = [0, 12, 10_000])]
fn permit_beside(bencher: Bencher<'_, '_>, named: usize) {
    let (bundle, facts) = (beside(named), Facts::new(Consent::Plain));
    let (prepared, mut asked) = (facts.prepared(), facts.asked(Effect::Read, true));
    let permit = decide_access(&bundle, &prepared, &asked()).unwrap();
    assert_eq!(permit.decision().policies.len(), if named == 0 { 1 } else { 2 }, "acme's own policy counts");
    bencher.with_inputs(asked).bench_local_values(|asked| decide_access(&bundle, &prepared, black_box(&asked)));
}

/// What it takes to load so many, with their validation: once at the start, and at each reload.
#[divan::bench(args = [0, 12, 10_000], sample_count = 3, sample_size = 1)]
fn load_beside(named: usize) -> Bundle {
    beside(named)
}

/// A policy that looks at the clock: with it no permit is remembered, each is decided on.
const ALWAYS_ASKED: &str = "@id(\"not-before\") forbid (principal is Engineer, action in Action::\"Access\", resource)
when { context.now < datetime(\"2001-01-01\") };\n";

/// The built-in policies, and `named` permits and forbids that name one workspace each; the first names acme.
fn beside(named: usize) -> Bundle {
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..named).map(naming).collect();
    fs::write(folder.path().join("named.cedar"), ALWAYS_ASKED.to_owned() + &text).unwrap();
    let segment = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/profiles/segment");
    let dirs = vec![segment, folder.path().to_owned()];
    Bundle::load(&config::Policy { dirs, ..config::Policy::default() }).unwrap()
}

fn naming(n: usize) -> String {
    let workspace = if n == 0 { "acme".to_owned() } else { format!("customer-{n}") };
    let id = format!("@id(\"named-{n}\") ");
    let of = "action in Action::\"Access\", resource";
    id + &match n % 3 {
        0 => format!("permit (principal is Engineer, {of} == Workspace::\"{workspace}\");\n"),
        1 => format!(
            "forbid (principal is Engineer, {of} in Workspace::\"{workspace}\")\nwhen {{ context.http.labels.contains(\"payroll\") }};\n"
        ),
        _ => format!(
            "forbid (principal == Engineer::\"engineer-{n}\", {of} == Workspace::\"{workspace}\")\nunless {{ context.session has mfa_at }};\n"
        ),
    }
}

/// A write on a read-only grant, outside its scope: refused for two causes.
#[divan::bench]
fn refusal(bencher: Bencher<'_, '_>) {
    let (bundle, facts) = (Bundle::builtin().unwrap(), Facts::new(Consent::Named));
    let (prepared, mut asked) = (facts.prepared(), facts.asked(Effect::Write, false));
    assert!(decide_access(&bundle, &prepared, &asked()).is_err());
    bencher.with_inputs(asked).bench_local_values(|asked| decide_access(&bundle, &prepared, black_box(&asked)));
}

/// What a session costs once, when it is read from the store.
#[divan::bench(args = [Consent::Plain, Consent::Named])]
fn prepare(bencher: Bencher<'_, '_>, consent: Consent) {
    let facts = Facts::new(consent);
    bencher.bench_local(|| black_box(&facts).prepared());
}

/// What it costs to understand a browser's request.
#[divan::bench]
fn normalize_and_route(bencher: Bencher<'_, '_>) {
    let config = config::load(Path::new(CONFIG), std::iter::empty()).unwrap().config;
    let routes = Routes::new(&config.routes, &config.customers.token_paths);
    let (head, ()) = browser_request().into_parts();
    let arrived = Arrived { head: &head, secure: true, peer: "192.0.2.7".parse().unwrap() };
    bencher.bench_local(|| route(normalize(black_box(arrived)).unwrap(), black_box(&routes)).unwrap());
}

fn browser_request() -> Request<()> {
    let session = "chs_2f5J0mXr3QnVqf1sYcLw8Zt7bKdGhUeRiOpAxSvNzCw";
    Request::get(format!("{PATH}?tab=lines&page=2"))
        .header("host", "support.ledgerly.example")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
        .header("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
        .header("accept-language", "en-GB,en;q=0.7,de;q=0.3")
        .header("accept-encoding", "gzip, deflate, br, zstd")
        .header("referer", "https://support.ledgerly.example/w/acme/invoices")
        .header("cookie", format!("theme=dark; lang=en; {COOKIE_SESSION}={session}"))
        .header("sec-fetch-dest", "document")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-site", "same-origin")
        .header("upgrade-insecure-requests", "1")
        .header("priority", "u=0, i")
        .body(())
        .unwrap()
}
