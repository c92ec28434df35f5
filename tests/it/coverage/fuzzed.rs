//! What schemathesis, a tester of others, makes of the document: calls as it says, and calls as it says not to.
//!
//! Every answer is one that the document tells of, in its form; none is a 5xx; what the document excludes is refused. The
//! calls are the same in every run. Not asked is whether all that the schemas allow is taken: they cannot say everything.
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::world::World;

use super::callers::CALLERS;
use super::calls::calls;
use super::place::{Keys, Place};

/// How many calls are made up for each operation and caller, beside those that the document's examples and bounds give.
const MADE_UP: &str = "8";

/// Ids in paths follow.
const SETTINGS: &str = r#"
continue-on-failure = true
[generation]
database = "none"
with-security-parameters = false
[parameters]
"#;

/// Has schemathesis make calls as `caller`, about things that are there.
async fn fuzz(caller: &str) {
    let tickets = "[tickets]\nsecret = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"";
    let world = World::builder().section(tickets).start().await;
    let place = Place::new(&world, &Keys::new(&world)).await;
    let caller = CALLERS.into_iter().find(|known| known.name == caller).unwrap();
    let mut settings = SETTINGS.to_owned();
    let calls = calls(&world).await;
    let names: BTreeSet<&str> = calls.iter().flat_map(|call| call.names()).collect();
    for name in names {
        writeln!(settings, "\"path.{name}\" = \"{}\"", place.id(name)).unwrap();
    }
    std::fs::write(world.path("schemathesis.toml"), settings).unwrap();

    let gate = format!("http://{}", world.gate.address);
    let mut run = schemathesis();
    run.args(["run", &format!("{gate}/.chaperone/api/openapi.json"), "--url", &gate, "--no-color"]);
    run.args(["--checks", "all", "--exclude-checks", "positive_data_acceptance", "--request-timeout", "30"]);
    run.args(["--max-examples", MADE_UP, "--generation-deterministic"]);
    // Their answers do not end.
    run.args(["--exclude-operation-id", "followWorkspace", "--exclude-operation-id", "followOwn"]);
    let bearer = (caller.bearer)(&world, &place);
    if !bearer.is_empty() {
        run.args(["--header", &format!("Authorization: Bearer {bearer}")]);
    }
    run.current_dir(&world.dir);
    let output = tokio::task::spawn_blocking(move || run.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    // All calls but those two, and the keys of our assertions.
    let tested = format!("Tested: {}\n", calls.len() - 2 + 1);
    assert!(said.contains(&tested), "every call was made: {said}");
}

/// schemathesis, as tests/upstreams/fuzzer.txt pins it.
fn schemathesis() -> Command {
    let target = Path::new(env!("CARGO_BIN_EXE_chaperone")).parent().and_then(Path::parent).unwrap();
    let program = target.join("upstreams/fuzzer/bin/schemathesis");
    assert!(program.exists(), "there is no `{}`; run bin/upstreams", program.display());
    Command::new(program)
}

#[tokio::test]
async fn as_nobody_every_answer_is_as_the_document_says() {
    fuzz("nobody").await;
}

#[tokio::test]
async fn as_an_owner_every_answer_is_as_the_document_says() {
    fuzz("owner").await;
}

#[tokio::test]
async fn as_an_engineer_every_answer_is_as_the_document_says() {
    fuzz("engineer").await;
}

#[tokio::test]
async fn as_the_directory_every_answer_is_as_the_document_says() {
    fuzz("key: directory").await;
}

#[tokio::test]
async fn as_an_operator_every_answer_is_as_the_document_says() {
    fuzz("key: operator").await;
}
