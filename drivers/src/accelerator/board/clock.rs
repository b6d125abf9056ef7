//! How fast a board computes: power mode, throttling against heat, and the work under way.

use profiles::command::PowerMode;
use profiles::quantity::Celsius;
use profiles::time::BenchTime;

/// Clock at full power, MHz.
const FULL_MHZ: f64 = 800.0;
/// Share of the clock in reduced mode.
const REDUCED: f64 = 0.55;
/// Share of the clock that throttling leaves.
const THROTTLED: f64 = 0.5;
/// Above this junction temperature the clock is throttled, as industrial parts are specified.
const THROTTLE_ABOVE: Celsius = Celsius(85.0);
/// Above this the board computes no more.
const SHUT_DOWN_ABOVE: Celsius = Celsius(105.0);
/// Below this both end.
const RECOVER_BELOW: Celsius = Celsius(78.0);

/// The clock's governor.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Governor {
    pub(super) mode: PowerMode,
    pub(super) throttled: bool,
    pub(super) overheated: bool,
}

impl Governor {
    /// Share of the full clock.
    pub(super) fn share(self) -> f64 {
        let mode = match self.mode {
            PowerMode::Full => 1.0,
            PowerMode::Reduced => REDUCED,
        };
        if self.throttled {
            mode * THROTTLED
        } else {
            mode
        }
    }

    /// The clock, MHz.
    pub(super) fn mhz(self) -> f64 {
        FULL_MHZ * self.share()
    }

    /// Looks at the junction; what it decides holds until it is cool again.
    pub(super) fn look_at(&mut self, junction: Celsius) {
        if junction < RECOVER_BELOW {
            (self.throttled, self.overheated) = (false, false);
        } else {
            self.throttled |= junction > THROTTLE_ABOVE;
            self.overheated |= junction > SHUT_DOWN_ABOVE;
        }
    }
}

/// A computation under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub(super) query: u32,
    pub(super) slot: u16,
    pub(super) started: BenchTime,
    /// Work that is left, µs at full clock.
    left_us: f64,
    /// Work that is left up to the first token, where tokens are generated and none is there yet.
    first_left_us: Option<f64>,
    /// When the first token was there, µs after the start.
    pub(super) first_us: Option<u32>,
    /// Up to when work has been counted.
    counted: BenchTime,
}

impl Job {
    /// A computation of `work_us` at full clock.
    pub(super) fn new(query: u32, slot: u16, at: BenchTime, work_us: f64) -> Job {
        Job {
            query,
            slot,
            started: at,
            left_us: work_us,
            first_left_us: None,
            first_us: None,
            counted: at,
        }
    }

    /// The same, whose first token is there after `work_us` at full clock.
    pub(super) fn with_first(self, work_us: Option<f64>) -> Job {
        Job {
            first_left_us: work_us,
            ..self
        }
    }

    /// When it ends, if the clock stays as it is.
    pub(super) fn ends(&self, share: f64) -> BenchTime {
        self.counted
            .plus_micros((self.left_us / share).round().max(0.0) as u64)
    }

    /// When its first token is there, if the clock stays as it is and it is not there yet.
    pub(super) fn first_ends(&self, share: f64) -> BenchTime {
        self.first_left_us.map_or(BenchTime::MAX, |left| {
            let micros = (left / share).round().max(0.0) as u64;
            self.counted.plus_micros(micros)
        })
    }

    /// Notes the first token, if it is there by `at`; µs after the start.
    pub(super) fn first(&mut self, at: BenchTime, share: f64) -> Option<u32> {
        let ends = self.first_ends(share);
        if ends > at {
            return None;
        }
        self.first_left_us = None;
        self.first_us = Some(ends.micros_since(self.started) as u32);
        self.first_us
    }

    /// Counts the work up to `at`, before the clock changes.
    pub(super) fn count(&mut self, at: BenchTime, share: f64) {
        let done = at.micros_since(self.counted) as f64 * share;
        self.left_us -= done;
        self.first_left_us = self.first_left_us.map(|left| left - done);
        self.counted = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_has_hysteresis() {
        let mut governor = Governor::default();
        for (celsius, share) in [
            (84.0, 1.0),
            (86.0, 0.5),
            (80.0, 0.5),
            (77.0, 1.0),
            (84.0, 1.0),
        ] {
            governor.look_at(Celsius(celsius));
            assert!((governor.share() - share).abs() < 1e-12, "at {celsius} °C");
        }
        governor.look_at(Celsius(106.0));
        assert!(governor.overheated);
    }

    #[test]
    fn work_goes_on_at_the_new_clock() {
        let mut job = Job::new(0, 0, BenchTime::ZERO, 100_000.0);
        assert_eq!(job.ends(1.0), BenchTime::from_millis(100));
        job.count(BenchTime::from_millis(40), 1.0);
        assert_eq!(job.ends(0.5), BenchTime::from_millis(160));
    }

    #[test]
    fn the_first_token_comes_once_and_later_at_a_slower_clock() {
        let mut job = Job::new(0, 0, BenchTime::ZERO, 100_000.0).with_first(Some(30_000.0));
        assert_eq!(job.first_ends(1.0), BenchTime::from_millis(30));
        job.count(BenchTime::from_millis(10), 1.0);
        assert_eq!(job.first(BenchTime::from_millis(49), 0.5), None);
        assert_eq!(job.first(BenchTime::from_millis(50), 0.5), Some(50_000));
        assert_eq!(job.first_ends(0.5), BenchTime::MAX);
        assert_eq!(job.first_us, Some(50_000));
    }
}
