//! The known word that a misspelt one is nearest to.

/// The word of `known` that `given` was probably meant to be, if any is near enough.
pub(super) fn nearest<'k>(given: &str, known: &[&'k str]) -> Option<&'k str> {
    let tolerated = (given.chars().count() / 3).clamp(1, 3);
    let near = known.iter().map(|word| (distance(given, word), *word)).min()?;
    (near.0 <= tolerated).then_some(near.1)
}

/// How many characters must be inserted, deleted or replaced to make one of the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut left = i + 1;
        next.push(left);
        for (y, pair) in b.chars().zip(row.windows(2)) {
            let [diagonal, above] = *pair else { continue };
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word_and_another_word_finds_none() {
        let known = ["listen", "public_url", "tls"];
        for (given, want) in
            [("lisetn", Some("listen")), ("public-url", Some("public_url")), ("tsl", None), ("port", None)]
        {
            assert_eq!(nearest(given, &known), want, "{given}");
        }
        assert_eq!(nearest("x", &[]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
