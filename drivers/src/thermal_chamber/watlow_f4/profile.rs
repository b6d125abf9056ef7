//! Profiles of an F4: forty of them share 256 steps, and are edited one step at a time through
//! the registers from 4003 on.

use crate::thermal_chamber::program::{Leg, Program, Return, Way};

/// Profiles that the controller keeps.
pub(super) const PROFILES: usize = 40;
/// Steps of all profiles together.
const STEPS: usize = 256;
/// Characters of a name.
pub(super) const NAME: usize = 10;
/// First register of a step; the others follow it.
const FIRST: u16 = 4_003;
/// Registers of a step.
const REGISTERS: usize = 60;
/// What the first register shows where there is no step. Assumed: no type of step.
const NO_STEP: u16 = 0xffff;
/// How near the air must be for the time of a guaranteed soak to count, K.
const SOAK_BAND: f64 = 1.0;

/// Types of steps.
mod kind {
    pub(super) const RAMP_TIME: u16 = 1;
    pub(super) const RAMP_RATE: u16 = 2;
    pub(super) const SOAK: u16 = 3;
    pub(super) const JUMP: u16 = 4;
    pub(super) const END: u16 = 5;
}

/// Registers of a step that say what happens, by their numbers.
mod field {
    pub(super) const HOURS: u16 = 4_009;
    pub(super) const EVENTS: u16 = 4_030;
    pub(super) const RATE: u16 = 4_043;
    pub(super) const TARGET: u16 = 4_044;
    pub(super) const GUARANTEED: u16 = 4_048;
    pub(super) const JUMP: u16 = 4_050;
    pub(super) const END: u16 = 4_060;
}

/// One step: its registers.
#[derive(Clone, Debug)]
struct Step([u16; REGISTERS]);

impl Step {
    fn new(kind: u16) -> Step {
        let mut words = [0; REGISTERS];
        words[0] = kind;
        Step(words)
    }

    fn get(&self, register: u16) -> u16 {
        self.0[usize::from(register - FIRST)]
    }
}

/// What a profile ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The last set point stays.
    Hold,
    /// The outputs are off.
    ControlOff,
    /// The outputs and the events are off.
    AllOff,
    /// A set point of its own, as its register shows it.
    Idle(u16),
}

/// All profiles, and what is edited.
#[derive(Clone, Debug)]
pub(super) struct Profiles {
    steps: Vec<Vec<Step>>,
    names: Vec<[u16; NAME]>,
    /// Number of the profile and of the step that are edited, both from 1.
    pub(super) selected: [u16; 2],
}

impl Profiles {
    pub(super) fn new() -> Profiles {
        Profiles {
            steps: vec![Vec::new(); PROFILES],
            names: vec![[u16::from(b' '); NAME]; PROFILES],
            selected: [1, 1],
        }
    }

    /// Profiles and steps that are free.
    pub(super) fn free(&self) -> [u16; 2] {
        let used = self.steps.iter().filter(|steps| !steps.is_empty()).count();
        let steps: usize = self.steps.iter().map(Vec::len).sum();
        [(PROFILES - used) as u16, (STEPS - steps) as u16]
    }

    /// A character of a name, both counted from 0.
    pub(super) fn name(&mut self, character: usize) -> Option<&mut u16> {
        self.names
            .get_mut(character / NAME)?
            .get_mut(character % NAME)
    }

    /// Whether a register is one of the step that is edited.
    pub(super) fn is_step(register: u16) -> bool {
        (FIRST..FIRST + REGISTERS as u16).contains(&register)
    }

    /// A register of the step that is edited.
    pub(super) fn read(&self, register: u16) -> u16 {
        match self.step() {
            Some(step) => step.get(register),
            None if register == FIRST => NO_STEP,
            None => 0,
        }
    }

    /// Writes a register of the step that is edited. False for a value that it does not take.
    pub(super) fn write(&mut self, register: u16, value: u16) -> bool {
        let allowed = match register {
            FIRST => value <= kind::END,
            field::HOURS => value <= 99,
            4_010 | 4_011 => value <= 59,
            field::END => value <= 3,
            _ => true,
        };
        let [profile, step] = self
            .selected
            .map(|number| usize::from(number).wrapping_sub(1));
        let step = self
            .steps
            .get_mut(profile)
            .and_then(|steps| steps.get_mut(step));
        match step {
            Some(step) if allowed => {
                step.0[usize::from(register - FIRST)] = value;
                true
            }
            _ => false,
        }
    }

