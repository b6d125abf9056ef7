//! A DBC file compiled to a plan: what stands where in which frame, and which channel it is.
//!
//! A signal whose values all have names is a channel of states. A signal whose name ends in
//! `alive` is a rolling counter: no channel, but the evidence that no frame was lost. Nor is a
//! multiplexer a channel: it says which signals are there, and nothing of the board.

use std::collections::BTreeMap;

use can_dbc::{Dbc, MessageId, MultiplexIndicator, SignalExtendedValueType, ValueDescription};
use profiles::channel::ChannelSpec;
use profiles::reading::{Damage, DamageKind, Reading};

use super::signal::{Gate, Signal};
use crate::link::can::CanId;
use crate::telemetry::Decoded;

/// End of the name of a rolling counter.
const COUNTER: &str = "alive";

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the DBC file: {0}")]
pub struct DatabaseError(pub String);

/// What becomes of a signal.
#[derive(Clone, Debug)]
enum Role {
    Number(u16),
    /// A channel of states; raw values in the order of the states.
    States(u16, Vec<u64>),
    /// A rolling counter.
    Counter,
    /// A multiplexer.
    Selector,
}

/// One message.
#[derive(Clone, Debug)]
pub struct Message {
    name: String,
    id: CanId,
    octets: usize,
    signals: Vec<Signal>,
    roles: Vec<Role>,
    /// Positions of signals that select which others are in the frame.
    selectors: Vec<usize>,
}

/// All messages of a file.
#[derive(Clone, Debug)]
pub struct Database {
    /// By identifier.
    messages: Vec<Message>,
    channels: Vec<ChannelSpec>,
    warnings: Vec<String>,
}

impl Database {
    /// Compiles a file. A signal that cannot be where the file has it is left out with a warning.
    ///
    /// # Errors
    /// If the text is no DBC file.
    pub fn compile(text: &str) -> Result<Database, DatabaseError> {
        let dbc = Dbc::try_from(text).map_err(|error| DatabaseError(error.to_string()))?;
        let mut database = Database {
            messages: Vec::new(),
            channels: Vec::new(),
            warnings: Vec::new(),
        };
        for message in &dbc.messages {
            database.add(message, &dbc);
        }
        database.messages.sort_by_key(|message| message.id);
        Ok(database)
    }

    /// The channels, in the order of their numbers: as the file has its signals.
    pub fn channels(&self) -> &[ChannelSpec] {
        &self.channels
    }

    /// What was left out, and why.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The message with this identifier.
    pub fn message(&self, id: CanId) -> Option<&Message> {
        self.position(id).map(|position| &self.messages[position])
    }

    /// The message with this name.
    pub fn named(&self, name: &str) -> Option<&Message> {
        self.messages.iter().find(|message| message.name == name)
    }

