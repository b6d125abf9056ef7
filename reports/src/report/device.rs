//! One device's part of the run: its series, its states, and what went wrong with it.

use profiles::reading::{Damage, DamageKind, Reading, Value};
use profiles::time::BenchTime;

use crate::header::DeviceHeader;

use super::series::Series;

/// How many changes of one state are kept.
const CHANGES_KEPT: usize = 2_000;

/// Pairs of channels whose product is a power.
const POWERS: [(&str, &str, &str); 2] = [
    ("volts", "amps", "watts"),
    ("bus_volts", "bus_amps", "bus_watts"),
];

/// A change of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: BenchTime,
    /// To which state, by its number.
    pub state: u16,
}

/// A series that is computed or commanded rather than told.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedSeries {
    /// Its name, as a channel's would be.
    pub name: &'static str,
    /// Symbol of its unit.
    pub unit: &'static str,
    /// Its values.
    pub series: Series,
}

/// What was counted of one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events with readings.
    pub samples: u64,
    /// Readings.
    pub readings: u64,
    /// Damages.
    pub damages: u64,
    /// Bytes that meant nothing.
    pub damaged_bytes: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Questions asked again.
    pub retries: u64,
    /// Queries without an answer.
    pub no_response: u64,
    /// Boots by itself.
    pub boots: u64,
    /// Set points taken.
    pub set_points: u64,
    /// The latest set point, µs.
    pub late_max_us: u64,
    /// Lateness of all set points together, µs.
    pub late_sum_us: u64,
}

/// One device's part of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceStory {
    /// Its channels, in the order of the header.
    pub channels: Vec<Series>,
    /// Changes of its channels of states, in the order of the header; empty for numbers.
    pub changes: Vec<Vec<Change>>,
    /// Power, from volts and amperes told together.
    pub power: Option<NamedSeries>,
    /// What it was told: `volts`, `limit`, `target`.
    pub set_points: Vec<NamedSeries>,
    /// Counts.
    pub counts: Counts,
    factors: Option<(u16, u16)>,
}

impl DeviceStory {
    pub(super) fn new(device: &DeviceHeader) -> DeviceStory {
        let place = |name: &str| device.channels.iter().position(|c| &*c.name == name);
        let power = POWERS.iter().find_map(|&(volts, amps, watts)| {
            if place(watts).is_some() {
                return None;
            }
            Some((place(volts)? as u16, place(amps)? as u16, watts))
        });
        DeviceStory {
            channels: vec![Series::sampled(); device.channels.len()],
            changes: vec![Vec::new(); device.channels.len()],
            power: power.map(|(_, _, name)| NamedSeries {
                name,
                unit: "W",
                series: Series::sampled(),
            }),
            set_points: Vec::new(),
            counts: Counts::default(),
            factors: power.map(|(volts, amps, _)| (volts, amps)),
        }
    }

    /// Takes one message of readings; the heart of the gatherer, for millions of them.
    pub(super) fn sampled(&mut self, at: BenchTime, place: u64, readings: &[Reading]) {
        let at_us = at.as_micros();
        self.counts.samples += 1;
        self.counts.readings += readings.len() as u64;
        let (mut volts, mut amps) = (None, None);
        let factors = self.factors.unwrap_or((u16::MAX, u16::MAX));
        for reading in readings {
            let channel = usize::from(reading.channel);
            let Some(series) = self.channels.get_mut(channel) else {
                continue;
            };
            let value = reading.value.as_f64();
            series.push(at_us, place, value);
            if let Value::State(state) = reading.value {
                note_change(&mut self.changes[channel], at, state);
            }
            if reading.channel == factors.0 {
                volts = Some(value);
            } else if reading.channel == factors.1 {
                amps = Some(value);
            }
        }
        if let (Some(volts), Some(amps), Some(power)) = (volts, amps, &mut self.power) {
            power.series.push(at_us, place, volts * amps);
        }
    }

    pub(super) fn damaged(&mut self, damage: Damage) {
        self.counts.damages += 1;
        self.counts.damaged_bytes += u64::from(damage.bytes);
        if let DamageKind::Gap { lost } = damage.why {
            self.counts.lost += u64::from(lost);
        }
    }

    pub(super) fn set_point(&mut self, late_us: u64) {
        self.counts.set_points += 1;
        self.counts.late_sum_us = self.counts.late_sum_us.saturating_add(late_us);
        self.counts.late_max_us = self.counts.late_max_us.max(late_us);
    }

    /// The commanded series of that name, begun if need be.
    pub(super) fn commanded(&mut self, name: &'static str, unit: &'static str) -> &mut Series {
        let known = self
            .set_points
            .iter()
            .position(|series| series.name == name);
        let place = known.unwrap_or_else(|| {
            let series = Series::held();
            self.set_points.push(NamedSeries { name, unit, series });
            self.set_points.len() - 1
        });
        &mut self.set_points[place].series
    }
}

fn note_change(changes: &mut Vec<Change>, at: BenchTime, state: u16) {
    if changes.last().is_none_or(|last| last.state != state) && changes.len() < CHANGES_KEPT {
        changes.push(Change { at, state });
    }
}
