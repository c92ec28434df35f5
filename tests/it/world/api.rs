//! Calls of the control plane, and requests in sessions, as people make them.
use bytes::Bytes;
use http::request::Builder;
use http::{HeaderMap, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use super::builder::World;
use super::client::{Reply, Via, body, request, whole};
use super::people::{Engineer, Member};
use super::sockets::{Download, Events, Socket, Upload};

/// A session that an engineer holds.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) token: String,
}

impl Session {
    /// What the engineer's browser sends.
    pub(crate) fn cookie(&self) -> String {
        format!("__Host-chaperone={}", self.token)
    }
}

impl World {
    /// Sends a request over a connection of its own.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Reply {
        self.connect(Via::Http1).await.send(request).await
    }

    /// A call of the API.
    pub(crate) async fn api(&self, method: &str, path: &str, bearer: &str, document: Option<Value>) -> Reply {
        let call = request(method, &format!("/.chaperone/api/v1{path}"));
        self.call(call.header("authorization", format!("Bearer {bearer}")), document).await
    }

    /// Sends a call of the API whose headers are there already.
    pub(crate) async fn call(&self, call: Builder, document: Option<Value>) -> Reply {
        let call = match document {
            Some(document) => call.header("content-type", "application/json").body(body(document.to_string())),
            None => call.body(body("")),
        };
        self.send(call.unwrap()).await
    }

    /// The answer to a call that opens a stream: of the stream itself, nothing is read.
    pub(crate) async fn opened(&self, call: Builder) -> Reply {
        let mut connection = self.connect(Via::Http1).await;
        let answer = connection.begin(call.body(body("")).unwrap()).await.unwrap();
        if answer.status() != 200 {
            return whole(answer).await;
        }
        let (head, _) = answer.into_parts();
        Reply { status: head.status, headers: head.headers, body: Bytes::new(), trailers: HeaderMap::new() }
    }

    /// Follows what happens, from now on or from behind an event.
    pub(crate) async fn follow(&self, path: &str, bearer: &str, after: Option<&str>) -> Events {
        Events::of(self.connect(Via::Http1).await, following(path, bearer, after)).await
    }

    /// Is refused to follow.
    pub(crate) async fn follow_refused(&self, path: &str, bearer: &str, after: &str) -> (u16, String) {
        self.send(following(path, bearer, Some(after)).body(body("")).unwrap()).await.problem()
    }

    /// A member's token.
    pub(crate) fn member(&self, member: &Member) -> String {
        self.customers.sign(&member.claims())
    }

    /// An engineer's token.
    pub(crate) fn engineer(&self, engineer: &Engineer) -> String {
        self.staff.sign(&engineer.claims())
    }

    /// The directory's word on a workspace; `facts` win over the usual ones.
    pub(crate) async fn put_workspace(&self, id: &str, facts: Value) {
        let mut document = json!({"name": id, "plan": "business", "forced_sso": false});
        for (name, value) in facts.as_object().unwrap() {
            document[name] = value.clone();
        }
        let put = self.api("PUT", &format!("/workspaces/{id}"), &self.directory, Some(document)).await;
        assert!(put.status.is_success(), "{}", put.text());
    }

    /// The directory's word on a member.
    pub(crate) async fn put_member(&self, member: &Member) {
        let Member { workspace, id, role } = member;
        let document = json!({"email": member.email(), "role": role});
        let path = format!("/workspaces/{workspace}/members/{id}");
        let put = self.api("PUT", &path, &self.directory, Some(document)).await;
        assert!(put.status.is_success(), "{}", put.text());
    }

    /// A member asks for a grant.
    pub(crate) async fn try_grant(&self, member: &Member, document: Value) -> Reply {
        let path = format!("/workspaces/{}/grants", member.workspace);
        self.api("POST", &path, &self.member(member), Some(document)).await
    }

    /// A member grants access; gives the grant's id.
    pub(crate) async fn grant(&self, member: &Member, document: Value) -> String {
        let grant = self.try_grant(member, document).await.expect(201).json();
        assert_eq!(grant["subject"], member.id);
        grant["id"].as_str().unwrap().to_owned()
    }

    /// A member revokes a grant; gives the answer.
    pub(crate) async fn revoke(&self, member: &Member, grant: &str) -> Value {
        let path = format!("/workspaces/{}/grants/{grant}", member.workspace);
        self.api("DELETE", &path, &self.member(member), None).await.expect(200).json()
    }

    /// An engineer asks for a session.
    pub(crate) async fn try_enter(&self, engineer: &Engineer, document: Value) -> Reply {
        self.api("POST", "/sessions", &self.engineer(engineer), Some(document)).await
    }

    /// An engineer enters a workspace.
    pub(crate) async fn enter(&self, engineer: &Engineer, workspace: &str) -> Session {
        let document = json!({"workspace": workspace, "reason": "an invoice is wrong", "ticket": "SUP-1042"});
        let started = self.try_enter(engineer, document).await.expect(201).json();
        let text = |name: &str| started[name].as_str().unwrap().to_owned();
        Session { id: text("id"), token: text("token") }
    }

    /// A request in a session.
    pub(crate) async fn ask(&self, session: &Session, method: &str, path: &str) -> Reply {
        let asked = request(method, path).header("cookie", session.cookie());
        self.send(asked.body(body("")).unwrap()).await
    }

    /// Opens a stream of events in a session.
    pub(crate) async fn events(&self, session: &Session, path: &str) -> Events {
        self.events_via(Via::Http1, session, path).await
    }

    /// Opens a stream of events in a session over a connection that speaks so.
    pub(crate) async fn events_via(&self, via: Via, session: &Session, path: &str) -> Events {
        Events::open(self.connect(via).await, path, &session.cookie()).await
    }

    /// Begins a download in a session.
    pub(crate) async fn download(&self, session: &Session, path: &str) -> Download {
        Download::open(self.connect(Via::Http1).await, path, &session.cookie()).await
    }

    /// Opens a WebSocket in a session.
    pub(crate) async fn socket(&self, session: &Session, path: &str) -> Result<Socket, Reply> {
        Socket::open(self.gate.address, path, &session.cookie()).await
    }

    /// Begins an upload in a session.
    pub(crate) async fn upload(&self, session: &Session, path: &str) -> Upload {
        Upload::open(self.connect(Via::Http1).await, path, &session.cookie())
    }
}

fn following(path: &str, bearer: &str, after: Option<&str>) -> Builder {
    let call = request("GET", &format!("/.chaperone/api/v1{path}")).header("authorization", format!("Bearer {bearer}"));
    match after {
        Some(after) => call.header("last-event-id", after),
        None => call,
    }
}
