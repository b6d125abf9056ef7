//! When a station tells and asks: set points so early that they are at the device at their time,
//! polls between them.

use std::collections::{BTreeMap, VecDeque};

use profiles::command::Command;
use profiles::time::{BenchTime, Period};

use crate::run::station::Task;

/// How long before its time a set point is handed to its station at real pace. In virtual time it
/// is handed over at its time: nothing is late there by accident.
pub(in crate::run) const AHEAD: Period = Period::millis(500);
/// The longest that a set point is sent before its time: slower lines are told late.
const LONGEST_LEAD_US: u64 = 400_000;

/// What is to be told, and what is known of how long that takes.
#[derive(Debug, Default)]
pub(in crate::run) struct Timing {
    next: VecDeque<(BenchTime, Task)>,
    /// Time on the line of each kind of command, as it was last, µs.
    leads: BTreeMap<&'static str, u64>,
    /// How long the latest poll took, µs.
    poll_us: u64,
}

impl Timing {
    /// Something is to be told at `at`. Orders come in order of time.
    pub(super) fn push(&mut self, at: BenchTime, task: Task) {
        self.next.push_back((at, task));
    }

    /// When the next set point is to be begun.
    pub(super) fn begins(&self) -> BenchTime {
        let next = self.next.front();
        next.map_or(BenchTime::MAX, |(at, task)| {
            let lead = self.leads.get(kind(task)).copied().unwrap_or(0);
            BenchTime::from_micros(at.as_micros().saturating_sub(lead))
        })
    }

    /// The next set point, and when it is due.
    pub(super) fn pop(&mut self) -> Option<(BenchTime, Task)> {
        self.next.pop_front()
    }

    /// When a poll that is due at `due` may begin: not so that it would keep the line busy when a
    /// set point is to be sent, but never a whole period late.
    pub(super) fn polls(&self, due: BenchTime, poll: Period) -> BenchTime {
        let begins = self.begins();
        if begins == BenchTime::MAX || due.plus_micros(self.poll_us) <= begins {
            return due;
        }
        // After the set point, which moves `begins` on; at the latest then.
        due + poll
    }

    /// What a task tells was `characters` of `byte_us` each on the line.
    pub(super) fn told(&mut self, task: &Task, characters: u32, byte_us: u64) {
        let lead = u64::from(characters) * byte_us;
        self.leads.insert(kind(task), lead.min(LONGEST_LEAD_US));
    }

    /// A poll took this long.
    pub(super) fn polled(&mut self, from: BenchTime, to: BenchTime) {
        self.poll_us = to.micros_since(from);
    }
}

/// Tasks whose words are of about one length. What is only read back is read at its time.
fn kind(task: &Task) -> &'static str {
    match task {
        Task::Start(_) => "start",
        Task::Upload(_) | Task::Next(_) | Task::Last(_) => "none",
        Task::Tell(Command::SupplyOutput(_)) => "output",
        Task::Tell(Command::Supply { .. }) => "supply",
        Task::Tell(Command::Chamber { .. }) => "chamber",
        Task::Tell(_) => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use profiles::command::Switch;
    use profiles::quantity::{Amperes, Volts};

    fn supply() -> Task {
        Task::Tell(Command::Supply {
            volts: Volts(28.0),
            limit: Amperes(1.0),
        })
    }

    fn at(millis: u64) -> BenchTime {
        BenchTime::from_millis(millis)
    }

    #[test]
    fn a_set_point_begins_earlier_by_its_time_on_the_line() {
        let mut timing = Timing::default();
        assert_eq!(timing.begins(), BenchTime::MAX);
        timing.push(at(1_000), supply());
        assert_eq!(timing.begins(), at(1_000), "nothing is known yet");
        timing.told(&supply(), 25, 1_000);
        assert_eq!(timing.begins(), at(975));
        assert_eq!(timing.pop(), Some((at(1_000), supply())));
        // Each kind of command has its own length.
        let output = Task::Tell(Command::SupplyOutput(Switch::On));
        timing.push(at(2_000), output);
        assert_eq!(timing.begins(), at(2_000));
        timing.told(&supply(), 25, 1_000_000);
        timing.pop();
        timing.push(at(3_000), supply());
        assert_eq!(timing.begins(), at(2_600), "at most 400 ms");
    }

    #[test]
    fn a_poll_keeps_clear_of_a_set_point_but_not_for_ever() {
        let poll = Period::millis(250);
        let mut timing = Timing::default();
        timing.polled(at(0), at(120));
        assert_eq!(timing.polls(at(900), poll), at(900));
        timing.push(at(1_000), supply());
        assert_eq!(timing.polls(at(880), poll), at(880), "it is over by then");
        assert_eq!(timing.polls(at(900), poll), at(1_150));
    }
}
