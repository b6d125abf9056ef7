//! Power as a device measures it, and its integral with its uncertainty.

use profiles::reading::Reading;
use profiles::time::{BenchTime, Window};

use crate::header::DeviceHeader;

/// Samples that are kept: days at ten a second.
const MOST_KEPT: usize = 8_000_000;
/// Samples farther apart than this many times their usual distance leave a gap.
const GAP: u64 = 3;

/// Power at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) at: BenchTime,
    pub(super) watts: f64,
}

/// How far a measured power may be off: largest errors of its parts as shares of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Accuracy {
    relative: f64,
}

/// What of a device tells power: a channel in W, or one in V and one in A.
#[derive(Clone, Debug)]
enum Source {
    Watts(u16),
    Product(u16, u16),
}

/// Takes the samples of a device that measures power.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    source: Source,
    volts: f64,
    amps: f64,
    samples: Vec<Sample>,
    taken: u64,
    /// Sums of what was read, for means.
    sums: [f64; 2],
    /// Percent and offset of each part, where the header has them.
    accuracies: [Option<(f64, f64)>; 2],
}

impl Meter {
    /// Of a device that measures power; `None` for one that does not.
    pub(super) fn new(device: &DeviceHeader) -> Option<Meter> {
        let place = |unit: &str| device.channels.iter().position(|spec| &*spec.unit == unit);
        let accuracy = |place: usize| {
            let known = device.accuracy_of(&device.channels[place].name);
            known.map(|known| (known.percent, known.offset))
        };
        let (source, accuracies) = match (place("W"), place("V"), place("A")) {
            (Some(watts), ..) => (Source::Watts(watts as u16), [accuracy(watts), None]),
            (None, Some(volts), Some(amps)) => {
                let source = Source::Product(volts as u16, amps as u16);
                (source, [accuracy(volts), accuracy(amps)])
            }
            _ => return None,
        };
        Some(Meter {
            source,
            volts: f64::NAN,
            amps: f64::NAN,
            samples: Vec::new(),
            taken: 0,
            sums: [0.0; 2],
            accuracies,
        })
    }

    pub(super) fn take(&mut self, at: BenchTime, readings: &[Reading]) {
        let mut watts = None;
        for reading in readings {
            let value = reading.value.as_f64();
            match self.source {
                Source::Watts(channel) if channel == reading.channel => {
                    self.volts = value;
                    watts = Some(value);
                }
                Source::Product(volts, amps) if [volts, amps].contains(&reading.channel) => {
                    if reading.channel == volts {
                        self.volts = value;
                    } else {
                        self.amps = value;
                    }
                    watts = Some(self.volts * self.amps);
                }
                _ => {}
            }
        }
        let Some(watts) = watts.filter(|watts| watts.is_finite()) else {
            return;
        };
        if self.samples.len() < MOST_KEPT {
            self.samples.push(Sample { at, watts });
            self.taken += 1;
            self.sums[0] += self.volts.abs();
            self.sums[1] += self.amps.abs();
        }
    }

    /// The samples in order of time; of one time the last value.
    pub(super) fn samples(&mut self) -> Vec<Sample> {
        let mut samples = std::mem::take(&mut self.samples);
        samples.sort_by(|a, b| a.at.cmp(&b.at).then(b.watts.total_cmp(&a.watts)));
        samples.dedup_by_key(|sample| sample.at);
        samples
    }

    /// The largest relative error of the mean power: of both parts together, since each is off in one
    /// direction all the time. Rectangular, so a standard deviation is that over √3 (JCGM 100, 4.3.7).
    pub(super) fn accuracy(&self) -> Accuracy {
        let count = self.taken.max(1) as f64;
        let part = |place: usize| {
            let mean = self.sums[place] / count;
            let known = self.accuracies[place].filter(|_| mean > 0.0);
            known.map_or(0.0, |(percent, offset)| {
                (0.01 * percent + offset / mean) / 3_f64.sqrt()
            })
        };
        Accuracy {
            relative: part(0).hypot(part(1)),
        }
    }
}

/// Power over time, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Integral {
    pub(super) joules: f64,
    /// Of how long.
    pub(super) seconds: f64,
    /// Standard uncertainty, J: of the meter, and of what lies between samples.
    pub(super) uncertainty: f64,
    /// Places where samples are missing.
    pub(super) gaps: u64,
}

impl Integral {
    /// Over `windows`, as far as samples reach in each.
    pub(super) fn of(samples: &[Sample], windows: &[Window], accuracy: Accuracy) -> Integral {
        let far = far(samples);
        let mut sum = Integral::default();
        let mut halves = 0.0;
        for window in windows {
            let stretch = Stretch::of(samples, *window, far);
            sum.gaps += stretch.gaps;
            sum.joules += stretch.joules;
            sum.seconds += window.seconds();
            halves += stretch.halves;
        }
        let (all, seconds, gaps) = (sum.joules, sum.seconds, sum.gaps);
        let between = (all - halves).abs() / 3_f64.sqrt();
        Integral {
            joules: all,
            seconds,
            uncertainty: (all * accuracy.relative).hypot(between),
            gaps,
        }
    }
}

/// The distance of samples beyond which some are missing, µs.
pub(super) fn far(samples: &[Sample]) -> u64 {
    usual_distance(samples).saturating_mul(GAP).max(1)
}

