//! Packets of one kind and layout, gathered so that each field is read from all of them in one
//! pass, with its place, shift and scale in registers.
//!
//! Packets of different kinds come in any order, so that a walk field by field over each packet
//! makes the processor guess wrong at every packet what comes next. Here it guesses once a field for
//! many packets; that is worth a copy of the packets.

use super::columns::{Column, Read, Scale, Step};
use super::layout::Span;
use super::{Count, Packet};
use crate::telemetry::ccsds::time::Time;

/// Octets of a primary header and of a PUS-C telemetry secondary header.
const PRIMARY: usize = 6;
const SECONDARY: usize = 7 + Time::OCTETS;
/// Octets of a checksum.
const SUM: usize = 2;
/// So many octets are loaded at once for a field, so they stand behind the last one, too.
const WINDOW: usize = 8;
/// What is gathered stays in the first cache.
const GATHERED: usize = 12 << 10;
/// More packets make no difference to the processor.
const MOST: usize = 64;

/// Packets, one after the other, each with room behind it.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    octets: Vec<u8>,
    /// Octets of a packet.
    packet: usize,
    /// Octets of its headers.
    head: usize,
    filled: usize,
    most: usize,
    /// Where the fields stand in a packet.
    spans: Vec<Span>,
}

impl Rows {
    /// Room for packets like `packet`; none if it has no layout that is always the same.
    pub(super) fn of(packet: &Packet) -> Option<Rows> {
        let head = PRIMARY
            + if packet.service.is_some() {
                SECONDARY
            } else {
                0
            };
        let (mut bit, mut spans) = (8 * head, Vec::new());
        for field in &packet.fields {
            let count = match field.count {
                Count::One => 1,
                Count::Fixed(count) => count as usize,
                Count::Field(_) | Count::Rest => return None,
            };
            spans.push(Span { bit, count });
            bit = bit.checked_add(count.checked_mul(field.bits as usize)?)?;
        }
        let octets = bit.div_ceil(8) + SUM;
        // A packet's length has sixteen bits.
        (octets <= PRIMARY + (1 << 16)).then(|| Rows {
            octets: Vec::new(),
            packet: octets,
            head,
            filled: 0,
            most: (GATHERED / (octets + WINDOW)).clamp(1, MOST),
            spans,
        })
    }

    /// Whether a packet with these user data has this layout.
    pub(super) fn fits(&self, packet: &[u8], user: &[u8]) -> bool {
        self.has_length(packet) && user.len() + self.head + SUM == packet.len()
    }

    /// Whether a packet has the length of this layout.
    #[inline]
    pub(super) fn has_length(&self, packet: &[u8]) -> bool {
        packet.len() == self.packet
    }

    /// Takes a packet that fits; whether there is no room for another.
    #[inline]
    pub(super) fn push(&mut self, packet: &[u8]) -> bool {
        let stride = self.stride();
        if self.octets.is_empty() {
            self.octets.resize(self.most * stride, 0);
        }
        let at = self.filled * stride;
        self.octets[at..at + packet.len()].copy_from_slice(packet);
        self.filled += 1;
        self.filled == self.most
    }

    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    pub(super) fn clear(&mut self) {
        self.filled = 0;
    }

    /// Where the fields stand in each packet.
    pub(super) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The packets, each with room behind it.
    #[inline]
    pub(super) fn packets(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let stride = self.stride();
        self.octets[..self.filled * stride].chunks_exact(stride)
    }

    #[inline]
    fn stride(&self) -> usize {
        self.packet + WINDOW
    }
}

