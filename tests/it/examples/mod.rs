//! The examples of docs/UPSTREAM.md, each run behind a live gate: what readers copy works.
//!
//! * `forge`: assertions that the gate did not make, or not for this app and moment.
mod forge;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::world::{
    App, Connection, Gate, HOST, Process, Reply, Session, Tap, Via, World, body, chaperone, engineers, members, python,
    request,
};

/// Where the examples are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/upstream");

/// How an example is started: in a folder of its own, on a port.
type Start = fn(&Path, u16) -> Command;

fn django(_: &Path, port: u16) -> Command {
    let mut command = python();
    command.args([&format!("{FOLDER}/django/app.py"), &port.to_string()]).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn node(_: &Path, port: u16) -> Command {
    let mut command = Command::new("node");
    command.args([&format!("{FOLDER}/node/app.mjs"), &port.to_string()]);
    command
}

fn java(dir: &Path, port: u16) -> Command {
    let sources = ["App", "Gate", "Json"].map(|name| format!("{FOLDER}/java/{name}.java"));
    let compiled = Command::new("javac").args(["-J-XX:TieredStopAtLevel=1", "-d"]).arg(dir).args(sources).output();
    let compiled = compiled.unwrap_or_else(|error| panic!("javac: {error}; run bin/test"));
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let mut command = Command::new("java");
    command.args(["-XX:TieredStopAtLevel=1", "-cp"]).arg(dir).args(["App", &port.to_string()]);
    command
}

/// A gate, an example behind it, and an engineer in a session.
struct Example {
    world: World,
    tap: Tap,
    app: Process,
    ada: Session,
}

impl Example {
    /// `bind` is what the route and the example say.
    async fn start(start: Start, bind: &str) -> Self {
        let tap = Tap::start().await;
        let route = format!("assertion = {{ bind = \"{bind}\" }}");
        let world = World::builder().route(&route).app_at(tap.address).start().await;
        let keys = format!("http://{}/.chaperone/jwks.json", world.gate.address);
        let app = Process::start(|dir, port| {
            let mut command = start(dir, port);
            command.env("CHAPERONE_JWKS_URL", &keys).env("CHAPERONE_BIND", bind);
            command
        });
        let app = app.await;
        tap.lead_to(app.address);
        world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
        let ada = world.enter(&engineers::ADA, "acme").await;
        Self { world, tap, app, ada }
    }

    /// The assertion of the latest request through the gate.
    fn assertion(&self) -> String {
        let sent = self.tap.sent();
        let last = sent.rsplit("x-chaperone-assertion: ").next().unwrap();
        last.split("\r\n").next().unwrap().to_owned()
    }

    /// A request past the gate; gives the status.
    async fn direct(&self, method: &str, path: &str, assertion: &str) -> u16 {
        straight(self.app.address, method, path, &[("x-chaperone-assertion", assertion)]).await.status.as_u16()
    }
}

async fn straight(app: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut asked = request(method, path).header("host", HOST);
    for (name, value) in headers {
        asked = asked.header(*name, *value);
    }
    Connection::open(app, Via::Http1).await.send(asked.body(body("")).unwrap()).await
}

/// An example knows who is there by the gate's word, and by nobody else's.
async fn believes_the_gate_alone(start: Start) {
    let example = Example::start(start, "session").await;
    let asked = request("GET", "/w/acme/a?x=1").header("cookie", example.ada.cookie());
    let forged = asked.header("x-chaperone-assertion", "e30.e30.e30").header("x-chaperone-subject", "mallory");
    let seen = example.world.send(forged.body(body("")).unwrap()).await.expect(200).json();
    assert_eq!(seen, json!({"subject": "olga", "workspace": "acme", "actor": "ada", "access": "full"}));

    let plain = [("x-chaperone-subject", "olga"), ("x-chaperone-actor", "ada"), ("x-chaperone-workspace", "acme")];
    for headers in [&[][..], &plain[..]] {
        assert_eq!(straight(example.app.address, "GET", "/w/acme/a", headers).await.status, 401, "{headers:?}");
    }
    let genuine = example.assertion();
    assert_eq!(example.direct("GET", "/w/acme/a", &genuine).await, 200, "the word of the gate counts");
    let twice = [("x-chaperone-assertion", genuine.as_str()), ("x-chaperone-assertion", genuine.as_str())];
    assert_eq!(straight(example.app.address, "GET", "/w/acme/a", &twice).await.status, 401, "but once");
    let key = forge::gates_key(&example.world.path("keys/assertion-key.pem"));
    let again = forge::signed(&forge::header(&genuine), &forge::claims(&genuine), &key);
    assert_eq!(example.direct("GET", "/w/acme/a", &again).await, 200, "what follows is well made");
    for (what, assertion) in forge::assertions(&genuine, &key) {
        assert_eq!(example.direct("GET", "/w/acme/a", &assertion).await, 401, "{what}: {assertion}");
    }
}

/// An example that wants assertions of one request each takes none for another request.
async fn takes_an_assertion_for_its_own_request_alone(start: Start) {
    let example = Example::start(start, "request").await;
    let (method, path) = ("POST", "/w/acme/caf%C3%A9/~ada%20b");
    example.world.ask(&example.ada, method, &format!("{path}?x=1")).await.expect(200);
    let genuine = example.assertion();
    assert_eq!(example.direct(method, path, &genuine).await, 200);
    assert_eq!(example.direct(method, &format!("{path}?x=2"), &genuine).await, 200, "the query is not bound");
    for (method, path) in [("PUT", path), (method, "/w/acme/caf%C3%A9/~ada"), (method, "/w/acme/cafe/~ada%20b")] {
        assert_eq!(example.direct(method, path, &genuine).await, 401, "{method} {path}");
    }
    let mut claims = forge::claims(&genuine);
    claims.as_object_mut().unwrap().retain(|name, _| name != "method" && name != "path");
    let key = forge::gates_key(&example.world.path("keys/assertion-key.pem"));
    let unbound = forge::signed(&forge::header(&genuine), &claims, &key);
    assert_eq!(example.direct(method, path, &unbound).await, 401, "that of another route");
}

#[tokio::test]
async fn a_django_app_believes_the_gate_alone() {
    believes_the_gate_alone(django).await;
}

#[tokio::test]
async fn a_node_app_believes_the_gate_alone() {
    believes_the_gate_alone(node).await;
}

#[tokio::test]
async fn a_java_app_believes_the_gate_alone() {
    believes_the_gate_alone(java).await;
}

#[tokio::test]
async fn a_django_app_takes_an_assertion_for_its_own_request_alone() {
    takes_an_assertion_for_its_own_request_alone(django).await;
}

#[tokio::test]
async fn a_node_app_takes_an_assertion_for_its_own_request_alone() {
    takes_an_assertion_for_its_own_request_alone(node).await;
}

#[tokio::test]
async fn a_java_app_takes_an_assertion_for_its_own_request_alone() {
    takes_an_assertion_for_its_own_request_alone(java).await;
}

#[tokio::test]
async fn an_app_may_share_a_secret_with_the_gate_instead() {
    let secret = "a secret of at least 32 bytes, shared";
    let route = format!("assertion = {{ alg = \"HS256\", key = \"{secret}\" }}");
    let world = World::builder().route(&route).start().await;
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
    let genuine = world.app.last().one("x-chaperone-assertion").to_owned();
    fs::write(world.path("shared"), format!("{secret}\n")).unwrap();
    fs::write(world.path("other"), "another secret of at least 32 bytes!").unwrap();
    for (file, said) in [("shared", "olga\n"), ("other", "")] {
        fs::write(world.path("assertion"), &genuine).unwrap();
        let mut command = python();
        command.arg(format!("{FOLDER}/hs256.py")).arg(world.path(file));
        let output = command.stdin(Stdio::from(fs::File::open(world.path("assertion")).unwrap())).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), said, "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.success(), !said.is_empty());
    }
}

