//! Sets of stretches of bench time: what "in umbra and in contact with Svalbard" comes to.

use serde::{Deserialize, Serialize};

use crate::time::{BenchTime, Window};

/// A set of instants as stretches in order that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowSet {
    windows: Vec<Window>,
}

impl WindowSet {
    /// All instants of any of `windows`, which may come in any order and overlap.
    pub fn new(windows: impl IntoIterator<Item = Window>) -> WindowSet {
        let mut all: Vec<Window> = windows.into_iter().filter(|w| w.start < w.end).collect();
        all.sort_by_key(|window| (window.start, window.end));
        let mut windows: Vec<Window> = Vec::with_capacity(all.len());
        for window in all {
            match windows.last_mut() {
                Some(last) if window.start <= last.end => last.end = last.end.max(window.end),
                _ => windows.push(window),
            }
        }
        WindowSet { windows }
    }

    /// The stretches, in order.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Whether it has this instant; the end of a stretch is no part of it.
    pub fn contains(&self, at: BenchTime) -> bool {
        let after = self.windows.partition_point(|window| window.start <= at);
        let last = after.checked_sub(1).and_then(|last| self.windows.get(last));
        last.is_some_and(|window| at < window.end)
    }

    /// What is in one of them or in both.
    #[must_use]
    pub fn or(&self, other: &WindowSet) -> WindowSet {
        WindowSet::new(self.windows.iter().chain(&other.windows).copied())
    }

    /// What is in both.
    #[must_use]
    pub fn and(&self, other: &WindowSet) -> WindowSet {
        let (mut left, mut right) = (
            self.windows.iter().peekable(),
            other.windows.iter().peekable(),
        );
        let mut both = Vec::new();
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            both.extend(a.overlap(b));
            if a.end < b.end {
                left.next();
            } else {
                right.next();
            }
        }
        WindowSet { windows: both }
    }

    /// What of `span` is not in it.
    #[must_use]
    pub fn not_in(&self, span: Window) -> WindowSet {
        let mut from = span.start;
        let mut rest = Vec::new();
        for window in &self.windows {
            rest.push(Window {
                start: from,
                end: window.start.min(span.end),
            });
            from = from.max(window.end);
        }
        rest.push(Window {
            start: from,
            end: span.end,
        });
        rest.retain(|window| window.start < window.end);
        WindowSet { windows: rest }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::BenchTime;

    fn set(pairs: &[(u64, u64)]) -> WindowSet {
        WindowSet::new(pairs.iter().map(|&(start, end)| Window {
            start: BenchTime::from_micros(start),
            end: BenchTime::from_micros(end),
        }))
    }

    fn has(set: &WindowSet, at: u64) -> bool {
        let at = BenchTime::from_micros(at);
        let has = set.windows().iter().any(|window| window.contains(at));
        assert_eq!(set.contains(at), has);
        has
    }

    #[test]
    fn what_touches_is_one_stretch() {
        assert_eq!(set(&[(5, 9), (0, 5), (20, 20)]), set(&[(0, 9)]));
    }

    fn sets() -> impl Strategy<Value = WindowSet> {
        prop::collection::vec((0u64..60, 0u64..60), 0..8).prop_map(|pairs| set(&pairs))
    }

    proptest! {
        #[test]
        fn sets_are_the_sets_of_their_instants(a in sets(), b in sets(), from in 0u64..30) {
            let span = Window {
                start: BenchTime::from_micros(from),
                end: BenchTime::from_micros(from + 25),
            };
            let (or, and, not) = (a.or(&b), a.and(&b), a.not_in(span));
            for at in 0..70 {
                prop_assert_eq!(has(&or, at), has(&a, at) || has(&b, at));
                prop_assert_eq!(has(&and, at), has(&a, at) && has(&b, at));
                let inside = span.contains(BenchTime::from_micros(at));
                prop_assert_eq!(has(&not, at), inside && !has(&a, at));
            }
            for set in [or, and, not] {
                let again = WindowSet::new(set.windows().iter().copied());
                prop_assert_eq!(again, set, "in order, apart from one another");
            }
        }
    }
}
