//! What policies never permit and always permit: shown for everything that can be asked, or refuted by an example.
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{Output, SEGMENT, World, chaperone, chaperone_in, engineers, eventually};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Refuses members whatever they do, so that nobody shuts the door on the free plan.
const CLOSED: &str = "@id(\"closed\") @code(\"closed\")\nforbid (principal is Member, action, resource) when { resource.plan == \"free\" };\n";

/// A folder with the segment profile and one more policy.
struct Vendor(TempDir);

impl Vendor {
    fn new(policy: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("policies")).unwrap();
        fs::write(folder.path().join("policies/segment.cedar"), SEGMENT).unwrap();
        fs::write(folder.path().join("policies/own.cedar"), policy).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn prove(&self, more: &[&str]) -> Output {
        chaperone(&[&["policy", "prove", &self.path("policies"), "--timeout", "600"], more].concat())
    }

    fn findings(&self, more: &[&str]) -> Vec<Value> {
        let told = self.prove(&[more, &["--format", "jsonl"]].concat());
        let findings: Vec<Value> = told.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(!findings.is_empty(), "{}", told.stderr);
        assert_eq!(told.code == Some(0), findings.iter().all(|finding| finding["result"] == "proved"));
        findings
    }
}

/// The ids of what came to `result`.
fn ids<'a>(findings: &'a [Value], result: &str) -> Vec<&'a str> {
    findings.iter().filter(|f| f["result"] == result).map(|f| f["id"].as_str().unwrap()).collect()
}