impl Column {
    /// Appends the elements of a field of all packets.
    pub(super) fn push_rows(&mut self, step: &Step, span: Span, rows: &Rows) {
        match (step.read, &step.scale) {
            (Read::Spare, _) => {}
            (Read::Octets, _) => self.one_by_one(step, span, rows),
            (_, Scale::None) => self.numbers_of_rows(step, span, rows, |raw| raw),
            (_, Scale::Linear(offset, slope)) => {
                let (offset, slope) = (*offset, *slope);
                self.numbers_of_rows(step, span, rows, |raw| offset + slope * raw);
            }
            (_, Scale::Other(other)) => {
                self.numbers_of_rows(step, span, rows, |raw| other.apply(raw));
            }
        }
    }

    fn one_by_one(&mut self, step: &Step, span: Span, rows: &Rows) {
        for packet in rows.packets() {
            self.push(step, span, packet);
        }
    }

    #[inline]
    fn numbers_of_rows(&mut self, step: &Step, span: Span, rows: &Rows, to: impl Fn(f64) -> f64) {
        if span.count == 1 && (span.bit % 8) as u32 + step.width <= 64 {
            return self.singles(step, span, rows, to);
        }
        if span.bit.is_multiple_of(8) && span.count > 0 {
            match (step.read, step.width) {
                (Read::Unsigned, 16) => {
                    return self.arrays(span, rows, |it| to(f64::from(u16::from_be_bytes(it))));
                }
                (Read::Signed, 16) => {
                    return self.arrays(span, rows, |it| to(f64::from(i16::from_be_bytes(it))));
                }
                (Read::Signed, 32) => {
                    return self.arrays(span, rows, |it| to(f64::from(i32::from_be_bytes(it))));
                }
                (Read::Float32, _) => {
                    return self.arrays(span, rows, |it| to(f64::from(f32::from_be_bytes(it))));
                }
                (Read::Float64, _) => {
                    return self.arrays(span, rows, |it| to(f64::from_be_bytes(it)));
                }
                _ => {}
            }
        }
        self.one_by_one(step, span, rows);
    }

    /// One element of each packet, which one load holds.
    #[inline]
    fn singles(&mut self, step: &Step, span: Span, rows: &Rows, to: impl Fn(f64) -> f64) {
        let (at, lead) = (span.bit / 8, (span.bit % 8) as u32);
        let windows = rows.packets().map(|packet| {
            let window = packet.get(at..).and_then(<[u8]>::first_chunk);
            u64::from_be_bytes(*window.unwrap_or(&[0; WINDOW])) << lead
        });
        let (width, shift) = (step.width, 64 - step.width);
        let values = &mut self.values;
        match step.read {
            Read::Signed => {
                values.extend(windows.map(|raw| to((raw.cast_signed() >> shift) as f64)));
            }
            Read::Float32 => {
                let number = |raw: u64| f64::from(f32::from_bits((raw >> shift) as u32));
                values.extend(windows.map(|raw| to(number(raw))));
            }
            Read::Float64 => values.extend(windows.map(|raw| to(f64::from_bits(raw)))),
            // A conversion from signed is one instruction; from 64 bits unsigned it is five.
            _ if width < 64 => {
                values.extend(windows.map(|raw| to((raw >> shift).cast_signed() as f64)));
            }
            _ => values.extend(windows.map(|raw| to(raw as f64))),
        }
    }

