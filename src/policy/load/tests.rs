//! Mistakes in policy files are told with their place; a sound set has a name.
use std::fs;
use std::path::Path;

use super::*;
use crate::config::Profile;

const PERMIT: &str = "@id(\"ours\")\npermit (principal is Engineer, action in Action::\"SupportAccess\", resource);\n";

fn with(text: &str) -> Result<Bundle, String> {
    let own = [Source::new("own.cedar", PERMIT), Source::new("more.cedar", text)];
    check(&files::base().into_iter().chain(own).collect::<Vec<_>>()).map_err(|errors| errors.to_string())
}

fn built_in(profile: Profile) -> Bundle {
    load(&config::Policy { profile: Some(profile), ..config::Policy::default() }).unwrap()
}

fn refused(text: &str) -> String {
    with(text).expect_err("this must not load")
}

fn load_dir(dir: &Path) -> Result<Bundle, String> {
    load(&config::Policy { dirs: vec![dir.to_owned()], ..config::Policy::default() })
        .map_err(|errors| errors.to_string())
}

#[test]
fn a_mistake_is_told_with_file_line_and_what_to_do() {
    let told =
        refused("\n@id(\"x\")\nforbid (principal is Engineer, action, resource) when { resource.plann == \"free\" };");
    assert!(told.contains("policies/more.cedar:3:") && told.contains("plann") && told.contains("help: "), "{told}");
    let told = refused("@id(\"x\")\npermit (principal, actin, resource);");
    assert!(told.contains("policies/more.cedar:2:20") && told.contains("actin"), "{told}");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = "permit (principal is Engineer, action in Action::\"Access\", resource);\n\
        @id(\"a\") @mood(\"grim\") permit (principal is Member, action, resource);\n\
        @id(\"b\") forbid (principal is Member, action, resource) when { principal.rank == 1 };";
    let own = vec![Source::new("own.cedar", text)];
    let errors = check(&files::base().into_iter().chain(own).collect::<Vec<_>>()).expect_err("three mistakes");
    assert_eq!(errors.count(), 3, "{errors}");
}

#[test]
fn annotations_are_checked() {
    let policy = "forbid (principal is Engineer, action, resource) when { resource.plan == \"free\" };";
    for (annotations, told) in [
        ("", "a policy without an id"),
        ("@id(\"\")", "a policy without an id"),
        ("@id(\"Free Plan\")", "`Free Plan` is no id"),
        ("@id(\"x\") @codes(\"y\")", "unknown annotation `@codes`"),
        ("@id(\"x\") @code(\"Not A Word\")", "`Not A Word` cannot be the code of a policy"),
        ("@id(\"x\") @code(\"no-session\")", "`no-session` cannot be the code of a policy"),
        ("@id(\"x\") @code(\"policy-error\")", "`policy-error` cannot be the code of a policy"),
        ("@id(\"read-only\")", "a second policy `read-only`"),
        ("@id(\"ours\")", "a second policy `ours`"),
    ] {
        let given = refused(&format!("{annotations} {policy}"));
        assert!(given.contains(told), "{annotations}: {given}");
    }
    for annotations in ["@id(\"x\")", "@id(\"x\") @code(\"own-word\") @reason(\"why\") @next(\"what\")"] {
        assert_eq!(with(&format!("{annotations} {policy}")).err(), None);
    }
}

#[test]
fn templates_and_policies_that_can_never_apply_are_refused() {
    assert!(refused("@id(\"t\") permit (principal == ?principal, action, resource);").contains("template"));
    let told = refused("@id(\"never\") forbid (principal is Member, action == Action::\"Read\", resource);");
    assert!(told.contains("never") && told.contains("more.cedar:1"), "{told}");
}

#[test]
fn without_a_policy_of_its_own_a_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(load_dir(dir.path()).expect_err("empty").contains("no policy in"));
    fs::write(dir.path().join("blank.cedar"), "// soon\n").unwrap();
    assert!(load_dir(dir.path()).expect_err("blank").contains("no policy in"));
    assert!(load_dir(&dir.path().join("gone")).expect_err("gone").contains("cannot read"));
}

