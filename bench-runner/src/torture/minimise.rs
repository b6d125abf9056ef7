//! The fewest faults that still break a rule: faults are left out while it stays broken.

/// Which of `count` faults are needed so that `fails` stays true, as places in order; it must be
/// true of all of them. Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating
/// Failure-Inducing Input", IEEE TSE 28(2), 2002): first halves are left out, then smaller parts,
/// until none that is left can be missed.
pub fn minimise(count: usize, mut fails: impl FnMut(&[usize]) -> bool) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..count).collect();
    let mut size = count.div_ceil(2);
    while size > 0 && !kept.is_empty() {
        let mut start = 0;
        let mut shrunk = false;
        while start < kept.len() {
            let end = (start + size).min(kept.len());
            let without: Vec<usize> = [&kept[..start], &kept[end..]].concat();
            if fails(&without) {
                kept = without;
                shrunk = true;
            } else {
                start = end;
            }
        }
        // After a success others may be missed that could not be before.
        if size == 1 && shrunk {
            continue;
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_is_left_of_what_fails_without_any_fault() {
        assert_eq!(minimise(5, |_| true), [0; 0]);
    }

    proptest! {
        #[test]
        fn what_is_needed_is_found_and_nothing_else(
            needed in prop::collection::btree_set(0_usize..12, 1..4),
            more in 0_usize..6,
        ) {
            let count = 12 + more;
            let mut tries = 0;
            let found = minimise(count, |kept| {
                tries += 1;
                needed.iter().all(|place| kept.contains(place))
            });
            prop_assert_eq!(found, needed.into_iter().collect::<Vec<_>>());
            prop_assert!(tries < 120, "{} tries", tries);
        }

        #[test]
        fn either_of_two_is_enough(a in 0_usize..8, b in 0_usize..8) {
            let found = minimise(8, |kept| kept.contains(&a) || kept.contains(&b));
            prop_assert_eq!(found.len(), 1);
        }
    }
}
