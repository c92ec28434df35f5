//! Expressions that were made lately. For every time and every address Cedar parses the name of the type anew, with a
//! parser that it sets up for each: a fifth of a decision.
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use cedar_policy::RestrictedExpression;

/// The latest `MOST` values of a kind, as expressions.
#[derive(Debug)]
pub(super) struct Memo<T, const MOST: usize>(Mutex<VecDeque<(T, RestrictedExpression)>>);

impl<T: Copy + Eq, const MOST: usize> Memo<T, MOST> {
    /// Remembers nothing yet.
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    /// `value` as an expression: as it was made before, or as `make` makes it.
    pub(super) fn recall(&self, value: T, make: impl FnOnce(T) -> RestrictedExpression) -> RestrictedExpression {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, expression)) = known.iter().find(|(of, _)| *of == value) {
            return expression.clone();
        }
        let expression = make(value);
        known.truncate(MOST.saturating_sub(1));
        known.push_front((value, expression.clone()));
        expression
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered_and_older_ones_made_anew() {
        let (memo, mut made) = (Memo::<i64, 2>::new(), Vec::new());
        for value in [1, 2, 1, 3, 2, 1] {
            let expression = memo.recall(value, |value| {
                made.push(value);
                RestrictedExpression::new_long(value)
            });
            assert!(format!("{expression:?}").contains(&format!("Long({value})")), "{expression:?}");
        }
        assert_eq!(made, [1, 2, 3, 1]);
    }
}
