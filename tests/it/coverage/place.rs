//! What a call is made about: a workspace with its members, a grant, requests, a session, an engineer; new whenever one is used up.
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::world::{Engineer, Form, Member, World, chaperone, engineers, request};

use super::callers::Caller;
use super::calls::Call;
use super::check;

/// Keys of every scope but `directory`, which the world has.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) operator: String,
    pub(super) authzen: String,
    pub(super) revoked: String,
}

impl Keys {
    /// Makes them.
    pub(super) fn new(world: &World) -> Self {
        let [operator, authzen, revoked] = ["operator", "authzen", "operator"].map(|scope| world.token(scope));
        let config = world.config();
        let listed = chaperone(&["token", "list", "--config", &config, "--format", "json"]);
        let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
        let newest = listed["items"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).max().unwrap();
        assert_eq!(chaperone(&["token", "revoke", "--config", &config, newest]).code, Some(0));
        Self { operator, authzen, revoked }
    }
}

/// The things that a call names.
pub(super) struct Place {
    pub(super) workspace: String,
    pub(super) keys: Keys,
    /// Whether some call has changed it.
    pub(super) is_used: bool,
    /// A word that stands in all that is the customer's own here.
    pub(super) private: String,
    engineer: String,
    grant: String,
    request: String,
    session: String,
    emergency: String,
    token: String,
    case: String,
    attachment: String,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Place {
    /// A workspace of its own with owner, admin and member; olga's grant; ada's session on it, and a request of brian's; an engineer to change.
    pub(super) async fn new(world: &World, keys: &Keys) -> Self {
        Self::of(world, keys, &engineers::ADA, &engineers::BRIAN).await
    }

    /// The same, where the grant names the one engineer who has the session, and the request is another's.
    pub(super) async fn of(world: &World, keys: &Keys, inside: &Engineer, asks: &Engineer) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let (workspace, engineer) = (format!("place-{number}"), format!("someone-{number}"));
        let private = format!("private-to-{number}");
        world.put_workspace(&workspace, json!({"region": inside.organization})).await;
        for (id, role) in [("olga", "owner"), ("alma", "admin"), ("max", "member")] {
            let path = format!("/workspaces/{workspace}/members/{id}");
            let document = json!({"email": format!("{id}@acme.example"), "role": role});
            world.api("PUT", &path, &world.directory, Some(document)).await.expect(201);
        }
        let path = format!("/engineers/{engineer}");
        world.api("PUT", &path, &world.directory, Some(json!({"disabled": false}))).await.expect(201);
        let mut olga = Member { workspace: "acme", id: "olga", role: "owner" }.claims();
        olga["workspace"] = workspace.clone().into();
        let full = json!({"access": "full", "duration": "3d", "engineers": [inside.id], "ticket": private});
        let path = format!("/workspaces/{workspace}/grants");
        let grant = world.api("POST", &path, &world.customers.sign(&olga), Some(full)).await.expect(201).json();
        let wanted = json!({"workspace": workspace, "access": "full", "duration": "4h", "reason": private});
        let wanted = world.api("POST", "/access-requests", &world.engineer(asks), Some(wanted)).await;
        let wanted = wanted.expect(201).json()["id"].as_str().unwrap().to_owned();
        let enter = json!({"workspace": workspace, "reason": private});
        let session = world.try_enter(inside, enter).await.expect(201).json();
        let file = format!("%PDF-1.7 {private}");
        let form = Form::default().text("issue", &private).file("a.pdf", "application/pdf", file.as_bytes());
        let asked = request("POST", &format!("/.chaperone/api/v1/workspaces/{workspace}/support-requests"));
        let asked = asked.header("authorization", format!("Bearer {}", world.customers.sign(&olga)));
        let case = world.send(form.by(asked)).await.expect(201).json();
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        let (case, attachment) = (id(&case), id(&case["attachments"][0]));
        let token = session["token"].as_str().unwrap().to_owned();
        let grant = grant["id"].as_str().unwrap().to_owned();
        let keys = keys.clone();
        let emergency = declared(world, number, &workspace, inside.organization, &private).await;
        let (session, request, is_used) = (id(&session), wanted, false);
        Self {
            workspace,
            keys,
            is_used,
            private,
            engineer,
            grant,
            request,
            session,
            emergency,
            token,
            case,
            attachment,
        }
    }

    /// The path of a call about this place.
    pub(super) fn path(&self, call: &Call) -> String {
        call.names()
            .into_iter()
            .fold(call.path.clone(), |path, name| path.replace(&format!("{{{name}}}"), self.id(name)))
    }

    /// The id of what a call names so.
    pub(super) fn id(&self, name: &str) -> &str {
        match name {
            "workspace" => &self.workspace,
            "member" | "subject" => "max",
            "engineer" => &self.engineer,
            "grant" => &self.grant,
            "access_request" => &self.request,
            "session" => &self.session,
            "emergency" => &self.emergency,
            "support_request" => &self.case,
            "attachment" => &self.attachment,
            other => panic!("`{other}` needs a fixture in tests/it/coverage/place.rs"),
        }
    }

    /// The token of its owner.
    pub(super) fn owner(&self, world: &World) -> String {
        let mut olga = Member { workspace: "acme", id: "olga", role: "owner" }.claims();
        olga["workspace"] = self.workspace.clone().into();
        world.customers.sign(&olga)
    }

    /// The cookie of its session.
    pub(super) fn cookie(&self) -> String {
        format!("__Host-chaperone={}", self.token)
    }

    /// The body of a call about this place: the document's example.
    pub(super) fn body(&self, call: &Call) -> Option<Value> {
        let mut body = call.example.clone()?;
        if body.get("workspace").is_some() {
            body["workspace"] = self.workspace.clone().into();
        }
        Some(body)
    }

    /// What `caller` is answered: the status, and the code of a refusal.
    pub(super) async fn ask(&mut self, world: &World, call: &Call, caller: Caller) -> String {
        let mut asked = request(&call.method, &format!("/.chaperone/api/v1{}", self.path(call)));
        let bearer = (caller.bearer)(world, self);
        if !bearer.is_empty() {
            asked = asked.header("authorization", format!("Bearer {bearer}"));
        }
        if call.is_for("session_cookie") {
            asked = asked.header("cookie", self.cookie());
        }
        let answer =
            if call.streams() { world.opened(asked).await } else { call.send(world, asked, self.body(call)).await };
        let code = if answer.status.is_success() { String::new() } else { answer.problem().1 };
        check(call, caller.name, answer.status, &code);
        self.is_used |= answer.status.is_success() && call.method != "GET";
        format!("{} {code}", answer.status.as_u16()).trim().to_owned()
    }
}

/// An emergency in `workspace`, which somebody of the organization has declared who declares no other.
async fn declared(world: &World, number: u32, workspace: &str, organization: &str, reason: &str) -> String {
    let mut claims = engineers::CAROL.claims();
    claims["sub"] = format!("declarer-{number}").into();
    claims["org"] = organization.into();
    let document = json!({"workspace": workspace, "subject": "olga", "incident": "INC-7", "reason_code": "outage",
        "reason": reason});
    let declared =
        world.api("POST", "/emergencies", &world.staff.sign(&claims), Some(document)).await.expect(201).json();
    declared["id"].as_str().unwrap().to_owned()
}
