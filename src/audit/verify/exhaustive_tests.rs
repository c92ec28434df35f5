//! Promise 7, on 1,000 records, exhaustively: whatever is done to a record, whatever is cut off, whichever earlier state
//! is put back, it is found. The records run through the verifier of the command; it is copied before each record, so
//! that only what comes after a change has to be read again.
use super::*;
use crate::audit::checkpoint::{self, Checkpoint, Snapshot};
use crate::audit::digest::Digest;
use crate::audit::draft::Draft;
use crate::audit::samples::{TestSeal, completion, event, seal};

const RECORDS: u32 = 1000;
/// A checkpoint covers every so many records.
const EVERY: u64 = 50;

/// A trail in memory.
struct Trail {
    /// Lines, newlines included.
    records: Vec<Vec<u8>>,
    /// Lines, newlines included.
    checkpoints: Vec<String>,
}

impl Trail {
    fn new(salt: &str) -> Self {
        let (mut chain, mut records, mut checkpoints) = (Chain::new(), Vec::new(), Vec::new());
        let mut previous = Digest::NONE;
        for n in 0..RECORDS {
            let mut event = if n % 10 == 9 { completion(n) } else { event(n) };
            event.ticket = Some(salt.to_owned());
            let mut line = Vec::new();
            chain.append(&Draft::try_from(event.clone()).unwrap(), "node-1", &mut line).unwrap();
            records.push(line);
            if chain.last().seq.is_multiple_of(EVERY) {
                let snapshot = Snapshot { at: event.at, last: chain.last(), heads: chain.heads() };
                let number = checkpoints.len() as u64 + 1;
                let line = checkpoint::line(&snapshot, number, previous, "node-1", &TestSeal('s')).unwrap();
                previous = Checkpoint::digest_of(&line);
                checkpoints.push(line);
            }
        }
        Self { records, checkpoints }
    }

    /// Writes the first `records` and `checkpoints` of them to `dir`.
    fn put(&self, dir: &Path, records: usize, checkpoints: usize) {
        std::fs::write(dir.join("journal-000001.jsonl"), self.records[..records].concat()).unwrap();
        std::fs::write(dir.join("checkpoints"), self.checkpoints[..checkpoints].concat()).unwrap();
    }

    /// A verifier that knows the last checkpoint, as one that was kept elsewhere.
    fn verifier(&self) -> Verifier {
        let checkpoint = Checkpoint::read(self.checkpoints.last().unwrap().trim_end().as_bytes()).unwrap();
        assert!(seal().trust().vouches_for(&checkpoint).unwrap());
        Verifier::new(vec![Anchor { file: PathBuf::from("kept"), line: 1, checkpoint, vouched: true }])
    }
}

/// Whether `lines`, read after what `before` has read, come to a trail that is found to be intact.
fn intact(before: &Verifier, lines: &[&[u8]]) -> bool {
    let mut verifier = before.clone();
    for (raw, number) in lines.iter().zip(1..) {
        verifier.line(Path::new("journal"), &Line { raw, number, offset: 0, resumes_at: None });
        if !verifier.problems.is_empty() {
            return false;
        }
    }
    verifier.finish().intact()
}

/// `line` cut at its newlines, as a reader would.
fn cut(line: &[u8]) -> Vec<&[u8]> {
    line.split_inclusive(|byte| *byte == b'\n').collect()
}

#[test]
fn whatever_is_done_to_any_of_1000_records_is_found() {
    let (trail, foreign) = (Trail::new("a"), Trail::new("b"));
    let records: Vec<&[u8]> = trail.records.iter().map(Vec::as_slice).collect();
    let mut before = trail.verifier();
    assert!(intact(&before, &records));
    let mut tried = 0;
    let mut found = |what: &str, n: usize, before: &Verifier, parts: &[&[&[u8]]]| {
        tried += 1;
        assert!(!intact(before, &parts.concat()), "record {}: {what} goes unseen", n + 1);
    };
    for (n, record) in records.iter().enumerate() {
        let rest = &records[n + 1..];
        let length = record.len();
        for place in [0, 6, length / 4, length / 2, length - 70, length - 3, length - 2, length - 1] {
            let mut flipped = record.to_vec();
            flipped[place] ^= 1 << (n % 7);
            let flipped = [&flipped, rest.first().copied().unwrap_or_default()].concat();
            found("a flipped bit", n, &before, &[&cut(&flipped), rest.get(1..).unwrap_or_default()]);
        }
        found("its removal", n, &before, &[rest]);
        found("its doubling", n, &before, &[&[*record, *record], rest]);
        found("a foreign record before it", n, &before, &[&[foreign.records[n].as_slice(), *record], rest]);
        found("a foreign record instead", n, &before, &[&[foreign.records[n].as_slice()], rest]);
        if let Some((next, others)) = rest.split_first() {
            found("a swap", n, &before, &[&[*next, *record], others]);
        }
        found("a cut before it", n, &before, &[]);
        found("a cut inside it", n, &before, &[&[&record[..length / 2]]]);
        found("a cut before its newline", n, &before, &[&[&record[..length - 1]]]);
        before.line(Path::new("journal"), &Line { raw: record, number: 1, offset: 0, resumes_at: None });
    }
    assert_eq!(tried, 16 * RECORDS - 1);
}

