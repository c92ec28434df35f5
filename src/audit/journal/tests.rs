//! The journal on a disk that works.
use std::os::unix::fs::PermissionsExt;

use futures_util::future::join_all;
use proptest::prelude::*;

use super::*;
use crate::audit::samples::{self, at, audit, event, journal_of, report, segment, write};
use crate::audit::{Event, Kind, export};
use crate::config::Durability;
use crate::domain::time::Timestamp;
use crate::telemetry::metrics::Metrics;

fn open(dir: &Path) -> Result<Arc<Journal>, JournalError> {
    let settings = Settings::new(&audit(dir, Durability::Strict), "node-1", Box::new(open_segment), samples::seal());
    Journal::open_with(settings, (&Clock::system(), &Metrics::new()), Duration::from_mins(1))
}

#[tokio::test]
async fn many_appends_at_once_keep_each_one_s_order_and_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).unwrap();
    join_all((0..64_u32).map(|caller| {
        let journal = &journal;
        async move {
            for turn in 0..10 {
                let mut event = event(3);
                event.ticket = Some(format!("{caller}"));
                event.reason = Some(format!("{turn}"));
                journal.append(event).await.unwrap().durable().await.unwrap();
            }
        }
    }))
    .await;
    assert_eq!(journal.shared.metrics.audit_records_total.get(), 640);
    journal.close().await;
    assert_eq!(report(dir.path()).problems, []);
    let text = std::fs::read_to_string(segment(dir.path())).unwrap();
    for caller in 0..64 {
        let of_caller = format!(r#""ticket":"{caller}","#);
        let turns: Vec<&str> = text
            .lines()
            .filter(|line| line.contains(&of_caller))
            .map(|line| line.split(r#""reason":""#).nth(1).unwrap().split('"').next().unwrap())
            .collect();
        assert_eq!(turns, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], "caller {caller}");
    }
}

#[tokio::test]
async fn a_case_stands_in_the_records_that_are_about_one_and_in_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).unwrap();
    let about = Event { case: Some("ar_1".parse().unwrap()), ..event(0) };
    for event in [event(3), about] {
        journal.append(event).await.unwrap().durable().await.unwrap();
    }
    journal.close().await;
    assert_eq!(report(dir.path()).problems, []);
    let text = std::fs::read_to_string(segment(dir.path())).unwrap();
    let told: Vec<_> =
        text.lines().map(|line| line.contains(r#","ticket":"CASE-17","case":"ar_1","request":"#)).collect();
    assert_eq!((told, text.matches(r#""case":"#).count()), (vec![false, true], 1));
}

#[tokio::test]
async fn a_kill_in_the_middle_of_the_last_record_costs_that_record_alone() {
    let whole = journal_of(10).await;
    let bytes = std::fs::read(segment(whole.path())).unwrap();
    let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for end in last..bytes.len() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(segment(dir.path()), &bytes[..end]).unwrap();
        let found = recover::scan(dir.path(), None, Vec::new()).unwrap();
        assert_eq!(found.chain.last().seq, 9, "cut at byte {end}");
        // The whole way through the disk is slow: not for each byte.
        if [last, last + 1, usize::midpoint(last, bytes.len()), bytes.len() - 1].contains(&end) {
            write(dir.path(), 1).await;
            let found = report(dir.path());
            assert_eq!((found.problems, found.records), (vec![], 10), "cut at byte {end}");
            let aside = dir.path().join(format!("torn-000001-{last}"));
            assert_eq!(std::fs::read(aside).unwrap_or_default(), bytes[last..end], "cut at byte {end}");
        }
    }
}

#[tokio::test]
async fn a_journal_that_was_changed_is_refused_with_file_and_line() {
    let dir = journal_of(4).await;
    let mut bytes = std::fs::read(segment(dir.path())).unwrap();
    let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    bytes[second + 20] ^= 1;
    std::fs::write(segment(dir.path()), bytes).unwrap();
    let refused = open(dir.path()).unwrap_err().to_string();
    assert!(refused.contains("journal-000001.jsonl` is not intact: line 2: "), "{refused}");
}

#[tokio::test]
async fn segments_are_one_chain_and_only_the_last_may_be_torn() {
    let dir = journal_of(4).await;
    std::fs::rename(segment(dir.path()), dir.path().join("whole")).unwrap();
    let bytes = std::fs::read(dir.path().join("whole")).unwrap();
    let cut = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let second = dir.path().join("journal-000002.jsonl");
    std::fs::write(segment(dir.path()), &bytes[..cut]).unwrap();
    std::fs::write(&second, &bytes[cut..]).unwrap();
    write(dir.path(), 1).await;
    assert_eq!(report(dir.path()).records, 5);
    assert!(std::fs::metadata(&second).unwrap().len() > (bytes.len() - cut) as u64);
    std::fs::write(segment(dir.path()), &bytes[..cut - 1]).unwrap();
    let refused = open(dir.path()).unwrap_err().to_string();
    assert!(refused.contains("journal-000002.jsonl` is not intact: line 1: "), "{refused}");
}

#[tokio::test]
async fn a_second_writer_is_refused_until_the_first_has_closed() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path()).unwrap();
    assert!(matches!(open(dir.path()), Err(JournalError::Locked(at)) if at == dir.path()));
    first.close().await;
    let second = open(dir.path()).unwrap();
    assert!(!first.healthy() && second.healthy());
    assert_eq!(first.append(event(1)).await.unwrap_err(), Unavailable);
    second.close().await;
}

#[tokio::test]
async fn nobody_else_can_read_the_trail() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("a/trail");
    write(&dir, 1).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(&segment(&dir)), mode(&dir.join(LOCK))), (0o700, 0o600, 0o600));
}

