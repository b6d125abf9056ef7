//! What a supply of this family keeps: its outputs, what waits for a trigger, and who may tell it anything.

use std::collections::BTreeMap;

use profiles::seed::Stream;
use profiles::time::BenchTime;

use super::{Kind, LEAST_VOLTS, MOST_AMPS, MOST_VOLTS, OutputTraits, Traits, questionable};
use crate::power_supply::stage::{Guard, OverCurrent, Regulation, Stage};
use crate::scpi::responder::Outcome;
use crate::scpi::status::{Group, Status, code};

/// Steps of `VOLT UP` and `CURR UP` after `*RST`: the resolution of what is programmed, V and A.
const STEPS: [f64; 2] = [0.000_55, 0.000_12];

/// A supply without its line.
pub(super) struct Panel {
    pub(super) traits: &'static Traits,
    pub(super) stages: Vec<Stage>,
    /// The output that settings are for, from zero.
    pub(super) selected: usize,
    /// The range of a supply that has two, from zero.
    pub(super) range: usize,
    /// Steps of voltage and current.
    pub(super) steps: [f64; 2],
    /// Volts and amperes of each output that wait for a trigger.
    pub(super) waiting: Vec<[Option<f64>; 2]>,
    /// Outputs that a trigger is for; the selected one where none is.
    pub(super) coupled: Vec<bool>,
    pub(super) tracking: bool,
    pub(super) trigger: Trigger,
    /// Told to listen to its line.
    pub(super) remote: bool,
    /// On GPIB it always listens.
    always_remote: bool,
    pub(super) face: Face,
    /// Registers of each output of several, and what sums them up.
    pub(super) instruments: Vec<Group>,
    pub(super) summary: Group,
    saved: BTreeMap<u16, Saved>,
    now: BenchTime,
}

/// What is kept and told again, and does nothing at the outputs.
#[derive(Debug)]
pub(super) struct Face {
    pub(super) display: bool,
    pub(super) text: String,
    pub(super) power_on_clear: bool,
    pub(super) relay: bool,
}

/// What `*SAV` keeps.
#[derive(Clone, Debug)]
struct Saved {
    levels: Vec<[f64; 2]>,
    guards: Vec<[Guard; 2]>,
    on: bool,
    range: usize,
    tracking: bool,
}

/// Where triggers come from, and what becomes of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trigger {
    /// From `*TRG`, and not at once.
    pub(super) bus: bool,
    /// From the trigger to the change, s.
    pub(super) delay: f64,
    pub(super) armed: bool,
    due: BenchTime,
}

const UNTRIGGERED: Trigger = Trigger {
    bus: true,
    delay: 0.0,
    armed: false,
    due: BenchTime::MAX,
};

impl Panel {
    pub(super) fn new(traits: &'static Traits, always_remote: bool, noise: Vec<Stream>) -> Panel {
        let count = noise.len();
        let stages = noise.into_iter();
        let stages = stages.map(|noise| Stage::new(OverCurrent::Level, noise));
        let mut panel = Panel {
            traits,
            stages: stages.collect(),
            selected: 0,
            range: 0,
            steps: STEPS,
            waiting: vec![[None; 2]; count],
            coupled: vec![false; count],
            tracking: false,
            trigger: UNTRIGGERED,
            remote: false,
            always_remote,
            face: Face {
                display: true,
                text: String::new(),
                power_on_clear: true,
                relay: false,
            },
            instruments: vec![Group::default(); count],
            summary: Group::default(),
            saved: BTreeMap::new(),
            now: BenchTime::ZERO,
        };
        panel.reset();
        panel
    }

    /// `*RST`: outputs off, no volts, the current limits of the ratings, the low range; what
    /// guards the E3632A at its highest, and armed.
    pub(super) fn reset(&mut self) {
        (self.selected, self.range) = (0, 0);
        self.steps = STEPS;
        (self.tracking, self.face.relay) = (false, false);
        self.trigger = UNTRIGGERED;
        self.waiting.fill([None; 2]);
        self.coupled.fill(false);
        self.face.display = true;
        let armed = self.traits.kind == Kind::Ranged;
        for index in 0..self.stages.len() {
            let amps = self.output(index).reset_amps;
            let stage = &mut self.stages[index];
            (stage.volts, stage.amps, stage.on) = (0.0, amps, false);
            let guard = |level| Guard {
                armed,
                level,
                delay: 0.0,
            };
            stage.over_voltage = guard(MOST_VOLTS);
            stage.over_current = guard(MOST_AMPS);
        }
    }

