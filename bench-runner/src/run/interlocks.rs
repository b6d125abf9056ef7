//! Interlocks at work: every reading is held against their rules as it is heard, by whoever heard it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use profiles::reading::{Reading, Value};
use profiles::time::BenchTime;
use reports::event::{DeviceId, EventKind};

use crate::plan::{Holds, Interlock};

/// The rules, and which of them hold. One for a run; its copies are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Interlocks {
    rules: Arc<[Interlock]>,
    states: Arc<Mutex<Vec<State>>>,
    /// The channels whose last number is kept, and what it was.
    last: Arc<Mutex<BTreeMap<(DeviceId, u16), f64>>>,
    kept: Arc<[(DeviceId, u16)]>,
}

/// What is known of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing was heard yet.
    Unheard,
    /// It was heard not to hold.
    Free,
    /// It held, and was told. That is once in a run, for the run ends by it.
    Fired,
}

/// A rule that began to hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fired {
    /// Its place among the rules.
    pub(super) rule: usize,
    /// When that was read.
    pub(super) at: BenchTime,
    /// What was read.
    pub(super) why: String,
}

impl Interlocks {
    /// The rules, none of which holds yet. The last numbers on the channels `kept` are kept.
    pub(super) fn new(rules: &[Interlock], kept: Vec<(DeviceId, u16)>) -> Interlocks {
        Interlocks {
            kept: kept.into(),
            last: Arc::default(),
            rules: rules.into(),
            states: Arc::new(Mutex::new(vec![State::Unheard; rules.len()])),
        }
    }

    /// The rules that begin to hold by what `device` told at `at`. One that holds from the first
    /// reading on counts, but for a state: an output is off before it is switched on.
    pub(super) fn heard(
        &self,
        device: DeviceId,
        at: BenchTime,
        readings: &[Reading],
    ) -> Vec<Fired> {
        self.keep(device, readings);
        // Most benches have none.
        if self.rules.is_empty() {
            return Vec::new();
        }
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fired = Vec::new();
        for (place, rule) in self.rules.iter().enumerate() {
            let of_rule = |reading: &&Reading| reading.channel == rule.channel;
            let reading = readings.iter().find(of_rule);
            let Some(reading) = reading.filter(|_| rule.device == device) else {
                continue;
            };
            let holds = holds(rule.holds, reading.value);
            states[place] = match (states[place], holds, rule.holds) {
                (State::Fired, ..) => State::Fired,
                (State::Unheard, true, Holds::Is(_)) => State::Unheard,
                (State::Unheard | State::Free, true, _) => {
                    fired.push(Fired {
                        rule: place,
                        at,
                        why: told(rule, reading.value),
                    });
                    State::Fired
                }
                (State::Unheard | State::Free, false, _) => State::Free,
            };
        }
        fired
    }
}

impl Interlocks {
    fn keep(&self, device: DeviceId, readings: &[Reading]) {
        let kept = self.kept.iter().filter(|(known, _)| *known == device);
        for (_, channel) in kept {
            let reading = readings.iter().find(|reading| reading.channel == *channel);
            if let Some(Value::Number(number)) = reading.map(|reading| reading.value) {
                let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                last.insert((device, *channel), number);
            }
        }
    }

    /// The last number on a channel that is kept.
    pub(super) fn last(&self, device: DeviceId, channel: u16) -> Option<f64> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.get(&(device, channel)).copied()
    }
}

fn holds(rule: Holds, value: Value) -> bool {
    match (rule, value) {
        // A reading that is no number is no reason to go on.
        (Holds::Above(limit), Value::Number(number)) => number.is_nan() || number > limit,
        (Holds::Below(limit), Value::Number(number)) => number.is_nan() || number < limit,
        (Holds::Is(state), Value::State(read)) => state == read,
        _ => false,
    }
}

fn told(rule: &Interlock, value: Value) -> String {
    match value {
        Value::Number(number) => format!("{}: it reads {number:.3}", rule.when),
        Value::State(_) => rule.when.clone(),
    }
}

/// Rules that hold, and what was done by them.
#[derive(Debug, Default)]
pub(super) struct Reactions(BTreeMap<usize, Reaction>);

/// What was done by one rule.
#[derive(Debug)]
struct Reaction {
    fired: Fired,
    /// How many are still to carry out what they were told.
    awaited: usize,
    done: BTreeSet<BenchTime>,
    failed: Vec<String>,
}

