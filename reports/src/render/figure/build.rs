//! Building panels: series to traces, checks to limits and worst values.

use profiles::phase::Phase;

use crate::event::DeviceId;
use crate::header::{CheckSpec, Subject};
use crate::report::{Bucket, DeviceStory, Report, Series};
use crate::verdict::Verdict;

use super::super::words;
use super::{Limit, Panel, Pen, Spot, TimeAxis, Trace};

/// Columns of a plot on paper, each wide enough for a line's weight.
const COLUMNS: f64 = 700.0;

/// Lines in a panel that can be told apart without colour.
const PENS: usize = 4;

/// Most worst values in a panel.
const SPOTS: usize = 12;

/// Most limits in a panel.
const MOST_LIMITS: usize = 12;

/// Options of checks that are limits on the channel itself, and how they are written.
const LIMITS: [(&str, &str); 4] = [("min", "≥"), ("max", "≤"), ("low", "≥"), ("high", "≤")];

/// The time axis of a report.
pub fn time_axis(report: &Report) -> TimeAxis {
    let phases = report.header.phases.iter();
    TimeAxis {
        end: report.header.end.max(report.end()).as_secs_f64().max(1e-3),
        epoch: report.header.epoch.clone(),
        eclipses: phases
            .filter(|p| p.phase != Phase::Sunlit)
            .copied()
            .collect(),
        counts: None,
        measure: None,
    }
}

/// The trace of a series.
pub(super) fn trace(label: String, pen: Pen, series: &Series, end: f64) -> Trace {
    if series.holds() {
        return held(label, pen, series, end);
    }
    let column = end / COLUMNS;
    let mut lines = Vec::new();
    let mut extremes = Vec::new();
    for piece in series.pieces() {
        let columns = piece.chunk_by(|a, b| place(a, column) == place(b, column));
        let mut line = Vec::new();
        for buckets in columns {
            let (time, mean, min, max) = merged(buckets);
            line.push((time, mean));
            extremes.push((time, min, max));
        }
        lines.push(line);
    }
    // A channel without noise is its own envelope.
    let span = series.range().map_or(0.0, |(min, max)| max - min);
    let widest = extremes
        .iter()
        .map(|&(_, min, max)| max - min)
        .fold(0.0, f64::max);
    if widest < 0.006 * span || widest == 0.0 {
        extremes.clear();
    }
    Trace {
        label,
        pen,
        lines,
        extremes,
    }
}

fn place(bucket: &Bucket, column: f64) -> u64 {
    (bucket.seconds() / column) as u64
}

/// Buckets of one column as one: middle, mean, extremes.
fn merged(buckets: &[Bucket]) -> (f64, f64, f64, f64) {
    let (first, last) = (&buckets[0], &buckets[buckets.len() - 1]);
    let count: f64 = buckets.iter().map(|b| f64::from(b.count)).sum();
    let sum: f64 = buckets.iter().map(|b| b.sum).sum();
    let min = buckets.iter().map(|b| b.min).fold(f64::INFINITY, f64::min);
    let max = buckets
        .iter()
        .map(|b| b.max)
        .fold(f64::NEG_INFINITY, f64::max);
    (
        (first.from_us + last.to_us) as f64 * 0.5e-6,
        sum / count,
        min,
        max,
    )
}

/// A value that holds until the next one is a staircase.
fn held(label: String, pen: Pen, series: &Series, end: f64) -> Trace {
    let mut line: Vec<(f64, f64)> = Vec::new();
    for bucket in series.buckets() {
        let time = bucket.from_us as f64 * 1e-6;
        if let Some(&(_, before)) = line.last() {
            line.push((time, before));
        }
        line.push((time, bucket.first));
        if bucket.count > 1 {
            line.push((bucket.to_us as f64 * 1e-6, bucket.last));
        }
    }
    if let Some(&(_, last)) = line.last() {
        line.push((end, last));
    }
    Trace {
        label,
        pen,
        lines: vec![line],
        extremes: Vec::new(),
    }
}

