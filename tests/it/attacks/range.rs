//! A gate before an upstream that records every byte, and the scripts that attack it.
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use crate::world::{Builder, Process, SEGMENT, Session, World, engineers, members};

/// What attacks take for granted: two areas are closed, and nothing is deleted.
pub(crate) const CLOSED: &str = r#"
@id("closed-areas")
forbid (principal is Engineer, action in Action::"Access", resource)
when { context.http.labels.contains("admin") || context.http.labels.contains("billing") };

@id("nothing-is-deleted")
forbid (principal is Engineer, action == Action::"Delete", resource);
"#;
/// The keys of the route behind which that is so.
pub(crate) const ROUTE: &str = r#"
assertion = { bind = "request" }
labels = [{ path = "/admin/**", label = "admin" }, { path = "/billing/**", label = "billing" }]
effects = [{ path = "/ws/**", effect = "read" }]
"#;

/// Where the upstream notes what it gets, in its folder.
const LOG: &str = "upstream.jsonl";

/// A gate, the recording upstream behind it, and an engineer's session with full access.
pub(super) struct Range {
    pub(super) world: World,
    pub(super) session: Session,
    grant: String,
    upstream: Process,
}

impl Range {
    /// One without TLS.
    pub(super) async fn start() -> Self {
        Self::with(World::builder()).await
    }

    /// One with TLS.
    pub(super) async fn start_tls() -> Self {
        Self::with(World::builder().tls()).await
    }

    async fn with(builder: Builder) -> Self {
        let upstream = Process::start(|_folder, port| {
            let mut command = python("recording_upstream.py");
            command.args(["--port", &port.to_string(), "--max-seconds", "600", "--log", LOG]);
            command
        })
        .await;
        let builder = builder.app_at(upstream.address).route(ROUTE);
        let world = builder.policy("segment.cedar", SEGMENT).policy("closed.cedar", CLOSED).start().await;
        let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
        let session = world.enter(&engineers::ADA, "acme").await;
        Self { world, session, grant, upstream }
    }

    /// Where the gate listens.
    pub(super) fn proxy(&self) -> String {
        self.world.gate.address.to_string()
    }

    /// Where the upstream notes what it gets.
    pub(super) fn log(&self) -> String {
        self.upstream.dir.path().join(LOG).to_str().unwrap().to_owned()
    }

    /// Sends the corpus.
    pub(super) fn corpus(&self, more: &[&str]) -> Script {
        self.shoot("run_corpus.py", &[&["--judged-claim", "path"], more].concat())
    }

    /// Sends mutants of the corpus.
    pub(super) fn fuzz(&self, more: &[&str]) -> Script {
        self.shoot("fuzz_h1.py", more)
    }

    fn shoot(&self, name: &'static str, more: &[&str]) -> Script {
        let corpus = file("corpus_shared.jsonl");
        let corpus = ["--corpus", corpus.to_str().unwrap()];
        self.script(name, &[&["--upstream-log", &self.log()], &corpus[..], more].concat())
    }

    /// A script that attacks this gate with this session.
    pub(super) fn script(&self, name: &'static str, more: &[&str]) -> Script {
        let (proxy, cookie) = (self.proxy(), self.session.cookie());
        Script::start(name, &[&["--proxy", &proxy, "--cookie", &cookie], more].concat())
    }

    /// A shell's command that revokes the grant.
    pub(super) fn revoke_command(&self) -> String {
        let token = self.world.member(&members::OLGA);
        let url = format!("http://{}/.chaperone/api/v1/workspaces/acme/grants/{}", self.proxy(), self.grant);
        format!(
            "python3 -c 'import urllib.request as u; u.urlopen(u.Request(\"{url}\", method=\"DELETE\", \
             headers={{\"Authorization\": \"Bearer {token}\"}}))'"
        )
    }

    /// Shell's commands: to start the gate at its address anew, for a minute at most; to export the trail; to verify it.
    pub(super) fn commands(&self) -> [String; 3] {
        let (chaperone, config, proxy) = (env!("CARGO_BIN_EXE_chaperone"), self.world.config(), self.proxy());
        let start = format!(
            "CHAPERONE__SERVER__LISTEN={proxy} exec timeout --foreground 60 {chaperone} serve --config {config}"
        );
        let audit = |call: &str| format!("{chaperone} audit {call} --config {config}");
        [start, audit("export --format jsonl"), format!("{} >/dev/null", audit("verify"))]
    }
}

/// A script of `tests/attacks` that runs; it is killed when this is dropped.
pub(super) struct Script {
    name: &'static str,
    process: Option<Child>,
}

impl Script {
    fn start(name: &'static str, arguments: &[&str]) -> Self {
        let process = python(name).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Self { name, process: Some(process.unwrap_or_else(|error| panic!("`python3` is needed: {error}"))) }
    }

    /// Waits for its end; gives what it printed. Panics, and shows it, if the script says that something failed.
    pub(super) fn report(mut self) -> String {
        let output = self.process.take().unwrap().wait_with_output().unwrap();
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        let (name, errors) = (self.name, String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name} failed:\n{report}\n{errors}");
        println!("{name}:\n{report}");
        report
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// A port that is free now, below those that the system gives to clients: no connection takes it meanwhile.
pub(super) fn free_port() -> u16 {
    static TRIES: AtomicU32 = AtomicU32::new(0);
    let process = std::process::id().wrapping_mul(37);
    loop {
        let offset = process.wrapping_add(TRIES.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let port = 20_000 + u16::try_from(offset).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/attacks").join(name)
}

fn python(script: &str) -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null()).arg(file(script));
    command
}