    /// Traits of an output in the range that it is in.
    pub(super) fn output(&self, index: usize) -> &'static OutputTraits {
        match self.traits.kind {
            Kind::Triple => self.traits.outputs[index],
            Kind::Ranged => self.traits.outputs[self.range],
        }
    }

    /// The output that `P6V` names.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        let mut outputs = self.traits.outputs.iter();
        outputs.position(|output| output.name.eq_ignore_ascii_case(name))
    }

    /// Levels that a range cannot reach come down to it.
    pub(super) fn choose_range(&mut self, range: usize) {
        self.range = range;
        let output = self.output(0);
        let stage = &mut self.stages[0];
        stage.volts = stage.volts.min(output.max_volts);
        stage.amps = stage.amps.min(output.max_amps);
        // What waits for a trigger was meant for the other range.
        self.waiting.fill([None; 2]);
    }

    /// Sets the volts of an output, and of the one that follows it.
    pub(super) fn set_volts(&mut self, index: usize, volts: f64) {
        self.stages[index].volts = volts;
        if self.tracking && index > 0 {
            // The two of 25 V mirror each other.
            self.stages[3 - index].volts = volts;
        }
    }

    /// Whether it may be told things.
    pub(super) fn listens(&self) -> bool {
        self.remote || self.always_remote
    }

    pub(super) fn save(&mut self, number: u16) {
        let stages = self.stages.iter();
        let levels = stages.clone().map(|stage| [stage.volts, stage.amps]);
        let guards = stages.map(|stage| [stage.over_voltage, stage.over_current]);
        let saved = Saved {
            levels: levels.collect(),
            guards: guards.collect(),
            on: self.stages[0].on,
            range: self.range,
            tracking: self.tracking,
        };
        self.saved.insert(number, saved);
    }

    /// What was never saved is as after `*RST`.
    pub(super) fn recall(&mut self, number: u16) {
        let Some(saved) = self.saved.get(&number).cloned() else {
            self.reset();
            return;
        };
        (self.range, self.tracking) = (saved.range, saved.tracking);
        for (index, stage) in self.stages.iter_mut().enumerate() {
            [stage.volts, stage.amps] = saved.levels[index];
            [stage.over_voltage, stage.over_current] = saved.guards[index];
            stage.on = saved.on;
        }
    }

    /// `INITiate`: waits for a trigger, or is one.
    ///
    /// # Errors
    /// If it waits already.
    pub(super) fn initiate(&mut self) -> Outcome {
        if self.trigger.armed {
            return Err(code::INIT_IGNORED);
        }
        self.trigger.armed = true;
        if self.trigger.bus {
            return Ok(());
        }
        self.trigger()
    }

    /// `*TRG`.
    ///
    /// # Errors
    /// If nothing waits for it.
    pub(super) fn trigger(&mut self) -> Outcome {
        if !std::mem::take(&mut self.trigger.armed) {
            return Err(code::TRIGGER_IGNORED);
        }
        let delay = (self.trigger.delay * 1e6).round() as u64;
        self.trigger.due = self.now.plus_micros(delay);
        self.act(self.now);
        Ok(())
    }

    /// Carries out a trigger whose time has come.
    pub(super) fn act(&mut self, at: BenchTime) {
        self.now = at;
        if self.trigger.due > at {
            return;
        }
        self.trigger.due = BenchTime::MAX;
        let coupled = self.coupled.iter().any(|&coupled| coupled);
        for index in 0..self.stages.len() {
            let meant = if coupled {
                self.coupled[index]
            } else {
                index == self.selected
            };
            if !meant {
                continue;
            }
            let [volts, amps] = std::mem::take(&mut self.waiting[index]);
            if let Some(volts) = volts {
                self.set_volts(index, volts);
            }
            let stage = &mut self.stages[index];
            stage.amps = amps.unwrap_or(stage.amps);
        }
    }

    pub(super) fn next_action(&self) -> BenchTime {
        self.trigger.due
    }

    /// The registers as the outputs are.
    pub(super) fn settle(&mut self, status: &mut Status) {
        let conditions = self.stages.iter().map(|stage| {
            let mode = match stage.regulation() {
                Regulation::Off => 0,
                Regulation::Voltage => questionable::VOLTAGE,
                Regulation::Current | Regulation::Power => questionable::CURRENT,
            };
            let bit = |tripped, bit| if tripped { bit } else { 0 };
            let tripped = stage.tripped;
            mode | bit(tripped.over_voltage, questionable::OVER_VOLTAGE)
                | bit(tripped.over_current, questionable::OVER_CURRENT)
        });
        if self.traits.kind == Kind::Ranged {
            let condition = conditions.fold(0, |all, one| all | one);
            status.questionable.set_condition(condition);
            return;
        }
        let mut summary = 0;
        for (index, (group, condition)) in self.instruments.iter_mut().zip(conditions).enumerate() {
            group.set_condition(condition);
            summary |= u16::from(group.summary()) << (index + 1);
        }
        self.summary.set_condition(summary);
        let told = if self.summary.summary() {
            questionable::INSTRUMENTS
        } else {
            0
        };
        status.questionable.set_condition(told);
    }
}

/// Least levels that protection can have, V and A.
pub(super) const LEAST: [f64; 2] = [LEAST_VOLTS, 0.0];
