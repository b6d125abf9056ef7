//! Bench time: microseconds since T0, the instant at which a campaign's clock starts.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// Microseconds since T0. The same in real and in virtual time.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct BenchTime(u64);

impl BenchTime {
    /// T0.
    pub const ZERO: BenchTime = BenchTime(0);
    /// Later than any run: "never".
    pub const MAX: BenchTime = BenchTime(u64::MAX);

    /// Bench time from whole microseconds since T0.
    #[inline]
    pub const fn from_micros(micros: u64) -> BenchTime {
        BenchTime(micros)
    }

    /// Bench time from whole milliseconds since T0.
    pub const fn from_millis(millis: u64) -> BenchTime {
        BenchTime(millis * 1_000)
    }

    /// Bench time from seconds since T0, to the nearest microsecond; before T0 is T0.
    pub fn from_secs_f64(seconds: f64) -> BenchTime {
        BenchTime((seconds * 1e6).round().max(0.0) as u64)
    }

    /// Whole microseconds since T0.
    #[inline]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Seconds since T0.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Microseconds from `earlier` to `self`; zero if `earlier` is later.
    #[inline]
    pub const fn micros_since(self, earlier: BenchTime) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The first whole millisecond that is not before `self`: what a timer can keep.
    #[must_use]
    pub const fn ceil_millis(self) -> BenchTime {
        BenchTime(self.0.div_ceil(1_000) * 1_000)
    }

    /// `self` plus `micros`, at most [`BenchTime::MAX`].
    #[must_use]
    pub const fn plus_micros(self, micros: u64) -> BenchTime {
        BenchTime(self.0.saturating_add(micros))
    }
}

impl Add<Period> for BenchTime {
    type Output = BenchTime;

    fn add(self, period: Period) -> BenchTime {
        self.plus_micros(period.as_micros())
    }
}

impl Sub<Period> for BenchTime {
    type Output = BenchTime;

    /// Saturates at T0.
    fn sub(self, period: Period) -> BenchTime {
        BenchTime(self.0.saturating_sub(period.as_micros()))
    }
}

impl fmt::Display for BenchTime {
    /// `T+hh:mm:ss.mmm`, as mission timelines write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0 / 1_000;
        let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
        let (seconds, rest) = (millis / 1_000 % 60, millis % 1_000);
        write!(f, "T+{hours:02}:{minutes:02}:{seconds:02}.{rest:03}")
    }
}

/// A whole number of milliseconds, at least one: what a timer can keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Period(NonZeroU32);

impl Period {
    /// A period of `millis` milliseconds; `None` for zero.
    pub const fn from_millis(millis: u32) -> Option<Period> {
        match NonZeroU32::new(millis) {
            Some(millis) => Some(Period(millis)),
            None => None,
        }
    }

    /// A period that is known to be right when the code is written.
    ///
    /// # Panics
    /// If `millis` is zero.
    pub const fn millis(millis: u32) -> Period {
        match Period::from_millis(millis) {
            Some(period) => period,
            None => panic!("a period is at least one millisecond"),
        }
    }

    /// The length in milliseconds.
    pub const fn as_millis(self) -> u32 {
        self.0.get()
    }

    /// The length in microseconds.
    #[inline]
    pub const fn as_micros(self) -> u64 {
        self.0.get() as u64 * 1_000
    }

    /// The length in seconds.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        f64::from(self.0.get()) * 1e-3
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get() {
            ms if ms % 1_000 == 0 => write!(f, "{} s", ms / 1_000),
            ms => write!(f, "{ms} ms"),
        }
    }
}

/// A half-open stretch of bench time, `start <= t < end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First instant inside.
    pub start: BenchTime,
    /// First instant after it.
    pub end: BenchTime,
}

impl Window {
    /// Whether `at` lies inside.
    #[inline]
    pub fn contains(&self, at: BenchTime) -> bool {
        self.start <= at && at < self.end
    }

    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.end.micros_since(self.start) as f64 / 1e6
    }

    /// The part that both windows share, if any.
    pub fn overlap(&self, other: &Window) -> Option<Window> {
        let window = Window {
            start: self.start.max(other.start),
            end: self.end.min(other.end),
        };
        (window.start < window.end).then_some(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bench_time_reads_as_a_mission_timeline() {
        assert_eq!(
            BenchTime::from_secs_f64(5_025.25).to_string(),
            "T+01:23:45.250"
        );
    }

    #[test]
    fn a_timer_never_fires_early() {
        assert_eq!(
            BenchTime::from_micros(1_001).ceil_millis(),
            BenchTime::from_millis(2)
        );
        assert_eq!(
            BenchTime::from_micros(2_000).ceil_millis(),
            BenchTime::from_millis(2)
        );
    }

    #[test]
    fn seconds_are_the_nearest_there_are() {
        // By a multiplication with 1e-6 this would be 11211.860999999999.
        let text = BenchTime::from_micros(11_211_861_000)
            .as_secs_f64()
            .to_string();
        assert_eq!(text, "11211.861");
    }

    #[test]
    fn windows_are_half_open() {
        let early = Window {
            start: BenchTime::ZERO,
            end: BenchTime::from_millis(5),
        };
        let late = Window {
            start: BenchTime::from_millis(5),
            end: BenchTime::from_millis(9),
        };
        assert!(early.contains(BenchTime::from_micros(4_999)));
        assert!(!early.contains(BenchTime::from_millis(5)));
        assert_eq!(early.overlap(&late), None);
    }
}
