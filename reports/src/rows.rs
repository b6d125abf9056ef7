//! Rows: readings that one device told one after another, all of the same channels, as columns. Of a record
//! with millions of readings nearly all can be handed on so, hundreds at once.

use std::sync::Arc;

use profiles::reading::Reading;
use profiles::time::BenchTime;

use crate::event::{DeviceId, Event, EventKind};

/// A channel of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Position in the device's list of channels.
    pub channel: u16,
    /// Whether its values are numbers of states.
    pub is_state: bool,
}

/// Readings of one device: a row for each time that it told something, in order. No event came between them.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    device: DeviceId,
    times: &'a [BenchTime],
    columns: &'a [Column],
    /// Column after column, `height` values each.
    values: &'a [f64],
    height: usize,
    /// The first row of each column that counts.
    first: usize,
    interval_us: Option<u64>,
}

impl<'a> Rows<'a> {
    /// Rows of `device`, with the values of each column behind those of the one before.
    ///
    /// # Panics
    /// If there are not as many values as rows and columns make, or times go back.
    pub fn new(
        device: DeviceId,
        times: &'a [BenchTime],
        columns: &'a [Column],
        values: &'a [f64],
    ) -> Rows<'a> {
        assert_eq!(values.len(), times.len() * columns.len(), "values of rows");
        let interval_us = interval_us(times);
        Rows {
            device,
            times,
            columns,
            values,
            height: times.len(),
            first: 0,
            interval_us,
        }
    }

    /// Who told them.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// When each row was told; never going back.
    pub fn times(&self) -> &'a [BenchTime] {
        self.times
    }

    /// The time from each row to the next, µs, if it is always the same.
    pub fn interval_us(&self) -> Option<u64> {
        self.interval_us
    }

    /// Whether the channel is in the rows.
    pub fn has(&self, channel: u16) -> bool {
        self.columns.iter().any(|column| column.channel == channel)
    }

    /// The values of a channel, one for each row; those of a state are its numbers.
    pub fn of(&self, channel: u16) -> Option<&'a [f64]> {
        let mut columns = self.columns();
        let found = columns.find(|(column, _)| column.channel == channel);
        found.map(|(_, values)| values)
    }

    /// Each column with its values.
    pub fn columns(&self) -> impl Iterator<Item = (Column, &'a [f64])> {
        let (first, length) = (self.first, self.times.len());
        let values = self.values.chunks_exact(self.height.max(1));
        let values = values.map(move |values| &values[first..first + length]);
        self.columns.iter().copied().zip(values)
    }

    /// The rows from `start` up to `end`, by their places.
    ///
    /// # Panics
    /// If there are not as many.
    #[must_use]
    pub fn part(&self, start: usize, end: usize) -> Rows<'a> {
        Rows {
            times: &self.times[start..end],
            first: self.first + start,
            ..*self
        }
    }

    /// Gives each row as the event that it is.
    pub fn each(&self, take: &mut dyn FnMut(&Event)) {
        // The memory of one row serves for the next, if nobody kept it.
        let mut free: Option<Arc<[Reading]>> = None;
        for (row, &at) in self.times.iter().enumerate() {
            let told = self.columns().map(|(column, values)| match values[row] {
                state if column.is_state => Reading::state(column.channel, state as u16),
                number => Reading::number(column.channel, number),
            });
            let readings = match free.as_mut().and_then(Arc::get_mut) {
                Some(room) => {
                    for (place, reading) in room.iter_mut().zip(told) {
                        *place = reading;
                    }
                    free.take()
                }
                None => Some(told.collect()),
            };
            let Some(readings) = readings else { continue };
            let event = Event {
                at,
                device: self.device,
                kind: EventKind::Sampled { readings },
            };
            take(&event);
            if let EventKind::Sampled { readings } = event.kind {
                free = Some(readings);
            }
        }
    }
}

/// The one interval of `times`, if there is but one.
fn interval_us(times: &[BenchTime]) -> Option<u64> {
    let mut intervals = times.windows(2).map(|two| {
        assert!(two[0] <= two[1], "rows in order of time");
        two[1].micros_since(two[0])
    });
    let first = intervals.next()?;
    let mut is_same = true;
    for next in intervals {
        // All are looked at, for the order is theirs to keep.
        is_same &= next == first;
    }
    is_same.then_some(first)
}