#[test]
fn folders_are_read_to_the_bottom_beside_the_guardrails() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("deep/er")).unwrap();
    fs::write(dir.path().join("deep/er/own.cedar"), PERMIT).unwrap();
    fs::write(dir.path().join("notes.txt"), "not a policy").unwrap();
    let ids = load_dir(dir.path()).unwrap().policy_ids();
    assert!(ids.iter().any(|id| &**id == "ours") && ids.iter().any(|id| &**id == "forced-sso"), "{ids:?}");
    assert!(!ids.iter().any(|id| &**id == "within-consent"), "the built-in profile is replaced");
}

/// Kubernetes mounts `own.cedar -> ..data/own.cedar`, `..data -> ..2026`: each file twice.
#[cfg(unix)]
#[test]
fn a_mounted_config_map_is_read_once() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("..2026")).unwrap();
    fs::write(dir.path().join("..2026/own.cedar"), PERMIT).unwrap();
    std::os::unix::fs::symlink("..2026", dir.path().join("..data")).unwrap();
    std::os::unix::fs::symlink("..data/own.cedar", dir.path().join("own.cedar")).unwrap();
    assert!(load_dir(dir.path()).is_ok());
}

#[test]
fn a_set_is_named_by_its_texts_not_by_its_place() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for dir in [&one, &two] {
        fs::write(dir.path().join("own.cedar"), PERMIT).unwrap();
    }
    let id = |dir: &tempfile::TempDir| load_dir(dir.path()).unwrap().id().clone();
    assert_eq!(id(&one), id(&two));
    assert!(id(&one).starts_with("sha256:") && id(&one).len() == 39, "{}", id(&one));
    fs::write(two.path().join("own.cedar"), format!("{PERMIT}// changed\n")).unwrap();
    assert_ne!(id(&one), id(&two));
}

#[test]
fn every_file_of_the_repository_is_in_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let profiles = Profile::ALL.map(|profile| (format!("profiles/{profile}"), vec![files::profile(profile)]));
    for (folder, built_in) in profiles.into_iter().chain([("base".to_owned(), files::base())]) {
        let found = files::read_dir(&root.join(&folder)).unwrap();
        let texts = |sources: Vec<Source>| sources.into_iter().map(|source| source.text).collect::<Vec<_>>();
        assert_eq!(texts(found), texts(built_in), "{folder}");
    }
}

#[test]
fn every_forbid_of_ours_says_what_why_and_what_next() {
    for bundle in Profile::ALL.map(built_in) {
        let forbids = |policy: &&Policy| policy.effect() == cedar_policy::Effect::Forbid;
        for policy in bundle.policies.whole().policies().filter(forbids) {
            let rule = bundle.rule(policy.id()).unwrap();
            let ours = crate::domain::refusal::Code::ALL.contains(&rule.code);
            assert!(ours && policy.annotation("code").is_some(), "{}: {}", rule.id, rule.code);
            assert!(!rule.reason.is_empty() && rule.next.is_some(), "{}", rule.id);
        }
    }
}

#[test]
fn the_document_lists_every_policy_with_its_code_and_no_other() {
    let document = include_str!("../../../docs/POLICIES.md");
    let profiles = Profile::ALL.map(|profile| (format!("## The {profile} profile"), vec![files::profile(profile)]));
    for (title, sources) in profiles.into_iter().chain([("## The guardrails".to_owned(), files::base())]) {
        let section = document.split(&format!("{title}\n")).nth(1).expect("a section").split("\n## ").next().unwrap();
        let bundle = check(&sources).unwrap();
        let mut rows = 0;
        for policy in bundle.policies.whole().policies() {
            let rule = bundle.rule(policy.id()).unwrap();
            if policy.effect() == cedar_policy::Effect::Forbid {
                let row = format!("| `{}` | `{}` | {} |", rule.id, rule.code, rule.reason);
                assert!(section.contains(&row), "`{title}` of docs/POLICIES.md lacks the row: {row}");
                rows += 1;
            } else {
                assert!(
                    section.contains(&format!("`{}`", rule.id)),
                    "`{title}` of docs/POLICIES.md lacks `{}`",
                    rule.id
                );
            }
        }
        let table = section.split("| policy | code | refuses because |").nth(1).unwrap_or_default();
        assert_eq!(table.lines().skip(2).take_while(|line| line.starts_with('|')).count(), rows, "{title}");
    }
}

#[test]
fn the_documents_example_is_a_policy() {
    let document = include_str!("../../../docs/POLICIES.md");
    let example = document.split("```cedar\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(with(example).err(), None);
}
