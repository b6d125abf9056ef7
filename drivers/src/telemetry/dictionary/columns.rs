//! Packets to columns of engineering values: one table for each kind of packet, one column for
//! each of its fields, all doubles.
//!
//! A field's element is one load, a conversion and its calibration; whole octets of the usual
//! widths have loops of their own, which the compiler turns into vector instructions. Columns
//! keep their room when they are cleared, so that a stream costs no allocation once it flows.

use super::layout::{Fields, Layouts, Span, bits};
use super::{Calibration, Coding, Count, Field};
use crate::telemetry::ccsds::time::time;

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

impl Columns {
    /// Empty columns for what `layouts` describe.
    pub fn new(layouts: &Layouts) -> Columns {
        let table = |packet: &super::Packet| Table {
            columns: vec![Column::default(); packet.fields.len()],
            ..Table::default()
        };
        Columns {
            tables: layouts.dictionary().packets.iter().map(table).collect(),
        }
    }

    /// The table of packet number `kind`.
    pub fn table(&self, kind: usize) -> &Table {
        &self.tables[kind]
    }

    /// Appends a whole space packet that begins at `offset` of its stream, taken apart.
    pub fn push(&mut self, offset: u64, packet: &[u8], fields: &Fields<'_>) {
        let table = &mut self.tables[fields.kind];
        table.offsets.push(offset);
        let count = u16::from_be_bytes([packet[2], packet[3]]) & 0x3fff;
        table.counts.push(count);
        let coded = fields.packet.service.as_ref().and(packet.get(13..));
        let at = coded.and_then(|coded| time(coded).ok());
        table
            .times
            .push(at.map_or(f64::NAN, |(_, at)| at.seconds()));
        let fields_and_spans = fields.packet.fields.iter().zip(fields.spans);
        for (column, (field, span)) in table.columns.iter_mut().zip(fields_and_spans) {
            if field.name.is_some() {
                column.push(field, *span, fields.user);
            }
        }
    }

    /// Empties all columns; they keep their room.
    pub fn clear(&mut self) {
        for table in &mut self.tables {
            table.offsets.clear();
            table.counts.clear();
            table.times.clear();
            for column in &mut table.columns {
                column.values.clear();
                column.octets.clear();
                column.ends.clear();
            }
        }
    }

    /// Values in all columns.
    pub fn values(&self) -> usize {
        let columns = self.tables.iter().flat_map(|table| &table.columns);
        columns.map(|column| column.values.len()).sum()
    }
}

impl Column {
    #[inline]
    fn push(&mut self, field: &Field, span: Span, user: &[u8]) {
        if field.is_octets() {
            let octet = |index: usize| bits(user, span.bit + 8 * index, 8) as u8;
            if span.bit.is_multiple_of(8) {
                let start = span.bit / 8;
                self.octets
                    .extend_from_slice(&user[start..start + span.count]);
            } else {
                self.octets.extend((0..span.count).map(octet));
            }
        } else {
            match &field.calibration {
                Calibration::None => self.numbers(field, span, user, |raw| raw),
                Calibration::Polynomial(terms) if terms.len() == 2 => {
                    let (offset, slope) = (terms[0], terms[1]);
                    self.numbers(field, span, user, |raw| offset + slope * raw);
                }
                other => self.numbers(field, span, user, |raw| other.apply(raw)),
            }
        }
        if matches!(field.count, Count::Field(_) | Count::Rest) {
            self.ends
                .push((self.values.len() + self.octets.len()) as u32);
        }
    }

    #[inline]
    fn numbers(&mut self, field: &Field, span: Span, user: &[u8], to: impl Fn(f64) -> f64) {
        let (width, coding) = (field.bits as usize, field.coding);
        let whole = span.bit.is_multiple_of(8) && width.is_multiple_of(8);
        if whole {
            let start = span.bit / 8;
            let octets = &user[start..start + span.count * width / 8];
            match (coding, width) {
                (Coding::Unsigned, 8) => {
                    return self
                        .values
                        .extend(octets.iter().map(|octet| to(f64::from(*octet))));
                }
                (Coding::Unsigned, 16) => {
                    return self.each(octets, |octets| to(f64::from(u16::from_be_bytes(octets))));
                }
                (Coding::Signed, 16) => {
                    return self.each(octets, |octets| to(f64::from(i16::from_be_bytes(octets))));
                }
                (Coding::Unsigned, 32) => {
                    return self.each(octets, |octets| to(f64::from(u32::from_be_bytes(octets))));
                }
                (Coding::Signed, 32) => {
                    return self.each(octets, |octets| to(f64::from(i32::from_be_bytes(octets))));
                }
                (Coding::Float, 32) => {
                    return self.each(octets, |octets| to(f64::from(f32::from_be_bytes(octets))));
                }
                (Coding::Float, 64) => {
                    return self.each(octets, |octets| to(f64::from_be_bytes(octets)));
                }
                _ => {}
            }
        }
        let raw = |index: usize| {
            let raw = bits(user, span.bit + index * width, field.bits);
            to(match coding {
                Coding::Signed => ((raw << (64 - width)).cast_signed() >> (64 - width)) as f64,
                Coding::Float if width == 32 => f64::from(f32::from_bits(raw as u32)),
                Coding::Float => f64::from_bits(raw),
                _ => raw as f64,
            })
        };
        if span.count == 1 {
            self.values.push(raw(0));
        } else {
            self.values.extend((0..span.count).map(raw));
        }
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
}