impl Reactions {
    /// So many were told what a rule asks for; `failed` are those that could not be.
    pub(super) fn begin(&mut self, fired: Fired, awaited: usize, failed: Vec<String>) {
        let (rule, done) = (fired.rule, BTreeSet::new());
        let reaction = Reaction {
            fired,
            awaited,
            done,
            failed,
        };
        self.0.insert(rule, reaction);
    }

    /// Somebody carried out what a rule asks for, or could not.
    pub(super) fn reacted(&mut self, rule: usize, result: Result<BenchTime, String>) {
        let Some(reaction) = self.0.get_mut(&rule) else {
            return;
        };
        reaction.awaited = reaction.awaited.saturating_sub(1);
        match result {
            Ok(at) => {
                reaction.done.insert(at);
            }
            Err(why) => reaction.failed.push(why),
        }
    }

    /// What happened by each rule: whose reading it was, when the last of it was done, and what.
    pub(super) fn events(&self, rules: &[Interlock], now: BenchTime) -> Vec<(DeviceId, EventKind)> {
        let told = self.0.iter().filter_map(|(place, reaction)| {
            let rule = rules.get(*place)?;
            let Reaction { fired, done, .. } = reaction;
            let is_whole = reaction.awaited == 0 && reaction.failed.is_empty();
            let last = done.last().copied().unwrap_or(now);
            let mut why = fired.why.clone();
            for failed in &reaction.failed {
                why = format!("{why}; {failed}");
            }
            let event = EventKind::Interlock {
                rule: rule.name.clone(),
                why,
                reaction_us: is_whole.then(|| last.micros_since(fired.at)),
                within_us: rule.within.as_micros(),
            };
            Some((rule.device, event))
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use profiles::command::{Command, Switch};
    use profiles::time::Period;

    use super::*;

    fn rule(holds: Holds) -> Interlock {
        Interlock {
            name: "hot".to_owned(),
            device: DeviceId(1),
            channel: 0,
            holds,
            when: "chamber.air above 60 °C".to_owned(),
            then: vec![(DeviceId(0), Command::SupplyOutput(Switch::Off))],
            told: Vec::new(),
            within: Period::millis(500),
        }
    }

    fn at(millis: u64) -> BenchTime {
        BenchTime::from_millis(millis)
    }

    #[test]
    fn a_rule_fires_once_when_it_begins_to_hold() {
        let interlocks = Interlocks::new(&[rule(Holds::Above(60.0))], Vec::new());
        let hear = |device, value| {
            let readings = [Reading::number(0, value)];
            interlocks.heard(DeviceId(device), at(1), &readings).len()
        };
        assert_eq!(hear(1, 60.0), 0);
        assert_eq!(hear(2, 99.0), 0, "another device");
        assert_eq!(hear(1, 60.1), 1);
        assert_eq!(hear(1, 61.0), 0, "it is told already");
    }

    #[test]
    fn a_number_counts_from_the_first_reading_and_a_state_from_the_first_change() {
        let below = Interlocks::new(&[rule(Holds::Below(-20.0))], Vec::new());
        let cold = [Reading::number(0, -21.0)];
        assert_eq!(below.heard(DeviceId(1), at(1), &cold).len(), 1);
        let lost = [Reading::number(0, f64::NAN)];
        let above = Interlocks::new(&[rule(Holds::Above(60.0))], Vec::new());
        assert_eq!(above.heard(DeviceId(1), at(1), &lost).len(), 1);
        let off = Interlocks::new(&[rule(Holds::Is(0))], Vec::new());
        let hear = |state| {
            off.heard(DeviceId(1), at(1), &[Reading::state(0, state)])
                .len()
        };
        assert_eq!(
            [hear(0), hear(0), hear(1), hear(0), hear(0)],
            [0, 0, 0, 1, 0]
        );
    }

    #[test]
    fn a_reaction_is_as_long_as_its_last_part_and_no_longer_known_when_one_fails() {
        let rules = [rule(Holds::Above(60.0))];
        let fired = || Fired {
            rule: 0,
            at: at(100),
            why: "so".to_owned(),
        };
        let taken = |results: &[Result<BenchTime, String>], awaited| {
            let mut reactions = Reactions::default();
            reactions.begin(fired(), awaited, Vec::new());
            for result in results {
                reactions.reacted(0, result.clone());
            }
            match reactions.events(&rules, at(9_000)).pop() {
                Some((DeviceId(1), EventKind::Interlock { reaction_us, .. })) => reaction_us,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(taken(&[Ok(at(130)), Ok(at(120))], 2), Some(30_000));
        assert_eq!(taken(&[Ok(at(130))], 2), None);
        assert_eq!(taken(&[Ok(at(130)), Err("no".to_owned())], 2), None);
    }
}
