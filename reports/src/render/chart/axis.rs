//! Axes: round numbers and round times at a readable distance.

use super::super::figure::TimeAxis;
use super::super::words;

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
    /// As on a value axis.
    Measure,
}

impl TimeFormat {
    pub(super) fn name(self) -> &'static str {
        match self {
            TimeFormat::HoursMinutes => "hh:mm",
            TimeFormat::MinutesSeconds => "mm:ss",
            TimeFormat::Seconds => "s",
            TimeFormat::Count => "number",
            TimeFormat::Measure => "value",
        }
    }
}

/// Ticks of a figure's axis, and how to write them.
pub(super) fn ticks(time: &TimeAxis) -> (Vec<f64>, TimeFormat) {
    if let Some(values) = measured(time) {
        return (values.ticks, TimeFormat::Measure);
    }
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

/// What is written at each tick.
pub(super) fn tick_labels(time: &TimeAxis) -> Vec<(f64, String)> {
    if let Some(values) = measured(time) {
        let ticks = values.ticks.iter();
        return ticks.map(|&tick| (tick, values.label(tick))).collect();
    }
    let (ticks, format) = ticks(time);
    let ticks = ticks.into_iter();
    ticks.map(|tick| (tick, time_label(tick, format))).collect()
}

/// The scale of what is no time.
fn measured(time: &TimeAxis) -> Option<Values> {
    let measure = time.measure.as_ref()?;
    Some(Values::new(measure.begin, time.end, 9.0))
}

/// UTC at each tick that has room for it, where T0 has one: `14:46`, or `14:46:30` where minutes do not
/// suffice.
pub(super) fn utc_labels(time: &TimeAxis, ticks: &[f64]) -> Vec<(f64, String)> {
    let told: Option<Vec<(f64, String)>> = ticks
        .iter()
        .map(|&tick| Some((tick, words::utc_at(time, tick)?)))
        .collect();
    let Some(told) = told else {
        return Vec::new();
    };
    let clock = |text: &str| text.get(11..19).unwrap_or_default().to_owned();
    let whole = told.iter().all(|(_, text)| clock(text).ends_with(":00"));
    // Two of the longer labels would touch.
    let step = if !whole && ticks.len() > 8 { 2 } else { 1 };
    let told = told.into_iter().step_by(step).map(|(tick, text)| {
        let clock = clock(&text);
        let kept = if whole { &clock[..5] } else { &clock };
        (tick, kept.to_owned())
    });
    told.collect()
}

/// What the times below an axis are: `bench time, hh:mm; below it UTC, from 2026-03-20 14:46:00`.
pub(super) fn time_caption(time: &TimeAxis, format: TimeFormat) -> String {
    let bench = format!("bench time, {}", format.name());
    match words::utc_at(time, 0.0) {
        Some(utc) => format!("{bench}; below it UTC, from {}", &utc[..19]),
        None => bench,
    }
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
        TimeFormat::Count | TimeFormat::Measure => whole.to_string(),
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
    fn utc_stands_below_the_ticks_and_only_where_t0_has_one() {
        let mut time = TimeAxis {
            end: 11_160.0,
            epoch: Some("2026-03-20T23:45:00Z".to_owned()),
            eclipses: Vec::new(),
            counts: None,
            measure: None,
        };
        let (ticks, format) = ticks(&time);
        let told = utc_labels(&time, &ticks);
        assert_eq!((told.len(), &*told[1].1), (13, "00:00"));
        let caption = "bench time, hh:mm; below it UTC, from 2026-03-20 23:45:00";
        assert_eq!(time_caption(&time, format), caption);
        // With seconds only every other label has room.
        time.epoch = Some("2026-03-20T23:45:30Z".to_owned());
        let told = utc_labels(&time, &ticks);
        assert_eq!((told.len(), &*told[1].1), (7, "00:15:30"));
        time.epoch = None;
        assert!(utc_labels(&time, &ticks).is_empty());
        assert_eq!(time_caption(&time, format), "bench time, hh:mm");
    }

    #[test]
    fn what_is_no_time_has_a_scale_of_its_own() {
        let axis = TimeAxis::of_measure("margin / V".to_owned(), -0.2, 0.8);
        let told = tick_labels(&axis);
        let told: Vec<&str> = told.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(told, ["−0.2", "0.0", "0.2", "0.4", "0.6", "0.8"]);
        assert!((axis.share(0.3) - 0.5).abs() < 1e-12 && axis.share(-1.0) == 0.0);
        assert_eq!(axis.length(), "margin / V from −0.2 to 0.8");
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
