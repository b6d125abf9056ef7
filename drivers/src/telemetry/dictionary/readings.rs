//! A dictionary's fields as channels of a device: packets to readings.
//!
//! Each field that has a name and is one number is a channel, and so is each derived channel. What
//! several packets call by one name is one channel. Arrays, octets and texts are none.

use std::sync::Arc;

use profiles::channel::ChannelSpec;
use profiles::reading::{Damage, DamageKind, Reading};

use super::derive::Deriver;
use super::layout::Scratch;
use super::model::Standing;
use super::{Count, Field, Layouts, Limits};
use crate::telemetry::Decoded;
use crate::telemetry::ccsds::packet::TmPacket;

/// Takes packets apart to readings.
#[derive(Clone, Debug)]
pub struct FieldReader {
    layouts: Arc<Layouts>,
    channels: Vec<ChannelSpec>,
    limits: Vec<Limits>,
    /// For each packet and field, its channel.
    places: Vec<Vec<Option<u16>>>,
    /// The channel of the first derived one; the others follow.
    derived: u16,
    deriver: Deriver,
    scratch: Scratch,
}

impl FieldReader {
    /// A reader of what the dictionary describes.
    pub fn new(layouts: Arc<Layouts>) -> FieldReader {
        let (mut channels, mut limits) = (Vec::<ChannelSpec>::new(), Vec::new());
        let mut places = Vec::new();
        for packet in &layouts.dictionary().packets {
            let place = |field: &Field| {
                let name = field.name.as_ref().filter(|_| is_number(field))?;
                let known = channels.iter().position(|known| *known.name == **name);
                Some(known.unwrap_or_else(|| {
                    channels.push(channel(name, field));
                    limits.push(field.limits);
                    channels.len() - 1
                }) as u16)
            };
            places.push(packet.fields.iter().map(place).collect());
        }
        let derived = channels.len() as u16;
        for known in &layouts.dictionary().derived {
            channels.push(ChannelSpec::number(&known.name, &known.unit));
            limits.push(Limits::default());
        }
        FieldReader {
            deriver: Deriver::new(&layouts),
            layouts,
            channels,
            limits,
            places,
            derived,
            scratch: Scratch::default(),
        }
    }

    /// The channels, in the order of their numbers.
    pub fn channels(&self) -> &[ChannelSpec] {
        &self.channels
    }

    /// What the dictionary expects of each channel, in their order.
    pub fn limits(&self) -> &[Limits] {
        &self.limits
    }

    /// Tells what a packet says; `false` if the dictionary has none of this kind.
    pub fn read(&mut self, packet: &TmPacket<'_>, mut sink: impl FnMut(Decoded)) -> bool {
        let service = (packet.service, packet.subtype);
        let layouts = &self.layouts;
        let Some(kind) = layouts.described(packet.apid, service, packet.source) else {
            return false;
        };
        let damaged = |bytes: usize, why| {
            let bytes = bytes as u32;
            Decoded::Damaged(Damage { bytes, why })
        };
        let (fields, misfit) = layouts.fields_of(kind, packet.source, &mut self.scratch);
        if misfit.is_some() {
            sink(damaged(packet.source.len(), DamageKind::Malformed));
            return true;
        }
        let described = fields.packet.fields.iter().zip(fields.spans);
        for ((field, span), place) in described.zip(&self.places[kind]) {
            let Some(channel) = *place else { continue };
            let raw = fields.raw(field, *span, 0);
            let reading = if field.states.is_empty() {
                let value = field.calibration.apply(raw.number());
                let is_measured = field.limits.standing(value) != Standing::Invalid;
                is_measured.then(|| Reading::number(channel, value))
            } else {
                let number = raw.state();
                let mut states = field.states.iter();
                let state = states.position(|(value, _)| Some(*value) == number);
                state.map(|state| Reading::state(channel, state as u16))
            };
            let octets = field.bits.div_ceil(8) as usize;
            let out_of_range = || damaged(octets, DamageKind::OutOfRange);
            sink(reading.map_or_else(out_of_range, Decoded::Reading));
        }
        let first = self.derived;
        self.deriver.push(layouts, &fields, |number, value| {
            sink(Decoded::Reading(Reading::number(
                first + number as u16,
                value,
            )));
        });
        true
    }
}

fn is_number(field: &Field) -> bool {
    field.count == Count::One && !field.is_octets()
}

/// A field as a channel. A state's number is its place among the states that are told.
fn channel(name: &str, field: &Field) -> ChannelSpec {
    if field.states.is_empty() {
        return ChannelSpec::number(name, &field.unit);
    }
    let states: Vec<&str> = field.states.iter().map(|(_, name)| name.as_str()).collect();
    ChannelSpec::states(name, &states)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::ccsds::time::Time;
    use crate::telemetry::dictionary::Dictionary;

    const TEXT: &str = r#"
        [[packet]]
        name = "eps"
        apid = 7
        service = 3
        subtype = 25
        structure = 1
        field = [
            { name = "volts", type = "u16", unit = "V", calibration = [0.0, 0.001], range = [0, 40], red = [20, 36] },
            { name = "amps", type = "i16", unit = "A", calibration = [0.0, 0.001] },
            { name = "mode", type = "u8", states = { 1 = "idle", 4 = "busy" } },
            { name = "tail", type = "u8", count = "rest" },
        ]
        [[derived]]
        name = "power"
        unit = "W"
        value = "volts * amps"
    "#;

    fn read(source: &[u8], subtype: u8) -> Option<Vec<Decoded>> {
        let layouts = Layouts::compile(Dictionary::read(TEXT).unwrap()).unwrap();
        let mut reader = FieldReader::new(Arc::new(layouts));
        let names: Vec<&str> = reader.channels().iter().map(|known| &*known.name).collect();
        assert_eq!(names, ["volts", "amps", "mode", "power"]);
        assert_eq!(reader.limits()[0].red, Some([20.0, 36.0]));
        let packet = TmPacket {
            apid: 7,
            count: 0,
            service: 3,
            subtype,
            message: 0,
            destination: 0,
            time: Time::days_and_millis(0),
            source,
        };
        let mut told = Vec::new();
        let known = reader.read(&packet, |decoded| told.push(decoded));
        known.then_some(told)
    }

    #[test]
    fn fields_states_and_derived_channels_are_readings() {
        let source = [0, 1, 0x6d, 0x60, 0x07, 0xd0, 4, 9, 9];
        let readings = [
            Reading::number(0, 28.0),
            Reading::number(1, 2.0),
            Reading::state(2, 1),
            Reading::number(3, 56.0),
        ];
        let told = read(&source, 25).unwrap();
        assert_eq!(told, readings.map(Decoded::Reading));
    }

    #[test]
    fn what_it_does_not_describe_is_not_taken_for_it() {
        assert_eq!(read(&[0, 1, 0, 0, 0, 0, 1], 26), None, "another subtype");
        assert_eq!(read(&[0, 2, 0, 0, 0, 0, 1], 25), None, "another structure");
        let short = read(&[0, 1, 0, 0], 25).unwrap();
        assert!(matches!(short[..], [Decoded::Damaged(_)]));
        let told = read(&[0, 1, 0xff, 0xff, 0, 0, 2], 25).unwrap();
        let damaged = |told: &&Decoded| matches!(told, Decoded::Damaged(_));
        assert_eq!(told.iter().filter(damaged).count(), 2, "65.5 V and state 2");
    }
}
