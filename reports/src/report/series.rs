//! Series: one channel over the run, kept as an envelope of bounded size that loses no extreme.

use profiles::time::{BenchTime, Window};

use crate::rows::Rows;

/// How many buckets a series may have over the planned length of a run: two for each
/// printable column of a page, so that paper shows no less than the memory holds.
pub const BUCKETS: u64 = 2_000;

/// A channel is silent when it says nothing for this many of its usual intervals.
const SILENCE: u64 = 5;

/// How many silences are kept one by one; all are counted.
const GAPS_KEPT: usize = 500;

/// What a channel said during one bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Time of the first sample, µs.
    pub from_us: u64,
    /// Time of the last sample, µs.
    pub to_us: u64,
    /// The first value.
    pub first: f64,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// The last value.
    pub last: f64,
    /// Sum of the values.
    pub sum: f64,
    /// How many values.
    pub count: u32,
    /// Whether the channel was silent just before it.
    pub after_gap: bool,
}

impl Bucket {
    /// The mean of the values.
    pub fn mean(&self) -> f64 {
        self.sum / f64::from(self.count)
    }

    /// The middle of its samples, in seconds.
    pub fn seconds(&self) -> f64 {
        (self.from_us + self.to_us) as f64 * 0.5e-6
    }
}

/// One channel over the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    buckets: Vec<Bucket>,
    /// Place of the last bucket on the grid.
    place: u64,
    last_us: u64,
    /// The usual interval, µs: a slow mean that a silence hardly moves.
    usual_us: u64,
    holds: bool,
    gaps: Vec<Window>,
    gap_count: u64,
    longest_gap_us: u64,
}

impl Series {
    /// An empty series of a channel that tells its value again and again.
    pub fn sampled() -> Series {
        Series {
            buckets: Vec::new(),
            place: u64::MAX,
            last_us: 0,
            usual_us: 0,
            holds: false,
            gaps: Vec::new(),
            gap_count: 0,
            longest_gap_us: 0,
        }
    }

    /// An empty series whose value holds until the next one, such as a set point.
    pub fn held() -> Series {
        Series {
            holds: true,
            ..Series::sampled()
        }
    }

    /// Takes a value at `at_us`, in the bucket at `place` of the grid.
    pub(super) fn push(&mut self, at_us: u64, place: u64, value: f64) {
        if !value.is_finite() {
            return;
        }
        let after_gap = !self.holds && self.note_interval(at_us);
        self.last_us = at_us;
        // Of millions, nearly all fall into a bucket that is begun.
        match self.buckets.last_mut() {
            Some(bucket) if place == self.place => {
                bucket.to_us = at_us;
                let mut fold = Fold {
                    min: bucket.min,
                    max: bucket.max,
                    sum: bucket.sum,
                };
                fold.take(value);
                bucket.min = fold.min;
                bucket.max = fold.max;
                bucket.sum = fold.sum;
                bucket.last = value;
                bucket.count += 1;
            }
            _ => self.begin(at_us, place, value, after_gap),
        }
    }

    /// Takes the first of the values of `rows`, all of the bucket at `place`. What it adds the others to, if
    /// they may be added at once: each comes when it is usual.
    fn open(&mut self, rows: &Rows<'_>, place: u64, first: f64) -> Option<Fold> {
        let first_us = rows.times().first()?.as_micros();
        self.push(first_us, place, first);
        let is_usual = self.holds || rows.interval_us() == Some(self.usual_us);
        let was_taken = self.last_us == first_us && self.place == place;
        let bucket = self.buckets.last().filter(|_| is_usual && was_taken)?;
        Some(Fold {
            min: bucket.min,
            max: bucket.max,
            sum: bucket.sum,
        })
    }

    /// Takes the others of the values of `rows`, as they add up to `folded`, or else one by one.
    fn close(&mut self, rows: &Rows<'_>, place: u64, others: &[f64], folded: Option<Fold>) {
        let times = rows.times().iter().skip(1);
        // What is not finite makes no finite sum.
        let folded = folded.filter(|fold| fold.sum.is_finite());
        let (Some(fold), Some(bucket), Some(at), Some(&last)) = (
            folded,
            self.buckets.last_mut(),
            times.clone().last(),
            others.last(),
        ) else {
            for (at, value) in times.zip(others) {
                self.push(at.as_micros(), place, *value);
            }
            return;
        };
        self.last_us = at.as_micros();
        *bucket = Bucket {
            to_us: self.last_us,
            min: fold.min,
            max: fold.max,
            last,
            sum: fold.sum,
            count: bucket.count + others.len() as u32,
            ..*bucket
        };
    }

