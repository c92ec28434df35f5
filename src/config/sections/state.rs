//! `[store]`, `[policy]` and `[audit]`.
use std::path::PathBuf;

use crate::config::profile::Profile;
use crate::config::reading::Complaint;
use crate::config::section::Section;
use crate::config::trail::{Audit, Durability};
use crate::config::types::{Policy, Proving, Store};
use crate::config::values::{self, quoted};
use crate::domain::time::Span;

/// How short and how long a lease may be (contract: 0.5 s to 10 s).
const LEASE: (Span, Span) = (Span::from_millis(500), Span::from_seconds(10));

/// How often checkpoints may be signed.
const CHECKPOINT: (Span, Span) = (Span::from_seconds(1), Span::from_seconds(3600));
/// How many bytes a file of the trail may have.
const SEGMENT: (u64, u64) = (64 << 10, 64 << 30);

/// Where state is kept.
pub(super) fn store(s: &mut Section<'_>) -> Store {
    let file = s.parsed("url", sqlite).unwrap_or_else(|| "chaperone.db".into());
    let lease = s.parsed("lease", |given| match values::duration(given)? {
        span if (LEASE.0..=LEASE.1).contains(&span) => Ok(span),
        _ => Err(Complaint::new(format!("{} is out of range", quoted(given)))
            .hint(format!("a lease lasts from {} to {}", LEASE.0, LEASE.1))),
    });
    Store { path: s.reading().absolute(file), lease: lease.unwrap_or(Span::from_seconds(2)) }
}

fn sqlite(given: &str) -> Result<PathBuf, Complaint> {
    if given.starts_with("postgres:") || given.starts_with("postgresql:") {
        return Err(Complaint::new("this version has no PostgreSQL store").hint("use `sqlite:chaperone.db`"));
    }
    let path = given.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
    match path {
        Some(path) if !path.is_empty() && !path.starts_with(':') && !path.contains(['?', '\0']) => Ok(path.into()),
        Some(_) | None => Err(Complaint::new("this names no SQLite file")
            .hint("write `sqlite:` and a path, like `sqlite:chaperone.db`; state must survive a restart")),
    }
}

/// What decides.
pub(super) fn policy(s: &mut Section<'_>) -> Policy {
    s.parsed("base", |word| values::one_of(word, &[("builtin", ())]));
    let folders = |s: &mut Section<'_>, key| {
        let reading = s.reading();
        s.list(key, |path| values::folder(reading.absolute(path))).unwrap_or_default()
    };
    let profile = s.parsed("profile", |word| {
        let known = Profile::ALL.map(|profile| (profile.name(), profile));
        values::one_of(word, &known)
    });
    let dirs = folders(s, "dirs");
    folders(s, "shadow_dirs");
    let reload = s.flag("reload").unwrap_or(true);
    let modes = [("off", Proving::Off), ("when-available", Proving::WhenAvailable), ("required", Proving::Required)];
    let proving = s.parsed("proof", |word| values::one_of(word, &modes)).unwrap_or_default();
    let reading = s.reading();
    // A bare name is looked for on the path.
    let place = |given: String| if given.contains('/') { reading.absolute(given) } else { given.into() };
    let solver = s.parsed("solver", values::words).map(place);
    let invariants = s.list("invariants", |path| Ok(reading.absolute(path))).unwrap_or_default();
    s.without_effect(&[("shadow_dirs", "no policies are tried out beside those that decide")]);
    Policy { profile, dirs, reload, proving, solver, invariants }
}

/// The trail.
pub(super) fn audit(s: &mut Section<'_>) -> Audit {
    let words = [("strict", Durability::Strict), ("relaxed", Durability::Relaxed)];
    Audit {
        dir: s.reading().absolute(s.parsed("dir", values::words).unwrap_or_else(|| "audit".to_owned())),
        durability: s.parsed("durability", |word| values::one_of(word, &words)).unwrap_or(Durability::Strict),
        segment: s.parsed("segment", segment).unwrap_or(256 << 20),
        checkpoint: s.parsed("checkpoint", checkpoint).unwrap_or(Span::from_seconds(10)),
    }
}

fn segment(given: &str) -> Result<u64, Complaint> {
    match values::size(given)? {
        size if (SEGMENT.0..=SEGMENT.1).contains(&size) => Ok(size),
        _ => Err(Complaint::new(format!("{} is out of range", quoted(given)))
            .hint("a file of the trail has from 64KiB to 64GiB")),
    }
}

fn checkpoint(given: &str) -> Result<Span, Complaint> {
    match values::duration(given)? {
        span if (CHECKPOINT.0..=CHECKPOINT.1).contains(&span) => Ok(span),
        _ => Err(Complaint::new(format!("{} is out of range", quoted(given)))
            .hint(format!("checkpoints are signed every {} to {}", CHECKPOINT.0, CHECKPOINT.1))),
    }
}
