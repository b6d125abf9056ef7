//! What a DP832 keeps: its outputs, and the registers of each.

use std::collections::BTreeMap;

use profiles::seed::Stream;

use super::words::{CHANNEL, KEPT};
use super::{OUTPUTS, RESET, summary};
use crate::power_supply::stage::{Guard, OverCurrent, Regulation, Stage, Tripped};
use crate::scpi::responder::Outcome;
use crate::scpi::status::{Group, Status, code};

/// Steps of `VOLT UP` and `CURR UP` after `*RST`, V and A.
const STEPS: [f64; 2] = [0.1, 0.1];

/// A supply without its line.
pub(super) struct Panel {
    pub(super) stages: Vec<Stage>,
    pub(super) channels: Vec<Channel>,
    /// The channel that settings are for where none is named, from zero.
    pub(super) selected: usize,
    pub(super) kept: [String; KEPT.len()],
    /// What sums up the channels.
    pub(super) summary: Group,
    armed: bool,
    saved: BTreeMap<u16, Vec<Saved>>,
}

/// What a channel has beside its stage.
#[derive(Debug, Default)]
pub(super) struct Channel {
    pub(super) steps: [f64; 2],
    pub(super) waiting: [Option<f64>; 2],
    pub(super) switches: [bool; CHANNEL.len()],
    pub(super) registers: Group,
}

/// What `*SAV` keeps of a channel.
#[derive(Clone, Copy, Debug)]
struct Saved {
    levels: [f64; 2],
    guards: [Guard; 2],
}

impl Panel {
    pub(super) fn new(noise: Vec<Stream>) -> Panel {
        let channels = noise.iter().map(|_| Channel::default()).collect();
        let stages = noise.into_iter();
        let stages = stages.map(|noise| Stage::new(OverCurrent::Level, noise));
        let mut panel = Panel {
            stages: stages.collect(),
            channels,
            selected: 0,
            kept: std::array::from_fn(|index| KEPT[index].1.to_owned()),
            summary: Group::default(),
            armed: false,
            saved: BTreeMap::new(),
        };
        panel.reset();
        panel
    }

    /// `*RST`: outputs off, protection at its highest and off.
    pub(super) fn reset(&mut self) {
        self.selected = 0;
        self.armed = false;
        self.kept = std::array::from_fn(|index| KEPT[index].1.to_owned());
        let stages = self.stages.iter_mut().zip(&mut self.channels);
        for ((stage, channel), output) in stages.zip(&OUTPUTS) {
            [stage.volts, stage.amps] = RESET;
            stage.on = false;
            stage.tripped = Tripped::default();
            let guard = |[_, level]: [f64; 2]| Guard {
                armed: false,
                level,
                delay: 0.0,
            };
            stage.over_voltage = guard(output.protection[0]);
            stage.over_current = guard(output.protection[1]);
            channel.steps = STEPS;
            channel.waiting = [None; 2];
            channel.switches = [false; CHANNEL.len()];
        }
    }

    pub(super) fn save(&mut self, number: u16) {
        let saved = self.stages.iter().map(|stage| Saved {
            levels: [stage.volts, stage.amps],
            guards: [stage.over_voltage, stage.over_current],
        });
        self.saved.insert(number, saved.collect());
    }

    /// What was never saved changes nothing.
    pub(super) fn recall(&mut self, number: u16) {
        for (stage, saved) in self
            .stages
            .iter_mut()
            .zip(self.saved.get(&number).into_iter().flatten())
        {
            [stage.volts, stage.amps] = saved.levels;
            [stage.over_voltage, stage.over_current] = saved.guards;
        }
    }

    pub(super) fn initiate(&mut self) {
        self.armed = true;
    }

    /// `*TRG`.
    ///
    /// # Errors
    /// If nothing waits for it.
    pub(super) fn trigger(&mut self) -> Outcome {
        if !std::mem::take(&mut self.armed) {
            return Err(code::TRIGGER_IGNORED);
        }
        for (stage, channel) in self.stages.iter_mut().zip(&mut self.channels) {
            let [volts, amps] = std::mem::take(&mut channel.waiting);
            stage.volts = volts.unwrap_or(stage.volts);
            stage.amps = amps.unwrap_or(stage.amps);
        }
        Ok(())
    }

    /// The registers as the outputs are. What has tripped is switched off.
    pub(super) fn settle(&mut self, status: &mut Status) {
        let mut summed = 0;
        let channels = self.stages.iter_mut().zip(&mut self.channels);
        for (index, (stage, channel)) in channels.enumerate() {
            stage.on &= !stage.tripped.any();
            let bit = |is: bool, bit: u16| if is { bit } else { 0 };
            let mode = match stage.regulation() {
                Regulation::Off => 0,
                Regulation::Voltage => summary::VOLTAGE,
                Regulation::Current | Regulation::Power => summary::CURRENT,
            };
            let condition = mode
                | bit(stage.tripped.over_voltage, summary::OVER_VOLTAGE)
                | bit(stage.tripped.over_current, summary::OVER_CURRENT);
            channel.registers.set_condition(condition);
            summed |= u16::from(channel.registers.summary()) << (index + 1);
        }
        self.summary.set_condition(summed);
        let told = if self.summary.summary() {
            summary::INSTRUMENTS
        } else {
            0
        };
        status.questionable.set_condition(told);
    }
}
