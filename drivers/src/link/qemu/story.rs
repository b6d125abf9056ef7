//! Firmware that is forked instead of booted. What firmware tells follows from what it hears, until a bit
//! of it turns over. So where an earlier run of this process was told the same, this one is answered from
//! what is known of it, and needs a machine only from where something new happens. That machine begins
//! with a state that was kept: thousands of fault runs boot once.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

use super::process::Stopped;
use super::state::State;
use super::step::{Flip, Hears, LockStep, Told, Upset};
use super::{QemuMode, QemuSpec};
use crate::error::LinkError;

/// Records of one firmware that are known at most: a quarter of an hour, some ten MB.
const MOST_RECORDS: usize = 100_000;
/// States of one firmware that are kept at most, some 400 kB each.
const MOST_STATES: usize = 8;
/// How many records a state must save: fewer are quicker told again than a machine is begun.
const WORTH: usize = 50;

/// What is known of firmware that was never upset: by its file, and by how it is run.
static KNOWN: Mutex<BTreeMap<(Vec<u8>, String), Story>> = Mutex::new(BTreeMap::new());

/// What a firmware told and heard since it started.
#[derive(Clone, Debug, Default)]
struct Story {
    /// With the numbers of the records.
    told: Vec<(u32, Told)>,
    /// The answers, one fewer in the end.
    heard: Vec<Vec<u8>>,
    /// States that were kept, by how many records had been answered.
    states: BTreeMap<usize, Arc<State>>,
    /// Whether a machine that began with one did not go on.
    is_barred: bool,
}

impl Story {
    fn begins(&self, other: &Story) -> bool {
        let (told, heard) = (self.told.len(), self.heard.len());
        other.told.get(..told) == Some(&self.told[..])
            && other.heard.get(..heard) == Some(&self.heard[..])
    }

    /// The same, up to the record number `at`.
    fn up_to(&mut self, at: usize) {
        self.told.truncate(at + 1);
        self.heard.truncate(at);
        let _later = self.states.split_off(&(at + 1));
    }
}

/// Firmware in lock-step, with a machine or still without.
#[derive(Debug)]
pub(crate) struct Guest {
    spec: QemuSpec,
    machine: Option<LockStep>,
    /// Which firmware it is; none where nothing is learned of it.
    key: Option<(Vec<u8>, String)>,
    story: Story,
    /// Records that were answered while there was no machine.
    at: usize,
    /// How many records the machine was told again to get here.
    again: usize,
}

impl Guest {
    /// Starts firmware whose memory will be upset, or will not.
    ///
    /// # Errors
    /// If QEMU does not start.
    pub(crate) fn start(spec: &QemuSpec, is_upset: bool) -> Result<Guest, LinkError> {
        let key = is_upset.then(|| fs::read(&spec.elf).ok()).flatten();
        let key = key.map(|elf| (elf, manner(spec)));
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let story = key.as_ref().and_then(|key| known.get(key)).cloned();
        drop(known);
        let machine = match &story {
            Some(_) => None,
            None => Some(LockStep::start(spec, is_upset)?),
        };
        Ok(Guest {
            spec: spec.clone(),
            machine,
            key,
            story: story.unwrap_or_default(),
            at: 0,
            again: 0,
        })
    }

    /// Waits for what the firmware tells of the control period that is over.
    ///
    /// # Errors
    /// If it ended, does not keep step, or tells what makes no sense.
    pub(crate) fn told(&mut self) -> Result<Told, Stopped> {
        let Some(machine) = &mut self.machine else {
            return Ok(self.story.told[self.at].1.clone());
        };
        let told = machine.told()?;
        if self.key.is_some() {
            let sequence = machine.sequence();
            let last = self.story.told.last().map(|(last, _)| *last);
            // After a reset it has other files open than those that a new machine opens for it.
            if last.is_some_and(|last| sequence <= last) || self.story.told.len() > MOST_RECORDS {
                self.key = None;
            } else {
                self.story.told.push((sequence, told.clone()));
            }
        }
        Ok(told)
    }

