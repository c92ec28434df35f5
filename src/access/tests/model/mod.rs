//! The control plane beside a small pure model of it, on random sequences of what people do: everybody is told the same,
//! and after each step the same passes in every session.
//!
//! * `ops`: what people do. `pure`: the model. `real`: the real thing. Here: the comparison.
mod ops;
mod pure;
mod real;

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::runtime;

use super::{AccessError, World};
use crate::domain::time::Timestamp;
use ops::{Op, lives};
use pure::{Doing, Model, Said};
use real::Real;

/// How many lives share a store: each has a workspace and engineers of its own.
const TOGETHER: u32 = 500;

/// What some session of a live grant or emergency lets pass.
const OPEN: [Doing; 2] = [Doing::Looking, Doing::Changing];

/// What none lets pass, however open it is.
const SHUT: [Doing; 4] = [Doing::LoginAs, Doing::Consenting, Doing::Chained, Doing::EnteringFromInside];

fn said(result: Result<(), AccessError>) -> Said {
    match result {
        Ok(()) => Ok(()),
        Err(AccessError::Refused(refusal)) => Err(refusal.code),
        Err(other) => panic!("{other:?}"),
    }
}

/// One life, in the model and in the real thing.
async fn compare(world: &World, ops: Vec<Op>) {
    let (mut model, mut real) = (Model::new(), Real::new(world).await);
    for op in ops {
        let Some(op) = op.fitting(&model) else { continue };
        let before = world.access.clock.now();
        let told = said(real.apply(&op).await);
        assert_eq!(told, model.apply(&op, world.access.clock.now()), "{op:?} of {model:#?}");
        same_moments(&mut model, &real);
        // What was over before this step is looked at again at the end.
        let ended = |session: usize| model.sessions[session].ended.is_some_and(|at| at < before);
        for session in (0..model.sessions.len()).filter(|session| !ended(*session)) {
            same_passes(&model, &real, session, world.access.clock.now(), &format!("{op:?}")).await;
        }
    }
    for session in 0..model.sessions.len() {
        same_passes(&model, &real, session, world.access.clock.now(), "everything").await;
    }
}

async fn same_passes(model: &Model, real: &Real<'_>, session: usize, now: Timestamp, after: &str) {
    let shut: &[Doing] = if model.passes(session, Doing::Looking, now) { &SHUT } else { &[] };
    let doings = [&OPEN[..], shut].concat();
    let expected: Vec<_> = doings.iter().map(|doing| model.passes(session, *doing, now)).collect();
    let found = real.passes(session, &doings, now).await;
    assert_eq!(found, expected, "session {session}, {doings:?}, after {after}, at {now}: {model:#?}");
}

/// The model reads the clock a moment later: it takes over the exact moments, if they are about its own.
fn same_moments(model: &mut Model, real: &Real<'_>) {
    let about = |mine: &mut Timestamp, real: Timestamp| {
        let apart = mine.since(real).as_millis().abs();
        assert!(apart < 30_000, "{mine} is {apart} ms from {real}");
        *mine = real;
    };
    for (mine, real) in model.grants.iter_mut().zip(&real.grants) {
        about(&mut mine.starts, real.starts_at);
        about(&mut mine.expires, real.expires_at.unwrap());
    }
    for (mine, real) in model.requests.iter_mut().zip(&real.requests) {
        about(&mut mine.lapses, real.lapses_at);
    }
    for (mine, real) in model.emergencies.iter_mut().zip(&real.emergencies) {
        about(&mut mine.lapses, real.lapses_at);
        if let (Some(mine), Some(real)) = (&mut mine.until, &real.opening) {
            about(mine, real.expires_at);
        }
    }
    if let (Some(mine), Some(real)) = (model.sessions.last_mut(), real.sessions.last()) {
        about(&mut mine.started, real.session.started_at);
    }
}

#[test]
fn random_lives_go_as_in_the_model() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // A life takes as long as eight cases of other properties: 32 lives, or an eighth of `PROPTEST_CASES`.
    let usual = ProptestConfig::default();
    let (rounds, cases) = ((usual.cases / 8).div_ceil(TOGETHER), (usual.cases / 8).min(TOGETHER));
    let config = ProptestConfig { cases, failure_persistence: None, ..usual };
    let mut seeds = TestRunner::new(config.clone());
    for _ in 0..rounds {
        let world = runtime.block_on(World::new());
        let lived = Cell::new(0);
        // A runner counts its cases over all of its runs: each round needs its own.
        let outcome = TestRunner::new_with_rng(config.clone(), seeds.new_rng()).run(&lives(), |ops| {
            runtime.block_on(compare(&world, ops));
            lived.set(lived.get() + 1);
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{error}");
        }
        assert_eq!(lived.get(), cases);
    }
}
