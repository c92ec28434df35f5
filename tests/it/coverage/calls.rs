//! The calls of the API, read from the document that the gate itself serves.
use http::request::Builder;
use serde_json::Value;

use crate::world::{Form, Reply, World, body, request};

/// The media type of forms with files.
const FORM: &str = "multipart/form-data";

/// One call.
pub(super) struct Call {
    pub(super) method: String,
    /// Below `/.chaperone/api/v1`, with names in braces.
    pub(super) path: String,
    /// What the document says of it.
    pub(super) document: Value,
    /// An example of its body.
    pub(super) example: Option<Value>,
    /// Whether its body is a form.
    pub(super) is_form: bool,
}

/// Every call, in the order of the document.
pub(super) async fn calls(world: &World) -> Vec<Call> {
    let asked = request("GET", "/.chaperone/api/openapi.json").body(body("")).unwrap();
    let document = world.send(asked).await.expect(200).json();
    let mut calls = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix("/.chaperone/api/v1") else { continue };
        for (method, call) in item.as_object().unwrap() {
            let example = call.get("requestBody").map(|body| example(&document, body));
            let is_form = call["requestBody"]["content"].get(FORM).is_some();
            let (method, path) = (method.to_uppercase(), path.to_owned());
            calls.push(Call { method, path, document: call.clone(), example, is_form });
        }
    }
    calls
}

fn example(document: &Value, body: &Value) -> Value {
    let content = body["content"].get("application/json").or(body["content"].get(FORM));
    let schema = content.and_then(|content| content["schema"]["$ref"].as_str());
    let schema =
        schema.unwrap_or_else(|| panic!("a body that is neither JSON nor a form needs a fixture here: {body}"));
    document.pointer(schema.trim_start_matches('#')).unwrap()["example"].clone()
}

impl Call {
    /// Sends it: `asked` with a body like the example.
    pub(super) async fn send(&self, world: &World, asked: Builder, body: Option<Value>) -> Reply {
        let Some(fields) = body.as_ref().filter(|_| self.is_form) else { return world.call(asked, body).await };
        let fields = fields.as_object().unwrap().iter();
        let form = fields.fold(Form::default(), |form, (name, value)| form.text(name, value.as_str().unwrap()));
        world.send(form.by(asked)).await
    }

    /// The names in its path.
    pub(super) fn names(&self) -> Vec<&str> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect()
    }

    /// Whether its answer goes on without an end.
    pub(super) fn streams(&self) -> bool {
        self.document["responses"]["200"]["content"]["text/event-stream"].is_object()
    }

    /// Whether callers who sign in so may call at all.
    pub(super) fn is_for(&self, scheme: &str) -> bool {
        self.document["security"].as_array().unwrap().iter().any(|way| way.get(scheme).is_some())
    }
}
