//! What a story says about its world before it begins; the configuration file.
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use super::app::App;
use super::client::{Connection, HOST, Reply, Via, body, request};
use super::gate::{Gate, chaperone};
use super::hook::{Hook, SECRET as HOOK_SECRET};
use super::idp::{CLIENT, Idp, SECRET};
use super::mailbox::Mailbox;
use super::people::{Issuer, members};
use super::wait::eventually;

/// The policies of the built-in profile, for stories that add some of their own.
pub(crate) const SEGMENT: &str = include_str!("../../../policies/profiles/segment/segment.cedar");

/// How the app listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AppSpeaks {
    /// Plaintext, in HTTP/1.1.
    Http,
    /// TLS by a certificate that the gate's machine trusts.
    Https,
    /// HTTP/2 in plaintext.
    H2,
    /// Not at all: nobody listens.
    Nothing,
    /// Plaintext, in HTTP/1.1, at this address: another app than ours.
    Elsewhere(SocketAddr),
}

/// What a story says before it begins.
pub(crate) struct Builder {
    server: String,
    staff: String,
    signs_in: bool,
    ops: String,
    route: String,
    more: String,
    policies: Vec<(&'static str, String)>,
    policy_section: String,
    tls: bool,
    app: AppSpeaks,
    origins: Vec<String>,
    files: Vec<(&'static str, String)>,
    environment: Vec<(String, String)>,
}

/// A gate that serves, the app behind it, and the people around it.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) gate: Gate,
    pub(crate) app: App,
    pub(crate) staff: Arc<Issuer>,
    /// Where engineers sign in by browser; none in worlds of bearer tokens only.
    pub(crate) idp: Option<Idp>,
    pub(crate) customers: Issuer,
    /// An API key with the scope `directory`.
    pub(crate) directory: String,
    /// The public listener's, where it has TLS.
    certificate: Option<PathBuf>,
    environment: Vec<(String, String)>,
}

impl Builder {
    /// Keys of the operators' listener, as lines of TOML.
    pub(crate) fn ops(mut self, lines: &str) -> Self {
        self.ops += lines;
        self.ops.push('\n');
        self
    }

    /// Keys of the public listener, as lines of TOML.
    pub(crate) fn server(mut self, lines: &str) -> Self {
        self.server += lines;
        self.server.push('\n');
        self
    }

    /// Keys that say who engineers are, as lines of TOML.
    pub(crate) fn staff(mut self, lines: &str) -> Self {
        self.staff += lines;
        self.staff.push('\n');
        self
    }

    /// Engineers sign in by browser.
    pub(crate) fn browser_sign_in(mut self) -> Self {
        self.signs_in = true;
        self.staff(&format!("client_id = \"{CLIENT}\"\nclient_secret = \"{SECRET}\""))
    }

    /// Keys of the one route, as lines of TOML.
    pub(crate) fn route(mut self, lines: &str) -> Self {
        self.route += lines;
        self.route.push('\n');
        self
    }

    /// Other sections, as TOML.
    pub(crate) fn section(mut self, toml: &str) -> Self {
        self.more += toml;
        self.more.push('\n');
        self
    }

    /// A policy file in place of the built-in profile.
    pub(crate) fn policy(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.policies.push((name, text.into()));
        self
    }

    /// A built-in profile, with the limits of its own configuration, and with its organizations if there are none yet.
    pub(crate) fn profile(mut self, name: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("config/profiles/{name}.toml"));
        let shipped = fs::read_to_string(file).unwrap();
        // The limits come last.
        let (before, limits) = shipped.split_at(shipped.find("[grants]").unwrap());
        let own = self.staff.contains("organizations");
        if let Some(at) = before.find("organizations = [").filter(|_| !own) {
            let list = before[at..].split("\n]").next().unwrap();
            self = self.staff(&format!("{list}\n]"));
        }
        self.section(limits).policy_section(&format!("profile = \"{name}\"\n"))
    }

    /// Lines of the section `policy`.
    pub(crate) fn policy_section(mut self, lines: &str) -> Self {
        self.policy_section += lines;
        self
    }

    /// TLS on the public listener.
    pub(crate) fn tls(mut self) -> Self {
        self.tls = true;
        self.server += "tls = { cert = \"cert.pem\", key = \"key.pem\" }\n";
        self
    }

    /// An app with TLS.
    pub(crate) fn https_app(mut self) -> Self {
        self.app = AppSpeaks::Https;
        self
    }

