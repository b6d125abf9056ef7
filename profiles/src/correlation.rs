//! A device's own clock held against bench time: where it stood at T0, and how fast it runs.
//!
//! A time stamp is made on board and arrives later, never earlier: what lies between is the
//! packet's way, which varies, and the rounding of the code, which always makes a stamp too old.
//! So of each stretch of the run the stamp that was delayed least is kept (the clock filter of NTP,
//! RFC 5905, section 10, for one way), and the line through those is the median of the slopes of
//! all their pairs (Theil 1950; Sen, "Estimates of the regression coefficient based on Kendall's
//! tau", JASA 63, 1968), which up to 29 % of wild points do not move. A constant part of the way
//! cannot be told from an offset; it is in the offset.

use crate::time::BenchTime;

/// What the channel of a device is called that tells its own time, in seconds since its epoch.
pub const ONBOARD_TIME: &str = "onboard_time";

/// Stretches of which the best stamp is kept; their pairs are 32,640 slopes at most.
const STRETCHES: usize = 256;

/// A stretch at the beginning, µs; it doubles whenever all are used.
const STRETCH_US: u64 = 1_000_000;

/// A clock that is off by more than this, µs, against what it said before was set, or it started
/// anew. Clocks off by 1,000 ppm drift so far in eight minutes.
const STEP_US: f64 = 500_000.0;

/// So many stamps in a row must agree that the clock was set; one alone was late.
const STEP_CONFIRMED: u32 = 3;

/// Below this many stretches no drift is told.
const FEWEST: usize = 5;

/// Two-sided 95 % of a normal distribution.
const Z95: f64 = 1.959_964;

/// A stamp: bench time and the clock's lead over it, both in µs.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stamp {
    at_us: u64,
    lead_us: f64,
}

/// Gathers the time stamps of one clock, in bounded room.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlator {
    current: Segment,
    /// The longest one before a step.
    longest: Segment,
    steps: u64,
    /// Stamps in a row that are far from the current segment.
    astray: u32,
}

/// Stamps between two steps.
#[derive(Clone, Debug, Default, PartialEq)]
struct Segment {
    stamps: u64,
    stretch_us: u64,
    best: Vec<Stamp>,
    first_us: u64,
    last: Option<Stamp>,
}

/// How a clock runs against bench time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correlation {
    /// What the clock would have said at T0, seconds since its epoch.
    pub offset_s: f64,
    /// How much too fast it runs, in millionths; negative if too slow.
    pub drift_ppm: f64,
    /// The least drift that the stamps allow, with 95 % confidence.
    pub drift_low_ppm: f64,
    /// The greatest.
    pub drift_high_ppm: f64,
    /// How far the stamps that were delayed least lie from the line: the median, µs.
    pub scatter_us: f64,
    /// Time stamps that it was made of.
    pub stamps: u64,
    /// From the first of them to the last, seconds.
    pub seconds: f64,
}

impl Default for Correlator {
    fn default() -> Correlator {
        Correlator::new()
    }
}

impl Correlator {
    /// Before the first stamp.
    pub fn new() -> Correlator {
        Correlator {
            current: Segment::default(),
            longest: Segment::default(),
            steps: 0,
            astray: 0,
        }
    }

    /// Takes a stamp of `seconds` since the clock's epoch, heard at `at`.
    pub fn push(&mut self, at: BenchTime, seconds: f64) {
        if !seconds.is_finite() {
            return;
        }
        let at_us = at.as_micros();
        let lead_us = seconds * 1e6 - at_us as f64;
        let stamp = Stamp { at_us, lead_us };
        if let Some(last) = self.current.last
            && (lead_us - last.lead_us).abs() > STEP_US
        {
            self.astray += 1;
            if self.astray < STEP_CONFIRMED {
                return;
            }
            self.steps += 1;
            let ended = std::mem::take(&mut self.current);
            if ended.length_us() >= self.longest.length_us() {
                self.longest = ended;
            }
        }
        self.astray = 0;
        self.current.push(stamp);
    }

    /// How often the clock was set, or started anew.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether no stamp has come.
    pub fn is_empty(&self) -> bool {
        self.current.last.is_none()
    }

    /// How the clock runs, from the longest stretch in which it was not set; `None` before enough
    /// is known (five stretches of a second or more).
    pub fn correlation(&self) -> Option<Correlation> {
        let longer = self.longest.length_us() > self.current.length_us();
        let segment = if longer { &self.longest } else { &self.current };
        segment.fit()
    }
}

impl Segment {
    fn length_us(&self) -> u64 {
        self.last.map_or(0, |last| last.at_us - self.first_us)
    }

    fn push(&mut self, stamp: Stamp) {
        if self.last.is_none() {
            self.first_us = stamp.at_us;
            self.stretch_us = STRETCH_US;
        }
        let stamp = Stamp {
            // Bench time does not go back; should it, all that follows is of one time.
            at_us: stamp.at_us.max(self.last.map_or(0, |last| last.at_us)),
            ..stamp
        };
        self.stamps += 1;
        self.last = Some(stamp);
        let place = |stretch_us: u64, stamp: &Stamp| (stamp.at_us - self.first_us) / stretch_us;
        match self.best.last_mut() {
            Some(best) if place(self.stretch_us, best) == place(self.stretch_us, &stamp) => {
                if stamp.lead_us > best.lead_us {
                    *best = stamp;
                }
                return;
            }
            _ => self.best.push(stamp),
        }
        while self.best.len() > STRETCHES {
            self.stretch_us *= 2;
            let stretch_us = self.stretch_us;
            self.best.dedup_by(|later, earlier| {
                let same = place(stretch_us, later) == place(stretch_us, earlier);
                if same && later.lead_us > earlier.lead_us {
                    *earlier = *later;
                }
                same
            });
        }
    }