    /// Creates (1), inserts a step (2), deletes the profile (3), the step (4) or all (256). False
    /// where that cannot be.
    pub(super) fn edit(&mut self, action: u16) -> bool {
        let [profile, step] = self
            .selected
            .map(|number| usize::from(number).wrapping_sub(1));
        let [_, free] = self.free();
        match action {
            1 => {
                let first = self.steps.iter().position(Vec::is_empty);
                let Some(first) = first.filter(|_| free > 0) else {
                    return false;
                };
                self.steps[first] = vec![Step::new(kind::END)];
                self.selected = [first as u16 + 1, 1];
                true
            }
            256 => {
                let selected = self.selected;
                *self = Profiles::new();
                self.selected = selected;
                true
            }
            _ => {
                let Some(steps) = self.steps.get_mut(profile) else {
                    return false;
                };
                match action {
                    // Before the end, which stays the last.
                    2 if free > 0 && step < steps.len() => {
                        steps.insert(step, Step::new(kind::SOAK));
                    }
                    3 if !steps.is_empty() => {
                        steps.clear();
                        self.names[profile] = [u16::from(b' '); NAME];
                    }
                    4 if step + 1 < steps.len() => {
                        steps.remove(step);
                    }
                    _ => return false,
                }
                true
            }
        }
    }

    /// What the selected profile means, in degrees by `degrees` of what registers show; `None` if
    /// there is no such step to start with.
    pub(super) fn program(&self, degrees: impl Fn(u16) -> f64) -> Option<Program> {
        self.step()?;
        let steps = &self.steps[usize::from(self.selected[0]) - 1];
        let mut program = Program::default();
        for (index, step) in steps.iter().enumerate() {
            let [hours, minutes, seconds] =
                [0, 1, 2].map(|part| f64::from(step.get(field::HOURS + part)));
            let seconds = (hours * 60.0 + minutes) * 60.0 + seconds;
            let target = Some(degrees(step.get(field::TARGET)));
            let rate = f64::from(step.get(field::RATE)) / 10.0;
            let (target, way, seconds) = match step.get(FIRST) {
                kind::RAMP_TIME => (target, Way::Ramp, seconds),
                kind::RAMP_RATE => (target, Way::Rate(rate), 0.0),
                kind::SOAK => (None, Way::Step, seconds),
                kind::END => break,
                // A start at a time of day is taken to be due.
                _ => (None, Way::Step, 0.0),
            };
            program.legs.push(Leg {
                target,
                way,
                seconds,
                within: (step.get(field::GUARANTEED) == 1).then_some(SOAK_BAND),
                pauses: false,
            });
            let [to, at, times] = [0, 1, 2].map(|part| step.get(field::JUMP + part));
            // Another profile is not jumped to.
            if step.get(FIRST) == kind::JUMP && (to == 0 || to == self.selected[0]) {
                program.returns.push(Return {
                    after: index,
                    to: usize::from(at.saturating_sub(1)),
                    times: u32::from(times),
                });
            }
        }
        Some(program)
    }

    /// States of the eight events in a step of a profile, both from 1.
    pub(super) fn events(&self, profile: u16, step: usize) -> Option<[u16; 8]> {
        let steps = self.steps.get(usize::from(profile).checked_sub(1)?)?;
        let step = steps.get(step.checked_sub(1)?)?;
        let acts = matches!(
            step.get(FIRST),
            kind::RAMP_TIME | kind::RAMP_RATE | kind::SOAK
        );
        acts.then(|| std::array::from_fn(|event| step.get(field::EVENTS + event as u16)))
    }

    /// What a profile ends in.
    pub(super) fn end(&self, profile: u16) -> End {
        let steps = usize::from(profile).checked_sub(1);
        let last = steps.and_then(|index| self.steps.get(index)?.last());
        match last.map(|step| (step.get(field::END), step.get(field::END + 1))) {
            Some((1, _)) => End::ControlOff,
            Some((2, _)) => End::AllOff,
            Some((3, idle)) => End::Idle(idle),
            _ => End::Hold,
        }
    }

    fn step(&self) -> Option<&Step> {
        let [profile, step] = self
            .selected
            .map(|number| usize::from(number).wrapping_sub(1));
        self.steps.get(profile)?.get(step)
    }
}