    /// An app that speaks HTTP/2 by prior knowledge.
    pub(crate) fn h2_app(mut self) -> Self {
        self.app = AppSpeaks::H2;
        self
    }

    /// No app at all.
    pub(crate) fn no_app(mut self) -> Self {
        self.app = AppSpeaks::Nothing;
        self
    }

    /// Another app than ours, at this address.
    pub(crate) fn app_at(mut self, address: SocketAddr) -> Self {
        self.app = AppSpeaks::Elsewhere(address);
        self
    }

    /// Other apps than ours, at these origins, in the place of it.
    pub(crate) fn origins(mut self, origins: &[String]) -> Self {
        self.origins = origins.to_vec();
        self
    }

    /// People are told: by e-mail, and the app by its webhook.
    pub(crate) fn told(self, mailbox: &Mailbox, hook: &Hook) -> Self {
        let (mail, hook) = (mailbox.address, hook.address);
        self.file("hook-secret.txt", HOOK_SECRET).section(&format!(
            "[notify]\nsecurity = \"security@ledgerly.example\"\nsupport = \"help@ledgerly.example\"\n\
             [notify.email]\nsmtp = \"smtp://{mail}\"\nfrom = \"Ledgerly Support <support@ledgerly.example>\"\n\
             [notify.webhook]\nurl = \"http://{hook}/hooks\"\nsecret_file = \"hook-secret.txt\"\nallow_private = true"
        ))
    }

    /// A variable of the gate's environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A file beside the configuration.
    pub(crate) fn file(mut self, name: &'static str, content: impl Into<String>) -> Self {
        self.files.push((name, content.into()));
        self
    }

    /// Starts everything; the directory knows the workspaces and their members.
    pub(crate) async fn start(self) -> World {
        let dir = tempfile::tempdir().unwrap();
        let mut environment = self.environment.clone();
        let mut app_tls = None;
        let certificate = self.tls.then(|| dir.path().join("cert.pem"));
        if let Some(certificate) = &certificate {
            let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(vec![HOST.to_owned()]).unwrap();
            fs::write(certificate, cert.pem()).unwrap();
            fs::write(dir.path().join("key.pem"), signing_key.serialize_pem()).unwrap();
        }
        if self.app == AppSpeaks::Https {
            let (tls, pem) = app_tls_of("localhost");
            let path = dir.path().join("app-ca.pem");
            fs::write(&path, pem).unwrap();
            environment.push(("SSL_CERT_FILE".to_owned(), path.to_str().unwrap().to_owned()));
            app_tls = Some(tls);
        }
        let app = App::start(app_tls).await;
        let idp = if self.signs_in { Some(Idp::start().await) } else { None };
        let staff = idp.as_ref().map_or_else(|| Arc::new(Issuer::staff()), |idp| Arc::clone(&idp.issuer));
        let customers = Issuer::customers();
        fs::write(dir.path().join("staff.jwks.json"), staff.jwks().to_string()).unwrap();
        fs::write(dir.path().join("customers.jwks.json"), customers.jwks().to_string()).unwrap();
        if !self.policies.is_empty() {
            fs::create_dir(dir.path().join("policies")).unwrap();
        }
        for (name, text) in &self.policies {
            fs::write(dir.path().join("policies").join(name), text).unwrap();
        }
        for (name, content) in &self.files {
            fs::write(dir.path().join(name), content).unwrap();
        }
        let config = dir.path().join("chaperone.toml");
        fs::write(&config, self.config(&app, &staff, &customers)).unwrap();
        let directory = token(&config, "directory");
        let gate = Gate::start(&config, &environment).await;
        let world = World { dir, gate, app, staff, idp, customers, directory, certificate, environment };
        world.is_ready().await;
        world.populate().await;
        world
    }

