//! Messages of readings that follow one another in a chunk, all with the same channels, as rows: what a device
//! told hundreds of times is read column by column.

use profiles::time::BenchTime;

use super::chunks::{MESSAGE_HEAD, Message, RECORD_HEAD};
use super::wire::{Place, places};
use crate::event::DeviceId;
use crate::rows::{Column, Rows};

/// As many rows as are read at once at most: their octets stay in the nearest cache.
const MOST: usize = 512;

/// Fewer are not worth it.
const LEAST: usize = 8;

/// Where the time of a message stands behind the begin of its record: behind channel and sequence.
const TIME_AT: usize = RECORD_HEAD + 6;

/// Opcode, length and channel: what records of one kind begin with.
const KIND: usize = RECORD_HEAD + 2;

/// Reads rows, in memory that serves again and again.
#[derive(Debug, Default)]
pub(super) struct RowReader {
    places: Vec<Place>,
    columns: Vec<Column>,
    times: Vec<BenchTime>,
    values: Vec<f64>,
}

impl RowReader {
    /// The rows that begin with `message` of the chunk `records`, which `device` told, and where in the chunk
    /// they end. `None` if there are too few that are alike.
    pub(super) fn read(
        &mut self,
        records: &[u8],
        message: &Message<'_>,
        device: DeviceId,
    ) -> Option<(Rows<'_>, usize)> {
        let stride = RECORD_HEAD + MESSAGE_HEAD + message.data.len();
        let records_from = records.get(message.place..)?;
        let kind: &[u8; KIND] = records_from.first_chunk()?;
        for row in [1, LEAST - 1] {
            if records_from.get(row * stride..)?.first_chunk() != Some(kind) {
                return None;
            }
        }
        places(message.data, &mut self.places)?;
        // Devices that tell one channel a message have many that are alike but for the channel.
        let mut least = records_from.chunks_exact(stride).take(LEAST);
        if !least.all(|record| self.places.iter().all(|place| is_in(place, record))) {
            return None;
        }
        self.take_times(records_from, stride, kind);
        self.take_values(records_from, stride);
        if self.times.len() < LEAST {
            return None;
        }
        let end = message.place + self.times.len() * stride;
        let rows = Rows::new(device, &self.times, &self.columns, &self.values);
        Some((rows, end))
    }

    /// The times of the messages at the begin of `records` that are of one kind and never go back.
    fn take_times(&mut self, records: &[u8], stride: usize, kind: &[u8; KIND]) {
        self.times.clear();
        let mut last = 0;
        for record in records.chunks_exact(stride).take(MOST) {
            let time = record[TIME_AT..].first_chunk();
            let nanos = time.map_or(0, |octets| u64::from_le_bytes(*octets));
            // Who looks for a time in rows looks by halves.
            if record.first_chunk() != Some(kind) || nanos < last {
                break;
            }
            last = nanos;
            self.times.push(BenchTime::from_micros(nanos / 1_000));
        }
    }

    /// The values of those that have their readings where the first one has, column after column. If not all
    /// have, the times of the others go.
    fn take_values(&mut self, records: &[u8], stride: usize) {
        let places = self.places.iter();
        self.columns.clear();
        self.columns.extend(places.map(|place| Column {
            channel: place.channel,
            is_state: place.is_state,
        }));
        loop {
            let height = self.times.len();
            self.values.resize(height * self.places.len(), 0.0);
            let columns = self.values.chunks_exact_mut(height.max(1));
            let taken = columns
                .zip(&self.places)
                .map(|(column, place)| values(column, records.chunks_exact(stride), place));
            let least = taken.min().unwrap_or(height);
            if least == height {
                return;
            }
            self.times.truncate(least);
        }
    }
}

/// Whether the message in `record` has a reading in `place`.
fn is_in(place: &Place, record: &[u8]) -> bool {
    values(&mut [0.0], std::iter::once(record), place) == 1
}

/// Takes the value in `place` out of each of `records` until one has none there; how many had.
fn values<'a>(column: &mut [f64], records: impl Iterator<Item = &'a [u8]>, place: &Place) -> usize {
    if place.is_state {
        states(column, records, place)
    } else {
        numbers(column, records, place)
    }
}

