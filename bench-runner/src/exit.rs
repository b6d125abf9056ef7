//! Exit codes: what a run says to the shell, in one table.
//!
//! The number grows with severity, because schedulers report the highest code of an array.

use reports::verdict::{Ending, Verdict};

/// An exit code with its name and meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Completed, and every check passed.
    Passed = 0,
    /// A check, golden or gate was violated.
    Failed = 1,
    /// Wrong command line or configuration; nothing was touched.
    Refused = 2,
    /// An instrument, link or internal error; the bench was made safe.
    BenchFault = 3,
    /// Hardware absent, no samples, golden missing: never a pass.
    Inconclusive = 4,
    /// By a signal, and the bench was made safe; or a record ends where its run was killed.
    Interrupted = 5,
    /// Another run holds the bench.
    Busy = 6,
    /// A record or report does not verify.
    Damaged = 7,
    /// A limit tripped during the run; the bench was made safe.
    Interlock = 8,
    /// The safe state could not be confirmed; outranks every other code.
    Unsafe = 9,
}

/// The table, for `--help` and the documentation.
pub const TABLE: [(Exit, &str, &str); 10] = [
    (Exit::Passed, "PASSED", "completed, every check passed"),
    (Exit::Failed, "FAILED", "a check or golden was violated"),
    (
        Exit::Refused,
        "REFUSED",
        "wrong command line or configuration; nothing was touched",
    ),
    (
        Exit::BenchFault,
        "BENCH_FAULT",
        "instrument, link or internal error; made safe",
    ),
    (
        Exit::Inconclusive,
        "INCONCLUSIVE",
        "hardware absent, no samples, golden missing",
    ),
    (
        Exit::Interrupted,
        "INTERRUPTED",
        "by a signal, made safe; or a record of a run that was killed",
    ),
    (
        Exit::Busy,
        "BUSY",
        "another run holds the bench; nothing was touched",
    ),
    (
        Exit::Damaged,
        "DAMAGED",
        "a record, or what a run was made from, does not verify",
    ),
    (
        Exit::Interlock,
        "INTERLOCK",
        "a limit tripped during the run; made safe",
    ),
    (
        Exit::Unsafe,
        "UNSAFE",
        "the safe state could not be confirmed",
    ),
];

impl Exit {
    /// The code of a run that ended so, with that verdict. A failure seen before a bench fault
    /// stays a failure, so that a retry does not wash it out.
    pub fn of(ending: &Ending, verdict: Verdict) -> Exit {
        match (ending, verdict) {
            (Ending::Unsafe { .. }, _) => Exit::Unsafe,
            (Ending::Interlock { .. }, _) => Exit::Interlock,
            (Ending::Interrupted { .. }, _) => Exit::Interrupted,
            (_, Verdict::Fail) => Exit::Failed,
            (Ending::BenchFault { .. }, _) => Exit::BenchFault,
            (Ending::Absent { .. }, _) | (Ending::Completed, Verdict::Inconclusive) => {
                Exit::Inconclusive
            }
            (Ending::Completed, Verdict::Pass) => Exit::Passed,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        for (index, (exit, ..)) in TABLE.iter().enumerate() {
            assert_eq!(*exit as usize, index);
        }
    }

    #[test]
    fn only_a_completed_run_whose_checks_all_passed_is_a_pass() {
        let why = || "x".to_owned();
        let endings = [
            Ending::Completed,
            Ending::BenchFault { why: why() },
            Ending::Interrupted { why: None },
            Ending::Absent { why: why() },
            Ending::Interlock { why: why() },
            Ending::Unsafe { why: why() },
        ];
        for ending in &endings {
            for verdict in [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail] {
                let passed = Exit::of(ending, verdict) == Exit::Passed;
                assert_eq!(
                    passed,
                    *ending == Ending::Completed && verdict == Verdict::Pass
                );
            }
        }
        let fault = Ending::BenchFault { why: why() };
        assert_eq!(Exit::of(&fault, Verdict::Fail), Exit::Failed);
        assert_eq!(Exit::of(&endings[5], Verdict::Fail), Exit::Unsafe);
    }
}