    /// Turns bits over, while the firmware waits to be let go on.
    ///
    /// # Errors
    /// If it ended, or does not come to where it waits.
    pub(crate) fn upset(&mut self, flips: &[Flip]) -> Result<Vec<Upset>, Stopped> {
        if !flips.is_empty() {
            self.bring()?;
            self.learn()?;
        }
        match &mut self.machine {
            Some(machine) => machine.upset(flips),
            None => Ok(Vec::new()),
        }
    }

    /// Lets the firmware go on for another control period.
    ///
    /// # Errors
    /// If it cannot be told.
    pub(crate) fn go_on(&mut self, hears: &Hears<'_>) -> Result<(), Stopped> {
        if self.machine.is_none() {
            let answer = hears.record(self.story.told[self.at].0);
            if self.story.heard.get(self.at) == Some(&answer) {
                self.at += 1;
                return Ok(());
            }
            self.bring()?;
        }
        let Some(machine) = &mut self.machine else {
            return Ok(());
        };
        let answer = hears.record(machine.sequence());
        machine.answer(&answer)?;
        if self.key.is_some() {
            self.story.heard.push(answer);
        }
        Ok(())
    }

    /// Brings a machine to where this run is: it told the last record, and waits for the answer.
    fn bring(&mut self) -> Result<(), Stopped> {
        if self.machine.is_some() {
            return Ok(());
        }
        self.story.up_to(self.at);
        let state = self.story.states.last_key_value();
        let state = state.map(|(at, state)| (*at, Arc::clone(state)));
        let forked = state.and_then(|(at, state)| {
            let sequence = self.story.told[at].0;
            Some((at, LockStep::fork(&self.spec, &state, sequence).ok()?))
        });
        let (from, mut machine) = if let Some(forked) = forked {
            forked
        } else {
            let started = LockStep::start(&self.spec, true);
            let mut machine = started.map_err(|error| Stopped::stuck(error.to_string()))?;
            self.same(0, &mut machine)?;
            (0, machine)
        };
        for (at, answer) in self.story.heard.iter().enumerate().skip(from) {
            machine.answer(answer)?;
            self.same(at + 1, &mut machine)?;
        }
        self.again = self.at - from;
        self.machine = Some(machine);
        Ok(())
    }

    /// Whether it tells again what it told before.
    fn same(&self, at: usize, machine: &mut LockStep) -> Result<(), Stopped> {
        let told = machine.told()?;
        machine.upset(&[])?;
        if self.story.told.get(at) == Some(&(machine.sequence(), told)) {
            return Ok(());
        }
        let why = "the firmware told something else when it heard the same again: does it ask the \
                   machine that QEMU runs on for time or chance?";
        Err(Stopped::stuck(why))
    }

    /// Before the first bit turns over: what is known of it now is for later runs.
    fn learn(&mut self) -> Result<(), Stopped> {
        let (Some(key), Some(machine)) = (self.key.take(), &mut self.machine) else {
            return Ok(());
        };
        let at = self.story.heard.len();
        // What was asked for once only may never be asked for again.
        let is_open = !self.story.is_barred && self.story.states.len() < MOST_STATES;
        if self.again >= WORTH && is_open {
            machine.upset(&[])?;
            match machine.keep(&self.spec) {
                Some(state) => drop(self.story.states.insert(at, Arc::new(state))),
                None => self.story.is_barred = true,
            }
        }
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(key).or_default();
        let story = std::mem::take(&mut self.story);
        if story.begins(known) {
            known.states.extend(story.states);
            known.is_barred |= story.is_barred;
        } else if known.begins(&story) {
            *known = story;
        }
        Ok(())
    }
}

/// How firmware is run, apart from which it is.
fn manner(spec: &QemuSpec) -> String {
    QemuSpec {
        elf: "".into(),
        mode: QemuMode::LockStep,
        ..spec.clone()
    }
    .to_string()
}