/// Power over one window, added up.
pub(super) struct Stretch {
    pub(super) joules: f64,
    /// The same of every second sample.
    halves: f64,
    gaps: u64,
}

impl Stretch {
    /// Over `window`, of samples that are no farther apart than `far` µs where none is missing.
    pub(super) fn of(samples: &[Sample], window: Window, far: u64) -> Stretch {
        let inside = within(samples, window, far);
        // Every second sample gives another integral: what differs is what lies between them.
        let left_over = inside.len().is_multiple_of(2);
        let last = inside.last().filter(|_| left_over);
        let coarse: Vec<Sample> = inside.iter().step_by(2).chain(last).copied().collect();
        let span = match (inside.first(), inside.last()) {
            (Some(first), Some(last)) => last.at.micros_since(first.at) as f64 * 1e-6,
            _ => 0.0,
        };
        // Where no sample lies beyond an edge, power goes on to it as it was in the mean.
        let rest = (window.seconds() - span).max(0.0);
        let all = trapezoids(&inside);
        let mean = if span > 0.0 { all / span } else { 0.0 };
        let distances = inside.windows(2);
        let distances = distances.map(|pair| pair[1].at.micros_since(pair[0].at));
        let missing = distances.filter(|distance| *distance > far).count() as u64;
        Stretch {
            joules: all + mean * rest,
            halves: trapezoids(&coarse) + mean * rest,
            gaps: missing + u64::from((rest * 1e6) as u64 > 2 * far),
        }
    }
}

/// The samples within a window, with one at each of its edges where neighbours on both sides of it,
/// no farther apart than `far`, say what it was there.
fn within(samples: &[Sample], window: Window, far: u64) -> Vec<Sample> {
    let begin = samples.partition_point(|sample| sample.at < window.start);
    let end = samples.partition_point(|sample| sample.at < window.end);
    let edge = |place: usize, at: BenchTime| {
        let (before, after) = (samples.get(place.checked_sub(1)?)?, samples.get(place)?);
        let distance = after.at.micros_since(before.at);
        let share = at.micros_since(before.at) as f64 / distance.max(1) as f64;
        let watts = before.watts + share * (after.watts - before.watts);
        (distance <= far && after.at > at).then_some(Sample { at, watts })
    };
    let first = edge(begin, window.start);
    let last = edge(end, window.end).or_else(|| {
        let next = samples.get(end).filter(|next| next.at == window.end);
        next.copied()
    });
    let inside = samples[begin..end].iter().copied();
    first.into_iter().chain(inside).chain(last).collect()
}

fn trapezoids(samples: &[Sample]) -> f64 {
    let pairs = samples.windows(2).map(|pair| {
        let seconds = pair[1].at.micros_since(pair[0].at) as f64 * 1e-6;
        0.5 * (pair[0].watts + pair[1].watts) * seconds
    });
    pairs.sum()
}

/// The median distance of samples, µs.
pub(super) fn usual_distance(samples: &[Sample]) -> u64 {
    let pairs = samples.windows(2);
    let mut distances: Vec<u64> = pairs
        .map(|pair| pair[1].at.micros_since(pair[0].at))
        .collect();
    distances.sort_unstable();
    distances.get(distances.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(watts: impl Fn(f64) -> f64) -> Vec<Sample> {
        let sample = |tenths: u64| Sample {
            at: BenchTime::from_millis(tenths * 100),
            watts: watts(tenths as f64 / 10.0),
        };
        (0..=600).map(sample).collect()
    }

    fn window(from: u64, to: u64) -> Window {
        Window {
            start: BenchTime::from_millis(from),
            end: BenchTime::from_millis(to),
        }
    }

    #[test]
    fn power_adds_up_to_energy() {
        let found = Integral::of(
            &samples(|seconds| 10.0 + seconds),
            &[window(10_000, 20_000), window(30_000, 40_050)],
            Accuracy { relative: 0.001 },
        );
        // 10 s at 25 W and 10.05 s at 45.025 W.
        assert!((found.joules - 250.0 - 452.501).abs() < 1e-2, "{found:?}");
        assert!((found.seconds - 20.05).abs() < 1e-9);
        assert!((found.uncertainty - 0.702).abs() < 0.01, "{found:?}");
        assert_eq!(found.gaps, 0);
    }

    #[test]
    fn what_is_not_seen_between_samples_is_uncertain() {
        let flicker = samples(|seconds| {
            if (seconds * 10.0).round() % 2.0 < 0.5 {
                0.0
            } else {
                20.0
            }
        });
        let found = Integral::of(&flicker, &[window(0, 60_000)], Accuracy::default());
        assert!(
            (found.joules - 600.0).abs() < 2.0 && found.uncertainty > 300.0,
            "{found:?}"
        );
    }

    #[test]
    fn missing_samples_leave_a_gap() {
        let mut some = samples(|_| 5.0);
        some.drain(200..240);
        let found = Integral::of(&some, &[window(0, 60_000)], Accuracy::default());
        assert_eq!(found.gaps, 1);
        assert_eq!(
            Integral::of(
                &some,
                &[window(0, 60_000), window(70_000, 80_000)],
                Accuracy::default()
            )
            .gaps,
            2
        );
    }
}
