//! Whatever is done to an export is found, and said.
use std::fs;

use proptest::prelude::*;

use crate::audit::samples::{TestSeal, journal_of, seal, write};
use crate::audit::{Evidence, Form, Report, Seal as _, Trust, export_workspace, verify_export};

/// The export of `workspace` in a journal of `records` events.
async fn exported(workspace: &str, form: Form, records: u32) -> Vec<u8> {
    let dir = journal_of(records).await;
    let mut out = Vec::new();
    export_workspace(dir.path(), &workspace.parse().unwrap(), form, &mut out).unwrap();
    out
}

/// A file that is verified again and again.
struct Desk(tempfile::NamedTempFile);

impl Desk {
    fn new() -> Self {
        Self(tempfile::NamedTempFile::new().unwrap())
    }

    fn verify_by(&self, content: &[u8], trust: Trust, wanted: Option<&str>) -> Report {
        fs::write(self.0.path(), content).unwrap();
        let wanted = wanted.map(|id| id.parse().unwrap());
        verify_export(self.0.path(), wanted.as_ref(), &Evidence { trust, kept: Vec::new() }).unwrap()
    }

    fn verify(&self, content: &[u8]) -> Report {
        self.verify_by(content, seal().trust(), None)
    }

    fn told(&self, content: &[u8]) -> String {
        self.verify(content).problems.first().map(|problem| problem.what.clone()).unwrap_or_default()
    }
}

fn lines(content: &[u8]) -> Vec<Vec<u8>> {
    content.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// The lines of an export, or the rows of a sheet, which may be of several lines.
fn parts(form: Form, content: &[u8]) -> Vec<Vec<u8>> {
    match form {
        Form::Jsonl => lines(content),
        Form::Csv => {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(content);
            let begins = reader.byte_records().map(|row| row.unwrap().position().unwrap().byte()).collect::<Vec<_>>();
            let ends = begins.iter().copied().skip(1).chain([content.len() as u64]);
            let place = |at: u64| usize::try_from(at).unwrap();
            begins.iter().zip(ends).map(|(begin, end)| content[place(*begin)..place(end)].to_vec()).collect()
        }
    }
}

/// The places of the lines with records: behind the proof, and in a sheet behind the columns' names.
fn records(form: Form, lines: &[Vec<u8>]) -> std::ops::Range<usize> {
    let before = match form {
        Form::Jsonl => 1,
        Form::Csv => 2,
    };
    before..lines.len()
}

const FORMS: [Form; 2] = [Form::Jsonl, Form::Csv];

#[tokio::test]
async fn an_untouched_export_is_intact_and_all_of_it_is_anchored() {
    for form in FORMS {
        let report = Desk::new().verify(&exported("acme", form, 30).await);
        assert!(report.wholly_anchored(), "{report:?}");
        assert_eq!((report.records, report.workspaces, report.unanchored), (9, 1, 0));
        assert_eq!(report.anchored.map(|anchored| anchored.seq), Some(30));
    }
}

#[tokio::test]
async fn every_flipped_bit_and_every_byte_that_is_missing_is_found() {
    for form in FORMS {
        let (desk, whole) = (Desk::new(), exported("acme", form, 6).await);
        for place in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[place] ^= 1 << (place % 8);
            assert!(!desk.verify(&flipped).wholly_anchored(), "{form:?}, byte {place} flipped");
            let mut shorter = whole.clone();
            shorter.remove(place);
            assert!(!desk.verify(&shorter).wholly_anchored(), "{form:?}, byte {place} removed");
            assert!(!desk.verify(&whole[..place]).wholly_anchored(), "{form:?}, cut at byte {place}");
        }
    }
}

#[tokio::test]
async fn every_removed_doubled_swapped_added_or_foreign_record_is_named() {
    for form in FORMS {
        let (desk, whole) = (Desk::new(), parts(form, &exported("acme", form, 30).await));
        let foreign = parts(form, &exported("globex", form, 30).await);
        let places = records(form, &whole);
        for n in places.clone() {
            let last = n + 1 == places.end;
            let (mut removed, mut doubled, mut inserted) = (whole.clone(), whole.clone(), whole.clone());
            removed.remove(n);
            let told = desk.told(&removed.concat());
            let expected = if last { "records were removed or replaced" } else { "missing, doubled or moved" };
            assert!(told.contains(expected), "{form:?}: without {n}: {told}");
            doubled.insert(n, whole[n].clone());
            let told = desk.told(&doubled.concat());
            assert!(told.contains("missing, doubled or moved"), "{form:?}: {n} twice: {told}");
            inserted.insert(n, foreign[n].clone());
            let told = desk.told(&inserted.concat());
            assert!(told.contains("not of workspace `acme`"), "{form:?}: foreign at {n}: {told}");
            if !last {
                let mut swapped = whole.clone();
                swapped.swap(n, n + 1);
                let told = desk.told(&swapped.concat());
                assert!(told.contains("missing, doubled or moved"), "{form:?}: {n} swapped: {told}");
            }
        }
    }
}