    /// The identifiers of its messages.
    pub fn ids(&self) -> impl Iterator<Item = CanId> {
        (0..self.len()).map(|position| self.at(position).id())
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn position(&self, id: CanId) -> Option<usize> {
        self.messages
            .binary_search_by_key(&id, |message| message.id)
            .ok()
    }

    pub(super) fn at(&self, position: usize) -> &Message {
        &self.messages[position]
    }

    fn add(&mut self, message: &can_dbc::Message, dbc: &Dbc) {
        let mut compiled = Message {
            name: message.name.clone(),
            id: match message.id {
                MessageId::Standard(id) => CanId::Standard(id),
                MessageId::Extended(id) => CanId::Extended(id),
            },
            octets: message.size as usize,
            signals: Vec::new(),
            roles: Vec::new(),
            selectors: Vec::new(),
        };
        let mut sources = Vec::new();
        for signal in &message.signals {
            match Signal::compile(
                signal,
                is_float(dbc, message.id, &signal.name),
                compiled.octets,
            ) {
                Ok(plan) => {
                    let role = match signal.multiplexer_indicator {
                        MultiplexIndicator::Multiplexor
                        | MultiplexIndicator::MultiplexorAndMultiplexedSignal(_) => Role::Selector,
                        _ => self.role(&plan, value_table(dbc, message.id, &signal.name)),
                    };
                    compiled.signals.push(plan);
                    compiled.roles.push(role);
                    sources.push(signal);
                }
                Err(why) => {
                    let warning = format!("{}.{} {why}", message.name, signal.name);
                    self.warnings.push(warning);
                }
            }
        }
        gate(&mut compiled, &sources, dbc);
        self.messages.push(compiled);
    }

    fn role(&mut self, signal: &Signal, table: Option<BTreeMap<u64, &str>>) -> Role {
        if signal.name.ends_with(COUNTER) && signal.is_plain_count() {
            return Role::Counter;
        }
        let channel = self.channels.len() as u16;
        match table.filter(|table| table.len() > 1 && signal.is_plain_count()) {
            Some(table) if signal.unit.is_empty() => {
                let names: Vec<&str> = table.values().copied().collect();
                self.channels
                    .push(ChannelSpec::states(&signal.name, &names));
                Role::States(channel, table.into_keys().collect())
            }
            _ => {
                let spec = ChannelSpec::number(&signal.name, &signal.unit);
                self.channels.push(spec);
                Role::Number(channel)
            }
        }
    }
}

fn is_float(dbc: &Dbc, id: MessageId, name: &str) -> bool {
    dbc.signal_extended_value_type_list.iter().any(|listed| {
        listed.message_id == id
            && listed.signal_name == name
            && listed.signal_extended_value_type != SignalExtendedValueType::SignedOrUnsignedInteger
    })
}

fn value_table<'a>(dbc: &'a Dbc, id: MessageId, signal: &str) -> Option<BTreeMap<u64, &'a str>> {
    dbc.value_descriptions.iter().find_map(|table| match table {
        ValueDescription::Signal {
            message_id,
            name,
            value_descriptions,
        } if *message_id == id && name == signal => value_descriptions
            .iter()
            .map(|row| Some((u64::try_from(row.id).ok()?, row.description.as_str())))
            .collect(),
        _ => None,
    })
}

/// Finds the multiplexers and what each signal needs of them.
fn gate(message: &mut Message, sources: &[&can_dbc::Signal], dbc: &Dbc) {
    use MultiplexIndicator::{MultiplexedSignal, Multiplexor, MultiplexorAndMultiplexedSignal};
    let indicator = |at: usize| sources[at].multiplexer_indicator;
    message.selectors = (0..sources.len())
        .filter(|&at| {
            matches!(
                indicator(at),
                Multiplexor | MultiplexorAndMultiplexedSignal(_)
            )
        })
        .collect();
    let first = (0..sources.len()).find(|&at| indicator(at) == Multiplexor);
    for (at, source) in sources.iter().enumerate() {
        let (MultiplexedSignal(value) | MultiplexorAndMultiplexedSignal(value)) = indicator(at)
        else {
            continue;
        };
        // SG_MUL_VAL_ names the multiplexer and its ranges; without it there is only one.
        let extended = dbc
            .extended_multiplex
            .iter()
            .find(|row| message_is(message.id, row.message_id) && row.signal_name == source.name);
        let (selector, values) = match extended {
            Some(row) => (
                sources
                    .iter()
                    .position(|other| other.name == row.multiplexor_signal_name),
                row.mappings
                    .iter()
                    .map(|range| (range.min_value, range.max_value))
                    .collect(),
            ),
            None => (first, vec![(value, value)]),
        };
        message.signals[at].gate = selector.map(|selector| Gate { selector, values });
    }
}

fn message_is(id: CanId, listed: MessageId) -> bool {
    match listed {
        MessageId::Standard(listed) => id == CanId::Standard(listed),
        MessageId::Extended(listed) => id == CanId::Extended(listed),
    }
}

impl Message {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its identifier.
    pub fn id(&self) -> CanId {
        self.id
    }

    /// The signals that a frame with this content has, wholly inside it and selected by its
    /// multiplexers.
    pub fn present<'a>(&'a self, data: &'a [u8]) -> impl Iterator<Item = &'a Signal> {
        self.signals
            .iter()
            .filter(move |signal| data.len() >= signal.needs && self.selected(signal, data, 0))
    }

