//! Secrets are planted wherever a gate meets any, then a whole story is told, with refusals, a trail that cannot be written
//! and a crash: none of them is in the log, the trail, an error page, the metrics, a trace, or in plain text in the store.
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::traces::Collector;
use crate::world::{
    Browser, Gate, HOST, PUBLIC, Reply, Session, World, between, body, engineers, eventually, members, request,
};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// What nobody keeps secret: the trail has it, so that a look for secrets is known to find what is there.
const PATH: &str = "/w/acme/canary-path";

/// What must be found nowhere, by what it is.
#[derive(Default)]
struct Planted(Vec<(&'static str, String)>);

impl Planted {
    fn plant(&mut self, what: &'static str, secret: impl Into<String>) -> String {
        let secret = secret.into();
        assert!(secret.len() >= 8, "{what}: `{secret}` could be there by chance");
        self.0.push((what, secret.clone()));
        secret
    }

    fn is_not_in(&self, place: &str, text: &str) {
        for (what, secret) in &self.0 {
            assert!(!text.contains(secret), "{what} is in {place}");
        }
    }
}

/// A gate with secrets of its own, which tells its log everything, and what hears of its traces.
async fn world(planted: &mut Planted) -> (World, Collector) {
    let (collector, url) = Collector::start().await;
    let header = planted.plant("the secret that the app knows", "canary-gate-secret");
    let key = planted.plant("the key of assertions", "canary-key-of-thirty-two-bytes-or-more");
    let route =
        format!("headers = {{ \"X-Gate-Secret\" = \"{header}\" }}\nassertion = {{ alg = \"HS256\", key = \"{key}\" }}");
    let mut world =
        World::builder().browser_sign_in().ops(&format!("traces = {{ url = \"{url}\" }}")).route(&route).start().await;
    let config = fs::read_to_string(world.config()).unwrap();
    planted.plant("the client's secret", between(&config, "client_secret = \"", "\""));
    planted.plant("an API key", &world.directory);
    for key in files(&world.path("keys")).into_iter().filter(|path| path.extension().is_some_and(|end| end == "pem")) {
        let pem = fs::read_to_string(key).unwrap();
        let line = pem.lines().find(|line| !line.starts_with("-----")).unwrap();
        planted.plant("the signing key", line);
    }
    start(&mut world).await;
    (world, collector)
}

/// Kills the gate and starts it anew, with a log of everything that it could ever say. The log of the one before.
async fn start(world: &mut World) -> String {
    world.gate.kill();
    let before = lines(&world.gate.log());
    let all = [("CHAPERONE_LOG".to_owned(), "info,chaperone=trace".to_owned())];
    world.gate = Gate::start(Path::new(&world.config()), &all).await;
    eventually("/readyz", PATIENCE, async || (world.ops("/readyz").await.status == 200).then_some(())).await;
    before
}

/// A request with a secret in every place where there may be one.
async fn ask(world: &World, session: &Session, method: &str, page: bool, planted: &mut Planted) -> Reply {
    let query = planted.plant("a query", "canary-query");
    let asked = request(method, &format!("{PATH}?token={query}"));
    let asked = asked.header("cookie", format!("{}; own=canary-cookie", session.cookie()));
    planted.plant("a cookie of the app", "canary-cookie");
    let asked = asked.header("authorization", planted.plant("credentials of the app", "Basic canary-credentials"));
    let asked = asked.header("x-api-key", planted.plant("a header", "canary-header"));
    let asked = asked.header("x-chaperone-assertion", planted.plant("a forged assertion", "canary.forged.assertion"));
    let asked = asked.header("referer", format!("https://{HOST}/?{}", planted.plant("a referrer", "canary-referrer")));
    let asked = if page { asked.header("accept", "text/html") } else { asked };
    world.send(asked.body(body(planted.plant("a body", "canary-body"))).unwrap()).await
}

/// What refusals look like: bodies, and headers but for cookies that are being cleared.
fn shown(pages: &mut Vec<String>, answer: &Reply, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    pages.push(format!("{:?}\n{}", answer.headers, answer.text()));
}

/// Ada signs in by browser; the flow's own secrets are in addresses and cookies.
async fn signs_in(world: &World, planted: &mut Planted, pages: &mut Vec<String>) {
    let mut browser = Browser::default();
    let begun = browser.look(world, &format!("{PUBLIC}/.chaperone/login")).await.expect(303);
    planted.plant("the sign-in's cookie", browser.cookie(HOST, "__Host-chaperone-sign-in").unwrap());
    let address = begun.header("location").unwrap();
    for name in ["state=", "nonce="] {
        planted.plant("the sign-in's state", address.split(name).nth(1).unwrap().split('&').next().unwrap());
    }
    let back = browser.look(world, address).await.expect(303).header("location").unwrap().to_owned();
    planted.plant("the sign-in's code and state", back.split_once('?').unwrap().1);
    browser.look(world, &back).await.expect(303);
    planted.plant("the staff cookie", browser.cookie(HOST, "__Host-chaperone-staff").unwrap());
    shown(pages, &browser.look(world, &back).await, 401);
}

/// Requests that pass, that are refused for every kind of reason, and faults between. The pages of refusals, and the log
/// of the gate that was killed.
async fn story(world: &mut World, planted: &mut Planted) -> (Vec<String>, String) {
    let mut pages = Vec::new();
    signs_in(world, planted, &mut pages).await;
    let (member, engineer) = (world.member(&members::OLGA), world.engineer(&engineers::ADA));
    planted.plant("a member's token", &member);
    planted.plant("an engineer's token", &engineer);
    let grant = world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    planted.plant("a session's token", &ada.token);
    ask(world, &ada, "GET", false, planted).await.expect(200);
    planted.plant("an assertion", world.app.last().one("x-chaperone-assertion"));
    world.ask(&ada, "GET", "/w/acme/login").await.expect(200);
    planted.plant("the app's session", "sid=SECRET");
    for page in [false, true] {
        shown(&mut pages, &ask(world, &ada, "POST", page, planted).await, 403);
        let nobody = Session { id: String::new(), token: planted.plant("a made-up token", "canary".repeat(7) + "A") };
        shown(&mut pages, &ask(world, &nobody, "GET", page, planted).await, 401);
    }
    let forged = format!("{}x", world.engineer(&engineers::BRIAN));
    planted.plant("a token that does not verify", &forged);
    shown(&mut pages, &world.api("POST", "/sessions", &forged, Some(json!({"workspace": "acme"}))).await, 401);
    let odd =
        json!({"workspace": "acme", "reason": "x", "password": planted.plant("a member of a body", "canary-password")});
    shown(&mut pages, &world.api("POST", "/sessions", &engineer, Some(odd)).await, 400);
    without_a_trail(world, &ada, planted, &mut pages).await;
    let killed = start(world).await;
    ask(world, &ada, "GET", false, planted).await.expect(200);
    world.revoke(&members::OLGA, &grant).await;
    shown(&mut pages, &ask(world, &ada, "GET", true, planted).await, 403);
    (pages, killed)
}

async fn without_a_trail(world: &World, ada: &Session, planted: &mut Planted, pages: &mut Vec<String>) {
    let segment = files(&world.path("audit")).into_iter().filter(|path| path.extension().is_some()).max().unwrap();
    fs::rename(&segment, world.path("aside")).unwrap();
    for page in [false, true] {
        shown(pages, &ask(world, ada, "GET", page, planted).await, 503);
    }
    fs::rename(world.path("aside"), &segment).unwrap();
    let passes = async || (world.ask(ada, "GET", "/w/acme/a").await.status == 200).then_some(());
    eventually("somebody passes again", PATIENCE, passes).await;
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn lines(log: &[Value]) -> String {
    log.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn no_secret_is_in_a_log_the_trail_an_error_page_a_metric_a_trace_or_the_store() {
    let mut planted = Planted::default();
    let (mut world, collector) = world(&mut planted).await;
    let (pages, killed) = story(&mut world, &mut planted).await;
    planted.is_not_in("the metrics", &world.ops("/metrics").await.expect(200).text());
    eventually("a span of a refusal", PATIENCE, async || {
        collector.spans().iter().any(|span| span.to_string().contains("grant-revoked")).then_some(())
    })
    .await;
    planted.is_not_in("a trace", &lines(&collector.spans()));
    world.gate.terminate();
    assert!(world.gate.ended(PATIENCE).await.success());
    assert!(killed.contains("\"refused\""), "the log is read: {killed}");
    for log in [killed, lines(&world.gate.log())] {
        planted.is_not_in("the log", &log);
    }
    for page in &pages {
        planted.is_not_in("an error page", page);
    }
    let mut trail = String::new();
    for file in files(&world.path("audit")) {
        trail += &String::from_utf8_lossy(&fs::read(file).unwrap());
    }
    assert!(trail.contains(PATH), "the path is no secret, and shows that secrets would be found");
    planted.is_not_in("the trail", &trail);
    let of_store =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("chaperone.db"));
    for file in files(world.dir.path()).into_iter().filter(of_store) {
        planted.is_not_in("the store", &String::from_utf8_lossy(&fs::read(file).unwrap()));
    }
}
