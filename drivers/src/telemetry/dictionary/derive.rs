//! Derived channels over a stream: computed whenever a packet brings one of their names, from the
//! latest value of each.

use super::layout::{Fields, Layouts};

/// The state of all derived channels of a dictionary.
#[derive(Clone, Debug)]
pub struct Deriver {
    channels: Vec<Channel>,
    /// For each kind of packet: channel, place among its names, field.
    wanted: Vec<Vec<(usize, usize, usize)>>,
    stack: Vec<f64>,
}

#[derive(Clone, Debug)]
struct Channel {
    /// Latest value of each of its names; not a number before the first.
    latest: Vec<f64>,
    touched: bool,
}

impl Deriver {
    /// Before any packet.
    pub fn new(layouts: &Layouts) -> Deriver {
        let dictionary = layouts.dictionary();
        let mut wanted = vec![Vec::new(); dictionary.packets.len()];
        let mut channels = Vec::new();
        for (channel, derived) in dictionary.derived.iter().enumerate() {
            let names = derived.value.names();
            for (place, name) in names.iter().enumerate() {
                for (kind, packet) in dictionary.packets.iter().enumerate() {
                    let named = |field: &super::Field| field.name.as_ref() == Some(name);
                    if let Some(field) = packet.fields.iter().position(named) {
                        wanted[kind].push((channel, place, field));
                    }
                }
            }
            channels.push(Channel {
                latest: vec![f64::NAN; names.len()],
                touched: false,
            });
        }
        Deriver {
            channels,
            wanted,
            stack: Vec::new(),
        }
    }

    /// Takes a packet and tells each channel, by its place in the dictionary, that it changes. Of
    /// an array, the last element counts.
    pub fn push(
        &mut self,
        layouts: &Layouts,
        fields: &Fields<'_>,
        mut sink: impl FnMut(usize, f64),
    ) {
        for (channel, place, field) in &self.wanted[fields.kind] {
            let described = &fields.packet.fields[*field];
            let span = fields.spans.get(*field).filter(|span| span.count > 0);
            let Some(span) = span.filter(|_| !described.is_octets()) else {
                continue;
            };
            let raw = fields.raw(described, *span, span.count - 1).number();
            let channel = &mut self.channels[*channel];
            channel.latest[*place] = described.calibration.apply(raw);
            channel.touched = true;
        }
        for (number, channel) in self.channels.iter_mut().enumerate() {
            if std::mem::take(&mut channel.touched) {
                let derived = &layouts.dictionary().derived[number];
                sink(
                    number,
                    derived.value.value(&channel.latest, &mut self.stack),
                );
            }
        }
    }
}