    /// Whether a multiplexer has a value that selects nothing.
    pub fn selects_nothing(&self, data: &[u8]) -> bool {
        self.selectors.iter().any(|&selector| {
            let signal = &self.signals[selector];
            data.len() >= signal.needs
                && self.selected(signal, data, 0)
                && !self.signals.iter().any(|other| {
                    other
                        .gate
                        .as_ref()
                        .is_some_and(|gate| gate.selector == selector)
                        && self.selected(other, data, 0)
                })
        })
    }

    /// `depth` ends the circle that two multiplexers may make in a broken file.
    fn selected(&self, signal: &Signal, data: &[u8], depth: usize) -> bool {
        let Some(gate) = &signal.gate else {
            return true;
        };
        let selector = &self.signals[gate.selector];
        depth < self.selectors.len()
            && selector.bits_of(data).is_some_and(|bits| {
                gate.values
                    .iter()
                    .any(|&(low, high)| (low..=high).contains(&bits))
            })
            && self.selected(selector, data, depth + 1)
    }

    /// Decodes a frame's content; `counter` is the rolling counter of the frame before.
    pub(super) fn decode(
        &self,
        data: &[u8],
        counter: &mut Option<u64>,
        mut sink: impl FnMut(Decoded),
    ) {
        let mut flaw = |why| sink(Decoded::Damaged(Damage { bytes: 0, why }));
        if data.len() < self.octets {
            flaw(DamageKind::TooShort);
        }
        if !self.selectors.is_empty() && self.selects_nothing(data) {
            flaw(DamageKind::Unknown);
        }
        for (signal, role) in self.signals.iter().zip(&self.roles) {
            if signal.gate.is_some() && !self.selected(signal, data, 0) {
                continue;
            }
            let Some(raw) = signal.raw(data) else {
                continue;
            };
            let reading = match role {
                Role::Number(channel) => {
                    let physical = signal.physical(raw);
                    signal
                        .allows(physical)
                        .then(|| Reading::number(*channel, physical))
                }
                Role::States(channel, values) => signal
                    .bits_of(data)
                    .and_then(|bits| values.binary_search(&bits).ok())
                    .map(|state| Reading::state(*channel, state as u16)),
                Role::Counter => {
                    if let Some(why) = signal
                        .bits_of(data)
                        .and_then(|now| jump(counter, now, signal.bits()))
                    {
                        sink(Decoded::Damaged(Damage { bytes: 0, why }));
                    }
                    continue;
                }
                Role::Selector => continue,
            };
            sink(reading.map_or_else(
                || {
                    Decoded::Damaged(Damage {
                        bytes: signal.bits().div_ceil(8),
                        why: DamageKind::OutOfRange,
                    })
                },
                Decoded::Reading,
            ));
        }
    }

    /// The content of a frame with these values, by channel number (states by their number), and
    /// with this rolling counter. Of multiplexed signals those of group `group` are sent.
    pub fn encode(&self, values: &[f64], counter: u64, group: u64) -> Vec<u8> {
        let mut data = vec![0; self.octets];
        for &selector in &self.selectors {
            self.signals[selector].write(group as f64, &mut data);
        }
        for (signal, role) in self.signals.iter().zip(&self.roles) {
            if !self.selected(signal, &data, 0) {
                continue;
            }
            match role {
                Role::Number(channel) => signal.write(values[usize::from(*channel)], &mut data),
                Role::States(channel, raws) => {
                    let state = values[usize::from(*channel)] as usize;
                    let raw = raws.get(state).copied().unwrap_or_default();
                    signal.write(raw as f64, &mut data);
                }
                Role::Counter => {
                    let raw = counter & (u64::MAX >> (64 - signal.bits()));
                    signal.write(raw as f64, &mut data);
                }
                Role::Selector => {}
            }
        }
        data
    }
}

/// Whether a rolling counter of `bits` bits jumped.
fn jump(counter: &mut Option<u64>, now: u64, bits: u32) -> Option<DamageKind> {
    let before = counter.replace(now)?;
    let mask = u64::MAX >> (64 - bits);
    let ahead = now.wrapping_sub(before).wrapping_sub(1) & mask;
    match ahead {
        0 => None,
        _ if ahead == mask => Some(DamageKind::Repeated),
        lost => Some(DamageKind::Gap {
            lost: u16::try_from(lost).unwrap_or(u16::MAX),
        }),
    }
}