    /// Some elements of each packet, each of whole octets.
    #[inline]
    fn arrays<const N: usize>(&mut self, span: Span, rows: &Rows, to: impl Fn([u8; N]) -> f64) {
        let (from, octets) = (span.bit / 8, span.count * N);
        let start = self.values.len();
        self.values.resize(start + rows.filled * span.count, 0.0);
        let places = self.values[start..].chunks_exact_mut(span.count);
        for (packet, places) in rows.packets().zip(places) {
            let (elements, _) = packet[from..from + octets].as_chunks();
            for (element, place) in elements.iter().zip(places) {
                *place = to(*element);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use crate::telemetry::dictionary::columns::Columns;
    use crate::telemetry::dictionary::layout::Scratch;
    use crate::telemetry::dictionary::{
        Calibration, Coding, Count, Dictionary, Field, Layouts, Packet, Raw,
    };

    fn field(number: usize, (coding, width, count, scale): (u8, u32, u32, u8)) -> Field {
        let (coding, width) = match coding {
            0 | 1 => (Coding::Unsigned, width),
            2 => (Coding::Signed, width),
            3 => (Coding::Unsigned, 8 * width.div_ceil(8)),
            4 => (Coding::Signed, 8 * width.div_ceil(8)),
            5 => (Coding::Octets, 8),
            _ => (Coding::Float, if width % 2 == 0 { 32 } else { 64 }),
        };
        Field {
            coding,
            count: if count == 1 {
                Count::One
            } else {
                Count::Fixed(count)
            },
            calibration: match scale {
                0 => Calibration::None,
                1 => Calibration::Polynomial(vec![1.0, 2.0]),
                _ => Calibration::Polynomial(vec![1.0, 2.0, 3.0]),
            },
            ..Field::unsigned((scale < 4).then(|| format!("f{number}")), width)
        }
    }

    proptest! {
        #[test]
        fn columns_of_gathered_packets_hold_what_is_read_value_by_value(
            fields in vec((0..7_u8, 1..=64_u32, 0..5_u32, 0..5_u8), 1..8),
            content in vec(any::<u8>(), 400),
            // One in eight is cut short, which must not change the order.
            cuts in vec(0..8_u8, 0..200),
        ) {
            let fields: Vec<Field> = (0..).zip(fields).map(|(n, one)| field(n, one)).collect();
            let bits: u32 = fields.iter().map(|field| field.bits * match field.count {
                Count::Fixed(count) => count,
                _ => 1,
            }).sum();
            let octets = bits.div_ceil(8) as usize;
            let packet = Packet { name: "p".to_owned(), apid: 1, service: None, fields };
            let dictionary = Dictionary { packets: vec![packet], ..Dictionary::default() };
            let layouts = Layouts::compile(dictionary).unwrap();
            let (mut columns, mut scratch) = (Columns::new(&layouts), Scratch::default());
            let mut expected: Vec<Vec<u64>> = Vec::new();
            expected.resize(layouts.dictionary().packets[0].fields.len(), Vec::new());
            for (number, cut) in cuts.iter().enumerate() {
                let mut packet = vec![0, 1, 0xc0, number as u8, 0, 0];
                let user = (0..octets).map(|at| content[(at + 7 * number) % content.len()]);
                packet.extend(user);
                let kept = if *cut == 0 { packet.len() / 2 + 3 } else { packet.len() };
                packet.truncate(kept.max(7).min(packet.len()));
                packet.extend([0, 0]);
                let (fields, _) = layouts.fields(0, &packet, &mut scratch);
                for (spans, (field, out)) in fields.spans.iter().zip(fields.packet.fields.iter().zip(&mut expected)) {
                    if field.name.is_none() || field.is_octets() {
                        continue;
                    }
                    out.extend((0..spans.count).map(|index| {
                        let bit = spans.bit + index * field.bits as usize;
                        let raw = Raw::read(fields.user, bit, field.coding, field.bits);
                        field.calibration.apply(raw.number()).to_bits()
                    }));
                }
                // Both doors lead to the same.
                if number % 3 == 0 {
                    columns.push(number as u64, &packet, &fields);
                } else {
                    columns.take(&layouts, number as u64, &packet, &mut scratch);
                }
            }
            let table = columns.table(0);
            prop_assert_eq!(&table.offsets, &(0..cuts.len() as u64).collect::<Vec<_>>());
            prop_assert_eq!(&table.counts, &(0..cuts.len()).map(|n| u16::from(n as u8)).collect::<Vec<_>>());
            prop_assert_eq!(table.times.len(), cuts.len());
            for (column, expected) in table.columns.iter().zip(expected) {
                let got: Vec<u64> = column.values.iter().map(|value| value.to_bits()).collect();
                prop_assert_eq!(got, expected);
            }
        }
    }
}