#[tokio::test]
async fn time_goes_on_after_the_latest_record() {
    let dir = tempfile::tempdir().unwrap();
    let late = "2096-11-22T16:00:00Z".parse::<Timestamp>().unwrap();
    let journal = open(dir.path()).unwrap();
    journal.append(Event::new(late, Kind::AccessRefused)).await.unwrap();
    journal.append(event(1)).await.unwrap();
    journal.close().await;
    let clock = Clock::system();
    Journal::open(&audit(dir.path(), Durability::Relaxed), "node-1", &clock, &Metrics::new(), samples::seal())
        .unwrap()
        .close()
        .await;
    assert_eq!(clock.now(), late);
}

#[tokio::test]
async fn an_event_that_its_relay_repeats_is_recorded_once_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (granted, passed) = (event(0), event(2));
    for _ in 0..2 {
        let journal = open(dir.path()).unwrap();
        for event in [&granted, &passed, &granted] {
            journal.append(event.clone()).await.unwrap().durable().await.unwrap();
        }
        assert_eq!(journal.recent_control_events(), HashSet::from([granted.event_id.clone()]));
        journal.close().await;
    }
    let found = report(dir.path());
    assert_eq!((found.problems, found.records), (vec![], 3));
}

#[tokio::test]
async fn a_note_is_on_disk_when_the_journal_has_closed() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).unwrap();
    journal.note(samples::completion(1));
    journal.close().await;
    assert_eq!(report(dir.path()).records, 1);
    journal.note(samples::completion(2));
    assert_eq!(journal.shared.dropped.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_export_is_the_journal_byte_for_byte() {
    let dir = journal_of(20).await;
    let mut whole = Vec::new();
    export(dir.path(), &mut whole).unwrap();
    assert_eq!(whole, std::fs::read(segment(dir.path())).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_type_becomes_one_line_that_verifies(
        texts in proptest::collection::vec(any::<String>(), 4),
        controls in "[\\x00-\\x20\"\\\\\u{2028}{}]{0,20}",
    ) {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let journal = open(dir.path()).unwrap();
            let mut event = event(2);
            event.reason = Some(format!("{}{controls}", texts[0]));
            event.ticket = Some(controls.clone());
            let request = event.request.as_mut().unwrap();
            request.path.clone_from(&texts[1]);
            request.labels = vec![texts[2].clone()];
            request.user_agent = Some(texts[3].clone());
            let facts = format!("{{\r\n  \"said\":\n{}\n}}", serde_json::to_string(&texts).unwrap());
            event.decision.as_mut().unwrap().facts = serde_json::value::RawValue::from_string(facts).unwrap();
            journal.append(event).await.unwrap();
            journal.append(samples::completion(3)).await.unwrap();
            journal.close().await;
        });
        let found = report(dir.path());
        prop_assert_eq!((found.problems, found.records), (vec![], 2));
        prop_assert_eq!(found.last.map(|place| place.at), Some(at(3)));
        let bytes = std::fs::read(segment(dir.path())).unwrap();
        prop_assert_eq!(bytes.split_inclusive(|byte| *byte == b'\n').count(), 2);
        let line: serde_json::Value = serde_json::from_slice(bytes.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
        prop_assert_eq!(line["request"]["path"].as_str(), Some(texts[1].as_str()));
    }
}
