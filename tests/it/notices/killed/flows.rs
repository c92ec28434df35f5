//! What people do, over and over, until they are broken off: each flow with an engineer of its own.
use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::Fact;
use crate::world::{Engineer, Form, Reply, World, engineers, members, request};

/// What comes about in these flows.
pub(super) const KINDS: [&str; 14] = [
    "grant.created",
    "grant.revoked",
    "request.created",
    "request.approved",
    "request.declined",
    "support.opened",
    "support.started",
    "support.resolved",
    "emergency.declared",
    "emergency.approved",
    "emergency.ended",
    "emergency.reviewed",
    "session.started",
    "session.ended",
];

const REASON: &str = "the import of Monday hangs";

/// The picture that comes with a support request.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and the rest of a picture, which is longer than its head by far";

/// The flows, and what was acknowledged in them.
struct Flows<'a> {
    world: &'a World,
    acknowledged: &'a Mutex<BTreeSet<Fact>>,
}

/// All of them at once.
pub(super) async fn all(world: &World, acknowledged: &Mutex<BTreeSet<Fact>>) {
    let flows = Flows { world, acknowledged };
    tokio::join!(flows.grants(), flows.requests(), flows.support(), flows.emergencies());
}

impl Flows<'_> {
    /// Olga grants, Dora enters and leaves, Olga revokes.
    async fn grants(&self) {
        let (olga, dora) = (self.world.member(&members::OLGA), self.world.engineer(&DORA));
        loop {
            let terms = json!({"access": "full", "duration": "1d"});
            let grant = self.done("grant.created", "POST", "/workspaces/acme/grants", &olga, Some(terms)).await;
            let session = self.enter(&dora, json!({"grant": grant["id"]})).await.expect(201).json();
            self.done("session.ended", "DELETE", &of("/sessions", &session, ""), &dora, None).await;
            self.done("grant.revoked", "DELETE", &of("/workspaces/acme/grants", &grant, ""), &olga, None).await;
        }
    }

    /// Ada asks, Otto approves or declines, Ada enters, Otto revokes.
    async fn requests(&self) {
        let (otto, ada) = (self.world.member(&members::OTTO), self.world.engineer(&engineers::ADA));
        let answer = |request: &Value, how: &str| of("/workspaces/acme/access-requests", request, how);
        let left = self.list("/access-requests", &ada).await;
        for request in left.iter().filter(|request| request["state"] == "pending") {
            self.done("request.declined", "POST", &answer(request, "/decline"), &otto, Some(json!({}))).await;
        }
        let wanted = json!({"workspace": "acme", "access": "full", "duration": "4h", "reason": REASON});
        loop {
            let asked = || self.done("request.created", "POST", "/access-requests", &ada, Some(wanted.clone()));
            let request = asked().await;
            self.done("request.declined", "POST", &answer(&request, "/decline"), &otto, Some(json!({}))).await;
            let request = asked().await;
            let path = answer(&request, "/approve");
            let approved = self.done("request.approved", "POST", &path, &otto, Some(json!({}))).await;
            self.acknowledge("grant.created", &approved["grant"]);
            self.enter(&ada, json!({"grant": approved["grant"]})).await.expect(201);
            let path = format!("/workspaces/acme/grants/{}", approved["grant"].as_str().unwrap());
            self.done("grant.revoked", "DELETE", &path, &otto, None).await;
        }
    }

    /// Olga asks for help, Brian takes it up, enters, and resolves it.
    async fn support(&self) {
        let (olga, brian) = (self.world.member(&members::OLGA), self.world.engineer(&engineers::BRIAN));
        loop {
            let call = request("POST", "/.chaperone/api/v1/workspaces/acme/support-requests");
            let call = call.header("authorization", format!("Bearer {olga}"));
            let form = Form::default().text("issue", "the import of June hangs").file("s.png", "image/png", PNG);
            let case = self.world.send(form.by(call)).await.expect(201).json();
            self.acknowledge("support.opened", &case["id"]);
            self.acknowledge("grant.created", &case["grant"]);
            self.done("support.started", "POST", &of("/support-requests", &case, "/start"), &brian, None).await;
            self.enter(&brian, json!({"grant": case["grant"]})).await.expect(201);
            let summary = Some(json!({"summary": "A row had no date."}));
            self.done("support.resolved", "POST", &of("/support-requests", &case, "/resolve"), &brian, summary).await;
        }
    }

    /// Carol declares, Ada approves, Carol enters when the customer has been told, Otto shows her out or nobody does, and Ada
    /// reviews.
    async fn emergencies(&self) {
        let (ada, carol) = (self.world.engineer(&engineers::ADA), self.world.engineer(&engineers::CAROL));
        self.review_what_is_left(&ada).await;
        let declaration = json!({"workspace": "acme", "subject": "olga", "incident": "INC-7", "reason_code": "outage",
            "reason": "nobody at acme can sign in"});
        for shown_out in [true, false].into_iter().cycle() {
            let declaration = Some(declaration.clone());
            let emergency = self.done("emergency.declared", "POST", "/emergencies", &carol, declaration).await;
            self.approve(&emergency, &ada).await;
            let entered = self.enter(&carol, json!({"emergency": emergency["id"]})).await;
            // On a busy machine no channel may have been fast enough to tell the customer.
            if shown_out && entered.status != 503 {
                let session = entered.expect(201).json();
                let path = of("/workspaces/acme/sessions", &session, "");
                let otto = self.world.member(&members::OTTO);
                self.done("session.ended", "DELETE", &path, &otto, None).await;
                self.acknowledge("emergency.ended", &emergency["id"]);
            }
            self.review(&emergency, &ada).await;
        }
    }

    /// After a kill: a declarer has one emergency at a time.
    async fn review_what_is_left(&self, ada: &str) {
        let left = self.list("/emergencies", ada).await;
        let (waiting, over): (Vec<_>, Vec<_>) = left.iter().partition(|it| it["standing"] == "declared");
        for emergency in over {
            self.review(emergency, ada).await;
        }
        for emergency in waiting {
            self.approve(emergency, ada).await;
            self.review(emergency, ada).await;
        }
    }

    async fn approve(&self, emergency: &Value, ada: &str) {
        self.done("emergency.approved", "POST", &of("/emergencies", emergency, "/approve"), ada, None).await;
    }

    async fn review(&self, emergency: &Value, ada: &str) {
        let review = Some(json!({"outcome": "justified", "comment": "the run was down"}));
        self.done("emergency.reviewed", "POST", &of("/emergencies", emergency, "/review"), ada, review).await;
    }

    async fn enter(&self, bearer: &str, on: Value) -> Reply {
        let mut asked = json!({"workspace": "acme", "reason": REASON});
        asked.as_object_mut().unwrap().extend(on.as_object().unwrap().clone());
        let entered = self.world.api("POST", "/sessions", bearer, Some(asked)).await;
        if entered.status == 201 {
            self.acknowledge("session.started", &entered.json()["id"]);
        }
        entered
    }

    async fn list(&self, path: &str, bearer: &str) -> Vec<Value> {
        let listed = self.world.api("GET", &format!("{path}?limit=200"), bearer, None).await.expect(200).json();
        listed["items"].as_array().unwrap().clone()
    }

    /// A call that makes `kind` happen to what it answers with.
    async fn done(&self, kind: &str, method: &str, path: &str, bearer: &str, document: Option<Value>) -> Value {
        let reply = self.world.api(method, path, bearer, document).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.text());
        let answer = reply.json();
        self.acknowledge(kind, answer.get("id").unwrap_or(&json!(path.rsplit('/').next())));
        answer
    }

    fn acknowledge(&self, kind: &str, id: &Value) {
        self.acknowledged.lock().unwrap().insert((kind.to_owned(), id.as_str().unwrap().to_owned()));
    }
}

/// Who enters on what Olga grants.
const DORA: Engineer = Engineer { id: "dora", ..engineers::ADA };

fn of(path: &str, what: &Value, then: &str) -> String {
    format!("{path}/{}{then}", what["id"].as_str().unwrap())
}
