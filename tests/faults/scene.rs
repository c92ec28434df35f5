//! A world with an engineer at work, and what is seen of it when something breaks.
use std::time::{Duration, Instant};

use serde_json::json;

use super::seams::{self, Switches};
use crate::world::{Builder, Reply, Session, World, body, chaperone, engineers, eventually, members, request};

/// The lease of these gates.
pub(crate) const LEASE: Duration = Duration::from_secs(1);
/// How much longer everything may take than is promised, for the machine may be busy with other tests.
const BUSY: Duration = Duration::from_secs(3);
/// Within which time a gate is back after the repair.
const BACK: Duration = Duration::from_secs(5);
/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Ada at work in acme, by Olga's grant.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) ada: Session,
    pub(crate) grant: String,
    pub(crate) switches: Switches,
    /// The log's length, and the number of requests that had reached the app, when the fault began.
    began: (usize, usize),
    when: Instant,
}

impl Scene {
    /// A gate with seams.
    pub(crate) async fn with_seams() -> Self {
        let mut world = builder().start().await;
        let switches = Switches::at(world.path("switches"));
        world.gate.terminate();
        assert!(world.gate.ended(PATIENCE).await.success());
        world.gate = seams::start(&world.config(), &switches).await;
        eventually("/readyz", PATIENCE, async || (world.ops("/readyz").await.status == 200).then_some(())).await;
        Self::of(world, switches).await
    }

    /// The real thing.
    pub(crate) async fn real(builder: Builder) -> Self {
        let world = builder.start().await;
        let switches = Switches::at(world.path("switches"));
        Self::of(world, switches).await
    }

    async fn of(world: World, switches: Switches) -> Self {
        let grant = world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
        let ada = world.enter(&engineers::ADA, "acme").await;
        world.ask(&ada, "GET", "/w/acme/before").await.expect(200);
        let began = (world.gate.log().len(), world.app.seen().len());
        Self { world, ada, grant, switches, began, when: Instant::now() }
    }

    /// From here on something is broken.
    pub(crate) fn begins(&mut self) {
        self.began = (self.world.gate.log().len(), self.world.app.seen().len());
        self.when = Instant::now();
    }

    /// How long the fault has lasted.
    pub(crate) fn lasted(&self) -> Duration {
        self.when.elapsed()
    }

    /// Asks by this method, as a program and as a browser: both are refused alike. What they see.
    pub(crate) async fn refused(&self, method: &str) -> String {
        let program = self.world.ask(&self.ada, method, "/w/acme/during").await;
        let page = request(method, "/w/acme/during").header("cookie", self.ada.cookie()).header("accept", "text/html");
        let page = self.world.send(page.body(body("")).unwrap()).await;
        let (status, code) = program.problem();
        assert_eq!(page.status, program.status);
        assert!(
            page.text().contains(&format!("<code>{code}</code>")) || page.text().contains(&code),
            "{}",
            page.text()
        );
        assert!(program.header("set-cookie").is_none(), "the session goes on");
        seen(status, &code, &program)
    }

    /// As [`Scene::refused`], first as soon as it is so, `within` that time; then for a change as well as for a read.
    pub(crate) async fn soon_refused(&self, code: &str, within: Duration) -> (String, Duration) {
        let first = eventually(code, within + BUSY, async || {
            let answer = self.world.ask(&self.ada, "GET", "/w/acme/until").await;
            (answer.status != 200).then_some(answer)
        })
        .await;
        let after = self.lasted();
        assert_eq!(first.problem().1, code);
        let (read, change) = (self.refused("GET").await, self.refused("POST").await);
        assert_eq!(read, change);
        (read, after)
    }

    /// What of the requests since the fault began reached the app, of those for `/during`.
    pub(crate) fn reached(&self) -> Vec<String> {
        let seen = self.world.app.seen();
        let during = seen[self.began.1..].iter().filter(|seen| seen.target.ends_with("/during"));
        during.map(|seen| seen.method.clone()).collect()
    }

    /// The same in words.
    pub(crate) fn forwarded(&self) -> String {
        match &self.reached()[..] {
            [] => "nothing".to_owned(),
            reached => reached.join(", "),
        }
    }

    /// What `/readyz` says: the status, and which of its parts are not fine.
    pub(crate) async fn ready(&self) -> String {
        let answer = self.world.ops("/readyz").await;
        let document = answer.json();
        assert_eq!(document["ready"], answer.status == 200);
        let parts = ["state", "audit", "files"].into_iter().filter(|part| document[part] != "ok");
        let parts: Vec<_> = parts.map(|part| format!("`{part}`")).collect();
        format!("{}{}{}", answer.status.as_u16(), if parts.is_empty() { "" } else { " " }, parts.join(", "))
    }

    /// Waits until this metric is above zero: it was not before the fault.
    pub(crate) async fn grew(&self, metric: &str) -> String {
        eventually(metric, PATIENCE, async || (self.world.metric(metric).await > 0).then_some(())).await;
        format!("`{metric}`")
    }

    /// Waits until the log says this, as a warning or an error, since the fault began.
    pub(crate) async fn said(&self, message: &str) -> String {
        let says = async || {
            let log = self.world.gate.log();
            let worse = |line: &&serde_json::Value| line["level"] == "ERROR" || line["level"] == "WARN";
            log[self.began.0..].iter().filter(worse).any(|line| line["message"] == message).then_some(())
        };
        eventually(message, PATIENCE, says).await;
        message.to_owned()
    }

    /// Waits until Ada's session passes again, for reads and changes, and `/readyz` agrees; not longer than is promised.
    pub(crate) async fn is_back(&self) -> Duration {
        let repaired = Instant::now();
        for method in ["GET", "POST"] {
            let passes =
                async || (self.world.ask(&self.ada, method, "/w/acme/after").await.status == 200).then_some(());
            eventually("somebody passes again", BACK + BUSY, passes).await;
        }
        let back = repaired.elapsed();
        assert_eq!(self.ready().await, "200");
        back
    }

    /// Ends the gate in order; then the trail is whole.
    pub(crate) async fn trail_is_whole(mut self) {
        self.world.gate.terminate();
        assert!(self.world.gate.ended(PATIENCE).await.success(), "{:#?}", self.world.gate.log());
        let verified = chaperone(&["audit", "verify", "--config", &self.world.config()]);
        assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
    }
}

/// What most faults need.
pub(crate) fn builder() -> Builder {
    World::builder().section("[store]\nlease = \"1s\"")
}

/// What a refusal looks like.
pub(crate) fn seen(status: u16, code: &str, answer: &Reply) -> String {
    let after = answer.header("retry-after").map(|seconds| format!(", `Retry-After: {seconds}`"));
    format!("{status} `{code}`{}", after.unwrap_or_default())
}

/// How long it took until it was refused, and until it passed again.
pub(crate) fn took(refused: Duration, back: Duration) -> String {
    format!("refused after {} ms, back after {} ms", refused.as_millis(), back.as_millis())
}
