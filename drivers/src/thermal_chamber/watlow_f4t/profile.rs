//! Profiles as an F4T keeps them: the registers of the editor, which show one profile at a time,
//! and what a profile means.

use std::collections::BTreeMap;

use super::{Order, register, word};
use crate::thermal_chamber::program::{Leg, Program, Return, Way};

/// Profiles that the controller keeps.
pub(super) const PROFILES: usize = 40;
/// Steps of a profile.
const STEPS: u16 = 50;
/// Registers from one step to the next.
pub(super) const STRIDE: u16 = 170;
/// Registers of a step that mean something.
const USED: u16 = 84;
/// Characters of a name.
pub(super) const NAME: u16 = 20;
/// Whether data is logged.
const LOG: u16 = 19_038;
/// Deviations of guaranteed soaks, for four loops.
const DEVIATION: u16 = 19_086;

/// Registers of a step, from its first.
pub(super) mod offset {
    pub(in crate::thermal_chamber::watlow_f4t) const TYPE: u16 = 0;
    pub(in crate::thermal_chamber::watlow_f4t) const HOURS: u16 = 2;
    pub(in crate::thermal_chamber::watlow_f4t) const MINUTES: u16 = 4;
    pub(in crate::thermal_chamber::watlow_f4t) const SECONDS: u16 = 6;
    pub(in crate::thermal_chamber::watlow_f4t) const JUMP_STEP: u16 = 8;
    pub(in crate::thermal_chamber::watlow_f4t) const JUMP_COUNT: u16 = 10;
    pub(in crate::thermal_chamber::watlow_f4t) const RATE: u16 = 12;
    pub(in crate::thermal_chamber::watlow_f4t) const TARGET: u16 = 20;
    pub(in crate::thermal_chamber::watlow_f4t) const WAIT: u16 = 28;
    pub(in crate::thermal_chamber::watlow_f4t) const GUARANTEED: u16 = 44;
    pub(in crate::thermal_chamber::watlow_f4t) const EVENTS: u16 = 52;
    pub(in crate::thermal_chamber::watlow_f4t) const MORE_EVENTS: u16 = 68;
    pub(in crate::thermal_chamber::watlow_f4t) const END_MODE: u16 = 76;
}

/// One profile: what was written to the editor's registers.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    words: BTreeMap<u16, u16>,
}

/// Whether a register is one of the editor's.
pub(super) fn is_editor(register: u16) -> bool {
    match register {
        register::EDITED_STEP.. => {
            let of_steps = register - register::EDITED_STEP;
            of_steps < STEPS * STRIDE && of_steps % STRIDE < USED
        }
        register::EDITED_NAME.. => {
            register < register::EDITED_NAME + NAME
                || (LOG..LOG + 2).contains(&register)
                || (DEVIATION..DEVIATION + 8).contains(&register)
        }
        _ => false,
    }
}

impl Profile {
    /// An empty profile, as the editor adds it: it has a log, so that it is there.
    pub(super) fn added() -> Profile {
        Profile {
            words: BTreeMap::from([(LOG, word::NO)]),
        }
    }

    /// What a register of the editor shows.
    pub(super) fn read(&self, register: u16) -> u16 {
        let kept = self.words.get(&register).copied();
        kept.unwrap_or_else(|| match register {
            LOG => word::NO,
            register::EDITED_STEP.. => shipped((register - register::EDITED_STEP) % STRIDE),
            _ => 0,
        })
    }

    /// Writes a register of the editor. False for a value that it does not take.
    pub(super) fn write(&mut self, register: u16, value: u16) -> bool {
        let is_type = register >= register::EDITED_STEP
            && (register - register::EDITED_STEP) % STRIDE == offset::TYPE;
        let types = [
            word::SOAK,
            word::RAMP_TIME,
            word::RAMP_RATE,
            word::INSTANT,
            word::WAIT,
            word::JUMP,
            word::END,
        ];
        if is_type && !types.contains(&value) {
            return false;
        }
        self.words.insert(register, value);
        true
    }