#[tokio::test]
async fn a_gate_is_tried_on_a_desk_without_an_identity_provider() {
    let dir = tempfile::tempdir().unwrap();
    let desk = |arguments: &[&str], gate: &str| {
        let mut command = python();
        command.arg(format!("{FOLDER}/desk/desk.py")).args(arguments).current_dir(&dir).env("GATE", gate);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    desk(&["keys"], "");
    let config = dir.path().join("desk.toml");
    fs::copy(format!("{FOLDER}/desk/desk.toml"), &config).unwrap();
    let made =
        chaperone(&["token", "create", "--config", config.to_str().unwrap(), "--name", "desk", "--scope", "directory"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);

    let app = App::start(None).await;
    let ports = [
        ("CHAPERONE__SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("CHAPERONE__OPS__LISTEN", "127.0.0.1:0".to_owned()),
        ("CHAPERONE__ROUTE__0__UPSTREAM", format!("[\"http://{}\"]", app.address)),
    ];
    let gate = Gate::start(&config, &ports.map(|(name, value)| (name.to_owned(), value))).await;
    let cookie = desk(&["enter", made.stdout.trim()], &format!("http://{}", gate.address));
    let asked = request("GET", "/invoices").header("cookie", cookie.trim()).body(body("")).unwrap();
    Connection::open(gate.address, Via::Http1).await.send(asked).await.expect(200);
    assert_eq!((app.last().one("x-chaperone-subject"), app.last().one("x-chaperone-actor")), ("olga", "ada"));
}

#[test]
fn the_document_shows_the_examples_as_they_are() {
    let document = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/UPSTREAM.md")).unwrap();
    let files = files(Path::new(FOLDER));
    assert!(files.len() > 5, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(document.contains(&format!("\n{text}```\n")), "{} is not as in docs/UPSTREAM.md", file.display());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