    #[cold]
    fn begin(&mut self, at_us: u64, place: u64, value: f64, after_gap: bool) {
        self.place = place;
        self.buckets.push(Bucket {
            from_us: at_us,
            to_us: at_us,
            first: value,
            min: value,
            max: value,
            last: value,
            sum: value,
            count: 1,
            after_gap,
        });
    }

    /// Learns the usual interval; says whether the channel was silent before `at_us`.
    fn note_interval(&mut self, at_us: u64) -> bool {
        if self.buckets.is_empty() {
            return false;
        }
        let interval = at_us.saturating_sub(self.last_us);
        // What is as usual teaches nothing.
        if interval == self.usual_us {
            return false;
        }
        if self.usual_us == 0 {
            self.usual_us = interval;
            return false;
        }
        let silent = interval > SILENCE * self.usual_us;
        if silent {
            self.note_gap(at_us, interval);
        }
        // A silence counts as two intervals at most, so that the mean still follows a channel
        // that has become slower for good.
        let heard = interval.min(2 * self.usual_us);
        self.usual_us = (self.usual_us * 15 + heard).div_ceil(16);
        silent
    }

    #[cold]
    fn note_gap(&mut self, at_us: u64, interval: u64) {
        self.gap_count += 1;
        self.longest_gap_us = self.longest_gap_us.max(interval);
        if self.gaps.len() < GAPS_KEPT {
            self.gaps.push(Window {
                start: BenchTime::from_micros(self.last_us),
                end: BenchTime::from_micros(at_us),
            });
        }
    }

    /// Whether its value holds until the next one.
    pub fn holds(&self) -> bool {
        self.holds
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// The buckets, in order of time; empty ones are left out.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// Runs of buckets without a silence between them.
    pub fn pieces(&self) -> impl Iterator<Item = &[Bucket]> {
        self.buckets.chunk_by(|_, next| !next.after_gap)
    }

    /// Smallest and largest value.
    pub fn range(&self) -> Option<(f64, f64)> {
        self.buckets
            .iter()
            .map(|bucket| (bucket.min, bucket.max))
            .reduce(|all, next| (all.0.min(next.0), all.1.max(next.1)))
    }

    /// The mean of all samples.
    pub fn mean(&self) -> Option<f64> {
        (!self.is_empty()).then(|| {
            let sum: f64 = self.buckets.iter().map(|bucket| bucket.sum).sum();
            sum / self.count() as f64
        })
    }

    /// How many samples there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|b| u64::from(b.count)).sum()
    }

    /// From the first sample to the last, in seconds.
    pub fn seconds(&self) -> f64 {
        let first = self.buckets.first().map_or(0, |bucket| bucket.from_us);
        self.last_us.saturating_sub(first) as f64 * 1e-6
    }

    /// The usual time between two samples, in seconds.
    pub fn usual_interval(&self) -> f64 {
        self.usual_us as f64 * 1e-6
    }

    /// The silences, the first few hundred of them.
    pub fn gaps(&self) -> &[Window] {
        &self.gaps
    }

    /// How many silences there were.
    pub fn gap_count(&self) -> u64 {
        self.gap_count
    }

    /// The longest silence, in seconds.
    pub fn longest_gap(&self) -> f64 {
        self.longest_gap_us as f64 * 1e-6
    }
}

/// The same as [`Series::push`] of each row of `values` to its series, all in the bucket at `place`. A sum
/// waits for the one before it, and meanwhile there are those of other series.
pub(super) fn push_rows<const N: usize>(
    mut series: [&mut Series; N],
    rows: &Rows<'_>,
    place: u64,
    values: [&[f64]; N],
) {
    let Some(others) = rows.times().len().checked_sub(1) else {
        return;
    };
    let firsts = values.map(|values| values[0]);
    let values = values.map(|values| &values[1..=others]);
    let mut firsts = firsts.iter();
    let begun = series.each_mut().map(|series| {
        let first = firsts.next()?;
        series.open(rows, place, *first)
    });
    let mut folds = begun.map(Option::unwrap_or_default);
    for row in 0..others {
        for (fold, values) in folds.iter_mut().zip(values) {
            fold.take(values[row]);
        }
    }
    for (((series, values), begun), fold) in series.into_iter().zip(values).zip(begun).zip(folds) {
        series.close(rows, place, values, begun.and(Some(fold)));
    }
}

