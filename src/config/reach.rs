//! How the app of a route is reached: part of the checked configuration.
use std::path::PathBuf;
use std::time::Duration;

/// How the app of a route is reached.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Which host its requests name.
    pub host: UpstreamHost,
    /// How many connections there may be to each origin; over HTTP/2, how many requests that await their answer's head.
    pub connections: u16,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// When an origin gets no requests.
    pub health: Health,
    /// TLS towards the origins.
    pub tls: UpstreamTls,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            host: UpstreamHost::Preserve,
            connections: 4096,
            timeouts: Timeouts::default(),
            health: Health::default(),
            tls: UpstreamTls::default(),
        }
    }
}

/// Which host a request names to the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamHost {
    /// The one that was judged.
    Preserve,
    /// The origin's.
    Rewrite,
}

/// How long things may take towards the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// A connection, until it is made; also how long a request waits for one that is free.
    pub connect: Duration,
    /// The app, until the head of its answer; counted from the last sign of life of the request's body.
    pub head: Duration,
    /// A connection that nobody uses, until it is closed.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), head: Duration::from_mins(1), idle: Duration::from_mins(1) }
    }
}

/// When an origin gets no requests, as long as another one can take them.
#[derive(Debug, Clone)]
pub struct Health {
    /// How many failures in a row put it out.
    pub failures: u16,
    /// How long it is out the first time; each time after that twice as long, up to a minute.
    pub eject: Duration,
    /// What is asked for in order to see whether it is well; none: only its failures tell.
    pub check: Option<Check>,
}

impl Default for Health {
    fn default() -> Self {
        Self { failures: 3, eject: Duration::from_secs(1), check: None }
    }
}

/// What is asked of an origin, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The path, with a query perhaps; an answer below 400 in time is a good one.
    pub path: String,
    /// From one to the next.
    pub interval: Duration,
}

/// TLS towards an app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpstreamTls {
    /// The PEM file of the authorities that it must have its certificate from; none: those of the machine.
    pub ca: Option<PathBuf>,
    /// The PEM files of our own certificate and its private key, where the app demands one.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The name that its certificate must be for; none: the origin's host.
    pub server_name: Option<String>,
}