    fn config(&self, app: &App, staff: &Issuer, customers: &Issuer) -> String {
        let Self { server, ops, staff: more_of_staff, route, more, policy_section, .. } = self;
        let port = app.address.port();
        let upstream = match self.app {
            AppSpeaks::Http => format!("http://127.0.0.1:{port}"),
            AppSpeaks::Https => format!("https://localhost:{port}"),
            AppSpeaks::H2 => format!("h2c://127.0.0.1:{port}"),
            AppSpeaks::Nothing => "http://127.0.0.1:1".to_owned(),
            AppSpeaks::Elsewhere(address) => format!("http://{address}"),
        };
        let upstream = if self.origins.is_empty() { upstream } else { self.origins.join("\", \"") };
        let dirs = if self.policies.is_empty() { "" } else { "dirs = [\"policies\"]" };
        let (staff, customers) = (staff.name(), customers.name());
        format!(
            r#"
[server]
listen = "127.0.0.1:0"
public_url = "https://{HOST}"
{server}
[ops]
listen = "127.0.0.1:0"
{ops}
[vendor]
name = "Ledgerly"
support_url = "https://ledgerly.example/help"
report_url = "https://ledgerly.example/report"
security_url = "https://ledgerly.example/security"
password_url = "https://ledgerly.example/password"
[[route]]
host = "*"
upstream = ["{upstream}"]
workspace = {{ path = "/w/{{workspace}}/**" }}
{route}
[staff]
issuer = "{staff}"
jwks_file = "staff.jwks.json"
allowed_groups = ["support", "billing-support", "partner-support", "bizible:partner-support"]
{more_of_staff}
[customers]
issuer = "{customers}"
jwks_file = "customers.jwks.json"
token_paths = ["/api/chaperone-token"]
[policy]
{dirs}
{policy_section}
{more}
"#
        )
    }
}

/// TLS for an app, and the certificate that its clients have to trust.
fn app_tls_of(host: &str) -> (TlsAcceptor, String) {
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(vec![host.to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let tls = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut tls = tls.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (TlsAcceptor::from(Arc::new(tls)), cert.pem())
}

/// A new API key with this scope.
fn token(config: &Path, scope: &str) -> String {
    let config = config.to_str().unwrap();
    let made = chaperone(&["token", "create", "--config", config, "--name", scope, "--scope", scope]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    made.stdout.trim().to_owned()
}

impl World {
    pub(crate) fn builder() -> Builder {
        Builder {
            server: String::new(),
            ops: String::new(),
            staff: String::new(),
            signs_in: false,
            route: String::new(),
            more: String::new(),
            policies: Vec::new(),
            policy_section: String::new(),
            tls: false,
            app: AppSpeaks::Http,
            origins: Vec::new(),
            files: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// The world of most stories.
    pub(crate) async fn start() -> Self {
        Self::builder().start().await
    }

    /// A path in the gate's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The configuration file, as an argument.
    pub(crate) fn config(&self) -> String {
        self.path("chaperone.toml").to_str().unwrap().to_owned()
    }

    /// A new API key with this scope.
    pub(crate) fn token(&self, scope: &str) -> String {
        token(&self.path("chaperone.toml"), scope)
    }

    /// Starts the gate anew on the same folder, whether or not it still runs.
    pub(crate) async fn restart(&mut self) {
        self.gate = Gate::start(&self.path("chaperone.toml"), &self.environment).await;
        self.is_ready().await;
    }

    /// A connection to the gate.
    pub(crate) async fn connect(&self, via: Via) -> Connection {
        match &self.certificate {
            None => Connection::open(self.gate.address, via).await,
            Some(ca) => Connection::open_tls(self.gate.address, via, ca).await,
        }
    }

    /// Whether a handshake with the gate succeeds, for a client that trusts its certificate file as it is now.
    pub(crate) async fn try_connect(&self) -> bool {
        match &self.certificate {
            None => true,
            Some(ca) => Connection::try_open_tls(self.gate.address, Via::Http1, ca).await.is_ok(),
        }
    }

    /// What the operators' listener answers.
    pub(crate) async fn ops(&self, path: &str) -> Reply {
        let mut connection = Connection::open(self.gate.ops, Via::Http1).await;
        connection.send(request("GET", path).body(body("")).unwrap()).await
    }

    async fn is_ready(&self) {
        let limit = Duration::from_secs(10);
        eventually("/readyz", limit, async || (self.ops("/readyz").await.status == 200).then_some(())).await;
    }

    /// The value of a metric: the line that begins with `line`; 0 where there is none yet.
    pub(crate) async fn metric(&self, line: &str) -> u64 {
        let metrics = self.ops("/metrics").await.expect(200).text();
        metrics.lines().find_map(|text| text.strip_prefix(line)?.trim().parse().ok()).unwrap_or(0)
    }

    async fn populate(&self) {
        self.put_workspace("acme", json!({"plan": "business"})).await;
        self.put_workspace("globex", json!({"plan": "team"})).await;
        for member in members::ALL {
            self.put_member(&member).await;
        }
    }
}
