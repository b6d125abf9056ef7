//! Axes: round numbers and round times at a readable distance.

use super::super::figure::TimeAxis;

/// Steps of a time axis, in seconds.
const STEPS: [f64; 17] = [
    0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0,
    7_200.0, 21_600.0,
];

/// How times are written on an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TimeFormat {
    /// `1:30`
    HoursMinutes,
    /// `02:15`
    MinutesSeconds,
    /// `2.5`
    Seconds,
    /// `7`
    Count,
}

impl TimeFormat {
    pub(super) fn name(self) -> &'static str {
        match self {
            TimeFormat::HoursMinutes => "hh:mm",
            TimeFormat::MinutesSeconds => "mm:ss",
            TimeFormat::Seconds => "s",
            TimeFormat::Count => "number",
        }
    }
}

/// Ticks of a figure's axis, and how to write them.
pub(super) fn ticks(time: &TimeAxis) -> (Vec<f64>, TimeFormat) {
    if time.counts.is_none() {
        return times(time.end);
    }
    let steps = [
        1_u32, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000,
    ];
    let enough = |step: &&u32| time.end / f64::from(**step) <= 16.0;
    let step = steps.iter().find(enough).copied().unwrap_or(1_000_000);
    let last = (time.end / f64::from(step)).floor() as u32;
    let ticks = (1..=last).map(|place| f64::from(place * step));
    (ticks.collect(), TimeFormat::Count)
}

/// Round times from zero to `end`, at most a dozen, and how to write them.
pub(super) fn times(end: f64) -> (Vec<f64>, TimeFormat) {
    let step = STEPS
        .into_iter()
        .find(|step| end / step <= 13.0)
        .unwrap_or(86_400.0);
    let format = match step {
        s if s >= 60.0 && end >= 1_800.0 => TimeFormat::HoursMinutes,
        _ if end >= 90.0 => TimeFormat::MinutesSeconds,
        _ => TimeFormat::Seconds,
    };
    let count = (end / step * (1.0 + 1e-9)).floor() as u32;
    (
        (0..=count).map(|place| f64::from(place) * step).collect(),
        format,
    )
}

/// A time on an axis.
pub(super) fn time_label(seconds: f64, format: TimeFormat) -> String {
    let whole = seconds.round() as u64;
    match format {
        TimeFormat::HoursMinutes => format!("{:02}:{:02}", whole / 3_600, whole / 60 % 60),
        TimeFormat::MinutesSeconds => format!("{:02}:{:02}", whole / 60, whole % 60),
        TimeFormat::Seconds => format!("{}", (seconds * 10.0).round() / 10.0),
        TimeFormat::Count => whole.to_string(),
    }
}

/// A value axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Values {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<f64>,
    decimals: usize,
}

impl Values {
    /// An axis that shows `low` to `high` with about `ticks` round numbers.
    pub(super) fn new(low: f64, high: f64, ticks: f64) -> Values {
        let size = match low.abs().max(high.abs()) {
            size if size < 1e-9 => 1.0,
            size => size,
        };
        // A constant still needs an axis around it.
        let (low, high) = match high - low {
            span if span < 1e-6 * size => (low - 0.05 * size, high + 0.05 * size),
            _ => (low, high),
        };
        let rough = (high - low) / ticks.max(1.0);
        let power = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|m| m * power);
        let enough = steps
            .iter()
            .position(|step| *step >= rough * 0.999)
            .unwrap_or(3);
        let first_and_last = |step: f64| {
            (
                (low / step - 1e-9).ceil() as i64,
                (high / step + 1e-9).floor() as i64,
            )
        };
        // Two numbers make a scale; one does not.
        let told = |step: f64| first_and_last(step).1 - first_and_last(step).0 + 1;
        let step = match steps[enough] {
            wide if told(wide) < 2 && enough > 0 => steps[enough - 1],
            wide if told(wide) < 2 => wide / 2.0,
            wide => wide,
        };
        let (first, last) = first_and_last(step);
        Values {
            low,
            high,
            ticks: (first..=last).map(|place| place as f64 * step).collect(),
            decimals: (-(step.log10() + 1e-9).floor()).max(0.0) as usize,
        }
    }

    /// A number on the axis; all have the same decimals.
    pub(super) fn label(&self, value: f64) -> String {
        let decimals = self.decimals;
        let text = format!("{value:.decimals$}");
        let zero = text
            .trim_start_matches('-')
            .chars()
            .all(|c| matches!(c, '0' | '.'));
        if zero {
            text.trim_start_matches('-').to_owned()
        } else {
            text.replace('-', "−")
        }
    }

    /// Where `value` lies, from 0 at the bottom to 1 at the top.
    pub(super) fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_orbits_are_told_by_quarters_of_hours() {
        let (ticks, format) = times(11_160.0);
        assert_eq!((ticks.len(), ticks[1]), (13, 900.0));
        assert_eq!(time_label(ticks[5], format), "01:15");
        let (ticks, format) = times(40.0);
        assert_eq!(time_label(ticks[1], format), "5");
    }

    #[test]
    fn values_are_round() {
        let axis = Values::new(25.83, 33.1, 4.0);
        let labels: Vec<String> = axis.ticks.iter().map(|&tick| axis.label(tick)).collect();
        assert_eq!(labels, ["26", "28", "30", "32"]);
        let axis = Values::new(-0.31, 0.52, 4.0);
        let labels: Vec<String> = axis.ticks.iter().map(|&tick| axis.label(tick)).collect();
        assert_eq!(labels, ["0.0", "0.5"]);
        assert!(Values::new(5.0, 5.0, 3.0).high > 5.0);
        assert!(!Values::new(0.0, 0.0, 3.0).ticks.is_empty());
    }
}