#[tokio::test]
async fn a_record_of_later_is_none_that_the_proof_covers() {
    let dir = journal_of(30).await;
    let workspace = "acme".parse().unwrap();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    export_workspace(dir.path(), &workspace, Form::Jsonl, &mut before).unwrap();
    write(dir.path(), 30).await;
    export_workspace(dir.path(), &workspace, Form::Jsonl, &mut after).unwrap();
    let (mut added, after) = (lines(&before), lines(&after));
    added.push(after[added.len()].clone());
    let desk = Desk::new();
    assert!(desk.told(&added.concat()).contains("it was added"), "{}", desk.told(&added.concat()));
    let mut exchanged = lines(&before);
    exchanged[0].clone_from(&after[0]);
    assert!(desk.told(&exchanged.concat()).contains("records were removed or replaced"));
}

#[tokio::test]
async fn a_forged_checkpoint_and_a_swapped_path_are_named() {
    let (desk, whole) = (Desk::new(), exported("acme", Form::Jsonl, 30).await);
    let text = String::from_utf8(whole.clone()).unwrap();
    let other = desk.verify_by(&whole, TestSeal('t').trust(), None);
    assert!(other.problems[0].what.contains("signed by the key `s`"), "{other:?}");
    let later = text.replacen(r#"\"seq\":30"#, r#"\"seq\":31"#, 1);
    assert_ne!(later, text);
    assert!(desk.told(later.as_bytes()).contains("signature is not genuine"));
    let proof = text.lines().next().unwrap();
    let path = proof.split("\"path\":[").nth(1).unwrap().split(']').next().unwrap();
    let mut hashes: Vec<&str> = path.split(',').collect();
    hashes.reverse();
    assert!(hashes.len() > 1);
    let swapped = text.replacen(path, &hashes.join(","), 1);
    assert!(desk.told(swapped.as_bytes()).contains("does not lead to the root"));
    let spaced = text.replacen("\"index\":", "\"index\": ", 1);
    assert!(desk.told(spaced.as_bytes()).contains("written anew"));
}

#[tokio::test]
async fn an_export_must_be_of_the_workspace_that_is_asked_for() {
    let (desk, whole) = (Desk::new(), exported("globex", Form::Jsonl, 30).await);
    let by = |content: &[u8]| desk.verify_by(content, seal().trust(), Some("acme")).problems;
    assert!(by(&whole)[0].what.contains("is of workspace `globex`, not of `acme`"));
    assert!(by(b"")[0].what.contains("nothing in this file"));
    let headless: Vec<u8> = lines(&whole)[1..].concat();
    assert!(by(&headless)[0].what.contains("does not begin with its proof"));
}

#[tokio::test]
async fn a_cell_that_was_changed_is_named_though_its_record_is_as_it_was() {
    let (desk, whole) = (Desk::new(), exported("acme", Form::Csv, 30).await);
    let text = String::from_utf8(whole).unwrap();
    let changed = text.replacen("\"CASE-17\"", "\"CASE-71\"", 1);
    assert_ne!(changed, text);
    let told = desk.verify(changed.as_bytes());
    assert_eq!(told.problems.len(), 1, "{told:?}");
    assert!(told.problems[0].what.contains("a cell was changed"));
    let longer = format!("{text}\n");
    assert!(!desk.verify(longer.as_bytes()).intact());
}

#[tokio::test]
async fn without_a_key_an_export_is_intact_and_un_anchored() {
    let (desk, whole) = (Desk::new(), exported("acme", Form::Jsonl, 30).await);
    let report = desk.verify_by(&whole, Trust::default(), None);
    assert!(report.intact() && !report.wholly_anchored() && !report.signatures_checked);
    assert_eq!((report.unanchored, report.checkpoints), (9, 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Any part of an export, replaced by anything else.
    #[test]
    fn no_change_of_an_export_passes(
        csv in any::<bool>(),
        from in 0.0..1.0_f64,
        length in 0_usize..400,
        put in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        static EXPORTS: std::sync::OnceLock<[Vec<u8>; 2]> = std::sync::OnceLock::new();
        let exports = EXPORTS.get_or_init(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            FORMS.map(|form| runtime.block_on(exported("acme", form, 30)))
        });
        let whole = &exports[usize::from(csv)];
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
        let from = (whole.len() as f64 * from) as usize;
        let to = (from + length).min(whole.len());
        let changed = [&whole[..from], &put, &whole[to..]].concat();
        let same = changed == *whole;
        prop_assert_eq!(Desk::new().verify(&changed).wholly_anchored(), same);
    }
}