    /// Whether there is one.
    pub(super) fn is_there(&self) -> bool {
        !self.words.is_empty()
    }

    /// Steps, with the last one, which ends it.
    pub(super) fn steps(&self) -> u16 {
        let mut steps = 0;
        while steps < STEPS && self.step(steps, offset::TYPE) != 0 {
            steps += 1;
            if self.step(steps - 1, offset::TYPE) == word::END {
                break;
            }
        }
        steps
    }

    /// States of the eight events in a step, as words.
    pub(super) fn events(&self, step: u16) -> [u16; 8] {
        std::array::from_fn(|index| {
            let index = index as u16;
            let offset = match index {
                0..=3 => offset::EVENTS + 2 * index,
                _ => offset::MORE_EVENTS + 2 * (index - 4),
            };
            self.step(step, offset)
        })
    }

    /// What the loop does behind the end, as a word.
    pub(super) fn end_mode(&self) -> u16 {
        let last = self.steps().saturating_sub(1);
        match self.step(last, offset::TYPE) {
            word::END => self.step(last, offset::END_MODE),
            // A profile without an end lasts.
            _ => word::HOLD,
        }
    }

    /// What it means. The end is no leg: where it would begin, the program is over.
    pub(super) fn program(&self, order: Order) -> Program {
        let mut program = Program::default();
        let deviation = f64::from(order.float([self.read(DEVIATION), self.read(DEVIATION + 1)]));
        for step in 0..self.steps() {
            let word = |offset| f64::from(self.step(step, offset));
            let seconds =
                (word(offset::HOURS) * 60.0 + word(offset::MINUTES)) * 60.0 + word(offset::SECONDS);
            let target = Some(self.float(order, step, offset::TARGET));
            let rate = self.float(order, step, offset::RATE);
            let (target, way, seconds) = match self.step(step, offset::TYPE) {
                word::SOAK => (None, Way::Step, seconds),
                word::INSTANT => (target, Way::Step, seconds),
                word::RAMP_TIME => (target, Way::Ramp, seconds),
                word::RAMP_RATE => (target, Way::Rate(rate), 0.0),
                word::END => break,
                // What is waited for is taken to be there.
                _ => (None, Way::Step, 0.0),
            };
            let guaranteed = self.step(step, offset::GUARANTEED) == word::ON;
            program.legs.push(Leg {
                target,
                way,
                seconds,
                within: guaranteed.then_some(deviation.max(0.1)),
                pauses: false,
            });
            if self.step(step, offset::TYPE) == word::JUMP {
                program.returns.push(Return {
                    after: usize::from(step),
                    to: usize::from(self.step(step, offset::JUMP_STEP).saturating_sub(1)),
                    times: u32::from(self.step(step, offset::JUMP_COUNT)),
                });
            }
        }
        program
    }

    fn step(&self, step: u16, offset: u16) -> u16 {
        self.read(register::EDITED_STEP + step * STRIDE + offset)
    }

    fn float(&self, order: Order, step: u16, offset: u16) -> f64 {
        let value = order.float([self.step(step, offset), self.step(step, offset + 1)]);
        if value.is_finite() {
            f64::from(value)
        } else {
            0.0
        }
    }
}

/// What a register of a step that nobody has written shows.
fn shipped(offset: u16) -> u16 {
    match offset {
        offset::EVENTS..=58 | offset::MORE_EVENTS..=74 if offset.is_multiple_of(2) => {
            word::UNCHANGED
        }
        offset::GUARANTEED..=50 if offset.is_multiple_of(2) => word::OFF,
        offset::WAIT..=43 if offset.is_multiple_of(4) => word::NONE,
        offset::END_MODE..=82 if offset.is_multiple_of(2) => word::HOLD,
        _ => 0,
    }
}
