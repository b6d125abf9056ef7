//! Energy: power over time, by phase, of what was heard. Nothing is made up for a silence: a board that is
//! off tells no power, and takes none.

use profiles::time::{BenchTime, Window};

use super::device::DeviceStory;
use super::latency::Stretches;
use super::series::{BUCKETS, Series};
use crate::header::{DeviceHeader, Header};

/// A phase whose stretches are shorter than this many points of the series is not told: its edges would weigh
/// too much.
const POINTS: f64 = 20.0;

/// What a device took, or gave, in one phase or step, all its stretches together.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseEnergy {
    /// The phase's or step's name.
    pub phase: String,
    /// For how many seconds its power was heard.
    pub seconds: f64,
    /// Energy, J.
    pub joules: f64,
}

impl DeviceStory {
    /// What `device`'s channels say of power, or its volts and amperes together; `None` if nothing.
    fn watts(&self, device: &DeviceHeader) -> Option<&Series> {
        if let Some(power) = &self.power {
            return Some(&power.series);
        }
        let mut channels = device.channels.iter();
        let place = channels.position(|c| ["watts", "bus_watts"].contains(&&*c.name))?;
        self.channels.get(place)
    }

    /// Energy over the run, J, silences left out; `None` if it does not say its power twice.
    pub fn energy_joules(&self, device: &DeviceHeader) -> Option<f64> {
        let watts = self.watts(device)?;
        let all = Window {
            start: BenchTime::ZERO,
            end: BenchTime::MAX,
        };
        let (joules, seconds) = integral(watts, &[all]);
        (seconds > 0.0).then_some(joules)
    }

    /// Energy by phase, or by step where there is no orbit, in order of first appearance; without phases that
    /// are too short for the points that are kept of a run.
    pub fn energy_by_phase(&self, device: &DeviceHeader, header: &Header) -> Vec<PhaseEnergy> {
        let Some(watts) = self.watts(device) else {
            return Vec::new();
        };
        let point = (header.end.as_secs_f64() / BUCKETS as f64).max(watts.usual_interval());
        let stretches = Stretches::new(header);
        let long = stretches.each().filter(|(_, windows)| {
            let seconds: f64 = windows.iter().map(Window::seconds).sum();
            seconds >= POINTS * point * windows.len() as f64
        });
        let told = long.map(|(phase, windows)| {
            let (joules, seconds) = integral(watts, &windows);
            PhaseEnergy {
                phase: phase.to_owned(),
                seconds,
                joules,
            }
        });
        told.filter(|told| told.seconds > 0.0).collect()
    }
}

/// Energy, J, and for how many seconds it was heard, within `windows`: each point's mean holds half the way to
/// its neighbours, unless there was a silence.
fn integral(watts: &Series, windows: &[Window]) -> (f64, f64) {
    let (mut joules, mut seconds) = (0.0, 0.0);
    for piece in watts.pieces() {
        for (place, bucket) in piece.iter().enumerate() {
            let before = place.checked_sub(1).and_then(|before| piece.get(before));
            let start = before.map_or(bucket.from_us, |b| b.to_us.midpoint(bucket.from_us));
            let after = piece.get(place + 1);
            let end = after.map_or(bucket.to_us, |a| bucket.to_us.midpoint(a.from_us));
            let whole = Window {
                start: BenchTime::from_micros(start),
                end: BenchTime::from_micros(end),
            };
            let shared = windows.iter().filter_map(|window| window.overlap(&whole));
            let inside: f64 = shared.map(|window| window.seconds()).sum();
            joules += bucket.mean() * inside;
            seconds += inside;
        }
    }
    (joules, seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_takes_nothing() {
        // 10 W for 100 s, off for 1000 s, 20 W for 100 s.
        let mut watts = Series::sampled();
        let on = |at: u64| if at < 1_000 { 10.0 } else { 20.0 };
        for second in (0..=100).chain(1_100..=1_200) {
            watts.push(second * 1_000_000, second / 5, on(second));
        }
        let window = |from: f64, to: f64| Window {
            start: BenchTime::from_secs_f64(from),
            end: BenchTime::from_secs_f64(to),
        };
        let about = |found: (f64, f64), joules: f64, seconds: f64| {
            assert!((found.0 - joules).abs() < 1e-6, "{found:?}");
            assert!((found.1 - seconds).abs() < 1e-6, "{found:?}");
        };
        about(integral(&watts, &[window(0.0, 2_000.0)]), 3_000.0, 200.0);
        about(integral(&watts, &[window(50.0, 1_000.0)]), 500.0, 50.0);
        let both = [window(90.0, 100.0), window(1_100.0, 1_110.0)];
        about(integral(&watts, &both), 300.0, 20.0);
        about(integral(&watts, &[window(200.0, 900.0)]), 0.0, 0.0);
    }
}