/// The same of a number.
fn numbers<'a>(
    column: &mut [f64],
    records: impl Iterator<Item = &'a [u8]>,
    place: &Place,
) -> usize {
    let at = RECORD_HEAD + MESSAGE_HEAD + place.value_at - 2;
    let mut taken = 0;
    for (value, record) in column.iter_mut().zip(records) {
        match record.get(at..).and_then(<[u8]>::first_chunk) {
            Some(&[p, q, a, b, c, d, e, f, g, h])
                if u16::from_le_bytes([p, q]) & place.mask == place.tag =>
            {
                *value = f64::from_le_bytes([a, b, c, d, e, f, g, h]);
            }
            _ => break,
        }
        taken += 1;
    }
    taken
}

/// The same of a state in one octet.
fn states<'a>(column: &mut [f64], records: impl Iterator<Item = &'a [u8]>, place: &Place) -> usize {
    let at = RECORD_HEAD + MESSAGE_HEAD + place.value_at - 2;
    let mut taken = 0;
    for (value, record) in column.iter_mut().zip(records) {
        match record.get(at..).and_then(<[u8]>::first_chunk) {
            Some(&[p, q, state])
                if u16::from_le_bytes([p, q]) & place.mask == place.tag && state < 0x80 =>
            {
                *value = f64::from(state);
            }
            _ => break,
        }
        taken += 1;
    }
    taken
}

#[cfg(test)]
mod tests {
    use mcap::records::op;
    use proptest::prelude::*;

    use super::super::chunks::{message_at, record_at};
    use super::super::wire;
    use super::*;
    use crate::event::EventKind;

    /// Readings on some channels in order, as numbers and as states of few and many octets; or anything.
    fn octets() -> impl Strategy<Value = Vec<u8>> {
        let value = prop_oneof![
            any::<[u8; 8]>().prop_map(|number| (1, number.to_vec())),
            (0..0x90_u8).prop_map(|state| (0, vec![state])),
        ];
        let readings = prop::collection::btree_map(1..40_u16, value, 0..4);
        let readings = readings.prop_map(|readings| {
            let mut octets = Vec::new();
            for (channel, (kind, value)) in readings {
                match channel << 3 | kind {
                    tag @ 0..0x80 => octets.push(tag as u8),
                    tag => octets.extend([tag as u8 | 0x80, (tag >> 7) as u8]),
                }
                octets.extend(value);
            }
            octets
        });
        prop_oneof![9 => readings, 1 => prop::collection::vec(any::<u8>(), 1..12)]
    }

    proptest! {
        /// Whatever follows on a message, rows tell what each message tells by itself, and end before the
        /// first that tells nothing.
        #[test]
        fn rows_tell_what_their_messages_tell(
            data in octets(),
            flips in prop::collection::vec((8..40_usize, 0..12_usize, any::<u8>()), 0..4),
            steps in prop::collection::vec(0..3_u64, 2..40),
        ) {
            let (mut chunk, mut nanos) = (Vec::new(), 5_000);
            for step in &steps {
                nanos += step * 700;
                chunk.push(op::MESSAGE);
                chunk.extend(((MESSAGE_HEAD + data.len()) as u64).to_le_bytes());
                chunk.extend([3, 0, 0, 0, 0, 0]);
                chunk.extend(u64::to_le_bytes(nanos));
                chunk.extend(u64::to_le_bytes(nanos));
                chunk.extend(&data);
            }
            let stride = chunk.len() / steps.len();
            for (row, place, octet) in flips {
                let place = row * stride + RECORD_HEAD + MESSAGE_HEAD + place;
                if let Some(place) = chunk.get_mut(place) {
                    *place = octet;
                }
            }
            let (_, body) = record_at(&chunk, 0, chunk.len()).unwrap();
            let message = message_at(&chunk, body).unwrap();
            let mut reader = RowReader::default();
            let Some((rows, end)) = reader.read(&chunk, &message, DeviceId(0)) else {
                return Ok(());
            };
            prop_assert!(rows.times().len() >= LEAST && end == rows.times().len() * stride);
            let mut at = 0;
            rows.each(&mut |event| {
                let (_, body) = record_at(&chunk, at, end).unwrap();
                at = body.end;
                let message = message_at(&chunk, body).unwrap();
                let mut readings = Vec::new();
                wire::readings(message.data, &mut readings).unwrap();
                let EventKind::Sampled { readings: told } = &event.kind else {
                    panic!("{event:?}");
                };
                // In words, for not a number is equal to nothing.
                assert_eq!(format!("{told:?}"), format!("{readings:?}"));
                assert_eq!(event.at, message.at);
            });
            prop_assert_eq!(at, end);
        }
    }
}
