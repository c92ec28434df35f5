//! Who calls.
use serde_json::{Value, json};

use crate::world::{Member, World, engineers, members};

use super::place::Place;

/// One kind of caller.
#[derive(Clone, Copy)]
pub(super) struct Caller {
    pub(super) name: &'static str,
    /// What they send in `Authorization`, after `Bearer`; empty: they send none.
    pub(super) bearer: fn(&World, &Place) -> String,
}

/// Every kind of caller.
pub(super) const CALLERS: [Caller; 17] = [
    Caller { name: "nobody", bearer: |_, _| String::new() },
    Caller { name: "garbage", bearer: |_, _| "garbage".to_owned() },
    Caller { name: "engineer", bearer: |world, _| world.engineer(&engineers::ADA) },
    Caller { name: "another engineer", bearer: |world, _| world.engineer(&engineers::BRIAN) },
    Caller { name: "engineer, expired", bearer: |world, _| engineer(world, &json!({"exp": 1})) },
    Caller { name: "engineer with act", bearer: |world, _| engineer(world, &json!({"act": {"sub": "mallory"}})) },
    Caller {
        name: "engineer in no allowed group",
        bearer: |world, _| engineer(world, &json!({"sub": "nina", "groups": ["guests"]})),
    },
    Caller { name: "owner", bearer: |world, place| member(world, place, "olga", &json!({"role": "owner"})) },
    Caller { name: "admin", bearer: |world, place| member(world, place, "alma", &json!({"role": "admin"})) },
    Caller { name: "member", bearer: |world, place| member(world, place, "max", &json!({"role": "member"})) },
    Caller {
        name: "owner with act",
        bearer: |world, place| member(world, place, "olga", &json!({"act": {"sub": "ada"}})),
    },
    Caller { name: "owner, expired", bearer: |world, place| member(world, place, "olga", &json!({"exp": 1})) },
    Caller { name: "owner of another workspace", bearer: |world, _| world.member(&members::GUS) },
    Caller { name: "key: directory", bearer: |world, _| world.directory.clone() },
    Caller { name: "key: operator", bearer: |_, place| place.keys.operator.clone() },
    Caller { name: "key: authzen", bearer: |_, place| place.keys.authzen.clone() },
    Caller { name: "key, revoked", bearer: |_, place| place.keys.revoked.clone() },
];

impl Caller {
    /// Whether the gate takes them for somebody.
    pub(super) fn is_known(&self) -> bool {
        !["nobody", "garbage", "engineer, expired", "owner, expired", "key, revoked"].contains(&self.name)
    }
}

fn with(mut claims: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

pub(super) fn engineer(world: &World, more: &Value) -> String {
    world.staff.sign(&with(engineers::ADA.claims(), more))
}

fn member(world: &World, place: &Place, id: &'static str, more: &Value) -> String {
    let claims = Member { workspace: "acme", id, role: "owner" }.claims();
    let claims = with(claims, &json!({"workspace": place.workspace}));
    world.customers.sign(&with(claims, more))
}
