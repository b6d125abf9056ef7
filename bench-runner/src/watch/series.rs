//! Values of a channel over a run, in a fixed room: each stretch of time keeps its lowest, its highest and
//! its last value, and stretches become longer as the run does. No extreme is lost.

use std::collections::VecDeque;

use profiles::time::BenchTime;

/// Stretches of the whole run at most; between half of it and it, once the run is long enough.
const WHOLE: usize = 512;

/// The shortest stretch, µs.
const SHORTEST_US: u64 = 250_000;

/// Stretches of the latest minutes.
const LATEST: usize = 600;

/// The length of those, µs.
const LATEST_US: u64 = 1_000_000;

/// What was seen in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// When it begins.
    pub start: BenchTime,
    /// The lowest value.
    pub low: f64,
    /// The highest value.
    pub high: f64,
    /// The last value.
    pub last: f64,
}

impl Stretch {
    fn of(start_us: u64, value: f64) -> Stretch {
        let start = BenchTime::from_micros(start_us);
        Stretch {
            start,
            low: value,
            high: value,
            last: value,
        }
    }

    fn take(&mut self, later: &Stretch) {
        self.low = self.low.min(later.low);
        self.high = self.high.max(later.high);
        self.last = later.last;
    }
}

/// A channel's values.
#[derive(Clone, Debug)]
pub struct Series {
    /// Length of a stretch of the whole run, µs.
    width_us: u64,
    whole: Vec<Option<Stretch>>,
    latest: VecDeque<Stretch>,
}

impl Default for Series {
    fn default() -> Series {
        Series {
            width_us: SHORTEST_US,
            whole: Vec::new(),
            latest: VecDeque::new(),
        }
    }
}

impl Series {
    /// Takes a value. What is no number is not drawn.
    pub fn take(&mut self, at: BenchTime, value: f64) {
        if !value.is_finite() {
            return;
        }
        let at = at.as_micros();
        while at / self.width_us >= WHOLE as u64 {
            self.fold();
        }
        let place = (at / self.width_us) as usize;
        if self.whole.len() <= place {
            self.whole.resize(place + 1, None);
        }
        let one = Stretch::of(place as u64 * self.width_us, value);
        match &mut self.whole[place] {
            Some(known) => known.take(&one),
            slot => *slot = Some(one),
        }
        let one = Stretch::of(at / LATEST_US * LATEST_US, value);
        match self.latest.back_mut() {
            Some(known) if known.start == one.start => known.take(&one),
            _ => self.latest.push_back(one),
        }
        if self.latest.len() > LATEST {
            self.latest.pop_front();
        }
    }

    /// Stretches become twice as long.
    fn fold(&mut self) {
        self.width_us *= 2;
        let pairs = self.whole.chunks(2).zip(0_u64..);
        let folded = pairs.map(|(pair, place)| {
            let mut both = pair.iter().flatten();
            let mut first = *both.next()?;
            first.start = BenchTime::from_micros(place * self.width_us);
            both.for_each(|later| first.take(later));
            Some(first)
        });
        self.whole = folded.collect();
    }

    /// The whole run, in order; where nothing was told there is no stretch.
    pub fn whole(&self) -> impl Iterator<Item = &Stretch> {
        self.whole.iter().flatten()
    }

    /// The length of a stretch of the whole run, s.
    pub fn width(&self) -> f64 {
        self.width_us as f64 * 1e-6
    }

    /// The latest ten minutes in which something was told, second by second.
    pub fn latest(&self) -> impl Iterator<Item = &Stretch> {
        self.latest.iter()
    }

    /// What was known at a time: the last stretch that begins before it.
    pub fn at(&self, at: BenchTime) -> Option<&Stretch> {
        let before = |it: &&Stretch| it.start <= at;
        let late = self.latest.front().is_some_and(|first| first.start <= at);
        if late {
            return self.latest.iter().rev().find(before);
        }
        self.whole.iter().flatten().rev().find(before)
    }

    /// The values between two times in `columns` equal parts, lowest and highest of each; none where
    /// nothing was told for longer than a stretch.
    pub fn columns(
        &self,
        from: BenchTime,
        to: BenchTime,
        columns: usize,
    ) -> Vec<Option<(f64, f64)>> {
        let mut parts: Vec<Option<(f64, f64)>> = vec![None; columns];
        let span = to.micros_since(from).max(1);
        let seconds = self.latest.front().is_some_and(|first| first.start <= from);
        let (stretches, width): (Vec<&Stretch>, u64) = if seconds {
            (self.latest.iter().collect(), LATEST_US)
        } else {
            (self.whole.iter().flatten().collect(), self.width_us)
        };
        for stretch in stretches {
            let (start, end) = (stretch.start, stretch.start.plus_micros(width));
            if end <= from || start >= to {
                continue;
            }
            let column = |at: BenchTime| at.micros_since(from) * columns as u64 / span;
            let first = if start > from { column(start) } else { 0 };
            let last = column(BenchTime::from_micros(end.as_micros() - 1));
            for place in first..=last.min(columns as u64 - 1) {
                let (low, high) = parts[place as usize].unwrap_or((stretch.low, stretch.high));
                parts[place as usize] = Some((low.min(stretch.low), high.max(stretch.high)));
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_extreme_is_lost_and_the_room_is_fixed(
            steps in prop::collection::vec((0..400_000_000_u64, -1e3..1e3_f64), 1..200),
        ) {
            let (mut series, mut at) = (Series::default(), 0);
            for (step, value) in &steps {
                at += step;
                series.take(BenchTime::from_micros(at), *value);
            }
            prop_assert!(series.whole.len() <= WHOLE && series.latest.len() <= LATEST);
            let low = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::MAX, f64::min);
            let all = low(&mut steps.iter().map(|(_, value)| *value));
            prop_assert_eq!(Some(low(&mut series.whole().map(|it| it.low))), Some(all));
            let end = BenchTime::from_micros(at + 1);
            let columns = series.columns(BenchTime::ZERO, end, 40);
            if series.latest.front().is_none_or(|first| first.start > BenchTime::ZERO) {
                prop_assert_eq!(Some(low(&mut columns.iter().flatten().map(|it| it.0))), Some(all));
            }
            prop_assert_eq!(series.at(end).map(|it| it.last), steps.last().map(|it| it.1));
        }
    }

    #[test]
    fn silence_is_a_gap() {
        let mut series = Series::default();
        for second in (0..20).chain(80..100) {
            series.take(BenchTime::from_millis(second * 1_000), 1.0);
            series.take(BenchTime::from_millis(second * 1_000 + 500), 2.0);
        }
        let columns = series.columns(BenchTime::ZERO, BenchTime::from_millis(100_000), 10);
        let seen: Vec<bool> = columns.iter().map(Option::is_some).collect();
        let expected = [
            true, true, false, false, false, false, false, false, true, true,
        ];
        assert_eq!(seen, expected);
        assert_eq!(columns[9], Some((1.0, 2.0)));
    }
}
