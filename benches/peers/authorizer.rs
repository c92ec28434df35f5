//! Whom nginx and Envoy ask: a server that makes chaperone's decision, of chaperone's own parts.
//!
//! It is asked with the original method, path, host, cookies and address. It reads the request as the gate does, finds
//! the session in the same cache under the same lease, evaluates the same policies on the same facts, and answers 200
//! with the headers for the app, or 401 or 403. It writes no trail, and guards no stream: those who ask cannot.
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use chaperone::cache::{self, Directory, Entry};
use chaperone::config::Config;
use chaperone::domain::time::{Clock, Timestamp};
use chaperone::identity::{Keys, SessionToken, Signer, keys_folder};
use chaperone::policy::{Asked, Bundle, Http, decide_access};
use chaperone::request::{Arrived, Reading, Routed, Routes, normalize, route};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{app, child, gate, injected};

/// nginx asks with GET, whatever the request's method was.
const ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What it works with.
pub(crate) struct Authorizer {
    routes: Routes,
    directory: Arc<Directory>,
    bundle: Bundle,
    pub(crate) signer: Signer,
    pub(crate) config: Config,
    clock: Arc<Clock>,
}

/// Runs it, on the state of a gate that nobody sends requests to. It evaluates the policies for each request, unless it
/// `remembers` permits as the gate does.
pub(crate) async fn run(app: SocketAddr, remembers: bool) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let gate::Gate { running, config, clock, sessions } = gate::start(folder.path(), app, "relaxed").await?;
    let access = Arc::clone(&running.access);
    let metrics = Arc::clone(&access.metrics);
    let directory = Directory::new(access.store.clone(), Arc::clone(&clock), config.store.lease, metrics);
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    tasks.spawn(cache::follow(Arc::clone(&directory), access.feed.subscribe(), tasks.clone(), stop.clone()));

    let bundle = Bundle::load(&config.policy).map_err(|errors| anyhow::anyhow!("{errors}"))?;
    let bundle = if remembers { bundle } else { bundle.asked_each_time() };
    let authorizer = Arc::new(Authorizer::new(config, directory, bundle, clock)?);
    let address = app::listen(move |request| {
        let authorizer = Arc::clone(&authorizer);
        async move { anyhow::Ok(authorizer.answer(request).await) }
    });
    child::serving(address.await?, &sessions).await?;
    stop.cancel();
    running.shutdown().await;
    Ok(())
}

impl Authorizer {
    fn new(config: Config, directory: Arc<Directory>, bundle: Bundle, clock: Arc<Clock>) -> anyhow::Result<Self> {
        let keys = Arc::new(Keys::open(&keys_folder(&config.store.path))?);
        let route = config.routes.first().ok_or_else(|| anyhow::anyhow!("no route"))?;
        let signer = Signer::new(&route.assertion, &keys);
        let routes = Routes::new(&config.routes, &config.customers.token_paths);
        Ok(Self { routes, directory, bundle, signer, config, clock })
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Empty<Bytes>> {
        let mut answer = Response::new(Empty::new());
        match self.permitted(request.into_parts().0).await {
            Ok(headers) => *answer.headers_mut() = headers,
            Err(status) => *answer.status_mut() = status,
        }
        answer
    }

    /// The headers for the app.
    async fn permitted(&self, mut head: Parts) -> Result<HeaderMap, StatusCode> {
        let now = self.clock.now();
        if let Some(method) = head.headers.remove(ORIGINAL_METHOD) {
            head.method = Method::from_bytes(method.as_bytes()).map_err(|_| StatusCode::FORBIDDEN)?;
        }
        let arrived = Arrived { head: &head, secure: false, peer: client(&head) };
        let understood = normalize(arrived).and_then(|request| route(request, &self.routes));
        let routed = understood.map_err(|_| StatusCode::FORBIDDEN)?;
        let token = routed.request.cookies.session.as_deref().and_then(|token| SessionToken::parse(token).ok());
        let token = token.ok_or(StatusCode::UNAUTHORIZED)?;
        let entry = self.directory.session(token.hash()).await.map_err(|_| StatusCode::UNAUTHORIZED)?;
        if entry.is_over(now) {
            return Err(StatusCode::UNAUTHORIZED);
        }
        self.decide(&routed, &entry, now)?;
        injected::headers(self, &routed, &entry, now).map_err(|_| StatusCode::FORBIDDEN)
    }

    fn decide(&self, routed: &Routed, entry: &Entry, now: Timestamp) -> Result<(), StatusCode> {
        routed.stays_in(&entry.workspace.id).map_err(|_| StatusCode::FORBIDDEN)?;
        let last_seen_at = entry.live.last_seen();
        entry.live.touch(now);
        for reading in routed.readings() {
            let asked = Asked {
                now,
                last_seen_at,
                http: asked_for(routed, reading),
                covers_path: reading.covered_by(&entry.basis),
                chained: false,
            };
            decide_access(&self.bundle, &entry.prepared, &asked).map_err(|_| StatusCode::FORBIDDEN)?;
        }
        Ok(())
    }
}

fn asked_for<'a>(routed: &'a Routed, reading: &'a Reading) -> Http<'a> {
    Http {
        method: routed.request.method.as_str(),
        host: &routed.request.host,
        path: &reading.path,
        effect: reading.effect,
        labels: &reading.labels,
        ip: routed.request.peer,
    }
}

/// The client's address, as the proxy says it.
fn client(head: &Parts) -> IpAddr {
    let said = head.headers.get(FORWARDED_FOR).and_then(|value| value.to_str().ok()?.parse().ok());
    said.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}
