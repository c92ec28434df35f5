//! What a crash leaves behind, and what only somebody who tampers does; and how a journal goes on in new segments.
use super::*;
use crate::audit::samples::{audit, event, journal_of, report, seal, segment, write};
use crate::audit::segments::{self, Segment};
use crate::config::{self, Durability};

/// Opens the journal in `dir` and closes it; what it says when it refuses.
async fn start(dir: &Path) -> Result<(), String> {
    let audit = audit(dir, Durability::Strict);
    match Journal::open(&audit, "node-1", &Clock::system(), &Metrics::new(), seal()) {
        Ok(journal) => {
            journal.close().await;
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// A journal of 20 records without its checkpoint, its bytes, and where its last record begins.
async fn uncovered() -> (Arc<tempfile::TempDir>, Vec<u8>, usize) {
    let dir = journal_of(20).await;
    std::fs::remove_file(dir.path().join("checkpoints")).unwrap();
    let bytes = std::fs::read(segment(dir.path())).unwrap();
    let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    (dir, bytes, last)
}

fn set_aside(dir: &Path) -> Vec<String> {
    segments::set_aside(dir).unwrap()
}

#[tokio::test]
async fn a_journal_that_is_being_written_ends_in_zeros_and_a_closed_one_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let settings = audit(dir.path(), Durability::Strict);
    let journal = Journal::open(&settings, "node-1", &Clock::system(), &Metrics::new(), seal()).unwrap();
    journal.append(event(2)).await.unwrap().durable().await.unwrap();
    let bytes = std::fs::read(segment(dir.path())).unwrap();
    assert!(bytes.len() >= 1 << 20 && bytes.ends_with(&[0; 1000]));
    // As it is at this moment, it is what a kill leaves.
    let killed = tempfile::tempdir().unwrap();
    std::fs::write(segment(killed.path()), &bytes).unwrap();
    assert_eq!(report(killed.path()).records, 1);
    write(killed.path(), 1).await;
    assert_eq!((report(killed.path()).records, set_aside(killed.path())), (2, vec![]));
    journal.close().await;
    assert!(std::fs::read(segment(dir.path())).unwrap().ends_with(b"\"}\n"));
}

#[tokio::test]
async fn sectors_that_a_disk_had_not_written_yet_are_set_aside_with_what_comes_after_them() {
    let (dir, bytes, last) = uncovered().await;
    let hole = last.next_multiple_of(512);
    let mut torn = bytes.clone();
    torn.resize(hole, 0);
    torn[last + 10..].fill(0);
    torn.extend_from_slice(b"the end of another record\"}\n");
    torn.resize(torn.len() + 5000, 0);
    std::fs::write(segment(dir.path()), &torn).unwrap();
    assert!(!report(dir.path()).intact());
    start(dir.path()).await.unwrap();
    let found = report(dir.path());
    assert!(found.wholly_anchored());
    assert_eq!((found.records, found.set_aside.len()), (19, 1));
    let kept = std::fs::read(dir.path().join(&found.set_aside[0])).unwrap();
    assert!(kept.starts_with(br#"{"seq":20,"#) && kept.ends_with(b"another record\"}\n"));
}

#[tokio::test]
async fn what_no_crash_leaves_at_the_end_is_not_swept_aside() {
    let (dir, bytes, last) = uncovered().await;
    let mut unaligned = bytes.clone();
    unaligned[last + 20..last + 30].fill(0);
    if (last + 30).is_multiple_of(512) {
        unaligned[last + 29] = b'x';
    }
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() = 0x0b;
    let garbage = [bytes.as_slice(), b"garbage"].concat();
    let other_place = [bytes.as_slice(), br#"{"seq":7,"at":"#].concat();
    for (what, bytes) in [("a hole", unaligned), ("a flip", flipped), ("garbage", garbage), ("a copy", other_place)] {
        std::fs::write(segment(dir.path()), &bytes).unwrap();
        let refused = start(dir.path()).await.unwrap_err();
        assert!(refused.contains("no crash leaves that") && refused.contains("line 2"), "{what}: {refused}");
        assert_eq!(std::fs::read(segment(dir.path())).unwrap(), bytes, "{what} is left as it is");
    }
}

#[tokio::test]
async fn a_gate_does_not_start_on_a_trail_that_lacks_what_a_checkpoint_covers() {
    let dir = journal_of(20).await;
    let bytes = std::fs::read(segment(dir.path())).unwrap();
    for length in [bytes.len() - 7, 0] {
        std::fs::write(segment(dir.path()), &bytes[..length]).unwrap();
        let refused = start(dir.path()).await.unwrap_err();
        assert!(refused.contains("checkpoint 1 covers 20 records"), "{refused}");
    }
}

#[tokio::test]
async fn a_torn_checkpoint_is_set_aside_and_the_next_one_takes_its_place() {
    let dir = journal_of(20).await;
    write(dir.path(), 5).await;
    let path = dir.path().join("checkpoints");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    assert!(!report(dir.path()).intact());
    start(dir.path()).await.unwrap();
    let found = report(dir.path());
    assert!(found.wholly_anchored(), "{found:?}");
    assert_eq!(found.anchored.map(|anchored| anchored.checkpoint), Some(2));
    assert!(found.set_aside[0].starts_with("torn-checkpoints-"));
}

#[tokio::test]
async fn a_full_segment_is_closed_and_the_chain_goes_on_in_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let settings = config::Audit { segment: 20_000, ..audit(dir.path(), Durability::Strict) };
    for _ in 0..2 {
        let journal = Journal::open(&settings, "node-1", &Clock::system(), &Metrics::new(), seal()).unwrap();
        for n in 0..100 {
            journal.append(event(n)).await.unwrap();
        }
        journal.close().await;
    }
    let size = |segment: &Segment| std::fs::metadata(&segment.path).unwrap().len();
    let mut segments = segments::list(dir.path()).unwrap();
    // The last one is empty when the last record has just filled the one before it.
    segments.retain(|segment| size(segment) > 0);
    assert!(segments.len() > 5, "{segments:?}");
    assert!(segments.iter().rev().skip(1).all(|segment| size(segment) >= 20_000));
    let found = report(dir.path());
    assert!(found.wholly_anchored());
    assert_eq!(found.records, 200);

    let aside = dir.path().join("aside");
    for segment in &segments {
        std::fs::rename(&segment.path, &aside).unwrap();
        assert!(!report(dir.path()).intact(), "without {segment:?}");
        assert!(start(dir.path()).await.is_err(), "without {segment:?}");
        std::fs::rename(&aside, &segment.path).unwrap();
    }
    for pair in segments.windows(2) {
        let swap = || {
            std::fs::rename(&pair[0].path, &aside).unwrap();
            std::fs::rename(&pair[1].path, &pair[0].path).unwrap();
            std::fs::rename(&aside, &pair[1].path).unwrap();
        };
        swap();
        assert!(!report(dir.path()).intact(), "{pair:?} swapped");
        swap();
    }
    let extra = dir.path().join(Segment::name(u32::try_from(segments.len()).unwrap() + 1));
    std::fs::copy(&segments[0].path, extra).unwrap();
    assert!(!report(dir.path()).intact(), "one more");
}
