//! Packets to columns of engineering values: one table for each kind of packet, one column for
//! each of its fields, all doubles.
//!
//! Each field is compiled to how its bits are read and what is done to them, small enough that a
//! packet's fields stand in a few lines of the cache. Whole octets of the usual widths have loops
//! of their own, which the compiler turns into vector instructions; of other widths several
//! elements come from one load. Packets whose fields always stand at the same places are gathered
//! first and then read field by field (`rows`). Columns keep their room when they are cleared, so
//! that a stream costs no allocation once it flows.

use super::layout::{Fields, Layouts, Misfit, Scratch, Span, bits};
use super::rows::Rows;
use super::{Calibration, Coding, Count, Field, Packet};
use crate::telemetry::ccsds::time::Time;

/// A table for each kind of packet, in the order of the dictionary.
#[derive(Clone, Debug)]
pub struct Columns {
    tables: Vec<Table>,
}

/// All packets of one kind.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Where each packet begins in the stream.
    pub offsets: Vec<u64>,
    /// Sequence count of each packet.
    pub counts: Vec<u16>,
    /// On-board time of each packet in seconds since 1958-01-01; not a number without one.
    pub times: Vec<f64>,
    /// A column for each field of the packet, named or spare; a spare one stays empty.
    pub columns: Vec<Column>,
    /// Whether there is a secondary header with a time.
    timed: bool,
    steps: Vec<Step>,
    /// Packets that are not in the columns yet, if all of this kind have the same layout.
    rows: Option<Rows>,
}

/// All values of one field.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// Engineering values, packet after packet; empty for octets and texts.
    pub values: Vec<f64>,
    /// Octets, packet after packet; empty for numbers.
    pub octets: Vec<u8>,
    /// Where each packet's elements end, in `values` or `octets`; empty if every packet has the
    /// same number of elements.
    pub ends: Vec<u32>,
}

/// A field, compiled.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) read: Read,
    /// Whether packets tell how many elements there are.
    varying: bool,
    pub(super) width: u32,
    pub(super) scale: Scale,
}

/// How the bits of a field are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Read {
    /// Not at all.
    Spare,
    Octets,
    Unsigned,
    Signed,
    Float32,
    Float64,
}

/// What makes an engineering value of a raw one.
#[derive(Clone, Debug)]
pub(super) enum Scale {
    None,
    Linear(f64, f64),
    Other(Box<Calibration>),
}

impl Columns {
    /// Empty columns for what `layouts` describe.
    pub fn new(layouts: &Layouts) -> Columns {
        let table = |packet: &Packet| Table {
            columns: vec![Column::default(); packet.fields.len()],
            timed: packet.service.is_some(),
            steps: packet.fields.iter().map(Step::of).collect(),
            rows: Rows::of(packet),
            ..Table::default()
        };
        Columns {
            tables: layouts.dictionary().packets.iter().map(table).collect(),
        }
    }

    /// The table of packet number `kind`, with all that was pushed.
    pub fn table(&mut self, kind: usize) -> &Table {
        let table = &mut self.tables[kind];
        table.settle();
        table
    }

    /// Takes a whole space packet apart, that begins at `offset` of its stream and whose checksum is
    /// right, and appends it. Tells its kind in `layouts`, from which these columns were made, and
    /// what does not fit; `None` if it is of no kind.
    #[inline]
    pub fn take(
        &mut self,
        layouts: &Layouts,
        offset: u64,
        packet: &[u8],
        scratch: &mut Scratch,
    ) -> Option<(usize, Option<Misfit>)> {
        let kind = layouts.kind(packet)?;
        let table = &mut self.tables[kind];
        if let Some(rows) = &mut table.rows
            && rows.has_length(packet)
        {
            table.offsets.push(offset);
            if rows.push(packet) {
                table.settle();
            }
            return Some((kind, None));
        }
        let (fields, misfit) = layouts.fields(kind, packet, scratch);
        self.push(offset, packet, &fields);
        Some((kind, misfit))
    }

