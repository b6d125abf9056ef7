//! One device's part of the run: its series, its states, and what went wrong with it.

use profiles::correlation::{Correlator, ONBOARD_TIME};
use profiles::reading::{Damage, DamageKind, Reading, Value};
use profiles::time::BenchTime;

use crate::header::DeviceHeader;
use crate::rows::{Column, Rows};

use super::latency::percentile;
use super::series::{Grid, Series, push_rows};

/// How many changes of one state are kept of each bucket of the grid: of more, the first and the last, so
/// that the state at the end of each bucket is the true one however fast it changes.
const CHANGES_KEPT: u8 = 2;

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

/// How many set points are kept for exact percentiles; 16 MB, more than a year at one in ten
/// seconds.
const SET_POINTS_KEPT: usize = 4_000_000;

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
    /// For each channel, the bucket of its last change, and how many of that bucket are kept.
    crowds: Vec<(u64, u8)>,
    factors: Option<(u16, u16)>,
    /// The channel that tells its own time, and what it told.
    clock: Option<(u16, Correlator)>,
    /// How late each set point was, µs.
    late: Vec<u32>,
}

/// How late the set points of a device were, µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lateness {
    /// Half of them were at most so late.
    pub p50_us: u32,
    /// Ninety-nine in a hundred were.
    pub p99_us: u32,
    /// The latest.
    pub max_us: u32,
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
            crowds: vec![(0, 0); device.channels.len()],
            power: power.map(|(_, _, name)| NamedSeries {
                name,
                unit: "W",
                series: Series::sampled(),
            }),
            set_points: Vec::new(),
            counts: Counts::default(),
            late: Vec::new(),
            factors: power.map(|(volts, amps, _)| (volts, amps)),
            clock: place(ONBOARD_TIME).map(|place| (place as u16, Correlator::new())),
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
                let crowd = &mut self.crowds[channel];
                note_change(
                    &mut self.changes[channel],
                    crowd,
                    place,
                    Change { at, state },
                );
            }
            if reading.channel == factors.0 {
                volts = Some(value);
            } else if reading.channel == factors.1 {
                amps = Some(value);
            }
            if let Some((clock, correlator)) = &mut self.clock
                && *clock == reading.channel
            {
                correlator.push(at, value);
            }
        }
        if let (Some(volts), Some(amps), Some(power)) = (volts, amps, &mut self.power) {
            power.series.push(at_us, place, volts * amps);
        }
    }

    /// The same as [`DeviceStory::sampled`] of each row.
    pub(super) fn rows(&mut self, grid: Grid, rows: &Rows<'_>) {
        let times = rows.times();
        let columns = rows.columns().count();
        self.counts.samples += times.len() as u64;
        self.counts.readings += (times.len() * columns) as u64;
        let mut start = 0;
        while start < times.len() {
            let place = grid.place(times[start]);
            let end = times[start..].partition_point(|at| grid.place(*at) == place);
            self.bucket(place, &rows.part(start, start + end));
            start += end;
        }
        if let Some((channel, correlator)) = &mut self.clock
            && let Some(told) = rows.of(*channel)
        {
            for (at, told) in times.iter().zip(told) {
                correlator.push(*at, *told);
            }
        }
    }

    /// Takes rows of one bucket of the grid.
    fn bucket(&mut self, place: u64, rows: &Rows<'_>) {
        let known = |(column, _): &(Column, _)| usize::from(column.channel) < self.channels.len();
        let columns: Vec<(Column, &[f64])> = rows.columns().filter(known).collect();
        let mut rest = columns.as_slice();
        while let Some((some, behind)) = rest.split_first_chunk::<3>() {
            let places = some.map(|(column, _)| usize::from(column.channel));
            // No channel has two columns.
            if let Ok(series) = self.channels.get_disjoint_mut(places) {
                push_rows(series, rows, place, some.map(|(_, values)| values));
            }
            rest = behind;
        }
        for (column, values) in rest {
            let series = &mut self.channels[usize::from(column.channel)];
            push_rows([series], rows, place, [values]);
        }
        for (column, values) in columns.iter().filter(|(column, _)| column.is_state) {
            let channel = usize::from(column.channel);
            let (changes, crowd) = (&mut self.changes[channel], &mut self.crowds[channel]);
            for (&at, &state) in rows.times().iter().zip(*values) {
                let state = state as u16;
                note_change(changes, crowd, place, Change { at, state });
            }
        }
        if let Some((volts, amps)) = self.factors
            && let (Some(volts), Some(amps)) = (rows.of(volts), rows.of(amps))
            && let Some(power) = &mut self.power
        {
            let watts: Vec<f64> = volts.iter().zip(amps).map(|(v, a)| v * a).collect();
            push_rows([&mut power.series], rows, place, [&watts]);
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
        if self.late.len() < SET_POINTS_KEPT {
            self.late.push(u32::try_from(late_us).unwrap_or(u32::MAX));
        }
    }

    /// Its own clock against bench time, if it told it.
    pub fn clock(&self) -> Option<&Correlator> {
        let clock = self.clock.as_ref().map(|(_, correlator)| correlator);
        clock.filter(|correlator| !correlator.is_empty())
    }

    /// How late its set points were; `None` if there were none.
    pub fn lateness(&self) -> Option<Lateness> {
        let mut late = self.late.clone();
        late.sort_unstable();
        Some(Lateness {
            max_us: *late.last()?,
            p50_us: percentile(&late, 50),
            p99_us: percentile(&late, 99),
        })
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

fn note_change(
    changes: &mut Vec<Change>,
    (bucket, kept): &mut (u64, u8),
    place: u64,
    change: Change,
) {
    if changes
        .last()
        .is_some_and(|last| last.state == change.state)
    {
        return;
    }
    if *bucket != place {
        (*bucket, *kept) = (place, 0);
    }
    if *kept == CHANGES_KEPT {
        // This one takes the place of the last, unless it goes back to what was before that.
        changes.pop();
        *kept -= 1;
        if changes
            .last()
            .is_some_and(|last| last.state == change.state)
        {
            return;
        }
    }
    changes.push(change);
    *kept += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept tells the true state at the end of each bucket, in room that is bounded.
    #[test]
    fn states_that_change_all_the_time_are_true_to_the_end() {
        let (mut changes, mut crowd) = (Vec::new(), (0, 0));
        let told = (0..100_000_u64).map(|tick| (tick, (tick * tick / 7 % 3) as u16));
        let mut ends = Vec::new();
        for (tick, state) in told {
            let at = BenchTime::from_millis(tick);
            note_change(&mut changes, &mut crowd, tick / 1_000, Change { at, state });
            if tick % 1_000 == 999 {
                ends.push((at, state));
            }
        }
        assert!(changes.len() <= 200, "{}", changes.len());
        for (at, state) in ends {
            let last = changes.iter().rfind(|change| change.at <= at);
            assert_eq!(last.map(|change| change.state), Some(state), "{at}");
        }
        assert!(changes.windows(2).all(|two| two[0].state != two[1].state));
    }
}
