//! The calls of the API, read from the document that the gate itself serves.
use http::request::Builder;
use serde_json::{Value, json};

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
    /// The schemas of its body's members.
    pub(super) members: Value,
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
            let schema = call.get("requestBody").map(|body| schema(&document, body));
            let example = schema.map(|schema| schema["example"].clone());
            let members = schema.map_or(json!({}), |schema| schema["properties"].clone());
            let is_form = call["requestBody"]["content"].get(FORM).is_some();
            let (method, path) = (method.to_uppercase(), path.to_owned());
            calls.push(Call { method, path, document: call.clone(), example, members, is_form });
        }
    }
    calls
}

fn schema<'a>(document: &'a Value, body: &Value) -> &'a Value {
    let content = body["content"].get("application/json").or(body["content"].get(FORM));
    let schema = content.and_then(|content| content["schema"]["$ref"].as_str());
    let schema =
        schema.unwrap_or_else(|| panic!("a body that is neither JSON nor a form needs a fixture here: {body}"));
    document.pointer(schema.trim_start_matches('#')).unwrap()
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
        let content = &self.document["responses"]["200"]["content"];
        content["text/event-stream"].is_object() && content.as_object().unwrap().len() == 1
    }

    /// Method and path, as the document has them.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether a parameter of its query has this name.
    pub(super) fn takes_in_query(&self, name: &str) -> bool {
        let parameters = self.document["parameters"].as_array().into_iter().flatten();
        parameters.filter(|parameter| parameter["in"] == "query").any(|parameter| parameter["name"] == name)
    }

    /// Whether API keys of this scope may call.
    pub(super) fn is_for_key(&self, scope: &str) -> bool {
        let ways = self.document["security"].as_array().unwrap().iter();
        ways.filter_map(|way| way.get("api_key"))
            .any(|scopes| scopes.as_array().unwrap().iter().any(|known| known == scope))
    }

    /// Whether callers who sign in so may call at all.
    pub(super) fn is_for(&self, scheme: &str) -> bool {
        self.document["security"].as_array().unwrap().iter().any(|way| way.get(scheme).is_some())
    }
}
