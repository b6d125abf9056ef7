//! Messages that come in a cycle, and those that come late.
//!
//! The cycle is the attribute `GenMsgCycleTime` (Vector Informatik, "DBC File Format
//! Documentation", and the interaction layer's attributes), in milliseconds.

use profiles::time::Period;

use super::{Database, Message};

/// A message that came late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// Microseconds since the one before.
    pub after_us: u64,
    /// The cycle in which it should come.
    pub cycle: Period,
}

/// When each message of a database came last.
#[derive(Clone, Debug)]
pub struct Cycles {
    last: Vec<Option<i64>>,
    /// Parts of a cycle that a message may be later than it.
    slack: f64,
}

impl Cycles {
    /// No message came yet. A message is late if it comes later than its cycle by more than
    /// `slack` cycles.
    pub fn new(database: &Database, slack: f64) -> Cycles {
        Cycles {
            last: vec![None; database.messages().len()],
            slack,
        }
    }

    /// Message number `at` of the database came at `micros`; whether it was late.
    pub fn came(&mut self, at: usize, message: &Message, micros: i64) -> Option<Late> {
        let before = self.last[at].replace(micros)?;
        self.late(message, before, micros)
    }

    /// The messages that came once at least and are overdue at `micros`, by number.
    pub fn overdue(&self, database: &Database, micros: i64) -> Vec<(usize, Late)> {
        let messages = database.messages().iter().zip(&self.last).enumerate();
        let late = messages
            .filter_map(|(at, (message, last))| Some((at, self.late(message, (*last)?, micros)?)));
        late.collect()
    }

    fn late(&self, message: &Message, before: i64, micros: i64) -> Option<Late> {
        let cycle = message.cycle()?;
        let after_us = u64::try_from(micros - before).ok()?;
        let most = cycle.as_micros() as f64 * (1.0 + self.slack);
        (after_us as f64 > most).then_some(Late { after_us, cycle })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_late_when_its_cycle_and_the_slack_are_over() {
        let text = "BO_ 256 FAST: 8 A\nBO_ 257 SLOW: 8 A\n\
                    BA_ \"GenMsgCycleTime\" BO_ 256 100;\nBA_ \"Other\" BO_ 257 5;\n";
        let database = Database::compile(text).unwrap();
        let [fast, slow] = database.messages() else {
            panic!("there are two");
        };
        let mut cycles = Cycles::new(&database, 0.5);
        for micros in [0, 100_000, 250_000] {
            assert_eq!(cycles.came(0, fast, micros), None);
        }
        let cycle = Period::millis(100);
        let late = Some(Late {
            after_us: 150_001,
            cycle,
        });
        assert_eq!(cycles.came(0, fast, 400_001), late);
        assert_eq!(cycles.came(1, slow, 0), None);
        assert_eq!(cycles.came(1, slow, 9_000_000), None);
        let after_us = 600_000;
        assert_eq!(
            cycles.overdue(&database, 1_000_001),
            [(0, Late { after_us, cycle })]
        );
    }
}