/// A program in place of a solver.
fn program(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("solver");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn the_shipped_policies_are_proved_and_not_one_forbid_of_them_is_idle() {
    let told = chaperone(&["policy", "prove", "--without-each", "--timeout", "600", "--format", "json"]);
    assert_eq!(told.code, Some(0), "{}{}", told.stdout, told.stderr);
    let proof: Value = serde_json::from_str(&told.stdout).unwrap();
    let findings = proof["findings"].as_array().unwrap();
    let of = |kind: &str| findings.iter().filter(|f| f["kind"] == kind).count();
    assert_eq!((of("never"), of("always"), of("evaluates"), of("needed")), (22, 4, 65, 36));
    // Three forbids repeat what no permit says: they are there for permits that are added later, and count then.
    let silent: Vec<_> = findings.iter().filter(|f| f["note"].to_string().contains("nothing changes")).collect();
    let names: Vec<_> = silent.iter().map(|f| f["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["no-consent-inside", "no-login-as", "owners-only"]);
    assert!(silent.iter().all(|f| f["note"].to_string().contains("as soon as more is permitted")), "{silent:#?}");
}

#[test]
fn every_built_in_profile_is_proved_by_its_own_invariants() {
    for profile in ["lambdatest", "salesforce", "bizible", "tsa"] {
        let told = chaperone(&["policy", "prove", "--profile", profile, "--timeout", "600"]);
        assert_eq!(told.code, Some(0), "{profile}: {}{}", told.stdout, told.stderr);
    }
}

#[test]
fn no_permit_of_a_vendor_gets_past_the_guardrails() {
    let vendor = Vendor::new("@id(\"all\") permit (principal, action, resource);");
    let told = vendor.prove(&[]);
    assert_eq!(told.code, Some(0), "{}{}", told.stdout, told.stderr);
}

#[test]
fn a_refutation_names_who_does_what_where_and_is_a_test_case_until_it_is_mended() {
    let vendor = Vendor::new(CLOSED);
    let told = vendor.prove(&[]);
    assert_eq!(told.code, Some(1), "{}", told.stderr);
    let refuted = told.stdout.lines().skip_while(|line| !line.starts_with("refuted"));
    let refuted: Vec<_> = refuted.take_while(|line| !line.starts_with("proved")).collect();
    insta::assert_snapshot!(refuted.join("\n").replace(&vendor.path("policies"), "policies"));

    let case = refuted.iter().find_map(|line| line.trim().strip_prefix('[').and_then(|l| l.strip_suffix(']'))).unwrap();
    fs::write(vendor.path("case.json"), format!("[{case}]")).unwrap();
    let test = || chaperone(&["policy", "test", "--policies", &vendor.path("policies"), &vendor.path("case.json")]);
    let before = test();
    assert_eq!(before.code, Some(1), "{}{}", before.stdout, before.stderr);
    assert!(before.stdout.contains("decision: expected allow, got deny by closed"), "{}", before.stdout);
    fs::write(vendor.path("policies/own.cedar"), "// nothing\n").unwrap();
    assert_eq!(test().code, Some(0));
    assert_eq!(vendor.prove(&[]).code, Some(0));
}

#[test]
fn a_vendors_own_invariants_catch_their_own_mistakes() {
    let vendor = Vendor::new(
        r#"@id("eu") forbid (principal is Engineer, action == Action::"Write", resource)
           when { resource.region == "eu" }
           unless { principal in Team::"support-eu" };"#,
    );
    fs::write(
        vendor.path("invariants.cedar"),
        r#"@id("eu-by-eu") @reason("European workspaces are opened from the European office only")
           forbid (principal is Engineer, action in Action::"Access", resource)
           when { resource.region == "eu" } unless { principal in Team::"support-eu" };"#,
    )
    .unwrap();
    let findings = vendor.findings(&["--invariants", &vendor.path("invariants.cedar")]);
    assert_eq!(ids(&findings, "refuted"), ["eu-by-eu"]);
    let finding = findings.iter().find(|f| f["id"] == "eu-by-eu").unwrap();
    assert_eq!(finding["actions"], json!(["Delete", "Read"]), "writing was thought of, deleting and reading were not");
    let case = json!([finding["counterexample"]["case"]]);
    fs::write(vendor.path("case.json"), case.to_string()).unwrap();
    let test = chaperone(&["policy", "test", "--policies", &vendor.path("policies"), &vendor.path("case.json")]);
    assert!(
        test.stdout.contains("decision: expected deny, got allow by within-consent"),
        "{}{}",
        test.stdout,
        test.stderr
    );

    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/invariants/segment.cedar");
    let admins =
        Vendor::new(r#"@id("closed") forbid (principal is Member, action in Action::"GiveConsent", resource);"#);
    let findings = admins.findings(&["--invariants", &shipped.display().to_string()]);
    assert_eq!(ids(&findings, "refuted"), ["owners-can-grant"]);
}

#[test]
fn a_policy_that_can_fail_is_found_though_no_request_has_failed_yet() {
    let vendor = Vendor::new(
        r#"@id("three-days") forbid (principal is Engineer, action in Action::"SupportAccess", resource)
           when { context has grant && context.now.durationSince(context.grant.starts_at) > duration("3d") };"#,
    );
    let findings = vendor.findings(&[]);
    assert_eq!(ids(&findings, "refuted"), ["three-days"]);
    let finding = findings.iter().find(|f| f["id"] == "three-days").unwrap();
    assert_eq!((&finding["kind"], &finding["actions"][0]), (&json!("evaluates"), &json!("Delete")));
    assert!(finding["counterexample"]["why"].as_str().unwrap().contains("no moment before 9999"), "{finding:#}");
}

#[test]
fn a_solver_that_is_not_there_or_hangs_or_babbles_or_lies_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    for (script, timeout, why) in [
        (format!("echo $$ > {}; exec sleep 1000", pid.display()), "1", "out of time"),
        ("while read line; do case $line in *check-sat*) echo unknown;; esac; done".to_owned(), "60", "does not know"),
        (
            "while read line; do case $line in *check-sat*) echo unsat;; esac; done".to_owned(),
            "60",
            "proves what is false",
        ),
        (
            "while read line; do case $line in *check-sat*) echo sat; echo perhaps;; esac; done".to_owned(),
            "60",
            "perhaps",
        ),
        (
            "while read line; do case $line in *check-sat*) echo sat; echo '('; echo ')';; esac; done".to_owned(),
            "60",
            "",
        ),
        ("while read line; do case $line in *check-sat*) echo hello;; esac; done".to_owned(), "60", "hello"),
        ("exit 3".to_owned(), "60", "solver"),
    ] {
        let solver = program(folder.path(), &script).display().to_string();
        let told = chaperone(&["policy", "prove", "--solver", &solver, "--timeout", timeout]);
        assert_eq!(told.code, Some(1), "{script}: {}{}", told.stdout, told.stderr);
        assert!(told.stdout.contains(why), "{script}: {}", told.stdout);
        assert!(!told.stdout.contains(", 0 not proved"), "{script}: {}", told.stdout);
    }
    let pid = fs::read_to_string(pid).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "the solver is still there");

    let missing = chaperone_in(&[("CVC5", "/nowhere/cvc5")], &["policy", "prove"]);
    assert_eq!(missing.code, Some(1));
    assert!(missing.stdout.contains("there is no solver `/nowhere/cvc5`: install cvc5"), "{}", missing.stdout);
    assert_eq!(chaperone(&["policy", "prove", "/nowhere"]).code, Some(2));
}

fn required() -> crate::world::Builder {
    World::builder().policy("segment.cedar", SEGMENT).policy_section("proof = \"required\"\n")
}

#[tokio::test]
async fn where_a_proof_is_required_what_is_refuted_never_decides() {
    let mut world = required().start().await;
    fs::write(world.path("policies/own.cedar"), CLOSED).unwrap();
    let refused = async || {
        let told = world.ops("/readyz").await.json()["files"].as_str().unwrap().to_owned();
        told.contains("policies: `owners-see-who-came` is refuted").then_some(told)
    };
    let told = eventually("the new version is refuted", PATIENCE, refused).await;
    assert!(told.contains("the one before stays"), "{told}");
    assert_eq!(world.metric("chaperone_policy_reloads_total{result=\"failed\"}").await, 1);
    world.grant(&crate::world::members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = world.enter(&engineers::ADA, "acme").await;
    world.ask(&ada, "GET", "/w/acme/a").await.expect(200);

    world.gate.terminate();
    world.gate.ended(PATIENCE).await;
    let start = |environment: &[(&str, &str)]| chaperone_in(environment, &["serve", "--config", &world.config()]);
    let stopped = start(&[]);
    assert_eq!(stopped.code, Some(2), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("refuted     always     the-door-can-be-shut"), "{}", stopped.stderr);
    fs::remove_file(world.path("policies/own.cedar")).unwrap();
    let alone = start(&[("CVC5", "/nowhere/cvc5")]);
    assert_eq!(alone.code, Some(2), "{}", alone.stderr);
    assert!(alone.stderr.contains("there is no solver `/nowhere/cvc5`"), "{}", alone.stderr);
}

#[tokio::test]
async fn where_a_proof_is_made_when_it_can_be_a_missing_solver_is_a_warning() {
    let world = World::builder()
        .policy("segment.cedar", SEGMENT)
        .policy_section("proof = \"when-available\"\nsolver = \"/nowhere/cvc5\"\n")
        .start()
        .await;
    let warned =
        world.gate.log().into_iter().find(|line| line["why"].as_str().is_some_and(|w| w.contains("no solver")));
    assert_eq!(warned.unwrap()["level"], "WARN");
    assert_eq!(world.ops("/readyz").await.json()["files"], "ok");
}