/// What finite values add up to.
#[derive(Clone, Copy, Debug, Default)]
struct Fold {
    min: f64,
    max: f64,
    sum: f64,
}

impl Fold {
    /// Takes one more. Of two that are equal the first stays, so that it does not matter how many are taken
    /// at once.
    fn take(&mut self, value: f64) {
        if value < self.min {
            self.min = value;
        }
        if value > self.max {
            self.max = value;
        }
        self.sum += value;
    }
}

/// The grid of buckets over a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    width_us: u64,
}

impl Grid {
    /// A grid over a run of `end`.
    pub(super) fn new(end: BenchTime, buckets: u64) -> Grid {
        Grid {
            width_us: end.as_micros().div_ceil(buckets).max(1_000),
        }
    }

    /// The place of `at`; a run that lasts far longer than planned ends in one last bucket.
    pub(super) fn place(self, at: BenchTime) -> u64 {
        (at.as_micros() / self.width_us).min(2 * BUCKETS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(samples: impl IntoIterator<Item = (u64, f64)>) -> Series {
        let grid = Grid::new(BenchTime::from_millis(20_000_000), BUCKETS);
        let mut series = Series::sampled();
        for (millis, value) in samples {
            let at = BenchTime::from_millis(millis);
            series.push(at.as_micros(), grid.place(at), value);
        }
        series
    }

    #[test]
    fn no_extreme_is_lost_and_memory_is_bounded() {
        let series = filled((0..200_000_u64).map(|i| {
            let spike = if i == 77_777 { 1_000.0 } else { 0.0 };
            (i * 100, (i % 7) as f64 + spike)
        }));
        assert_eq!(series.range(), Some((0.0, 1_000.0)));
        assert_eq!(series.count(), 200_000);
        assert!(series.buckets().len() <= BUCKETS as usize);
        assert_eq!(series.pieces().count(), 1);
    }

    #[test]
    fn a_silence_is_a_gap() {
        let series = filled(
            (0..1_000)
                .filter(|i| !(400..600).contains(i))
                .map(|i| (i * 100, 1.0)),
        );
        assert_eq!(series.gap_count(), 1);
        assert!((series.longest_gap() - 20.1).abs() < 1e-9);
        assert_eq!(series.gaps()[0].start, BenchTime::from_millis(39_900));
        assert_eq!(series.pieces().count(), 2);
    }

    #[test]
    fn a_lost_sample_or_a_slower_channel_is_no_lasting_gap() {
        assert_eq!(
            filled((0..1_000).filter(|i| i % 9 != 5).map(|i| (i * 100, 1.0))).gap_count(),
            0
        );
        let slower = (0..50)
            .map(|i| (i * 100, 1.0))
            .chain((1..500).map(|i| (5_000 + i * 900, 1.0)));
        assert!(filled(slower).gap_count() < 16);
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let series = filled([(0, 1.0), (100, f64::NAN), (200, f64::INFINITY), (300, 3.0)]);
        assert_eq!((series.count(), series.mean()), (2, Some(2.0)));
    }

    proptest::proptest! {
        /// Whatever was told, each column of a plot spans from its least to its greatest value, no further.
        #[test]
        fn the_envelope_is_exact(
            mut told in proptest::collection::vec((0_u64..20_000_000, -1e6_f64..1e6), 1..2_000)
        ) {
            told.sort_by_key(|(millis, _)| *millis);
            let series = filled(told.iter().copied());
            let grid = Grid::new(BenchTime::from_millis(20_000_000), BUCKETS);
            let columns = told.chunk_by(|a, b| {
                let place = |millis| grid.place(BenchTime::from_millis(millis));
                place(a.0) == place(b.0)
            });
            let expected: Vec<(f64, f64, u32)> = columns
                .map(|column| {
                    let values = column.iter().map(|(_, value)| *value);
                    let least = values.clone().fold(f64::INFINITY, f64::min);
                    (least, values.fold(f64::NEG_INFINITY, f64::max), column.len() as u32)
                })
                .collect();
            let kept = series.buckets().iter().map(|b| (b.min, b.max, b.count));
            proptest::prop_assert_eq!(kept.collect::<Vec<_>>(), expected);
        }
    }
}
