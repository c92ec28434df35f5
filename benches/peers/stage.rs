//! Everything that runs: the app, whichever proxies are compared, and the authorizer that two of them ask.
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::child::Child;
use super::contender::Server;
use super::machine::Cores;
use super::requests::{Requests, Session, strangers};
use super::{envoy, nginx};

/// The programs that are not ours.
pub(crate) struct Programs {
    pub(crate) nginx: PathBuf,
    pub(crate) envoy: PathBuf,
}

/// What runs.
pub(crate) struct Stage {
    cores: Cores,
    programs: Programs,
    sides: HashMap<Server, Side>,
    /// The one that evaluates each time, and the one that remembers.
    authorizers: HashMap<bool, Authorizer>,
    app_address: SocketAddr,
    // Last, so that nobody misses it.
    _app: Child,
}

/// A proxy with whomever it asks.
pub(crate) struct Side {
    /// Where the load goes.
    pub(crate) address: SocketAddr,
    /// The requests that it lets pass.
    pub(crate) requests: Arc<Requests>,
    processes: Vec<Rc<Child>>,
    /// Its configuration and logs.
    _folder: Option<tempfile::TempDir>,
}

#[derive(Clone)]
struct Authorizer {
    address: SocketAddr,
    requests: Arc<Requests>,
    process: Rc<Child>,
}

impl Stage {
    /// Starts the app.
    pub(crate) fn new(cores: Cores, programs: Programs) -> anyhow::Result<Self> {
        let mut command = cores.beside_the_load(&std::env::current_exe()?);
        command.arg("app");
        let (app, app_address, _) = Child::part(command)?;
        Ok(Self { cores, programs, sides: HashMap::new(), authorizers: HashMap::new(), app_address, _app: app })
    }

    /// How the machine is shared.
    pub(crate) fn cores(&self) -> Cores {
        self.cores
    }

    /// Starts a proxy, unless it runs already.
    pub(crate) fn start(&mut self, server: Server) -> anyhow::Result<()> {
        if self.sides.contains_key(&server) {
            return Ok(());
        }
        let app = self.app_address.to_string();
        let side = match server {
            Server::Bare => self.ours(&["bare", &app])?,
            Server::Relaxed => self.ours(&["gate", "relaxed", &app])?,
            Server::Strict => self.ours(&["gate", "strict", &app])?,
            Server::Nginx => self.nginx(None)?,
            Server::NginxAuth | Server::NginxAuthRemembering => {
                let authorizer = self.authorizer(server == Server::NginxAuthRemembering)?;
                self.nginx(Some(authorizer))?
            }
            Server::EnvoyRbac => {
                let sessions = strangers();
                self.envoy(&envoy::rbac(&sessions), Requests::new(&sessions).into(), None)?
            }
            Server::EnvoyAuthz => {
                let authorizer = self.authorizer(false)?;
                let (filter, requests) = (envoy::ext_authz(authorizer.address), Arc::clone(&authorizer.requests));
                self.envoy(&filter, requests, Some(authorizer))?
            }
        };
        self.sides.insert(server, side);
        Ok(())
    }

    /// A proxy that runs.
    pub(crate) fn side(&self, server: Server) -> anyhow::Result<&Side> {
        self.sides.get(&server).with_context(|| format!("{server:?} does not run"))
    }

    /// One of our own; those that look no session up get requests of any.
    fn ours(&self, arguments: &[&str]) -> anyhow::Result<Side> {
        let (process, address, sessions) = self.part(arguments)?;
        let sessions: Vec<Session> = if sessions.is_empty() { strangers() } else { sessions };
        Ok(Side { address, requests: Requests::new(&sessions).into(), processes: vec![process.into()], _folder: None })
    }

    fn part(&self, arguments: &[&str]) -> anyhow::Result<(Child, SocketAddr, Vec<Session>)> {
        let mut command = self.cores.with_the_proxies(&std::env::current_exe()?);
        command.args(arguments);
        Child::part(command)
    }

    fn authorizer(&mut self, remembers: bool) -> anyhow::Result<Authorizer> {
        if let Some(running) = self.authorizers.get(&remembers) {
            return Ok(running.clone());
        }
        let app = self.app_address.to_string();
        let how = remembers.then_some("--remembers");
        let arguments: Vec<&str> = ["authorizer", &app].into_iter().chain(how).collect();
        let (process, address, sessions) = self.part(&arguments)?;
        let authorizer = Authorizer { address, requests: Requests::new(&sessions).into(), process: process.into() };
        self.authorizers.insert(remembers, authorizer.clone());
        Ok(authorizer)
    }

    fn nginx(&self, authorizer: Option<Authorizer>) -> anyhow::Result<Side> {
        let (folder, address) = (tempfile::tempdir()?, free_address()?);
        let file = nginx::configure(folder.path(), address, self.app_address, authorizer.as_ref().map(|a| a.address))?;
        let mut command = self.cores.with_the_proxies(&self.programs.nginx);
        command.arg("-p").arg(folder.path()).arg("-c").arg(file).args(["-e", "error.log"]);
        let requests = match &authorizer {
            Some(authorizer) => Arc::clone(&authorizer.requests),
            None => Requests::new(&strangers()).into(),
        };
        let process = Rc::new(Child::program(command, address)?);
        let processes = [process].into_iter().chain(authorizer.map(|a| a.process)).collect();
        Ok(Side { address, requests, processes, _folder: Some(folder) })
    }

    fn envoy(
        &self,
        filter: &serde_json::Value,
        requests: Arc<Requests>,
        authorizer: Option<Authorizer>,
    ) -> anyhow::Result<Side> {
        let (folder, address) = (tempfile::tempdir()?, free_address()?);
        let authorizer_address = authorizer.as_ref().map(|a| a.address);
        let file = envoy::configure(folder.path(), address, self.app_address, authorizer_address, filter)?;
        let mut command = self.cores.with_the_proxies(&self.programs.envoy);
        command.arg("-c").arg(file).args(["--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]);
        let process = Rc::new(Child::program(command, address)?);
        let processes = [process].into_iter().chain(authorizer.map(|a| a.process)).collect();
        Ok(Side { address, requests, processes, _folder: Some(folder) })
    }
}

impl Side {
    /// The CPU time that all its processes have used so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        self.processes.iter().map(|process| process.cpu()).sum()
    }

    /// The memory of all its processes, in kB.
    pub(crate) fn memory(&self) -> anyhow::Result<u32> {
        self.processes.iter().map(|process| process.memory()).sum()
    }

    /// The ids of all its processes.
    pub(crate) fn ids(&self) -> anyhow::Result<Vec<String>> {
        let ids: anyhow::Result<Vec<Vec<String>>> = self.processes.iter().map(|process| process.ids()).collect();
        Ok(ids?.concat())
    }
}

/// A port of loopback that nobody has, for programs that must be told theirs.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?.local_addr()?)
}