/// Windows of two checks with the same limit as one set, so that dashes do not fall upon dashes.
fn union(one: &[(f64, f64)], other: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut all: Vec<(f64, f64)> = one.iter().chain(other).copied().collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (from, to) in all {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// A panel under construction.
pub(super) struct PanelBuilder<'a> {
    report: &'a Report,
    end: f64,
    next_pen: usize,
    panel: Panel,
    /// Of each worst value the line that it is of.
    owners: Vec<usize>,
}

impl<'a> PanelBuilder<'a> {
    pub(super) fn new(report: &'a Report, quantity: &str, unit: &str) -> PanelBuilder<'a> {
        PanelBuilder {
            report,
            end: time_axis(report).end,
            next_pen: 0,
            panel: Panel {
                quantity: quantity.to_owned(),
                unit: unit.to_owned(),
                weight: 1.0,
                with_zero: false,
                traces: Vec::new(),
                limits: Vec::new(),
                bands: Vec::new(),
                worst: Vec::new(),
            },
            owners: Vec::new(),
        }
    }

    pub(super) fn weight(mut self, weight: f64) -> Self {
        self.panel.weight = weight;
        self
    }

    pub(super) fn with_zero(mut self) -> Self {
        self.panel.with_zero = true;
        self
    }

    /// Adds a series with the next pen.
    pub(super) fn series(&mut self, label: &str, series: &Series) {
        if series.is_empty() {
            return;
        }
        let pen = Pen::at(self.next_pen);
        self.next_pen += 1;
        self.panel
            .traces
            .push(trace(words::spoken(label), pen, series, self.end));
    }

    /// Adds what a device was told, if it was told at least once.
    pub(super) fn command(&mut self, label: &str, story: &DeviceStory, name: &str) {
        let told = story.set_points.iter().find(|told| told.name == name);
        if let Some(told) = told.filter(|told| !told.series.is_empty()) {
            let label = words::spoken(label);
            self.panel
                .traces
                .push(trace(label, Pen::Command, &told.series, self.end));
        }
    }

    /// Adds a channel of a device, with the limits and the worst values of its checks.
    pub(super) fn channel(&mut self, label: &str, id: DeviceId, name: &str) {
        let Some(device) = self.report.header.device_at(id) else {
            return;
        };
        let Some(place) = device.channels.iter().position(|c| &*c.name == name) else {
            return;
        };
        let series = &self.report.devices[usize::from(id.0)].channels[place];
        if series.is_empty() {
            return;
        }
        self.series(label, series);
        let subject = Subject::Channel {
            device: id,
            channel: place as u16,
        };
        let report = self.report;
        for check in report
            .header
            .checks
            .iter()
            .filter(|check| check.subject == subject)
        {
            self.check(check);
        }
    }

    fn check(&mut self, check: &CheckSpec) {
        for (option, sign) in LIMITS {
            let Some(value) = check.options.number(option) else {
                continue;
            };
            let label = format!("{sign} {}", words::quantity(value, &self.panel.unit));
            let windows = check.windows.iter().map(|named| named.window);
            let during: Vec<(f64, f64)> = windows
                .map(|w| (w.start.as_secs_f64(), w.end.as_secs_f64()))
                .collect();
            let full = self.panel.limits.len() >= MOST_LIMITS;
            let same = self
                .panel
                .limits
                .iter_mut()
                .find(|known| known.label == label);
            match same {
                Some(known) => known.during = union(&known.during, &during),
                None if full => {}
                None => self.panel.limits.push(Limit {
                    label,
                    value,
                    during,
                }),
            }
        }
        let finding = self.report.findings.iter().find(|f| f.check == check.name);
        let Some(finding) = finding else { return };
        // Only a value in the panel's own quantity is a point of it: a slope is not.
        let own = finding.unit == self.panel.unit && check.options.number("max_rate").is_none();
        if let (Some(at), Some(value), true) = (finding.at, finding.value, own) {
            let told = words::quantity(value, &finding.unit);
            let label = match finding.verdict {
                Verdict::Fail => format!("{told} — fails"),
                _ => told,
            };
            let spot = Spot {
                at: at.as_secs_f64(),
                value,
                label,
            };
            // More would hide what they tell of.
            if self.panel.worst.len() < SPOTS && self.lies_on_a_trace(&spot) {
                self.panel.worst.push(spot);
                self.owners.push(self.next_pen.saturating_sub(1));
            }
        }
    }

    /// Whether the panel shows such a value at all; a check may tell a mean or a spread.
    fn lies_on_a_trace(&self, spot: &Spot) -> bool {
        self.panel.traces.iter().any(|trace| {
            let lines = trace.lines.iter().flatten();
            let near = |time: f64| (time - spot.at).abs() <= 3.0 * self.end / COLUMNS;
            let mut low = f64::INFINITY;
            let mut high = f64::NEG_INFINITY;
            for &(_, value) in lines.filter(|(time, _)| near(*time)) {
                (low, high) = (low.min(value), high.max(value));
            }
            for &(_, min, max) in trace.extremes.iter().filter(|(time, ..)| near(*time)) {
                (low, high) = (low.min(min), high.max(max));
            }
            let slack = 0.02 * (high - low).abs() + 1e-3 * spot.value.abs() + 1e-9;
            low - slack <= spot.value && spot.value <= high + slack
        })
    }

    /// Adds the panel, if it shows anything: as several where it has more lines than there are pens, for
    /// two lines that look alike tell nothing. What a device was told, and its worst values, go with its line.
    pub(super) fn add_to(self, panels: &mut Vec<Panel>) {
        let mut panel = self.panel;
        let traces = std::mem::take(&mut panel.traces);
        let spots = std::mem::take(&mut panel.worst);
        let mut some: Vec<[Vec<Trace>; 2]> = Vec::new();
        for trace in traces {
            let is_told = trace.pen == Pen::Command;
            let full = some.last().is_none_or(|[own, _]| own.len() == PENS);
            if some.is_empty() || (full && !is_told) {
                some.push([Vec::new(), Vec::new()]);
            }
            if let Some(last) = some.last_mut() {
                last[usize::from(is_told)].push(trace);
            }
        }
        for (place, [mut own, told]) in some.into_iter().enumerate() {
            if own.is_empty() {
                continue;
            }
            own.extend(told);
            let spots = spots.iter().zip(&self.owners);
            let worst = spots.filter(|(_, owner)| **owner / PENS == place);
            panels.push(Panel {
                traces: own,
                worst: worst.map(|(spot, _)| spot.clone()).collect(),
                ..panel.clone()
            });
        }
    }

    pub(super) fn panel(&mut self) -> &mut Panel {
        &mut self.panel
    }
}
