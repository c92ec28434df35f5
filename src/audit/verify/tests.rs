//! Whoever changes the trail is found out.
use std::sync::Arc;

use super::*;
use crate::audit::Seal as _;
use crate::audit::digest::Digest;
use crate::audit::samples::{TestSeal, journal_of, report, segment, write, write_with};

/// The lines of a journal with `count` records, newlines included.
async fn lines(count: u32) -> Vec<Vec<u8>> {
    let dir = journal_of(count).await;
    let bytes = std::fs::read(segment(dir.path())).unwrap();
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// Verifies files made of lines, all in one place.
struct Desk(tempfile::NamedTempFile);

impl Desk {
    fn new() -> Self {
        Self(tempfile::NamedTempFile::new().unwrap())
    }

    fn verify(&self, lines: &[Vec<u8>]) -> Report {
        std::fs::write(self.0.path(), lines.concat()).unwrap();
        report(self.0.path())
    }
}

#[tokio::test]
async fn an_untouched_journal_is_intact_also_after_restarts_and_all_of_it_is_anchored() {
    let dir = journal_of(120).await;
    write(dir.path(), 80).await;
    let found = report(dir.path());
    assert_eq!(found.problems, []);
    assert_eq!((found.records, found.unanchored, found.workspaces), (200, 0, 3));
    assert_eq!((found.first.unwrap().seq, found.last.unwrap().seq), (1, 200));
    assert_eq!(found.anchored.map(|anchored| (anchored.checkpoint, anchored.seq)), Some((2, 200)));
}

#[tokio::test]
async fn every_flipped_bit_of_a_byte_is_found() {
    let (desk, whole) = (Desk::new(), lines(6).await);
    for changed in [0, 3, 5] {
        for place in 0..whole[changed].len() {
            let mut lines = whole.clone();
            lines[changed][place] ^= 1 << (place % 8);
            let report = desk.verify(&lines);
            assert!(!report.intact(), "record {changed}, byte {place}");
            assert_eq!(report.problems[0].line, changed as u64 + 1, "record {changed}, byte {place}");
        }
    }
}

#[tokio::test]
async fn every_removed_doubled_swapped_or_inserted_record_is_found() {
    let (desk, whole) = (Desk::new(), lines(120).await);
    let foreign = lines(120).await;
    for n in 0..whole.len() - 1 {
        let (mut removed, mut doubled, mut swapped, mut inserted) =
            (whole.clone(), whole.clone(), whole.clone(), whole.clone());
        removed.remove(n);
        doubled.insert(n, whole[n].clone());
        swapped.swap(n, n + 1);
        inserted.insert(n, foreign[n].clone());
        for (what, lines) in [("removed", removed), ("doubled", doubled), ("swapped", swapped), ("inserted", inserted)]
        {
            assert!(!desk.verify(&lines).intact(), "{what} record {}", n + 1);
        }
    }
}

/// A line in which something was replaced, with the hash that it must have then.
fn hashed_anew(line: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(line).unwrap();
    let body = format!("{}}}", text.split(r#","hash":"#).next().unwrap());
    assert!(body.contains(from), "{body}");
    let body = body.replace(from, to);
    let hash = Digest::of(body.as_bytes()).hex();
    let open = body.strip_suffix('}').unwrap();
    format!("{open},\"hash\":\"{}\"}}\n", std::str::from_utf8(&hash).unwrap()).into_bytes()
}

#[tokio::test]
async fn a_record_that_was_changed_and_hashed_anew_breaks_the_link_of_the_next() {
    let (desk, mut lines) = (Desk::new(), lines(6).await);
    lines[2] = hashed_anew(&lines[2], "olga", "otto");
    let report = desk.verify(&lines);
    assert_eq!(report.problems[0].line, 4);
    assert!(report.problems[0].what.contains("`prev`"), "{report:?}");
}

#[tokio::test]
async fn a_record_that_was_moved_to_another_workspace_is_found_by_that_chain_alone() {
    let (desk, mut lines) = (Desk::new(), lines(4).await);
    lines[3] = hashed_anew(&lines[3], r#""workspace":"acme""#, r#""workspace":"globex""#);
    assert!(desk.verify(&lines).problems[0].what.contains("`workspace_seq`"));
}

#[tokio::test]
async fn a_cut_tail_shows_only_as_un_anchored_and_an_empty_file_as_nothing() {
    let (desk, whole) = (Desk::new(), lines(20).await);
    for left in 0..whole.len() {
        let report = desk.verify(&whole[..left]);
        assert!(report.intact());
        assert_eq!((report.records, report.unanchored), (left as u64, left as u64));
    }
}

#[tokio::test]
async fn a_torn_last_line_is_a_problem_unless_it_is_being_written() {
    let dir = journal_of(5).await;
    let mut bytes = std::fs::read(segment(dir.path())).unwrap();
    bytes.truncate(bytes.len() - 7);
    std::fs::write(segment(dir.path()), bytes).unwrap();
    let found = report(dir.path());
    assert_eq!((found.problems.len(), found.problems[0].line, found.records), (2, 5, 4));
    assert!(found.problems[1].what.contains("checkpoint 1 covers 5 records"), "{found:?}");
    std::fs::remove_file(dir.path().join("checkpoints")).unwrap();
    assert!(!report(dir.path()).intact());
    let lock = std::fs::File::open(dir.path().join("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    assert!(report(dir.path()).intact());
}

#[tokio::test]
async fn an_event_of_the_control_plane_is_recorded_once() {
    let (desk, mut lines) = (Desk::new(), lines(6).await);
    let [first, last] = [0, 5].map(|n| Record::read(lines[n].trim_ascii_end()).unwrap().members.event_id.into_owned());
    lines[5] = hashed_anew(&lines[5], &last, &first);
    assert!(desk.verify(&lines).problems[0].what.contains("a second time"));
}

#[test]
fn a_folder_without_a_journal_is_not_an_intact_trail() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(verify(dir.path(), &Evidence::default()).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn verification_ends_after_twenty_problems() {
    let noise = vec![b"noise\n".to_vec(); 100];
    assert_eq!(Desk::new().verify(&noise).problems.len(), 20);
}

/// A journal in whose folder the second of two runs signed with another key.
async fn two_keys() -> Arc<tempfile::TempDir> {
    let dir = journal_of(20).await;
    write_with(dir.path(), 20, Arc::new(TestSeal('t'))).await;
    dir
}

#[tokio::test]
async fn who_vouches_for_the_last_checkpoint_vouches_for_those_before_it() {
    let dir = two_keys().await;
    let under = |key| verify(dir.path(), &Evidence { trust: TestSeal(key).trust(), kept: vec![] }).unwrap();
    let by_new = under('t');
    assert!(by_new.wholly_anchored(), "{by_new:?}");
    let by_old = under('s');
    assert!(by_old.problems[0].what.contains("signed by the key `t`"), "{by_old:?}");
    assert_eq!(by_old.anchored.map(|anchored| anchored.seq), Some(20));
}

#[tokio::test]
async fn a_kept_checkpoint_of_an_old_key_counts_when_it_is_one_of_the_trail_s() {
    let dir = two_keys().await;
    let kept = dir.path().join("kept");
    let lines = crate::audit::checkpoints(dir.path()).unwrap();
    std::fs::write(&kept, &lines[0]).unwrap();
    let evidence = Evidence { trust: TestSeal('t').trust(), kept: vec![kept.clone()] };
    assert!(verify(dir.path(), &evidence).unwrap().wholly_anchored());
    for (wrong, told) in [("", "no checkpoint in this file"), ("{}", "does not end with a signature")] {
        std::fs::write(&kept, wrong).unwrap();
        let found = verify(dir.path(), &evidence).unwrap();
        assert!(found.problems[0].what.contains(told), "{found:?}");
    }
}

#[tokio::test]
async fn without_a_key_to_trust_no_checkpoint_counts_but_what_it_contradicts_is_found() {
    let dir = journal_of(20).await;
    let found = verify(dir.path(), &Evidence::default()).unwrap();
    assert!(found.intact() && !found.signatures_checked);
    assert_eq!((found.checkpoints, found.anchored, found.unanchored), (1, None, 20));
    let bytes = std::fs::read(segment(dir.path())).unwrap();
    let end = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    std::fs::write(segment(dir.path()), &bytes[..end]).unwrap();
    assert!(!verify(dir.path(), &Evidence::default()).unwrap().intact());
}

#[tokio::test]
async fn zeros_at_the_end_are_the_end_and_zeros_anywhere_else_are_a_hole() {
    let dir = journal_of(20).await;
    let bytes = std::fs::read(segment(dir.path())).unwrap();
    std::fs::write(segment(dir.path()), [bytes.as_slice(), &[0; 5000]].concat()).unwrap();
    assert!(report(dir.path()).wholly_anchored());
    std::fs::write(segment(dir.path()), [bytes.as_slice(), &[0; 5000], b"x"].concat()).unwrap();
    assert!(report(dir.path()).problems[0].what.contains("zeros"));
    let mut blanked = bytes;
    blanked[3000..3100].fill(0);
    std::fs::write(segment(dir.path()), blanked).unwrap();
    assert!(!report(dir.path()).intact());
}