    fn fit(&self) -> Option<Correlation> {
        if self.best.len() < FEWEST {
            return None;
        }
        let mut slopes = Vec::with_capacity(self.best.len() * self.best.len() / 2);
        for (place, one) in self.best.iter().enumerate() {
            for other in &self.best[place + 1..] {
                let apart = (other.at_us - one.at_us) as f64;
                slopes.push((other.lead_us - one.lead_us) / apart);
            }
        }
        slopes.sort_unstable_by(f64::total_cmp);
        let slope = middle(&slopes);
        let mut at_zero: Vec<f64> = self.best.iter().map(|stamp| stamp.less(slope)).collect();
        at_zero.sort_unstable_by(f64::total_cmp);
        let lead_us = middle(&at_zero);
        let away = self.best.iter().map(|stamp| stamp.less(slope) - lead_us);
        let mut away: Vec<f64> = away.map(f64::abs).collect();
        away.sort_unstable_by(f64::total_cmp);
        // Sen 1968: as many slopes beside the median as Kendall's statistic may be off by chance.
        let (points, pairs) = (self.best.len() as f64, slopes.len() as f64);
        let chance = Z95 * (points * (points - 1.0) * (2.0 * points + 5.0) / 18.0).sqrt();
        let last = slopes.len() - 1;
        let low = (((pairs - chance) / 2.0).floor().max(0.0) as usize).min(last);
        let high = (f64::midpoint(pairs, chance).ceil() as usize).min(last);
        Some(Correlation {
            offset_s: lead_us * 1e-6,
            drift_ppm: slope * 1e6,
            drift_low_ppm: slopes[low] * 1e6,
            drift_high_ppm: slopes[high] * 1e6,
            scatter_us: middle(&away),
            stamps: self.stamps,
            seconds: self.length_us() as f64 * 1e-6,
        })
    }
}

impl Stamp {
    /// What the lead was at T0, if it grew by `slope` since.
    fn less(&self, slope: f64) -> f64 {
        self.lead_us - slope * self.at_us as f64
    }
}

/// The median of sorted values.
fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[half]
    } else {
        f64::midpoint(sorted[half - 1], sorted[half])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    /// Stamps every 100 ms of a clock that is `ppm` too fast and `offset` s ahead, rounded down to
    /// `resolution` s, each with a delay of up to 20 ms and one in 10 of up to 400 ms.
    fn heard(ppm: f64, offset: f64, resolution: f64, seconds: u64) -> Correlator {
        let mut correlator = Correlator::new();
        let mut arrived = 0;
        let mut chance = Seed(1).stream("clock", "test");
        for n in 0..seconds * 10 {
            let told = n * 100_000;
            let clock = offset + told as f64 * 1e-6 * (1.0 + ppm * 1e-6);
            let clock = (clock / resolution).floor() * resolution;
            let most = if chance.below(10) == 0 {
                400_000
            } else {
                20_000
            };
            // No stamp overtakes another.
            arrived = arrived.max(told + 1_000 + chance.below(most));
            correlator.push(BenchTime::from_micros(arrived), clock);
        }
        correlator
    }

    #[test]
    fn drift_and_offset_are_found_under_delays_of_one_side() {
        for (ppm, offset, resolution) in [
            (0.0, 0.0, 1e-3),
            (37.5, 2e9, 1e-3),
            (-120.0, 5.0, 1.0 / 65_536.0),
            (900.0, 0.25, 1e-6),
        ] {
            let correlator = heard(ppm, offset, resolution, 5_400);
            let found = correlator.correlation().unwrap();
            assert!((found.drift_ppm - ppm).abs() < 0.5, "{found:?}");
            assert!(found.drift_low_ppm <= ppm + 0.2 && ppm - 0.2 <= found.drift_high_ppm);
            assert!(
                found.drift_high_ppm - found.drift_low_ppm < 2.0,
                "{found:?}"
            );
            // The least way is a millisecond, and belongs to the offset.
            assert!((found.offset_s - offset).abs() < 4e-3, "{found:?}");
            assert!(found.scatter_us < 2_000.0, "{found:?}");
            assert_eq!((found.stamps, correlator.steps()), (54_000, 0));
        }
    }

    #[test]
    fn a_clock_that_was_set_is_told_and_does_not_bend_the_line() {
        let mut correlator = Correlator::new();
        for n in 0..3_000_u64 {
            // Set back by an hour at 1,000 s, and one stamp is late by two seconds.
            let late = if n == 1_700 { 2_000_000 } else { 0 };
            let at = BenchTime::from_micros(n * 1_000_000 + late);
            let set = if n < 1_000 { 0.0 } else { -3_600.0 };
            correlator.push(at, n as f64 * (1.0 + 50e-6) + 7_200.0 + set);
        }
        assert_eq!(correlator.steps(), 1);
        let found = correlator.correlation().unwrap();
        assert!((found.drift_ppm - 50.0).abs() < 1e-3, "{found:?}");
        assert!((found.offset_s - 3_600.0).abs() < 1e-3, "{found:?}");
        assert!((found.seconds - 1_997.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn little_says_nothing() {
        let mut correlator = Correlator::new();
        assert!(correlator.is_empty());
        for n in 0..40_u64 {
            correlator.push(BenchTime::from_millis(n * 100), n as f64 * 0.1);
        }
        correlator.push(BenchTime::from_millis(4_000), f64::NAN);
        assert_eq!(correlator.correlation(), None);
        assert!(!correlator.is_empty());
    }
}
