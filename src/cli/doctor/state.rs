//! What the gate writes: the store, the trail, the disk under both; and whether the clock goes on from where it was.
use std::path::Path;

use rustix::fs::{Access, access, statvfs};

use crate::audit::{Link, last_links};
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::store::{Inspected, inspect};
use crate::telemetry::logs::chain;

use super::finding::Finding;

/// Free space below which the gate will soon stop, and below which it is time to act, in bytes.
const SCARCE: u64 = 64 << 20;
const LITTLE: u64 = 1 << 30;

/// The store: can it be opened and written, and is its schema ours.
pub(super) async fn store(config: &Config) -> Finding {
    let path = config.store.path.display();
    match inspect(&config.store).await {
        Ok(Inspected::Missing) => Finding::ok("store", format!("`{path}` will be made on the first start")),
        Ok(Inspected::Current) => {
            Finding::ok("store", format!("`{path}` can be written; its schema is this version's"))
        }
        Ok(Inspected::Older { pending }) => {
            let next = "the next start brings it up to date: back it up first";
            Finding::warn("store", format!("`{path}` is of an earlier version, {pending} migrations behind"), next)
        }
        Ok(Inspected::Newer) => {
            let next = "run the version that made it, or a later one";
            Finding::fail("store", format!("`{path}` was made by a later version: this one does not start"), next)
        }
        Err(error) => {
            Finding::fail("store", chain(&error), "have the user that runs chaperone own the file and its folder")
        }
    }
}

/// The trail: can it be written, does its end hold together, is the clock past its last record.
pub(super) fn trail(config: &Config, now: Timestamp) -> Vec<Finding> {
    let dir = &config.audit.dir;
    if !dir.exists() {
        return vec![Finding::ok("trail", format!("`{}` will be made on the first start", dir.display()))];
    }
    if access(dir, Access::WRITE_OK).is_err() {
        let said = format!("`{}` cannot be written, so nothing would pass", dir.display());
        return vec![Finding::fail("trail", said, "have the user that runs chaperone own it")];
    }
    match last_links(dir) {
        Ok(links) => judged(&links, now),
        Err(error) => {
            let said = format!("the end of `{}` cannot be read: {error}", dir.display());
            vec![Finding::fail("trail", said, "`chaperone audit verify --config FILE` reads all of it")]
        }
    }
}

fn judged(links: &[Link], now: Timestamp) -> Vec<Finding> {
    let Some(last) = links.last() else { return vec![Finding::ok("trail", "can be written; it has no record yet")] };
    let broken = links.iter().zip(links.iter().skip(1)).find(|(before, after)| after.prev != before.hash);
    let chain = match broken {
        Some((_, after)) => Finding::fail(
            "trail",
            format!(
                "record {} does not follow the one before it: the trail was changed, and no gate starts on it",
                after.seq
            ),
            "`chaperone audit verify --config FILE` shows every place; see docs/TRAIL.md",
        ),
        None => Finding::ok("trail", format!("can be written; its last {} records follow each other", links.len())),
    };
    let clock = if last.at > now {
        let said = format!("stands before the trail's last record, of {}: it was set back", last.at);
        Finding::fail("clock", said, "set the clock; until it catches up, the gate's time stands still")
    } else {
        Finding::ok("clock", "goes on from the trail's last record")
    };
    vec![chain, clock]
}

/// Free space under the store and the trail.
pub(super) fn disk(config: &Config) -> Vec<Finding> {
    let store = config.store.path.parent().unwrap_or(Path::new("/"));
    let trail = Some(config.audit.dir.as_path()).filter(|dir| dir.exists()).or(config.audit.dir.parent());
    let mut folders = vec![store, trail.unwrap_or(store)];
    folders.dedup();
    folders.into_iter().map(space).collect()
}

fn space(folder: &Path) -> Finding {
    let shown = folder.display();
    match statvfs(folder) {
        Ok(disk) => room(&shown.to_string(), disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => Finding::fail("disk", format!("`{shown}` cannot be looked at: {error}"), "make the folder"),
    }
}

fn room(folder: &str, free: u64) -> Finding {
    let said = format!("{} MiB free in `{folder}`", free >> 20);
    let next = "make room: on a full disk nothing passes";
    match free {
        0..SCARCE => Finding::fail("disk", said, next),
        SCARCE..LITTLE => Finding::warn("disk", said, next),
        LITTLE.. => Finding::ok("disk", said),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn link(seq: u64, prev: &str, hash: &str) -> Link {
        let at = Timestamp::from_millis(1_795_000_000_000);
        Link { seq, at, prev: prev.to_owned(), hash: hash.to_owned() }
    }

    fn levels(links: &[Link], now: i64) -> Vec<Level> {
        judged(links, Timestamp::from_millis(now)).iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn a_trail_that_was_changed_and_a_clock_that_was_set_back_are_failures() {
        let whole = [link(1, "-", "a"), link(2, "a", "b"), link(3, "b", "c")];
        assert_eq!(levels(&whole, 1_795_000_000_000), [Level::Ok, Level::Ok]);
        assert_eq!(levels(&whole, 1_794_999_999_999), [Level::Ok, Level::Fail]);
        let changed = [link(1, "-", "a"), link(3, "b", "c")];
        assert_eq!(levels(&changed, 1_795_000_000_000), [Level::Fail, Level::Ok]);
        assert_eq!(levels(&[], 0), [Level::Ok]);
    }

    #[test]
    fn little_room_is_a_warning_and_almost_none_a_failure() {
        for (free, level) in [(1 << 20, Level::Fail), (500 << 20, Level::Warn), (1 << 40, Level::Ok)] {
            assert_eq!(room("/var", free).level, level, "{free}");
        }
    }
}
