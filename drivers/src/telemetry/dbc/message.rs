//! One message of a DBC file: what a frame of it holds, and the frame that holds that.

use profiles::reading::{Damage, DamageKind, Reading};
use profiles::time::Period;

use super::signal::{Raw, Signal};
use crate::link::can::CanId;
use crate::telemetry::Decoded;

/// What becomes of a signal.
#[derive(Clone, Debug)]
pub(super) enum Role {
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
    pub(super) name: String,
    pub(super) id: CanId,
    pub(super) octets: usize,
    pub(super) cycle: Option<Period>,
    pub(super) signals: Vec<Signal>,
    pub(super) roles: Vec<Role>,
    /// Positions of signals that select which others are in the frame.
    pub(super) selectors: Vec<usize>,
    /// Positions of signals in the order in which they are told.
    pub(super) order: Vec<usize>,
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

    /// Octets of its frames.
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// How often it is sent, if the file says that (`GenMsgCycleTime`).
    pub fn cycle(&self) -> Option<Period> {
        self.cycle
    }

    /// Its signals, in the order of the file.
    pub fn signals(&self) -> &[Signal] {
        &self.signals
    }

    /// The signals that a frame with this content has, wholly inside it and selected by its
    /// multiplexers.
    pub fn present<'a>(&'a self, data: &'a [u8]) -> impl Iterator<Item = &'a Signal> {
        self.signals
            .iter()
            .filter(move |signal| data.len() >= signal.needs && self.selected(signal, data, 0))
    }

    /// The signals that a frame with this content has, by their position in [`Message::signals`],
    /// with their raw values: from the frame's first bit to its last, and those that a multiplexer
    /// selects behind all that are always there.
    pub fn told<'a>(&'a self, data: &'a [u8]) -> impl Iterator<Item = (usize, Raw)> {
        self.order.iter().filter_map(move |&at| {
            let signal = &self.signals[at];
            let raw = signal.raw(data)?;
            (signal.gate.is_none() || self.selected(signal, data, 0)).then_some((at, raw))
        })
    }

    /// Whether a multiplexer has a value that selects nothing: neither does a signal belong to it,
    /// nor has it a name. A multiplexer that has no groups selects nothing ever, and that is fine.
    pub fn selects_nothing(&self, data: &[u8]) -> bool {
        self.selectors.iter().any(|&selector| {
            let signal = &self.signals[selector];
            if !self.selected(signal, data, 0) {
                return false;
            }
            let Some(bits) = signal.bits_of(data) else {
                return false;
            };
            let mut groups = self
                .signals
                .iter()
                .filter_map(|other| other.gate.as_ref())
                .filter(|gate| gate.selector == selector)
                .peekable();
            let has_none = groups.peek().is_none() && signal.names.is_empty();
            let is_named = signal
                .names
                .iter()
                .any(|(value, _)| value.cast_unsigned() == bits);
            !has_none && !is_named && !groups.any(|gate| gate.has(bits))
        })
    }

    pub(super) fn has_selectors(&self) -> bool {
        !self.selectors.is_empty()
    }

    /// `depth` ends the circle that two multiplexers may make in a broken file.
    pub(super) fn selected(&self, signal: &Signal, data: &[u8], depth: usize) -> bool {
        let Some(gate) = &signal.gate else {
            return true;
        };
        let selector = &self.signals[gate.selector];
        depth < self.selectors.len()
            && selector.bits_of(data).is_some_and(|bits| gate.has(bits))
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

    /// How many messages are missing beside those that the rolling counter tells, if it went from
    /// `before` to `now` within `after_us`: whole turns of it, of which the last must be over by three
    /// quarters, for cycles are not exact. `None` if there are none, or no cycle is known.
    pub(super) fn whole_turns(&self, before: u64, now: u64, after_us: u64) -> Option<u16> {
        let cycle = self.cycle?.as_micros() as f64;
        let counters = self.signals.iter().zip(&self.roles);
        let mut bits = counters.filter(|(_, role)| matches!(role, Role::Counter));
        let mask = u64::MAX >> (64 - bits.next()?.0.bits());
        let turn = mask as f64 + 1.0;
        let told = (now.wrapping_sub(before).wrapping_sub(1) & mask) as f64;
        let missing = after_us as f64 / cycle - 1.0;
        let turns = ((missing - told) / turn + 0.25).floor();
        (turns >= 1.0).then(|| (turns * turn).min(f64::from(u16::MAX)) as u16)
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
