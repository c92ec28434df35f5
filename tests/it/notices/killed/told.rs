//! What people are told, and of which events.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Fact;
use super::flows::KINDS;
use crate::world::{Hook, Mailbox, World, chaperone};

/// The events of the trail that people are told of, by their ids; each is there once.
pub(super) fn events(world: &World) -> BTreeMap<String, Fact> {
    let exported = chaperone(&["audit", "export", "--config", &world.config()]).stdout;
    let records = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut events = BTreeMap::new();
    for record in records.filter(|record| KINDS.contains(&record["kind"].as_str().unwrap())) {
        let text = |name: &str| record[name].as_str().unwrap_or_else(|| panic!("no `{name}`: {record}")).to_owned();
        let about = text(match text("kind").split('.').next().unwrap() {
            "request" | "support" => "case",
            noun @ ("grant" | "emergency" | "session") => noun,
            other => panic!("{other}"),
        });
        let twice = events.insert(text("event_id"), (text("kind"), about));
        assert!(twice.is_none(), "recorded twice: {record}");
    }
    events
}

/// The ids under which the app was called, by event.
pub(super) fn called(hook: &Hook) -> BTreeMap<String, BTreeSet<String>> {
    let mut calls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in hook.taken() {
        calls.entry(call.body["data"]["id"].as_str().unwrap().to_owned()).or_default().insert(call.id);
    }
    calls
}

/// The ids of the mails that were sent, by event and reader.
fn mailed(mailbox: &Mailbox) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut mails: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for mail in mailbox.mails() {
        let text = mail.text();
        let id = text.split("notice ev_").nth(1).unwrap().split_whitespace().next().unwrap();
        mails.entry((format!("ev_{id}"), mail.to.clone())).or_default().insert(mail.id());
    }
    mails
}

/// Who reads of it by e-mail. Of a question that has been answered already nobody need read.
fn readers(kind: &str) -> &'static [&'static str] {
    const OLGA: &str = "olga@acme.example";
    const OTTO: &str = "otto@acme.example";
    match kind {
        "grant.created" | "grant.revoked" | "session.started" => &[OLGA, OTTO],
        "request.approved" | "request.declined" => &["ada@vendor.example"],
        "support.opened" => &[OLGA, OTTO, "help@ledgerly.example"],
        "support.started" | "support.resolved" => &[OLGA],
        "emergency.approved" => &[OLGA, OTTO, "security@ledgerly.example"],
        "emergency.reviewed" => &[OLGA, OTTO, "carol@vendor.example"],
        "request.created" | "emergency.declared" | "emergency.ended" | "session.ended" => &[],
        other => panic!("{other}"),
    }
}

pub(super) fn each_event_was_told(events: &BTreeMap<String, Fact>, hook: &Hook, mailbox: &Mailbox) {
    let (calls, mails) = (called(hook), mailed(mailbox));
    assert_eq!(calls.keys().collect::<Vec<_>>(), events.keys().collect::<Vec<_>>(), "every event, and nothing else");
    assert!(calls.values().chain(mails.values()).all(|ids| ids.len() == 1), "each under one id");
    for (event, (kind, about)) in events {
        for reader in readers(kind) {
            assert!(mails.contains_key(&(event.clone(), (*reader).to_owned())), "{kind} {about} {event}: {reader}");
        }
    }
    let mut told = mails.keys().map(|(event, _)| event);
    assert!(told.all(|event| events.contains_key(event)), "no mail without its event");
}
