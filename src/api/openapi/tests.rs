//! The document tells of every call, of what it takes, and of nothing else.
use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::{V1, documented};
use crate::domain::attachment::Media;

use super::completed;

fn document() -> Value {
    serde_json::to_value(completed(documented().into_openapi())).expect("json")
}

/// Method, path and operation, in the order of the document.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let items = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("an item").iter();
        methods.map(|(method, operation)| (method.to_uppercase(), path.clone(), operation.clone()))
    });
    items.collect()
}

#[test]
fn the_calls_are_these() {
    let line = |(method, path, operation): (String, String, Value)| {
        let path = path.strip_prefix(V1).unwrap_or(&path).to_owned();
        let ways = operation["security"].as_array().into_iter().flatten().map(|way| {
            let ways = way.as_object().expect("a way to sign in").iter();
            let ways = ways.map(|(scheme, scopes)| {
                let scopes: Vec<_> = scopes.as_array().expect("scopes").iter().filter_map(Value::as_str).collect();
                if scopes.is_empty() { scheme.clone() } else { format!("{scheme}:{}", scopes.join("+")) }
            });
            ways.collect::<Vec<_>>().join(" and ")
        });
        let ways = ways.collect::<Vec<_>>().join(", ");
        let answers: Vec<&String> = operation["responses"].as_object().expect("responses").keys().collect();
        let answers = answers.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(" ");
        let id = operation["operationId"].as_str().expect("an id");
        format!("{method:<6} {path}\n       {id}: {ways}\n       {answers}")
    };
    let lines: Vec<String> = operations(&document()).into_iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_call_has_a_summary_an_id_of_its_own_a_group_and_a_way_to_sign_in() {
    let document = document();
    let tags: BTreeSet<&str> =
        document["tags"].as_array().expect("tags").iter().filter_map(|tag| tag["name"].as_str()).collect();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let call = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{call}: no summary");
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        assert!(!id.is_empty() && ids.insert(id), "{call}: no id of its own");
        let tag = operation["tags"][0].as_str().unwrap_or_default();
        assert!(tags.contains(tag), "{call}: `{tag}` is no group");
        assert!(!path.starts_with(V1) || operation["security"][0].is_object(), "{call}: nobody may call it");
    }
}

#[test]
fn every_name_in_a_path_is_described() {
    for (method, path, operation) in operations(&document()) {
        let told = operation["parameters"].as_array().cloned().unwrap_or_default();
        for name in path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')) {
            let found = told.iter().find(|parameter| parameter["name"] == name && parameter["in"] == "path");
            assert!(found.is_some_and(|found| found["schema"]["$ref"].is_string()), "{method} {path}: `{name}`");
        }
    }
}

#[test]
fn every_body_has_an_example_and_every_reference_leads_somewhere() {
    let document = document();
    let schema = |reference: &str| document.pointer(reference.trim_start_matches('#')).cloned();
    for (method, path, operation) in operations(&document) {
        let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
        for body in content.values() {
            let reference = body["schema"]["$ref"].as_str().unwrap_or_default();
            let example = schema(reference).map(|schema| schema["example"].clone());
            assert!(example.is_some_and(|example| example.is_object()), "{method} {path}: `{reference}`");
        }
    }
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(schema(reference).is_some(), "`{reference}` leads nowhere");
    }
}

#[test]
fn an_attachment_is_of_any_type_that_is_taken() {
    let document = document();
    let calls = operations(&document);
    let (.., call) = calls.iter().find(|(.., call)| call["operationId"] == "getAttachment").expect("the call");
    let told = call["responses"]["200"]["content"].as_object().expect("types").keys().map(String::as_str);
    assert_eq!(told.collect::<BTreeSet<_>>(), BTreeSet::from(Media::ALL.map(Media::mime)));
}
