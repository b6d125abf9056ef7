//! Torture: a campaign in virtual time under faults that are drawn from a seed, and the rules of the
//! house held against what became of it.

mod crew;
mod draw;
mod minimise;
mod rules;
mod tally;
mod worker;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use profiles::command::Command;

use crate::execute::{self, ExecuteError, Outcome};
use crate::exit::Exit;
use crate::plan::{Plan, TimedCommand, faults};
use crate::run::{Stop, World};

pub use crew::{Answer, Crew, CrewError, Found, Told};
pub use draw::draw;
pub use minimise::minimise;
pub use rules::{RULES, Rule};
pub use tally::Tally;
pub use worker::{Job, work};

/// A rule that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Violation {
    /// Which.
    pub rule: String,
    /// How it was broken.
    pub why: String,
}

/// What became of one run.
#[derive(Debug)]
pub struct Seen<'a> {
    /// What was run.
    pub plan: &'a Plan,
    /// What is told of it.
    pub outcome: &'a Outcome,
    /// What is told of it by its record alone.
    pub judged: Result<Outcome, ExecuteError>,
    /// The emulated world as it was left.
    pub world: &'a World,
    /// What happened, as far as rules ask for it.
    pub tally: &'a Tally,
}

/// A campaign to be run again and again, with other faults each time.
#[derive(Debug)]
pub struct Stand {
    plan: Plan,
    /// What is told without any fault.
    timeline: Vec<TimedCommand>,
}

impl Stand {
    /// A stand for a campaign on an emulated bench.
    pub fn new(plan: Plan) -> Stand {
        let timeline = plan.timeline.clone();
        Stand { plan, timeline }
    }

    /// The campaign.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs the campaign with `faults` in `folder`, which is removed afterwards; how it ended, and
    /// which of `rules` did not hold.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn run(
        &mut self,
        faults: &[TimedCommand],
        folder: &Path,
        rules: &[Rule],
    ) -> Result<(Exit, Vec<Violation>), ExecuteError> {
        self.plan.timeline.clone_from(&self.timeline);
        self.plan.timeline.extend_from_slice(faults);
        self.plan.timeline.sort_by_key(|told| told.at);
        let mut tally = Tally::new(&self.plan.header);
        let stop = Stop::default();
        let (plan, console) = (&self.plan, &mut tally);
        let ran = catch_unwind(AssertUnwindSafe(|| {
            execute::carry_out(plan, folder, console, &stop)
        }));
        let Ok(ran) = ran else {
            let _half = fs::remove_dir_all(folder);
            let why = "the run panicked".to_owned();
            let rule = PANIC.to_owned();
            return Ok((Exit::BenchFault, vec![Violation { rule, why }]));
        };
        let (outcome, world) = ran?;
        let seen = Seen {
            plan: &self.plan,
            outcome: &outcome,
            judged: execute::judge(folder),
            world: &world,
            tally: &tally,
        };
        let broken = rules.iter().filter_map(|rule| {
            let why = (rule.broken)(&seen)?;
            let rule = rule.name.to_owned();
            Some(Violation { rule, why })
        });
        let broken = broken.collect();
        let exit = outcome.exit;
        let _gone = fs::remove_dir_all(folder);
        Ok((exit, broken))
    }
}

/// Name of the rule that nothing panics.
pub const PANIC: &str = "no panic";
/// Name of the rule that every run ends.
pub const HANG: &str = "no hang";

/// Faults as a file that `bench torture --replay` and `bench run --faults` take.
pub fn written(plan: &Plan, faults: &[TimedCommand]) -> String {
    let texts = faults.iter().filter_map(|told| match &told.command {
        Command::Inject(fault) => faults::snippet(plan.device_name(told.device), told.at, fault),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}
