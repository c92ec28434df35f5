//! From a checked configuration to a running gate: every room is built here, once, from the lowest up.
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::slice;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::{self, Access, AccessError, Attachments, NoFolder};
use crate::api::{self, ApiState, SignIn};
use crate::audit::{Journal, JournalError};
use crate::cache::{self, Directory};
use crate::config::{Config, JwksFrom, Partner};
use crate::console;
use crate::domain::time::Clock;
use crate::face;
use crate::identity::{self, AnswerKey, Jwks, JwksError, KeyError, Keys, StaffVerifiers, TrustedGates, Verifier};
use crate::limits::Limits;
use crate::notify::{self, Notices, NotifyError};
use crate::policy::{Engine, PolicyErrors};
use crate::proxy::{Gate, GateError, HandshakeError, Listener, Parts, Tls, accept};
use crate::store::{Feed, Store, StoreError};
use crate::support_access;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::traces::{CollectorError, Traces};

use super::descriptors;
use super::proving::{Loader, NotLoaded};
use super::reload::{self, Reload, Standing};
use super::seal::OwnSeal;
use super::seams::Seams;
use super::shutdown::{Phases, Stopping};
use super::{keys as key_folder, ops};

/// Why the gate does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The policies do not pass.
    #[error("the policies cannot be loaded:\n{0}")]
    Policies(Box<PolicyErrors>),
    /// The policies are refuted, or not proved where a proof is required.
    #[error("the policies are not proved, so they do not decide (`policy.proof`):\n{0}")]
    Unproved(String),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The files of support requests cannot be kept.
    #[error(transparent)]
    Attachments(#[from] NoFolder),
    /// What was left of them by a crash cannot be settled.
    #[error("the files that were left in the folder of attachments cannot be looked through")]
    LeftOver(#[source] AccessError),
    /// The trail cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The signing key cannot be had.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// An issuer's keys cannot be read.
    #[error(transparent)]
    Jwks(#[from] JwksError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] HandshakeError),
    /// The data plane cannot be built.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// Nobody could be told of what happens.
    #[error(transparent)]
    Notify(#[from] NotifyError),
    /// Nothing can be sent to the collector of traces.
    #[error(transparent)]
    Traces(#[from] CollectorError),
    /// An address cannot be listened on.
    #[error("cannot listen on `{address}` (`{key}`)")]
    Listen {
        /// Which key of the configuration says so.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// A gate that serves.
#[derive(Debug)]
pub struct Running {
    /// Where the public listener is.
    pub address: SocketAddr,
    /// Where the operators' listener is.
    pub ops_address: SocketAddr,
    /// The control plane.
    pub access: Arc<Access>,
    /// Has files read again.
    pub reload: Reload,
    stopping: Stopping,
}

impl Running {
    /// Ends cleanly: no new connections; what was begun is finished, or cut after a while; the trail is closed last.
    pub async fn shutdown(self) {
        self.stopping.run().await;
    }
}

/// Starts the gate; a clock alone stands for [`Seams`] that are otherwise the real things. It serves when this returns.
///
/// # Errors
/// What is wrong and where; nothing serves then.
pub async fn start(config: Config, seams: impl Into<Seams>) -> Result<Running, StartError> {
    let Seams { clock, segments, obstacle } = seams.into();
    let config = Arc::new(config);
    let metrics = Metrics::new();
    let phases = Phases::new();
    let loader = Loader::new(&config.policy, phases.stop_background.clone());
    let engine = Arc::new(Engine::new(loader.load().await.map_err(not_loaded)?));
    let store = Store::open_behind(obstacle, &config.store).await?;
    let (keys, answers) = own_keys(&config, &clock, &phases)?;
    let seal = Arc::new(OwnSeal::new(&keys, &clock));
    let journal = Journal::open_through(segments, &config.audit, &node(), (&clock, &metrics), seal)?;
    let (staff, customers) = verifiers(&config, &clock).await?;

    let feed = Arc::new(Feed::new());
    let directory = Directory::new(store.clone(), Arc::clone(&clock), config.store.lease, Arc::clone(&metrics));
    let decides = (&engine, &clock, &metrics);
    let access = Arc::new(control_plane(&config, (&store, &feed), decides, (&staff, answers))?);
    access::attachments::settle(&access).await.map_err(StartError::LeftOver)?;
    background(&phases, &directory, &feed, &access, &journal);
    let notices = notices(&config, &access, &phases)?;
    let tls = config.server.tls.as_ref().map(|files| Tls::new(files, &clock)).transpose()?;
    let trusted = TrustedGates::new(&config.trusted_gates, &clock);
    let sources = sources(&loader, &access, &directory, tls.as_ref(), &customers, &trusted);
    let (reload, files) = reloading(&phases, &access, sources, customers.keys(), &trusted);

    let limits = Limits::new(&config.limits, descriptors::raise(), &clock, &metrics);
    phases.background.spawn(Arc::clone(&limits).forget(phases.stop_background.clone()));
    let parts = Parts {
        trusted,
        directory: Arc::clone(&directory),
        engine,
        journal: Arc::clone(&journal),
        keys: Arc::clone(&keys),
        clock: Arc::clone(&clock),
        limits: Arc::clone(&limits),
        metrics: Arc::clone(&metrics),
        traces: traces(&config, &phases)?,
        tasks: phases.serving.clone(),
        cut: phases.cut_serving.clone(),
    };
    let gate = Arc::new(Gate::new(&config, parts)?);
    let own = Own { notices: Arc::clone(&notices), limits: Arc::clone(&limits), keys, journal: Arc::clone(&journal) };
    let state = api_state(&config, &access, own, (staff, customers), &phases);
    let ops = ops::Ops {
        metrics,
        limits,
        directory,
        journal: Arc::clone(&journal),
        access: Arc::clone(&access),
        notices,
        files,
    };
    let (address, ops_address) = listen(&config, &phases, (gate, tls), api::router(state, pages()), ops).await?;
    tracing::info!(%address, ops = %ops_address, public_url = config.server.public_url, "serving");
    Ok(Running { address, ops_address, access, reload, stopping: Stopping { phases, journal, store } })
}

/// The control plane: its state and who hears of its changes, what decides and when, and whose tokens are engineers'.
fn control_plane(
    config: &Config,
    (store, feed): (&Store, &Arc<Feed>),
    (engine, clock, metrics): (&Arc<Engine>, &Arc<Clock>, &Arc<Metrics>),
    (staff, answers): (&StaffVerifiers, Arc<AnswerKey>),
) -> Result<Access, StartError> {
    Ok(Access {
        store: store.clone(),
        feed: Arc::clone(feed),
        engine: Arc::clone(engine),
        clock: Arc::clone(clock),
        staff: config.staff.clone(),
        staff_keys: staff.keys(),
        grants: config.grants.clone(),
        requests: config.requests.clone(),
        answers,
        attachments: Attachments::open(&config.support_requests)?,
        support_requests: config.support_requests.clone(),
        sessions: config.sessions.clone(),
        emergency: config.emergency.clone(),
        session_host: config.server.session_host.clone(),
        metrics: Arc::clone(metrics),
    })
}

fn not_loaded(error: NotLoaded) -> StartError {
    match error {
        NotLoaded::Mistakes(errors) => StartError::Policies(errors),
        NotLoaded::Unproved { full, .. } => StartError::Unproved(full),
        error @ NotLoaded::GivenUp(_) => StartError::Unproved(error.to_string()),
    }
}

/// The keys that sign assertions, from now on watched, and the key that signs the links in mails.
fn own_keys(config: &Config, clock: &Arc<Clock>, phases: &Phases) -> Result<(Arc<Keys>, Arc<AnswerKey>), KeyError> {
    let folder = identity::keys_folder(&config.store.path);
    let keys = Arc::new(Keys::open(&folder)?);
    let watched = key_folder::watch(Arc::clone(&keys), Arc::clone(clock), phases.stop_background.clone());
    phases.background.spawn(watched);
    Ok((keys, Arc::new(AnswerKey::open(&folder)?)))
}

/// What runs beside the listeners: the feed's follower first, since nothing is admitted before its first read.
fn background(phases: &Phases, directory: &Arc<Directory>, feed: &Feed, access: &Arc<Access>, journal: &Arc<Journal>) {
    let stop = || phases.stop_background.clone();
    let tasks = &phases.background;
    tasks.spawn(cache::follow(Arc::clone(directory), feed.subscribe(), tasks.clone(), stop()));
    tasks.spawn(cache::write_back(Arc::clone(directory), stop()));
    tasks.spawn(access::expiry::sweep(Arc::clone(access), stop()));
    tasks.spawn(access::trail::relay(Arc::clone(access), Arc::clone(journal), stop()));
}

/// What is read again while the gate runs; what may take long comes last.
fn sources(
    loader: &Arc<Loader>,
    access: &Arc<Access>,
    directory: &Arc<Directory>,
    tls: Option<&Tls>,
    customers: &Verifier,
    trusted: &TrustedGates,
) -> Vec<reload::Source> {
    let policies = reload::policies(loader, access, directory).into_iter();
    let certificate = tls.map(reload::certificate);
    let (staff, customers) = (access.staff_keys.all(), slice::from_ref(customers.keys()));
    let keys = [("staff-keys", staff.as_slice()), ("customers-keys", customers), ("trusted-gate-keys", trusted.keys())];
    let keys = keys.into_iter().filter(|(_, of)| !of.is_empty()).map(|(what, of)| reload::keys(what, of));
    policies.chain(certificate).chain(keys).collect()
}

/// Begins to watch files and issuers.
fn reloading(
    phases: &Phases,
    access: &Arc<Access>,
    sources: Vec<reload::Source>,
    customers: &Arc<Jwks>,
    trusted: &Arc<TrustedGates>,
) -> (Reload, Arc<Standing>) {
    let stop = || phases.stop_background.clone();
    let (reload, asked) = Reload::channel();
    let standing = Arc::new(Standing::new(Arc::clone(&access.metrics), &sources));
    let issuers = access.staff_keys.all().into_iter().chain([Arc::clone(customers)]).collect();
    phases.background.spawn(reload::run(sources, Arc::clone(&standing), asked, stop()));
    phases.background.spawn(reload::issuers::refresh(issuers, stop()));
    phases.background.spawn(reload::issuers::follow(Arc::clone(trusted), stop()));
    phases.background.spawn(reload::issuers::withdraw(Arc::clone(access), stop()));
    (reload, standing)
}

/// Has people told of what happens.
fn notices(config: &Config, access: &Access, phases: &Phases) -> Result<Arc<Notices>, NotifyError> {
    let (engine, clock, metrics) = (&access.engine, &access.clock, &access.metrics);
    let (engine, clock, metrics) = (Arc::clone(engine), Arc::clone(clock), Arc::clone(metrics));
    let answers = Arc::clone(&access.answers);
    let notices = Notices::new(config, access.store.clone(), engine, clock, metrics, answers)?;
    phases.background.spawn(notify::deliver(Arc::clone(&notices), phases.stop_background.clone()));
    phases.background.spawn(notify::follow(Arc::clone(&notices), phases.stop_background.clone()));
    Ok(notices)
}

/// What the API has beside the control plane.
struct Own {
    notices: Arc<Notices>,
    limits: Arc<Limits>,
    keys: Arc<Keys>,
    journal: Arc<Journal>,
}

/// What the API works with; engineers' sign-ins are verified again from time to time.
fn api_state(
    config: &Arc<Config>,
    access: &Arc<Access>,
    Own { notices, limits, keys, journal }: Own,
    (staff, customers): (StaffVerifiers, Verifier),
    phases: &Phases,
) -> Arc<ApiState> {
    let clock = Arc::clone(&access.clock);
    let sign_in = SignIn::new(config, staff.own(), &clock);
    let state = Arc::new(ApiState {
        access: Arc::clone(access),
        limits,
        staff,
        customers,
        keys,
        sign_in,
        config: Arc::clone(config),
        notices,
        stop: phases.stop_serving.clone(),
        clock,
        journal,
    });
    phases.background.spawn(api::ask_again(Arc::clone(&state), phases.stop_background.clone()));
    state
}

/// What people see in a browser.
fn pages() -> axum::Router<Arc<ApiState>> {
    console::routes().merge(support_access::routes()).merge(face::routes())
}

/// What takes the spans of requests.
fn traces(config: &Config, phases: &Phases) -> Result<Arc<Traces>, CollectorError> {
    let stop = phases.stop_background.clone();
    match &config.ops.traces {
        Some(to) => Traces::start(&to.url, to.percent, &phases.background, stop),
        None => Ok(Traces::off()),
    }
}

async fn listen(
    config: &Config,
    phases: &Phases,
    (gate, tls): (Arc<Gate>, Option<Tls>),
    reserved: axum::Router,
    ops: ops::Ops,
) -> Result<(SocketAddr, SocketAddr), StartError> {
    let (socket, address) = bind("server.listen", config.server.listen).await?;
    let (ops_socket, ops_address) = bind("ops.listen", config.ops.listen).await?;
    let stop: CancellationToken = phases.stop_serving.clone();
    let serving: &TaskTracker = &phases.serving;
    serving.spawn(accept(Listener { socket, tls }, gate, reserved, stop));
    let limits = config.limits.clone();
    phases.background.spawn(ops::serve(ops_socket, ops, limits, phases.stop_background.clone()));
    Ok((address, ops_address))
}

async fn bind(key: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { key, address, source };
    let socket = TcpListener::bind(address).await.map_err(failed)?;
    let bound = socket.local_addr().map_err(failed)?;
    Ok((socket, bound))
}

async fn verifiers(config: &Config, clock: &Arc<Clock>) -> Result<(StaffVerifiers, Verifier), StartError> {
    let (staff, customers) = (&config.staff, &config.customers);
    let mut partners = BTreeMap::new();
    for (id, Partner { issuer, audience, jwks }) in &staff.partners {
        partners.insert(id.clone(), verifier(issuer, audience, jwks, clock).await?);
    }
    let staff = StaffVerifiers::new(verifier(&staff.issuer, &staff.audience, &staff.jwks, clock).await?, partners);
    let customers = verifier(&customers.issuer, &customers.audience, &customers.jwks, clock).await?;
    Ok((staff, customers))
}

async fn verifier(issuer: &str, audience: &str, keys: &JwksFrom, clock: &Arc<Clock>) -> Result<Verifier, StartError> {
    let jwks = Jwks::new(keys.clone(), issuer, Arc::clone(clock));
    jwks.warm().await?;
    Ok(Verifier::new(issuer.to_owned(), audience.to_owned(), jwks))
}

/// This node's name in the trail: the machine's.
fn node() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}
