//! The calls of the API, read from the document that the gate itself serves.
use serde_json::Value;

use crate::world::{World, body, request};

/// One call.
pub(super) struct Call {
    pub(super) method: String,
    /// Below `/.chaperone/api/v1`, with names in braces.
    pub(super) path: String,
    /// What the document says of it.
    pub(super) document: Value,
    /// An example of its body.
    pub(super) example: Option<Value>,
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
            calls.push(Call { method: method.to_uppercase(), path: path.to_owned(), document: call.clone(), example });
        }
    }
    calls
}

fn example(document: &Value, body: &Value) -> Value {
    let schema = body["content"]["application/json"]["schema"]["$ref"].as_str();
    let schema = schema.unwrap_or_else(|| panic!("a body that is no JSON needs a fixture here: {body}"));
    document.pointer(schema.trim_start_matches('#')).unwrap()["example"].clone()
}

impl Call {
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