    /// Appends a whole space packet that begins at `offset` of its stream, taken apart.
    pub fn push(&mut self, offset: u64, packet: &[u8], fields: &Fields<'_>) {
        let table = &mut self.tables[fields.kind];
        table.offsets.push(offset);
        let is_full = match &mut table.rows {
            Some(rows) if rows.fits(packet, fields.user) => rows.push(packet),
            _ => {
                table.settle();
                return table.push(packet, fields);
            }
        };
        if is_full {
            table.settle();
        }
    }

    /// Empties all columns; they keep their room.
    pub fn clear(&mut self) {
        for table in &mut self.tables {
            table.offsets.clear();
            table.counts.clear();
            table.times.clear();
            if let Some(rows) = &mut table.rows {
                rows.clear();
            }
            for column in &mut table.columns {
                column.values.clear();
                column.octets.clear();
                column.ends.clear();
            }
        }
    }

    /// Values in all columns.
    pub fn values(&mut self) -> usize {
        self.tables.iter_mut().for_each(Table::settle);
        let columns = self.tables.iter().flat_map(|table| &table.columns);
        columns.map(|column| column.values.len()).sum()
    }
}

impl Table {
    /// Appends a packet, but not its offset.
    fn push(&mut self, packet: &[u8], fields: &Fields<'_>) {
        self.counts.push(count_of(packet));
        self.times.push(time_of(packet, self.timed));
        let spans = fields.spans.iter();
        for ((column, step), span) in self.columns.iter_mut().zip(&self.steps).zip(spans) {
            column.push(step, *span, fields.user);
        }
    }

    /// Brings the packets that were gathered into the columns.
    fn settle(&mut self) {
        let Some(mut rows) = self.rows.take() else {
            return;
        };
        if !rows.is_empty() {
            let timed = self.timed;
            self.counts.extend(rows.packets().map(count_of));
            let times = rows.packets().map(|packet| time_of(packet, timed));
            self.times.extend(times);
            let steps = self.columns.iter_mut().zip(&self.steps);
            for ((column, step), span) in steps.zip(rows.spans()) {
                column.push_rows(step, *span, &rows);
            }
            rows.clear();
        }
        self.rows = Some(rows);
    }
}

/// The sequence count in a packet's header.
#[inline]
fn count_of(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[2], packet[3]]) & 0x3fff
}

/// The time in a packet's secondary header, if it has one.
#[inline]
fn time_of(packet: &[u8], timed: bool) -> f64 {
    let coded = packet.get(13..).and_then(<[u8]>::first_chunk);
    let at = coded.filter(|_| timed).and_then(Time::from_bytes);
    at.map_or(f64::NAN, Time::seconds)
}

impl Step {
    pub(super) fn of(field: &Field) -> Step {
        let read = match field.coding {
            _ if field.name.is_none() => Read::Spare,
            Coding::Octets | Coding::Text => Read::Octets,
            Coding::Unsigned => Read::Unsigned,
            Coding::Signed => Read::Signed,
            Coding::Float if field.bits == 32 => Read::Float32,
            Coding::Float => Read::Float64,
        };
        let scale = match &field.calibration {
            Calibration::None => Scale::None,
            Calibration::Polynomial(terms) if terms.len() == 2 => Scale::Linear(terms[0], terms[1]),
            other => Scale::Other(Box::new(other.clone())),
        };
        Step {
            read,
            varying: matches!(field.count, Count::Field(_) | Count::Rest),
            width: field.bits,
            scale,
        }
    }
}

impl Column {
    /// Appends the elements of one packet.
    #[inline]
    pub(super) fn push(&mut self, step: &Step, span: Span, user: &[u8]) {
        match (step.read, &step.scale) {
            (Read::Spare, _) => return,
            (Read::Octets, _) => self.run_of_octets(span, user),
            (_, Scale::None) => self.numbers(step, span, user, |raw| raw),
            (_, Scale::Linear(offset, slope)) => {
                self.numbers(step, span, user, |raw| offset + slope * raw);
            }
            (_, Scale::Other(other)) => self.numbers(step, span, user, |raw| other.apply(raw)),
        }
        if step.varying {
            self.ends
                .push((self.values.len() + self.octets.len()) as u32);
        }
    }

    fn run_of_octets(&mut self, span: Span, user: &[u8]) {
        if span.bit.is_multiple_of(8) {
            let start = span.bit / 8;
            self.octets
                .extend_from_slice(&user[start..start + span.count]);
        } else {
            let octet = |index: usize| bits(user, span.bit + 8 * index, 8) as u8;
            self.octets.extend((0..span.count).map(octet));
        }
    }

