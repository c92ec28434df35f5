//! The smallest set of changes that would permit it: one, then two, then three.
use crate::policy::bundle::Bundle;

use super::change::{CHANGES, Change};
use super::situation::Situation;

/// How many changes are tried together. Beyond that nobody is helped by the answer.
const MOST: usize = 3;

/// Every smallest set of changes after which the policies permit all readings; in words.
pub(super) fn smallest(bundle: &Bundle, readings: &[Situation]) -> Vec<Vec<String>> {
    let possible: Vec<Change> =
        CHANGES.iter().copied().filter(|change| changed(readings, &[*change]).is_some()).collect();
    (1..=MOST)
        .map(|size| {
            let sets = sets_of(size, &possible).into_iter();
            sets.filter_map(|set| after(bundle, readings, &set)).collect::<Vec<_>>()
        })
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// The words of `set`, if everything is permitted after it.
fn after(bundle: &Bundle, readings: &[Situation], set: &[Change]) -> Option<Vec<String>> {
    let (otherwise, words) = changed(readings, set)?;
    otherwise.iter().all(|reading| reading.decide(bundle).is_ok_and(|decided| decided.is_ok())).then_some(words)
}

/// All readings after `set`, with its words; none when one of the changes changes nothing.
fn changed(readings: &[Situation], set: &[Change]) -> Option<(Vec<Situation>, Vec<String>)> {
    let mut otherwise = readings.to_vec();
    let mut words = Vec::with_capacity(set.len());
    for change in set {
        let said: Vec<String> = otherwise.iter_mut().filter_map(change).collect();
        words.push(said.into_iter().next()?);
    }
    Some((otherwise, words))
}

/// Every set of `size` of these, in order.
fn sets_of(size: usize, of: &[Change]) -> Vec<Vec<Change>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let with_first = |(at, first): (usize, &Change)| {
        let rest = sets_of(size - 1, of.get(at + 1..).unwrap_or_default());
        rest.into_iter().map(|rest| [vec![*first], rest].concat()).collect::<Vec<_>>()
    };
    of.iter().enumerate().flat_map(with_first).collect()
}
