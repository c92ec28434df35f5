//! Watching the trail: what was recorded last, and what is recorded now.
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::{PATIENCE, end, go_on, work};
use crate::world::{World, chaperone, eventually};

/// An `audit tail --follow` that runs; it is killed when this is dropped.
struct Follower(Child);

impl Follower {
    fn start(world: &World, arguments: &[&str], out: impl Into<Stdio>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chaperone"));
        command.args(["audit", "tail", "--follow", "--config", &world.config()]).args(arguments);
        Self(command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).spawn().unwrap())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_last_records_are_shown_a_line_each() {
    let world = World::start().await;
    work(&world, 3).await;
    let config = world.config();
    let tail = |arguments: &[&str]| chaperone(&[&["audit", "tail", "--config", &config], arguments].concat()).stdout;
    let shown = tail(&["-n", "2", "--kind", "access.permitted"]);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    for (line, path) in lines.iter().zip(["/w/acme/reports/1", "/w/acme/reports/2"]) {
        assert!(line.contains(&format!("access.permitted   acme  ada as olga  GET {path}")), "{line}");
    }
    assert_eq!(tail(&["--kind", "access.*", "--workspace", "globex"]), "");
    assert!(tail(&["--kind", "grant.*", "--workspace", "acme", "--format", "jsonl"]).contains("\"grant.created\""));
}

#[tokio::test]
async fn whoever_follows_the_trail_sees_every_record_once_also_across_files() {
    let mut world = World::builder().section("[audit]\nsegment = \"64KiB\"").start().await;
    work(&world, 1).await;
    let file = world.path("followed");
    let arguments = ["--format", "jsonl", "-n", "1000"];
    let _follower = Follower::start(&world, &arguments, File::create(&file).unwrap());
    let shown = || fs::read_to_string(&file).unwrap();
    eventually("what was there", PATIENCE, async || shown().contains("access.permitted").then_some(())).await;
    assert!(!world.path("audit/journal-000002.jsonl").exists());
    go_on(&world, 50).await;
    assert!(world.path("audit/journal-000002.jsonl").exists(), "the trail went on in a second file");
    end(&mut world).await;
    let exported = chaperone(&["audit", "export", "--config", &world.config()]).stdout;
    eventually("all of the trail", PATIENCE, async || (shown() == exported).then_some(())).await;
}

#[tokio::test]
async fn whoever_stops_reading_ends_it_and_that_is_no_error() {
    let world = World::start().await;
    work(&world, 1).await;
    let mut follower = Follower::start(&world, &[], Stdio::piped());
    let mut first = String::new();
    BufReader::new(follower.0.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.ends_with('\n'));
    go_on(&world, 1).await;
    let ended = eventually("it ends", PATIENCE, async || follower.0.try_wait().unwrap()).await;
    let said = std::io::read_to_string(follower.0.stderr.take().unwrap()).unwrap();
    assert_eq!((ended.code(), said.as_str()), (Some(0), ""));
}