    #[inline]
    fn numbers(&mut self, step: &Step, span: Span, user: &[u8], to: impl Fn(f64) -> f64) {
        let width = step.width as usize;
        if span.bit.is_multiple_of(8) && width.is_multiple_of(8) {
            let start = span.bit / 8;
            let octets = &user[start..start + span.count * width / 8];
            match (step.read, width) {
                (Read::Unsigned, 8) => {
                    return self.each(octets, |[octet]| to(f64::from(octet)));
                }
                (Read::Unsigned, 16) => {
                    return self.each(octets, |octets| to(f64::from(u16::from_be_bytes(octets))));
                }
                (Read::Signed, 16) => {
                    return self.each(octets, |octets| to(f64::from(i16::from_be_bytes(octets))));
                }
                (Read::Unsigned, 32) => {
                    return self.each(octets, |octets| to(f64::from(u32::from_be_bytes(octets))));
                }
                (Read::Signed, 32) => {
                    return self.each(octets, |octets| to(f64::from(i32::from_be_bytes(octets))));
                }
                (Read::Float32, _) => {
                    return self.each(octets, |octets| to(f64::from(f32::from_be_bytes(octets))));
                }
                (Read::Float64, _) => {
                    return self.each(octets, |octets| to(f64::from_be_bytes(octets)));
                }
                _ => {}
            }
        }
        self.any_bits(step, span, user, to);
    }

    #[inline]
    fn each<const N: usize>(&mut self, octets: &[u8], to: impl Fn([u8; N]) -> f64) {
        let (elements, _) = octets.as_chunks();
        if let [only] = elements {
            self.values.push(to(*only));
        } else {
            self.values
                .extend(elements.iter().map(|element| to(*element)));
        }
    }

    #[inline]
    fn any_bits(&mut self, step: &Step, span: Span, user: &[u8], to: impl Fn(f64) -> f64) {
        let width = step.width;
        // From 57 bits, of which the first is somewhere in the first octet of a load.
        let at_once = if span.count == 1 {
            0
        } else {
            57 / width as usize
        };
        let number = |raw: u64| {
            to(match step.read {
                Read::Signed => ((raw << (64 - width)).cast_signed() >> (64 - width)) as f64,
                Read::Float32 => f64::from(f32::from_bits(raw as u32)),
                Read::Float64 => f64::from_bits(raw),
                // A conversion from signed is one instruction; from 64 bits unsigned it is five.
                _ if width < 64 => raw.cast_signed() as f64,
                _ => raw as f64,
            })
        };
        let (mut bit, mut left) = (span.bit, span.count);
        while left >= at_once.max(2) && at_once > 1 {
            let mut window = bits(user, bit, 57) << 7;
            self.values.extend((0..at_once).map(|_| {
                let raw = window >> (64 - width);
                window <<= width;
                number(raw)
            }));
            bit += at_once * width as usize;
            left -= at_once;
        }
        for _ in 0..left {
            self.values.push(number(bits(user, bit, width)));
            bit += width as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::super::Raw;
    use super::*;

    proptest! {
        #[test]
        fn columns_hold_what_is_read_value_by_value(
            user in vec(any::<u8>(), 40..80), bit in 0..17_usize, width in 1..=64_u32, count in 0..5_usize, coding in 0..3_u8,
        ) {
            let (coding, width) = match coding {
                0 => (Coding::Unsigned, width),
                1 => (Coding::Signed, width),
                _ => (Coding::Float, if width % 2 == 0 { 32 } else { 64 }),
            };
            let field = Field {
                coding,
                calibration: Calibration::Polynomial(vec![1.0, 2.0]),
                ..Field::unsigned(Some("x".to_owned()), width)
            };
            let mut column = Column::default();
            column.push(&Step::of(&field), Span { bit, count }, &user);
            let expected: Vec<u64> = (0..count)
                .map(|index| Raw::read(&user, bit + index * width as usize, coding, width).number())
                .map(|raw| (1.0 + 2.0 * raw).to_bits())
                .collect();
            let got: Vec<u64> = column.values.iter().map(|value| value.to_bits()).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