#[test]
fn going_back_behind_a_kept_checkpoint_is_found_and_without_one_is_never_called_anchored() {
    let trail = Trail::new("a");
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("kept");
    std::fs::write(&kept, trail.checkpoints.last().unwrap()).unwrap();
    let (alone, with_kept) =
        (Evidence { trust: seal().trust(), kept: vec![] }, Evidence { trust: seal().trust(), kept: vec![kept] });
    for checkpoints in 0..trail.checkpoints.len() {
        // The whole state of then is put back: records, and checkpoints.
        let covered = checkpoints * usize::try_from(EVERY).unwrap();
        for more in [0, 1, 49] {
            trail.put(dir.path(), covered + more, checkpoints);
            let found = verify(dir.path(), &with_kept).unwrap();
            assert!(!found.intact(), "back to checkpoint {checkpoints} and {more} records");
            let found = verify(dir.path(), &alone).unwrap();
            assert!(found.intact());
            assert_eq!((found.unanchored, found.wholly_anchored()), (more as u64, more == 0));
            assert_eq!(found.unanchored_since.is_some(), more > 0);
        }
        // Records go back, checkpoints stay.
        trail.put(dir.path(), covered, checkpoints + 1);
        assert!(!verify(dir.path(), &alone).unwrap().intact(), "back to {covered} records");
    }
    trail.put(dir.path(), trail.records.len(), trail.checkpoints.len());
    assert!(verify(dir.path(), &with_kept).unwrap().wholly_anchored());
}

#[test]
fn a_trail_that_is_written_anew_does_not_fit_any_checkpoint() {
    let (trail, other) = (Trail::new("a"), Trail::new("b"));
    let dir = tempfile::tempdir().unwrap();
    other.put(dir.path(), other.records.len(), 0);
    for line in &trail.checkpoints {
        let kept = dir.path().join("kept");
        std::fs::write(&kept, line).unwrap();
        let found = verify(dir.path(), &Evidence { trust: seal().trust(), kept: vec![kept] }).unwrap();
        assert!(found.problems[0].what.contains("written anew"), "{found:?}");
    }
}

#[test]
fn whatever_is_done_to_a_checkpoint_is_found() {
    let trail = Trail::new("a");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoints");
    let lines: Vec<&[u8]> = trail.checkpoints.iter().map(String::as_bytes).collect();
    let mistaken = |lines: &[&[u8]]| {
        std::fs::write(&path, lines.concat()).unwrap();
        let found = Found::in_folder(dir.path(), &seal().trust()).unwrap();
        !found.mistakes.is_empty() || found.torn.is_some()
    };
    assert!(!mistaken(&lines));
    for n in [0, 9, lines.len() - 1] {
        for place in 0..lines[n].len() {
            let mut flipped = lines[n].to_vec();
            flipped[place] ^= 1 << (place % 8);
            assert!(mistaken(&[&lines[..n], &[&flipped], &lines[n + 1..]].concat()), "checkpoint {n}, byte {place}");
        }
    }
    for n in 0..lines.len() - 1 {
        let (before, rest) = (&lines[..n], &lines[n + 1..]);
        assert!(mistaken(&[before, rest].concat()), "checkpoint {n} is missing");
        assert!(mistaken(&[before, &[lines[n], lines[n]], rest].concat()), "checkpoint {n} is doubled");
        assert!(mistaken(&[before, &[rest[0], lines[n]], &rest[1..]].concat()), "checkpoint {n} is swapped");
    }
    let forged = Trail::new("a").checkpoints.pop().unwrap().replace(r#""kid":"s""#, r#""kid":"t""#);
    assert!(mistaken(&[&lines[..lines.len() - 1], &[forged.as_bytes()]].concat()), "a key that nobody trusts");
}
